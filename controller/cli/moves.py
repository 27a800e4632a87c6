"""Commands that move cars, or decide about their moves. What moves is said, and asked about, before."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import click

from controller.api.sync_client import SyncClient
from controller.cli import intent
from controller.cli.at_tower import ask, at_tower_option
from controller.cli.completing import bays, booked_cars, cars, jobs, rooms
from controller.cli.confirm import go_ahead, yes_option
from controller.cli.due import due_option, due_text
from controller.cli.event_texts import event_text
from controller.cli.examples import shown
from controller.cli.exits import OTHERWISE, USAGE, fail, translated
from controller.cli.options import Finite, daemon_options, json_option
from controller.cli.output import emit_json
from controller.cli.status_text import arrived_text
from controller.cli.texts import Status, job_text, rooms_of
from controller.cli.waiting import wait_for_job

FIRST_PLACE: Final = 101
"""Numbers below are room numbers, counted from 1; from here on they are places."""

MOST_MIN: Final = 24 * 60
"""Nobody is on the way for longer."""

wait_option = click.option("--wait", is_flag=True, help="Wait for the job's end; parked counts as ended.")
room_help = "Room number (1, 2 ...) or its place (101 ...)."


@click.command(
    epilog=shown(
        "cartower retrieve C007", "cartower retrieve C007 --room 2 --wait --yes", "cartower retrieve C007 --at 14:30"
    )
)
@click.argument("car", shell_complete=cars)
@click.option(
    "--room", type=click.IntRange(min=1), shell_complete=rooms, help=f"{room_help} Without it any free room."
)
@click.option(
    "--at", "due", callback=due_option, help="Not now: somebody comes for it at 14:30, or 2027-01-31T14:30."
)
@wait_option
@yes_option
@daemon_options
@json_option
@translated
def retrieve(
    car: str, room: int | None, due: int | None, socket: Path, *, wait: bool, yes: bool, as_json: bool
) -> None:
    """Bring CAR to a room.

    Says what will move and asks, unless --yes. With --at it makes an appointment: nothing moves now, and the car is
    nobody else's; `cartower arrive` says that its customer has come.
    """
    if due is not None and wait:
        fail(USAGE, "an appointment is not waited for: --at or --wait")
    with SyncClient(socket) as client:
        place = None if room is None else room_place(client, room)
        if due is not None:
            answer = client.call("retrieve", car=car, room=place, due=due)
            said = f"appointment {answer['appointment']}: {car} at {due_text(answer['due'])}"
            emit_json(answer) if as_json else print(said)
            return
        if not yes:
            go_ahead(intent.retrieval(*_seen(client), car, place))
        _follow(client, _job_of(client, "retrieve", car=car, room=place), wait=wait, as_json=as_json)


@click.command(epilog=shown("cartower arrive C007", "cartower arrive C007 --wait --yes"))
@click.argument("car", shell_complete=booked_cars)
@wait_option
@yes_option
@daemon_options
@json_option
@translated
def arrive(car: str, socket: Path, *, wait: bool, yes: bool, as_json: bool) -> None:
    """Say that whoever has an appointment for CAR has come: from now on they wait.

    Says what will move and asks, unless --yes or nothing will.
    """
    with SyncClient(socket) as client:
        if not yes:
            _ask_about(intent.arrival(*_seen(client), car))
        job = _job_of(client, "arrive", car=car)
        if wait or as_json:
            _follow(client, job, wait=wait, as_json=as_json)
        else:
            print(arrived_text(client.call("status"), job, car))


@click.command("on-the-way", epilog=shown("cartower on-the-way C007 --in 5", "cartower on-the-way C007 --in 0"))
@click.argument("car", shell_complete=booked_cars)
@click.option(
    "--in",
    "minutes",
    type=Finite(min=0, max=MOST_MIN),
    required=True,
    help="In how many minutes they will be there.",
)
@daemon_options
@json_option
@translated
def on_the_way(car: str, minutes: float, socket: Path, *, as_json: bool) -> None:
    """Say that whoever has an appointment for CAR is on the way: it is brought by then, if that keeps nobody waiting.

    What is said last holds, and is told with the reason if the car cannot come as things are. The car may set out at
    once; `cartower arrive` says that its customer has come.
    """
    with SyncClient(socket) as client:
        answer = client.call("on_the_way", car=car, in_s=round(minutes * 60))
    said = f"appointment {answer['appointment']}: {car} is wanted at {due_text(answer['expected'])}"
    if answer["held"]:
        said += f"; it cannot come as things are: {answer['held']}"
    emit_json(answer) if as_json else print(said)


@click.command(
    epilog=shown("cartower store --car C099", "cartower store --room 2 --car C099 --model Brisa --yes --wait")
)
@click.option(
    "--room",
    type=click.IntRange(min=1),
    shell_complete=rooms,
    help=f"{room_help} Without it, the one that is vacant in turn.",
)
@click.option("--car", required=True, help="Id that the car will have in the tower, such as its plate.")
@click.option("--model", default="", help="Make and model.")
@wait_option
@yes_option
@daemon_options
@json_option
@translated
def store(car: str, room: int | None, model: str, socket: Path, *, wait: bool, yes: bool, as_json: bool) -> None:
    """Take a car in through a room: the gate opens, and once the car is measured and left, it is stored.

    Says what will move and asks, unless --yes.
    """
    with SyncClient(socket) as client:
        place = None if room is None else room_place(client, room)
        if not yes:
            go_ahead(intent.storing(client.call("status"), car, place))
        wish = {} if place is None else {"room": place}
        job = _job_of(client, "store", car=car, model=model, **wish)
        _follow(client, job, wait=wait, as_json=as_json)


@click.command(epilog=shown("cartower relocate C007 305", "cartower relocate C007 305 --yes --wait"))
@click.argument("car", shell_complete=cars)
@click.argument("bay", type=click.IntRange(min=FIRST_PLACE), shell_complete=bays)
@wait_option
@yes_option
@daemon_options
@json_option
@translated
def relocate(car: str, bay: int, socket: Path, *, wait: bool, yes: bool, as_json: bool) -> None:
    """Move CAR to another BAY (level x 100 + position).

    Says what will move and asks, unless --yes.
    """
    with SyncClient(socket) as client:
        if not yes:
            go_ahead(intent.relocation(client.call("status"), client.call("cars")["cars"], car, bay))
        _follow(client, _job_of(client, "relocate", car=car, bay=bay), wait=wait, as_json=as_json)


@click.command(epilog=shown("cartower cancel 12", "cartower cancel 12 --yes"))
@click.argument("job", type=click.IntRange(min=1), shell_complete=jobs)
@yes_option
@daemon_options
@json_option
@translated
def cancel(job: int, socket: Path, *, yes: bool, as_json: bool) -> None:
    """Cancel JOB: at once before its car is picked, else the car is brought to a safe place. Or an appointment.

    If a car is on its way, says what will move and asks, unless --yes.
    """
    with SyncClient(socket) as client:
        if not yes:
            _ask_about(_given_up(client, job))
        answer = client.call("cancel", job=job)
    what = "appointment" if "appointment" in answer else "job"
    emit_json(answer) if as_json else print(f"{what} {job} {answer['state']}")


@click.command(epilog=shown("cartower adopt", "cartower adopt --yes --at-tower"))
@yes_option
@at_tower_option
@daemon_options
@json_option
@translated
def adopt(socket: Path, *, yes: bool, at_tower: bool, as_json: bool) -> None:
    """Take the stations over although another master was seen on them. Make sure that it is gone.

    Names the stations and asks, unless --yes.
    """
    with SyncClient(socket) as client:
        if not yes:
            _ask_about(intent.adoption(client.call("status")))
        answer = ask(client, "adopt", at_tower=at_tower)
    emit_json(answer) if as_json else print(f"adopted: {', '.join(answer['stations']) or 'nothing was frozen'}")


def _ask_about(lines: Iterator[str]) -> None:
    """Ask, if there is anything to ask about."""
    if said := list(lines):
        go_ahead(said)


def _seen(client: SyncClient) -> tuple[Status, Sequence[intent.Car], Sequence[intent.Appointment]]:
    """Return what a preview of a retrieval looks at: a status names the next few appointments alone."""
    return client.call("status"), client.call("cars")["cars"], client.call("jobs")["appointments"]


def _given_up(client: SyncClient, number: int) -> Iterator[str]:
    """Say what moves if a job or an appointment is given up; of one that has ended the daemon tells why not."""
    known = client.call("jobs")
    for job in known["jobs"]:
        if job["id"] == number:
            yield from intent.cancellation(client.call("status"), job)
    for each in known["appointments"]:
        if each["id"] == number:
            under_way = next((job for job in known["jobs"] if job["car"] == each["car"]), None)
            yield from intent.calling_off(client.call("status"), each, under_way)


def room_place(client: SyncClient, room: int) -> int:
    """Return the place of a room given by its number or its place."""
    if room >= FIRST_PLACE:
        return room
    rooms = rooms_of(client.call("status"))
    if room > len(rooms):
        fail(USAGE, f"there is no room {room}; rooms: {_listed(rooms)}")
    return rooms[room - 1]


def _listed(rooms: Sequence[int]) -> str:
    return ", ".join(f"{number} ({place})" for number, place in enumerate(rooms, start=1))


def _job_of(client: SyncClient, method: str, **params: object) -> int:
    job = client.call(method, **params)["job"]
    assert isinstance(job, int)
    return job


def _follow(client: SyncClient, job: int, *, wait: bool, as_json: bool) -> None:
    """Tell the job's number; with ``wait`` its end, and exit with `OTHERWISE` if that is not DONE."""
    if not wait:
        emit_json({"job": job}) if as_json else print(f"job {job}")
        return
    rooms = rooms_of(client.call("status"))
    ended = wait_for_job(client, job, lambda event: None if as_json else print(event_text(event, rooms), flush=True))
    if as_json:
        emit_json({"job": ended})
    else:
        print(f"job {job_text(ended, rooms)} {ended['state']}")
        if ended["reason"]:
            print(f"reason: {ended['reason']}")
        if ended["choices"]:
            print(f"choices: {', '.join(ended['choices'])} (cartower resolve {job} --choice ...)")
    if ended["state"] != "DONE":
        sys.exit(OTHERWISE)
