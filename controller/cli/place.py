"""`cartower place`: take a bay out of use, give it back, and say what stands in it."""

from collections.abc import Mapping
from pathlib import Path

import click

from controller.api.sync_client import SyncClient, call_once
from controller.cli.at_tower import ask, at_tower_option
from controller.cli.completing import bays, blocked_bays, cars
from controller.cli.examples import shown
from controller.cli.exits import USAGE, fail, translated
from controller.cli.lazy import Group
from controller.cli.moves import FIRST_PLACE
from controller.cli.options import daemon_options, json_option
from controller.cli.output import emit_json


@click.group(cls=Group, epilog=shown("cartower place block 305 --why 'the latch squeaks'", "cartower place free 305"))
def place() -> None:
    """Take bays out of use, give them back, and say what stands in one. `cartower places` shows them."""


@place.command(epilog=shown("cartower place block 305 --why 'the latch squeaks'"))
@click.argument("bay", type=click.IntRange(min=FIRST_PLACE), shell_complete=bays)
@click.option("--why", required=True, help="What is wrong with it; shown wherever the bay is.")
@daemon_options
@json_option
@translated
def block(bay: int, why: str, socket: Path, *, as_json: bool) -> None:
    """Take BAY out of use: no car is put into it, and none is taken out.

    A car that stands in it stays in the inventory. Nothing moves. A bay that a job counts on cannot be blocked.
    """
    _show(call_once(socket, "place.block", place=bay, why=why), as_json=as_json)


@place.command(epilog=shown("cartower place free 305"))
@click.argument("bay", type=click.IntRange(min=FIRST_PLACE), shell_complete=blocked_bays)
@daemon_options
@json_option
@translated
def free(bay: int, socket: Path, *, as_json: bool) -> None:
    """Give BAY back. Look into it first: if its sensors contradict the inventory, it stays unverified."""
    _show(call_once(socket, "place.free", place=bay), as_json=as_json)


@place.command(epilog=shown("cartower place confirm 305 --car C007", "cartower place confirm 305 --empty --at-tower"))
@click.argument("bay", type=click.IntRange(min=FIRST_PLACE), shell_complete=bays)
@click.option("--car", shell_complete=cars, help="The car that stands in it.")
@click.option("--empty", is_flag=True, help="Nothing stands in it.")
@at_tower_option
@daemon_options
@json_option
@translated
def confirm(bay: int, car: str | None, socket: Path, *, empty: bool, at_tower: bool, as_json: bool) -> None:
    """Say what stands in BAY after a look into it, at the tower. Believed only if the bay's sensors agree."""
    if (car is None) is not empty:
        fail(USAGE, "say what stands there: --car CAR, or --empty")
    with SyncClient(socket) as client:
        _show(ask(client, "place.confirm", place=bay, car=car, at_tower=at_tower), as_json=as_json)


def _show(answer: Mapping[str, object], *, as_json: bool) -> None:
    if as_json:
        emit_json(answer)
    else:
        why = f": {answer['reason']}" if answer["reason"] else ""
        print(f"bay {answer['place']} {answer['status']}{why}")
