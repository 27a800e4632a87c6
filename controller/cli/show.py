"""Commands that only look: `status`, `cars`, `places`, `jobs`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from controller.api.sync_client import SyncClient, call_once
from controller.cli.due import times_text
from controller.cli.examples import shown
from controller.cli.exits import translated
from controller.cli.options import daemon_options, json_option
from controller.cli.output import BAD, ODD, emit_json, emit_table, for_people, ink
from controller.cli.status_text import status_lines
from controller.cli.texts import place_text, rooms_of


@click.command(epilog=shown("cartower status", "cartower status --json | jq .unit.state"))
@daemon_options
@json_option
@translated
def status(socket: Path, *, as_json: bool) -> None:
    """Show what the tower does now."""
    answer = call_once(socket, "status")
    if as_json:
        emit_json(answer)
        return
    for name, text in status_lines(answer):
        print(f"{ink(f'{name:<9}', bold=True)} {text}" if for_people() else f"{name}\t{text}")


@click.command(epilog=shown("cartower cars", "cartower cars --json > stock.json"))
@daemon_options
@json_option
@translated
def cars(socket: Path, *, as_json: bool) -> None:
    """Show which car is where. An unverified place is locked until somebody decides."""
    with SyncClient(socket) as client:
        answer = client.call("cars")
        rooms = rooms_of(client.call("status"))
    if as_json:
        emit_json(answer)
        return
    rows = [
        (
            ink(car["id"], bold=True),
            car["model"] or "-",
            _spot(car, rooms),
            car["status"] if car["status"] == "verified" else ink(car["status"], ODD),
        )
        for car in answer["cars"]
    ]
    emit_table(("car", "model", "where", "status"), rows, empty="no car is known: `cartower inventory import FILE`")


@click.command(epilog=shown("cartower places", "cartower places | grep unverified"))
@daemon_options
@json_option
@translated
def places(socket: Path, *, as_json: bool) -> None:
    """Show what is believed of each bay and room, and why a place is locked."""
    with SyncClient(socket) as client:
        answer = client.call("places")
        rooms = rooms_of(client.call("status"))
    if as_json:
        emit_json(answer)
        return
    rows = [
        (
            place_text(each["place"], rooms),
            each["status"] if each["status"] in ("free", "occupied") else ink(each["status"], ODD),
            each["car"] or "-",
            "-" if each["job"] is None else f"job {each['job']}",
            each["reason"],
        )
        for each in answer["places"]
    ]
    emit_table(("place", "status", "car", "reserved", "reason"), rows, empty="the tower has no places")


@click.command(epilog=shown("cartower jobs", "cartower jobs --all", "cartower jobs --all | grep LAPSED"))
@click.option("--all", "ended_too", is_flag=True, help="Show the jobs and the appointments that have ended, too.")
@daemon_options
@json_option
@translated
def jobs(socket: Path, *, ended_too: bool, as_json: bool) -> None:
    """Show the moves under way, those that wait, and the appointments; of a parked one its reason and the choices."""
    with SyncClient(socket) as client:
        answer = client.call("jobs", all=ended_too)
        rooms = rooms_of(client.call("status"))
        known = client.call("cars")["cars"] if answer["appointments"] else ()
    if as_json:
        emit_json(answer)
        return
    spots = {car["id"]: _spot(car, rooms) for car in known}
    rows: list[tuple[str, ...]] = [
        (
            str(job["id"]),
            job["kind"],
            ink(job["car"], bold=True),
            place_text(job["source"], rooms),
            place_text(job["target"] or job["room"], rooms),
            ink(job["state"], BAD) if job["state"] in ("PARKED", "UNKNOWN") else job["state"],
            _note(job),
        )
        for job in answer["jobs"]
    ]
    rows += [_booked(each, rooms, spots) for each in answer["appointments"]]
    emit_table(("job", "kind", "car", "from", "to", "state", "note"), rows, empty="no jobs")


def _spot(car: Mapping[str, Any], rooms: Sequence[int]) -> str:
    """Return where a car is."""
    return str(car["where"]) if car["place"] is None else place_text(car["place"], rooms)


def _booked(appointment: Mapping[str, Any], rooms: Sequence[int], spots: Mapping[str, str]) -> tuple[str, ...]:
    stands, wish = spots.get(appointment["car"], "-"), place_text(appointment["room"], rooms)
    why = f"; {appointment['reason']}" if appointment.get("reason") else ""
    car, times = ink(appointment["car"], bold=True), times_text(appointment["due"], appointment.get("expected"))
    return str(appointment["id"]), "RETRIEVE", car, stands, wish, appointment["state"], times + why


def _note(job: Mapping[str, Any]) -> str:
    choices = f"choices: {', '.join(job['choices'])}" if job["choices"] else ""
    return "; ".join(part for part in (job["reason"], choices) if part)
