"""`cartower resolve`: parked jobs, and the decision about one: by its name, or led through at a terminal."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from controller.api.sync_client import SyncClient
from controller.cli import intent
from controller.cli.completing import bays, choices, jobs
from controller.cli.confirm import can_ask, go_ahead, yes_option
from controller.cli.examples import shown
from controller.cli.exits import NOT_CONFIRMED, USAGE, fail, translated
from controller.cli.options import daemon_options, json_option
from controller.cli.output import emit_json, emit_table, for_people, ink
from controller.cli.resolve_guide import guide, parked
from controller.cli.resolve_text import WayOut, ways_out
from controller.cli.texts import place_text, rooms_of
from controller.domain.jobs import JobState


@click.command(
    epilog=shown(
        "cartower resolve",
        "cartower resolve 12",
        "cartower resolve 12 --choice continue",
        "cartower resolve 12 --choice divert --place 305",
        "cartower resolve 12 --choice by-hand --place 0",
    )
)
@click.argument("job", type=click.IntRange(min=1), required=False, shell_complete=jobs)
@click.option(
    "--choice",
    shell_complete=choices,
    help="One of the choices of the job: continue, put-back, divert, by-hand or lock. Without it a terminal is led.",
)
@click.option(
    "--place",
    type=click.IntRange(min=0),
    shell_complete=bays,
    help="Bay that a car is diverted to, or where a person has put it; 0: outside the tower.",
)
@yes_option
@daemon_options
@json_option
@translated
def resolve(job: int | None, choice: str | None, place: int | None, socket: Path, *, yes: bool, as_json: bool) -> None:
    """Decide on a parked JOB; without one, list those that are parked.

    At a terminal, JOB alone tells what happened, where everything is and what the sensors show, what each way out
    moves and what must be made sure of first; it asks, and follows the job to its end. Into a pipe or with --json it
    tells the ways out, decides nothing and exits with 6.

    With --choice: if the choice moves something, says what and asks, unless --yes.
    """
    if choice is None and (yes or place is not None):
        fail(USAGE, "--yes and --place belong to a --choice")
    if job is None and choice is not None:
        fail(USAGE, "--choice belongs to a JOB")
    with SyncClient(socket) as client:
        if job is None:
            _list(client, as_json=as_json)
        elif choice is not None:
            _decide(client, job, choice, place, yes=yes, as_json=as_json)
        elif as_json or not at_a_terminal():
            _tell(client, job, as_json=as_json)
        else:
            guide(client, job)


def at_a_terminal() -> bool:
    """Whether a person sits at all three ends of a dialogue."""
    return can_ask() and for_people()


def _list(client: SyncClient, *, as_json: bool) -> None:
    found = [job for job in client.call("jobs")["jobs"] if job["state"] == JobState.PARKED]
    if as_json:
        emit_json({"jobs": found})
        return
    rooms = rooms_of(client.call("status"))
    emit_table(
        ("job", "kind", "car", "from", "to", "stopped in", "because"),
        (_row(job, rooms) for job in found),
        empty="no job is parked",
    )
    if found and for_people():
        print("`cartower resolve JOB` leads through one of them")


def _row(job: Mapping[str, Any], rooms: Sequence[int]) -> Sequence[str]:
    source, target = place_text(job["source"], rooms), place_text(job["target"] or job["room"], rooms)
    return str(job["id"]), job["kind"], ink(job["car"], bold=True), source, target, job["left"] or "-", job["reason"]


def _tell(client: SyncClient, number: int, *, as_json: bool) -> None:
    """Tell the ways out of a parked job; exits, since nothing was decided."""
    job = parked(client, number)
    ways = ways_out(client.call("status"), job)
    if as_json:
        emit_json({"job": job, "ways_out": [_way(way) for way in ways]})
    else:
        emit_table(("choice", "place", "moves", "first"), map(_columns, ways), empty="nothing can be decided")
    fail(NOT_CONFIRMED, f"job {number}: nothing was decided; decide with --choice, or at a terminal")


def _columns(way: WayOut) -> Sequence[str]:
    return way.choice, way.asks.value, way.moves, "; ".join(way.checks)


def _way(way: WayOut) -> dict[str, object]:
    return {
        "choice": way.choice,
        "title": way.title,
        "place": way.asks.value,
        "moves": way.moves,
        "first": list(way.checks),
    }


def _decide(client: SyncClient, number: int, choice: str, place: int | None, *, yes: bool, as_json: bool) -> None:
    found: Iterable[Mapping[str, Any]] = () if yes else client.call("jobs")["jobs"]
    # Of a job that has ended the daemon tells why not.
    for job in found:
        if job["id"] == number and (said := list(intent.resolution(client.call("status"), job, choice, place))):
            go_ahead(said)
    answer = client.call("resolve", job=number, choice=choice, place=place)
    emit_json(answer) if as_json else print(f"job {number} {answer['state']}")
