"""`cartower service list` and `show`: from the daemon, or from the journal while it is down."""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from controller.api.messages import ApiError, NotReachable
from controller.api.sync_client import call_once
from controller.cli.completing import components
from controller.cli.examples import shown
from controller.cli.exits import REFUSED, fail, translated
from controller.cli.offline.objections import told
from controller.cli.options import JOURNAL, SOCKET, json_option, run_dir_option
from controller.cli.output import emit_json, emit_table, for_people, ink
from controller.cli.service_text import HEADERS, SPARE, pairs, row
from controller.domain.refusal import Refusal
from controller.domain.service_picture import details, table
from controller.domain.service_plan import NONE, Standing, stand

Body = Mapping[str, Any]

MOST_BLOCKS: Final = 9
"""More slow blocks than any tower's PLC has."""


def standings(journal: Path) -> list[Standing]:
    """Return every component that a journal has counted; no interval is known there.

    Raises:
        JournalDamaged: it is not what was written, or of a newer version.
        OSError: it cannot be read.

    """
    # The daemon nearly always answers: a database is opened only when it does not.
    from controller.store.belief import believed

    book = believed(journal).book.service
    return [stand(name, book, NONE, datetime.now(UTC).timestamp()) for name in book.counted]


@click.command("list", epilog=shown("cartower service list", "cartower service list --json | jq '.components[0]'"))
@run_dir_option
@json_option
@told
@translated
def list_(run_dir: Path, *, as_json: bool) -> None:
    """List every component, the most urgent first.

    Cycles, hours, starts and way since the last service, then in all; used: the share of the service interval, of
    which the part that is used most counts; due: when that will be, by the pace of the last 30 days. A plus: at least
    so much, some motions could not be timed or measured. With the daemon down the journal tells the counters alone.
    """
    try:
        answer: Body = call_once(run_dir / SOCKET, "service")
    except NotReachable:
        answer = {"components": table(_kept(run_dir))}
    if as_json:
        emit_json(answer)
        return
    emit_table(HEADERS, map(row, answer["components"]), empty="nothing has moved yet", spare=SPARE)


@click.command(epilog=shown("cartower service show bay305.latch", "cartower service show lift --json"))
@click.argument("component", shell_complete=components)
@run_dir_option
@json_option
@told
@translated
def show(component: str, run_dir: Path, *, as_json: bool) -> None:
    """Show COMPONENT: each part of its interval, its counters, and its services, the newest first.

    Where its station keeps a count of starts of its own, that is told, too: what it has more was not seen here.
    """
    try:
        answer: Body = call_once(run_dir / SOCKET, "service", component=component)
        answer = {**answer, "station_starts": _station_starts(run_dir / SOCKET, component)}
    except NotReachable:
        found = [each for each in _kept(run_dir) if each.component == component]
        if not found:
            fail(REFUSED, f"refused (UNKNOWN_COMPONENT): the journal has counted no component {component!r}")
        answer = details(found[0])
    if as_json:
        emit_json(answer)
        return
    for name, text in pairs(answer):
        print(f"{ink(f'{name:<10}', bold=True)} {text}" if for_people() else f"{name}\t{text}")


def _station_starts(socket: Path, component: str) -> int | None:
    """Return how often the tower PLC has started a component; it counts the latches of a level together."""
    names = [f"tower/slow{number}.{component}.starts" for number in ("", *range(1, MOST_BLOCKS + 1))]
    try:
        signals = call_once(socket, "io", station="tower", only=names)["signals"]
    except (ApiError, Refusal):  # a bonus: a PLC that is out of reach now keeps nobody from the daemon's own counters
        return None
    return next((int(each["value"]) for each in signals if each["value"] is not None), None)


def _kept(run_dir: Path) -> list[Standing]:
    print("the daemon is down: counters from the journal, and no interval is judged", file=sys.stderr)
    return standings(run_dir / JOURNAL)
