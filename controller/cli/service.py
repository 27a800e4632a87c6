"""`cartower service`: what each component has done, what is due for service, and what was serviced."""

from datetime import datetime
from pathlib import Path
from typing import Final

import click

from controller.api.sync_client import call_once
from controller.cli.completing import components
from controller.cli.confirm import go_ahead, yes_option
from controller.cli.examples import shown
from controller.cli.exits import USAGE, fail, translated
from controller.cli.lazy import LazyGroup
from controller.cli.options import daemon_options, json_option
from controller.cli.output import emit_json
from controller.cli.service_text import pairs

COMMANDS: Final = {
    "list": ("controller.cli.offline.service:list_", "Every component, the most urgent first."),
    "show": ("controller.cli.offline.service:show", "One component: its interval and its services."),
    "done": ("controller.cli.service:done", "Record that a component was serviced."),
    "set": ("controller.cli.service:set_", "State the counters of a machine that ran before."),
}


class Listing(LazyGroup):
    """Without a command of its own it lists; the name of a component shows that one."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the command where none stands."""
        first = args[0] if args else ""
        if not args or (first.startswith("-") and first not in ("-h", "--help")):
            args = ["list", *args]
        elif first not in self.list_commands(ctx) and not first.startswith("-"):
            args = ["show", *args]
        return super().parse_args(ctx, args)


@click.group(
    cls=Listing,
    commands_at=COMMANDS,
    epilog=shown("cartower service list", "cartower service show lift", "cartower service done lift --note ropes"),
)
def service() -> None:
    """Show what is due for service, and record what was done.

    Counted are cycles, starts, hours in motion and the way of lift, turntable, shuttle, drives (each reset that
    switches them on), each room's inner door and outer gate, and each bay's latch. What the pendant or a hand moves,
    or a PLC of its own accord, is not seen. Service intervals are keys of the tower's file: `cartower config explain
    service`. `cartower service lift` is `cartower service show lift`.
    """


@click.command(epilog=shown("cartower service done lift --note 'ropes exchanged, brake set'"))
@click.argument("component", shell_complete=components)
@click.option("--note", required=True, help="What was done.")
@yes_option
@daemon_options
@json_option
@translated
def done(component: str, note: str, socket: Path, *, yes: bool, as_json: bool) -> None:
    """Record that COMPONENT was serviced, now and by you: what counts since the last service begins anew."""
    if not yes:
        go_ahead([f"The service of {component} is recorded: {note}. What counts since its last service begins anew."])
    _tell(socket, "service.done", as_json=as_json, component=component, note=note)


@click.command(
    "set",
    epilog=shown(
        "cartower service set lift --cycles 12000 --hours 400",
        "cartower service set lift --since-service --cycles 900 --serviced 2026-05-01",
    ),
)
@click.argument("component", shell_complete=components)
@click.option("--cycles", type=click.IntRange(min=0), help="Completed motions.")
@click.option("--starts", type=click.IntRange(min=0), help="Motions begun. Not given: as many more as cycles.")
@click.option("--hours", type=click.IntRange(min=0), help="Hours in motion.")
@click.option("--way", type=click.IntRange(min=0), help="Way in m; of the turntable in degrees.")
@click.option("--serviced", metavar="DAY", help="When it was serviced last: 2026-05-01.")
@click.option("--since-service", is_flag=True, help="The numbers are those since the last service, not those in all.")
@click.option("--note", default="", help="Where the numbers are from.")
@yes_option
@daemon_options
@json_option
@translated
def set_(
    component: str,
    cycles: int | None,
    starts: int | None,
    hours: int | None,
    way: int | None,
    serviced: str | None,
    note: str,
    socket: Path,
    *,
    since_service: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """State what COMPONENT did before this controller counted: in all, or --since-service.

    What is not given stays as it is. Where no service is known, all that is stated counts as since then.
    """
    numbers = {"cycles": cycles, "starts": starts, "hours": hours, "way": way, "serviced_at": _day(serviced)}
    given = {name: number for name, number in numbers.items() if number is not None}
    if not given:
        fail(USAGE, "state something: --cycles, --starts, --hours, --way or --serviced")
    if not yes:
        scope = "since its last service" if since_service else "in all"
        told = ", ".join(f"{name} {number}" for name, number in given.items() if name != "serviced_at")
        told = ", ".join(part for part in (told, f"last serviced {serviced}" if serviced else "") if part)
        go_ahead([f"The counters of {component} {scope} become: {told}. It is kept who has stated that."])
    _tell(socket, "service.set", as_json=as_json, component=component, note=note, since_service=since_service, **given)


def _day(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return int(datetime.fromisoformat(text).timestamp())
    except (ValueError, OverflowError):
        fail(USAGE, f"{text!r} is no day such as 2026-05-01")


def _tell(socket: Path, method: str, *, as_json: bool, **params: object) -> None:
    answer = call_once(socket, method, **params)
    if as_json:
        emit_json(answer)
        return
    print("\n".join(f"{name}\t{text}" for name, text in pairs(answer)))
