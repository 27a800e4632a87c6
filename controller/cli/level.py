"""`cartower level`: take the bays of a level out of use, and give them back."""

from pathlib import Path

import click

from controller.api.sync_client import call_once
from controller.cli.completing import blocked_levels
from controller.cli.examples import shown
from controller.cli.exits import translated
from controller.cli.lazy import Group
from controller.cli.options import daemon_options, json_option
from controller.cli.restriction_text import show_restrictions


@click.group(cls=Group, epilog=shown("cartower level block 3 --why 'a beam is bent'", "cartower level free 3"))
def level() -> None:
    """Take the bays of a level out of use, and give them back. `cartower status` shows which are."""


@level.command(epilog=shown("cartower level block 3 --why 'a beam is bent'"))
@click.argument("level", type=click.IntRange(min=1))
@click.option("--why", required=True, help="What is wrong with it; whoever waits for a car there is told.")
@daemon_options
@json_option
@translated
def block(level: int, why: str, socket: Path, *, as_json: bool) -> None:
    """Take the bays of LEVEL out of use: no car is put there, and none is fetched.

    The carriage passes the level as before: what is blocked are its bays, not the shaft. Nothing moves. Cars that
    stand there stay in the inventory; jobs that wait for one go on waiting, and say why; new ones are refused. A level
    that a job which has begun counts on cannot be blocked. It stays so over restarts.
    """
    show_restrictions(call_once(socket, "level.block", level=level, why=why), as_json=as_json)


@level.command(epilog=shown("cartower level free 3"))
@click.argument("level", type=click.IntRange(min=1), shell_complete=blocked_levels)
@daemon_options
@json_option
@translated
def free(level: int, socket: Path, *, as_json: bool) -> None:
    """Give LEVEL back: its bays are used again as they are believed, and jobs that waited for it begin."""
    show_restrictions(call_once(socket, "level.free", level=level), as_json=as_json)
