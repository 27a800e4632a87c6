"""`cartower alarms ack` and the others that answer an alarm: acknowledge, reset, hide, bring back."""

from pathlib import Path
from typing import Final

import click

from controller.api.sync_client import SyncClient
from controller.cli.at_tower import ask, at_tower_option
from controller.cli.examples import shown
from controller.cli.exits import USAGE, fail, translated
from controller.cli.options import daemon_options, json_option
from controller.cli.output import emit_json
from controller.cli.since import span_s
from controller.domain.alarms import SHELF_LIMIT_S
from controller.domain.events import AlarmAct

ALL: Final = "all"

DONE: Final = {
    AlarmAct.ACKNOWLEDGE: "acknowledged",
    AlarmAct.RESET: "reset",
    AlarmAct.SHELVE: "shelved",
    AlarmAct.UNSHELVE: "shown again",
    AlarmAct.REMOVE: "out of service",
    AlarmAct.RETURN: "back in service",
}

_why_option = click.option("--why", required=True, metavar="TEXT", help="Why: others will read it.")


def _for_option(_ctx: click.Context, _param: click.Parameter, value: str) -> int:
    seconds = span_s(value)
    if seconds is None or not 1 <= seconds <= SHELF_LIMIT_S:
        raise click.BadParameter(f"{value!r} is no span from 1s to {SHELF_LIMIT_S // 3600}h, such as 30m or 1h30m")
    return int(seconds)


@click.command(epilog=shown("cartower alarms ack 701.1", "cartower alarms ack --all"))
@click.argument("number", required=False)
@click.option("--all", "every", is_flag=True, help="Every alarm that is shown and that nobody has seen.")
@daemon_options
@json_option
@translated
def ack(number: str | None, socket: Path, *, every: bool, as_json: bool) -> None:
    """Acknowledge alarm NUMBER: you have seen it, and take care of it."""
    if (number is None) is not every:
        fail(USAGE, "give the NUMBER of one alarm, or --all")
    _act(socket, AlarmAct.ACKNOWLEDGE, number or ALL, as_json=as_json)


@click.command(epilog=shown("cartower alarms reset 106 --at-tower"))
@click.argument("number")
@at_tower_option
@daemon_options
@json_option
@translated
def reset(number: str, socket: Path, *, at_tower: bool, as_json: bool) -> None:
    """Take back alarm NUMBER, which is latched: its cause is gone, and whoever may clear it has looked."""
    _act(socket, AlarmAct.RESET, number, at_tower=at_tower, as_json=as_json)


@click.command(epilog=shown("cartower alarms shelve 411.2 --for 2h --why 'the sensor is being cleaned'"))
@click.argument("number")
@click.option("--for", "seconds", required=True, callback=_for_option, metavar="SPAN", help="30m, 2h; at most 8h.")
@_why_option
@daemon_options
@json_option
@translated
def shelve(number: str, seconds: int, why: str, socket: Path, *, as_json: bool) -> None:
    """Hide alarm NUMBER for a while. It comes back by itself."""
    _act(socket, AlarmAct.SHELVE, number, seconds=seconds, why=why, as_json=as_json)


@click.command(epilog=shown("cartower alarms unshelve 411.2"))
@click.argument("number")
@daemon_options
@json_option
@translated
def unshelve(number: str, socket: Path, *, as_json: bool) -> None:
    """Show alarm NUMBER again before its time on the shelf is over."""
    _act(socket, AlarmAct.UNSHELVE, number, as_json=as_json)


@click.command("out-of-service", epilog=shown("cartower alarms out-of-service 411.2 --why 'a new sensor is ordered'"))
@click.argument("number")
@_why_option
@daemon_options
@json_option
@translated
def out_of_service(number: str, why: str, socket: Path, *, as_json: bool) -> None:
    """Hide alarm NUMBER until somebody returns it: an engineer's decision."""
    _act(socket, AlarmAct.REMOVE, number, why=why, as_json=as_json)


@click.command("return", epilog=shown("cartower alarms return 411.2"))
@click.argument("number")
@daemon_options
@json_option
@translated
def return_(number: str, socket: Path, *, as_json: bool) -> None:
    """Return alarm NUMBER to service."""
    _act(socket, AlarmAct.RETURN, number, as_json=as_json)


def _act(
    socket: Path,
    act: AlarmAct,
    number: str,
    *,
    seconds: int = 0,
    why: str = "",
    at_tower: bool = False,
    as_json: bool,
) -> None:
    said = {"act": act.value, "number": number, "seconds": seconds, "why": why}
    with SyncClient(socket) as client:
        answer = ask(client, "alarm", **said, at_tower=at_tower)
    if as_json:
        emit_json(answer)
        return
    numbers = answer["numbers"]
    print("\n".join(f"alarm {each}: {DONE[act]}" for each in numbers) if numbers else "no alarm waits for it")
