"""`cartower plan`: which job comes next and why, in words and numbers, and what each that waits is promised."""

from math import ceil
from pathlib import Path
from typing import Final

import click

from controller.api.sync_client import call_once
from controller.cli.due import day_option, due_text
from controller.cli.examples import shown
from controller.cli.exits import translated
from controller.cli.lazy import LazyGroup
from controller.cli.options import daemon_options, json_option
from controller.cli.output import emit_json, emit_table
from controller.cli.plan_text import plan_lines

SLOT_S: Final = 900
"""A quarter of an hour."""

COMMANDS: Final = {
    "explain": ("controller.cli.plan:explain", "Why this job now, and which ones behind it."),
    "slots": ("controller.cli.plan:slots", "How many pick-ups each quarter of an hour takes."),
}


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


@click.command(epilog=shown("cartower plan slots", "cartower plan slots --day 2027-01-31"))
@click.option("--day", callback=day_option, help="A whole day (2027-01-31) in place of the next six hours.")
@daemon_options
@json_option
@translated
def slots(day: tuple[int, int] | None, socket: Path, *, as_json: bool) -> None:
    """Show how many pick-ups each quarter of an hour may hold, and how many are still free.

    As many as let 99 of 100 customers have their car within ten minutes, with the rooms in service.
    """
    wanted = {} if day is None else {"begin": day[0], "count": ceil((day[1] - day[0]) / SLOT_S)}
    answer = call_once(socket, "slots", **wanted)
    if as_json:
        emit_json(answer)
        return
    capacity = str(answer["capacity"])
    rows = [(due_text(each["begins"]), capacity, str(each["booked"]), str(each["free"])) for each in answer["slots"]]
    emit_table(("from", "capacity", "booked", "free"), rows, empty="no slots")
