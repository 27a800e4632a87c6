"""`cartower plan`: which job comes next and why, in words and numbers, and what each that waits is promised."""

from pathlib import Path
from typing import Final

import click

from controller.api.sync_client import call_once
from controller.cli.examples import shown
from controller.cli.exits import translated
from controller.cli.lazy import LazyGroup
from controller.cli.options import daemon_options, json_option
from controller.cli.output import emit_json
from controller.cli.plan_text import plan_lines

COMMANDS: Final = {"explain": ("controller.cli.plan:explain", "Why this job now, and which ones behind it.")}


@click.group(cls=LazyGroup, commands_at=COMMANDS, epilog=shown("cartower plan explain"))
def plan() -> None:
    """Show the plan of the queue.

    First come, first served is the ground; a job may be overtaken by a few that asked later where that saves waiting
    on the whole, and by no more. What can start now is never kept waiting by what was planned.
    """


@click.command(epilog=shown("cartower plan explain", "cartower plan explain --json"))
@daemon_options
@json_option
@translated
def explain(socket: Path, *, as_json: bool) -> None:
    """Say which job comes next and why, when each will be done, and how well such promises were kept so far."""
    picture = call_once(socket, "plan")
    if as_json:
        emit_json(picture)
        return
    for line in plan_lines(picture):
        click.echo(line)
