"""`cartower events`: what has happened, searched in the journal; and what happens now."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from controller.api.messages import Notice
from controller.api.sync_client import SyncClient
from controller.cli.event_texts import event_text
from controller.cli.examples import shown
from controller.cli.exits import translated
from controller.cli.offline.objections import told
from controller.cli.options import JOURNAL, SOCKET, run_dir_option
from controller.cli.output import ODD, for_people, ink
from controller.cli.record_text import CHOICES, KINDS, TOLD, entry_text, when_text
from controller.cli.since import since_option
from controller.cli.texts import rooms_of
from controller.store.chain import Entry
from controller.store.reading import entries_behind, entries_since, last_of

LOOK_S: Final = 1.0
"""Without news the journal is looked at so often: what the daemon does not tell of is found there, too."""


def _pattern(_ctx: click.Context, _param: click.Parameter, value: str | None) -> "re.Pattern[str] | None":
    try:
        return None if value is None else re.compile(value, re.IGNORECASE)
    except re.error as error:
        raise click.BadParameter(f"{value!r} is no regular expression: {error}") from None


@click.command(
    epilog=shown(
        "cartower events --since 1h --grep gate -f",
        "cartower events --since 2027-01-31T14:00 --kind job --kind unit",
        "cartower events --since all --json | jq -r .text",
    )
)
@click.option(
    "--since",
    "since_s",
    callback=since_option,
    default="1d",
    show_default=True,
    help="From when on: 90s, 15m, 1h, 2d ago, a moment in ISO 8601, or all.",
)
@click.option("--grep", "pattern", callback=_pattern, metavar="PATTERN", help="Only lines that fit, in any case.")
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice(CHOICES),
    metavar="KIND",
    help=f"Only such events: {', '.join(CHOICES)}. May be repeated.",
)
@click.option("-f", "--follow", is_flag=True, help="Go on with what happens, until Ctrl-C; needs the daemon.")
@run_dir_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@told
@translated
def events(
    since_s: float,
    pattern: "re.Pattern[str] | None",
    kinds: Sequence[str],
    run_dir: Path,
    *,
    follow: bool,
    as_json: bool,
) -> None:
    """Show what has happened, oldest first: unit, jobs, places, cars, requests and every command with its end.

    The history is the journal's, the daemon up or down. With --follow what the daemon tells comes in between: rooms,
    stations and the times of jobs, which no journal keeps.
    """
    printer = _Printer(pattern, frozenset(kinds), as_json=as_json)
    journal = run_dir / JOURNAL
    if not follow:
        printer.show(map(_kept, entries_since(journal, since_s)))
        return
    with SyncClient(run_dir / SOCKET) as client, suppress(KeyboardInterrupt):
        printer.show(_followed(client, journal, since_s))


@dataclass(frozen=True, slots=True)
class _Event:
    """One line; ``entry`` is None for what no journal keeps."""

    at: float
    kind: str
    text: str
    body: Mapping[str, Any]
    entry: int | None = None


@dataclass(frozen=True, slots=True)
class _Printer:
    """Prints the events that are asked for."""

    pattern: "re.Pattern[str] | None"
    kinds: frozenset[str]
    as_json: bool = field(kw_only=True)

    def show(self, found: Iterable[_Event]) -> None:
        for each in found:
            if self._wanted(each):
                print(self._line(each), flush=True)

    def _wanted(self, each: _Event) -> bool:
        kind_fits = not self.kinds or each.kind in self.kinds
        return kind_fits and (self.pattern is None or self.pattern.search(f"{each.kind} {each.text}") is not None)

    def _line(self, each: _Event) -> str:
        when = when_text(each.at)
        if self.as_json:
            body = {"at": when, "entry": each.entry, "kind": each.kind, "text": each.text, "body": each.body}
            return json.dumps(body, ensure_ascii=False)
        if for_people():
            alarming = each.kind == "alarm" or " UNKNOWN" in each.text or "unverified" in each.text
            text = ink(each.text, ODD) if alarming else each.text
            return f"{ink(when[:23].replace('T', ' '), dim=True)} {ink(f'{each.kind:<8}', bold=True)} {text}"
        return f"{when}\t{each.kind}\t{each.text}"


def _kept(entry: Entry) -> _Event:
    return _Event(entry.at, KINDS.get(entry.kind, entry.kind), entry_text(entry.kind, entry.body), entry.body, entry.id)


def _followed(client: SyncClient, journal: Path, since_s: float) -> Iterator[_Event]:
    """Yield the history, and then what comes: nothing twice, and nothing lost in between.

    What the journal keeps is read there, each entry once; the daemon's notices say when to look, and tell the rest.
    """
    notices = client.notices(LOOK_S)
    first = next(notices)  # subscribed from here on
    last = last_of(journal)
    history = entries_since(journal, since_s)
    yield from map(_kept, history)
    seen = max([0 if last is None else last.id, *(entry.id for entry in history)])
    rooms = rooms_of(client.call("status"))
    for notice in _chained(first, notices):
        fresh = entries_behind(journal, seen)
        seen = fresh[-1].id if fresh else seen
        yield from map(_kept, fresh)
        if notice is not None and notice.method == "event" and notice.params.get("event") in TOLD:
            kind = TOLD[str(notice.params["event"])]
            now = datetime.now(UTC).timestamp()
            yield _Event(now, kind, event_text(notice.params, rooms), notice.params)


def _chained(first: Notice | None, others: Iterator[Notice | None]) -> Iterator[Notice | None]:
    yield first
    yield from others
