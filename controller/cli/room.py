"""`cartower room`: take a transfer room out of service, and back."""

from pathlib import Path

import click

from controller.api.sync_client import SyncClient
from controller.cli.completing import rooms
from controller.cli.examples import shown
from controller.cli.exits import translated
from controller.cli.lazy import Group
from controller.cli.moves import room_place
from controller.cli.options import daemon_options, json_option
from controller.cli.restriction_text import show_restrictions


@click.group(cls=Group, epilog=shown("cartower room out 2 --why 'the gate rattles'", "cartower room in 2"))
def room() -> None:
    """Take transfer rooms out of service, and back. `cartower status` shows which are."""


@room.command(epilog=shown("cartower room out 2 --why 'the gate rattles'"))
@click.argument("room", type=click.IntRange(min=1), shell_complete=rooms)
@click.option("--why", required=True, help="What is wrong with it.")
@daemon_options
@json_option
@translated
def out(room: int, why: str, socket: Path, *, as_json: bool) -> None:
    """Take ROOM, by its number or place, out of service: at once if it is vacant, else when whoever it serves has gone.

    Jobs that wait go to other rooms; one that was asked for this room waits, and says why. It stays so over restarts.
    """
    with SyncClient(socket) as client:
        show_restrictions(client.call("room.out", room=room_place(client, room), why=why), as_json=as_json)


@room.command("in", epilog=shown("cartower room in 2"))
@click.argument("room", type=click.IntRange(min=1), shell_complete=rooms)
@daemon_options
@json_option
@translated
def in_(room: int, socket: Path, *, as_json: bool) -> None:
    """Take ROOM, by its number or place, back into service: it is used once its sensors show that it is empty."""
    with SyncClient(socket) as client:
        show_restrictions(client.call("room.in", room=room_place(client, room)), as_json=as_json)
