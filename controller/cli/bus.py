"""`cartower bus`: how the field buses fare, and raw registers. Read only, through the daemon."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from controller.api.sync_client import call_once
from controller.cli.completing import stations
from controller.cli.examples import shown
from controller.cli.exits import translated
from controller.cli.lazy import Group
from controller.cli.options import daemon_options, json_option
from controller.cli.output import BAD, ODD, emit_json, emit_table, for_people, ink

COLUMNS: Final = (
    *("station", "unit", "state", "requests", "answers", "refused", "time-outs", "unfitting", "lost"),
    *("round trip p50/p99", "wait p50/p99", "jitter p50/p99"),
)

SHORT: Final = ("station", "state", "requests", "time-outs", "refused", "other", "trip", "wait", "jitter")
"""Columns of a terminal; ``other``: answers that did not fit, and requests that were lost or given up."""

MOST_LOAD: Final = 0.6
"""A line that is busier leaves no room for commands and repeats."""


def _number(_ctx: click.Context, _param: click.Parameter, value: str) -> int:
    """Read a whole number, decimal or with 0x."""
    try:
        return int(value, 0)
    except ValueError:
        raise click.BadParameter(f"{value!r} is no whole number such as 32 or 0x20") from None


@click.group(cls=Group, epilog=shown("cartower bus stats", "cartower bus read tower 32 4"))
def bus() -> None:
    """Show how the field buses fare, and read registers.

    The daemon is the only master: reads go through its links, behind all polls and commands. Nothing can be written.
    """


@bus.command(epilog=shown("cartower bus stats", "cartower bus stats --json"))
@daemon_options
@json_option
@translated
def stats(socket: Path, *, as_json: bool) -> None:
    """Show requests, answers and times since the daemon's start, by bus and station.

    Times are of the newest 512 each, in ms: round trip from request to answer, wait for a turn on the bus, and jitter,
    by how much a poll began behind its grid point. Dropped answers came too late, twice, or to nobody.
    """
    answer = call_once(socket, "bus.stats")
    if as_json:
        emit_json(answer)
        return
    if for_people():
        for each in answer["buses"]:
            print(_headline(each))
            emit_table(SHORT, [_short(station) for station in each["stations"]], empty="no stations")
            print()
        print("times in ms: median/p99")
        return
    rows = [
        (each["name"], _load(each), str(each["reconnects"]), str(each["dropped"]), *_row(station))
        for each in answer["buses"]
        for station in each["stations"]
    ]
    emit_table(("bus", "load", "reconnects", "dropped", *COLUMNS), rows, empty="")


@bus.command(epilog=shown("cartower bus read tower 32 4", "cartower bus read bays3 0x300 8 --space holding --json"))
@click.argument("station", shell_complete=stations)
@click.argument("address", callback=_number)
@click.argument("count", callback=_number, default="1")
@click.option(
    "--space",
    type=click.Choice(["input", "holding"]),
    default="input",
    show_default=True,
    help="Input registers (FC4) or holding registers (FC3).",
)
@daemon_options
@json_option
@translated
def read(station: str, address: int, count: int, space: str, socket: Path, *, as_json: bool) -> None:
    """Read COUNT registers of STATION from ADDRESS (from 0, as on the wire)."""
    answer = call_once(socket, "bus.read", station=station, space=space, address=address, count=count)
    if as_json:
        emit_json(answer)
        return
    rows = [
        (str(each["address"]), str(each["value"]), f"0x{each['value']:04X}", each["name"] or "-")
        for each in answer["registers"]
    ]
    emit_table(("address", "value", "hex", "name"), rows, empty="no registers")


def _headline(each: Mapping[str, Any]) -> str:
    connected = "connected" if each["connected"] else ink("not connected", BAD)
    counts = [f"{each['reconnects']} reconnects", f"{each['dropped']} answers dropped"]
    if each["planned_load"] is not None:
        counts.append(f"load {_load(each)} (planned at most {each['planned_load']:.0%})")
    name = ink(each["name"], bold=True)
    return f"{name}: {each['kind']} {_where(each['address'])}, {connected}\n  {', '.join(counts)}"


def _where(address: Mapping[str, Any]) -> str:
    if "host" in address:
        return f"{address['host']}:{address['port']}"
    return f"{address['device']} {address['baud']} baud"


def _load(each: Mapping[str, Any]) -> str:
    if each["load"] is None:
        return "-"
    text = f"{each['load']:.0%}"
    return ink(text, ODD) if each["load"] > MOST_LOAD else text


def _row(station: Mapping[str, Any]) -> tuple[str, ...]:
    lost = station["lost"] + station["given_up"]
    return (
        ink(station["name"], bold=True),
        str(station["unit"]),
        station["state"] if station["state"] == "ONLINE" else ink(station["state"], BAD),
        str(station["requests"]),
        str(station["answers"]),
        str(station["refused"]),
        str(station["unanswered"]),
        str(station["unfitting"]),
        str(lost),
        _times(station["round_trip_ms"]),
        _times(station["wait_ms"]),
        _times(station["poll_jitter_ms"]),
    )


def _short(station: Mapping[str, Any]) -> tuple[str, ...]:
    name, _, state, requests, _, refused, unanswered, *_ = _row(station)
    other = station["unfitting"] + station["lost"] + station["given_up"]
    times = (_times(station[key], least=10) for key in ("round_trip_ms", "wait_ms", "poll_jitter_ms"))
    return (name, state, requests, unanswered, refused, str(other), *times)


def _times(quantiles: Mapping[str, float | None], least: float = math.inf) -> str:
    """Return median and p99; from ``least`` on without a decimal."""
    return "/".join(_number_text(quantiles[part], least) for part in ("p50", "p99"))


def _number_text(value: float | None, least: float) -> str:
    if value is None:
        return "-"
    return f"{value:.1f}" if value < least else f"{value:.0f}"
