"""Commands that move cars, or decide about their moves. They act at once."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from controller.api.sync_client import SyncClient
from controller.cli.exits import EXIT_CODES, OTHERWISE, USAGE, fail, translated
from controller.cli.options import daemon_options, json_option
from controller.cli.output import emit_json
from controller.cli.texts import job_text, rooms_of
from controller.cli.waiting import wait_for_job

FIRST_PLACE: Final = 101
"""Numbers below are room numbers, counted from 1; from here on they are places."""

wait_option = click.option("--wait", is_flag=True, help="Wait for the job's end; parked counts as ended.")
room_help = "Room number (1, 2 ...) or its place (101 ...)."


@click.command(epilog=EXIT_CODES)
@click.argument("car")
@click.option("--room", type=click.IntRange(min=1), help=f"{room_help} Without it any free room.")
@wait_option
@daemon_options
@json_option
@translated
def retrieve(car: str, room: int | None, socket: Path, *, wait: bool, as_json: bool) -> None:
    """Bring CAR to a room."""
    with SyncClient(socket) as client:
        place = None if room is None else _room_place(client, room)
        _follow(client, _job_of(client, "retrieve", car=car, room=place), wait=wait, as_json=as_json)


@click.command(epilog=EXIT_CODES)
@click.option("--room", type=click.IntRange(min=1), required=True, help=room_help)
@click.option("--car", required=True, help="Id that the car will have in the tower, such as its plate.")
@click.option("--model", default="", help="Make and model.")
@wait_option
@daemon_options
@json_option
@translated
def store(car: str, room: int, model: str, socket: Path, *, wait: bool, as_json: bool) -> None:
    """Take a car in through a room: the gate opens, and once the car is measured and left, it is stored."""
    with SyncClient(socket) as client:
        job = _job_of(client, "store", car=car, room=_room_place(client, room), model=model)
        _follow(client, job, wait=wait, as_json=as_json)


@click.command(epilog=EXIT_CODES)
@click.argument("car")
@click.argument("bay", type=click.IntRange(min=FIRST_PLACE))
@wait_option
@daemon_options
@json_option
@translated
def relocate(car: str, bay: int, socket: Path, *, wait: bool, as_json: bool) -> None:
    """Move CAR to another BAY (level x 100 + position)."""
    with SyncClient(socket) as client:
        _follow(client, _job_of(client, "relocate", car=car, bay=bay), wait=wait, as_json=as_json)


@click.command(epilog=EXIT_CODES)
@click.argument("job", type=click.IntRange(min=1))
@daemon_options
@json_option
@translated
def cancel(job: int, socket: Path, *, as_json: bool) -> None:
    """Cancel JOB: at once before its car is picked, else the car is brought to a safe place."""
    with SyncClient(socket) as client:
        answer = client.call("cancel", job=job)
    emit_json(answer) if as_json else print(f"job {job} {answer['state']}")


@click.command(epilog=EXIT_CODES)
@click.argument("job", type=click.IntRange(min=1))
@click.option("--choice", required=True, help="One of the choices that `cartower jobs` shows for the job.")
@click.option("--place", type=click.IntRange(min=0), help="Bay or room that the choice needs; 0: outside the tower.")
@daemon_options
@json_option
@translated
def resolve(job: int, choice: str, place: int | None, socket: Path, *, as_json: bool) -> None:
    """Decide on a parked JOB. It may move at once."""
    with SyncClient(socket) as client:
        answer = client.call("resolve", job=job, choice=choice, place=place)
    emit_json(answer) if as_json else print(f"job {job} {answer['state']}")


@click.command(epilog=EXIT_CODES)
@daemon_options
@json_option
@translated
def adopt(socket: Path, *, as_json: bool) -> None:
    """Take the stations over although another master was seen on them. Make sure that it is gone."""
    with SyncClient(socket) as client:
        answer = client.call("adopt")
    emit_json(answer) if as_json else print(f"adopted: {', '.join(answer['stations']) or 'nothing was frozen'}")


def _room_place(client: SyncClient, room: int) -> int:
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
    ended = wait_for_job(client, job)
    if as_json:
        emit_json({"job": ended})
    else:
        print(f"job {job_text(ended, rooms_of(client.call('status')))} {ended['state']}")
        if ended["reason"]:
            print(f"reason: {ended['reason']}")
        if ended["choices"]:
            print(f"choices: {', '.join(ended['choices'])} (cartower resolve {job} --choice ...)")
    if ended["state"] != "DONE":
        sys.exit(OTHERWISE)
