"""`cartower alarms load`: how many alarms people were shown a day, from the journal."""

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from controller.cli.examples import shown
from controller.cli.exits import OTHERWISE
from controller.cli.offline.objections import told
from controller.cli.options import JOURNAL, json_option, run_dir_option
from controller.cli.output import BAD, emit_json, emit_table, for_people, ink
from controller.cli.since import since_option
from controller.domain.alarm_load import (
    MOST_A_CAUSE,
    MOST_A_DAY,
    MOST_IN_10_MIN,
    Annunciation,
    DayLoad,
    annunciation,
    day_loads,
    most_frequent,
)
from controller.domain.records import AlarmSet, from_entry
from controller.store.reading import entries_since

KIND: Final = AlarmSet.__name__
TOP: Final = 5


@click.command(epilog=shown("cartower alarms load", "cartower alarms load --since 30d --json"))
@click.option(
    "--since",
    "since_s",
    callback=since_option,
    default="7d",
    show_default=True,
    help="From when on: 1d, 2w ago, a moment in ISO 8601, or all.",
)
@run_dir_option
@json_option
@told
def load(since_s: float, run_dir: Path, *, as_json: bool) -> None:
    """Show how many alarms there were a day, in the worst ten minutes, and of one root cause.

    People can take 15 a day of one tower, 10 in ten minutes, 5 of a root cause (after EEMUA 191 and ISA-18.2). A day
    above that ends the command with exit code 4. The daemon may be up or down.
    """
    comings = _shown(run_dir / JOURNAL, since_s)
    days = day_loads(comings, _day)
    often = most_frequent(comings, TOP)
    if as_json:
        limits = {"day": MOST_A_DAY, "10_min": MOST_IN_10_MIN, "cause": MOST_A_CAUSE}
        lines = [{**asdict(day), "within": day.within} for day in days]
        top = [{"alarm": name, "times": times} for name, times in often]
        emit_json({"days": lines, "limits": limits, "most_frequent": top})
    else:
        headers = ("day", "alarms", "worst 10 min", "worst cause", "began with")
        emit_table(headers, map(_row, days), empty="no alarm was shown")
        if for_people() and often:
            print("\nmost often: " + ", ".join(f"{name} {times}x" for name, times in often))
    if not all(day.within for day in days):
        sys.exit(OTHERWISE)


def _shown(journal: Path, since_s: float) -> list[Annunciation]:
    found = []
    for entry in entries_since(journal, since_s):
        record = from_entry(entry.kind, entry.body) if entry.kind == KIND else None
        if isinstance(record, AlarmSet):
            found.append(annunciation(entry.at, record))
    return [each for each in found if each is not None]


def _row(day: DayLoad) -> tuple[str, ...]:
    return (
        day.day,
        _judged(day.alarms, MOST_A_DAY),
        _judged(day.worst_10_min, MOST_IN_10_MIN),
        _judged(day.worst_cause, MOST_A_CAUSE),
        day.cause,
    )


def _judged(count: int, most: int) -> str:
    return ink(str(count), None if count <= most else BAD)


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone().date().isoformat()
