"""`cartower events`: the journal as history, searched; and followed beside a daemon."""

import asyncio
import json
import re
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from controller.api.sync_client import SyncClient
from controller.cli.main import cartower
from controller.cli.offline.events import _followed
from controller.cli.record_text import KINDS, entry_text, record_text
from controller.cli.since import since
from controller.domain import records
from controller.domain.records import to_entry
from tests.support.commands import daemon
from tests.support.journals import open_journal
from tests.support.past import PAST, write_past
from tests.support.processes import eventually

STATION = {"event": "station", "name": "bays1", "state": "STALE", "detail": "no answer"}


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    write_past(tmp_path / "journal.sqlite")
    return tmp_path


def ask(run_dir: Path, *args: str) -> Result:
    return CliRunner().invoke(cartower, ["events", *args, "--run-dir", str(run_dir)])


def told(run_dir: Path, *args: str) -> list[Any]:
    result = ask(run_dir, *args, "--json")
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_the_whole_past_is_told_in_order(run_dir: Path) -> None:
    found = told(run_dir, "--since", "all")
    assert [each["entry"] for each in found] == list(range(1, sum(len(each) for _, each in PAST) + 1))
    plain = ask(run_dir, "--since", "all").stdout.splitlines()
    assert [line.split("\t")[2] for line in plain] == [each["text"] for each in found]


def test_the_last_hour_is_searched_for_a_gate(run_dir: Path) -> None:
    found = told(run_dir, "--since", "1h", "--grep", "GATE")
    assert [each["text"] for each in found] == [
        "tower/room1.outer_gate 7 OPEN planned: let in",
        "tower/room1.outer_gate 7 written",
        "tower/room1.outer_gate 7 accepted",
        "tower/room1.outer_gate 7 ended OK",
    ]
    assert told(run_dir, "--since", "1m", "--grep", "gate") == []


def test_kinds_are_chosen(run_dir: Path) -> None:
    assert {each["kind"] for each in told(run_dir, "--kind", "job", "--kind", "unit")} == {"job", "unit"}
    (refused,) = told(run_dir, "--kind", "request", "--grep", "refused")
    assert refused["text"] == "1000:ann asked Relocate {'car': 'B2'}, refused CAR_HAS_JOB"


@pytest.mark.parametrize("args", [("--since", "soon"), ("--grep", "("), ("--kind", "nonsense"), ("--since", "1h2")])
def test_wrong_use_is_told(run_dir: Path, args: tuple[str, ...]) -> None:
    assert ask(run_dir, *args).exit_code == 2


def test_without_a_journal_or_a_daemon(tmp_path: Path) -> None:
    assert ask(tmp_path).exit_code == 74
    write_past(tmp_path / "journal.sqlite")
    assert ask(tmp_path, "-f").exit_code == 3


@pytest.mark.parametrize(
    ("text", "ago_s"), [("90s", 90), ("15m", 900), ("1.5h", 5400), ("2d", 172_800), ("1w", 604_800), ("1d12h", 129_600)]
)
def test_a_span_is_a_number_and_its_unit(text: str, ago_s: float) -> None:
    assert since(text) == pytest.approx(time.time() - ago_s, abs=5)


def test_a_moment_is_iso_and_all_is_everything() -> None:
    assert since("2027-01-31T14:00:00+01:00") == 1801400400.0
    assert since("all") == 0.0
    assert since("999999999w") == 0.0
    with pytest.raises(ValueError, match="yesterday"):
        since("yesterday")


def test_every_kind_of_entry_has_words_and_a_kind() -> None:
    known = {each.__name__ for each in records.Record.__args__}
    assert known == set(KINDS)
    for _, written in PAST:
        for record in written:
            assert entry_text(*to_entry(record)) == record_text(record)
    stopped = record_text(records.Stopping("tower/lift", 9, 1))
    assert stopped == "tower/lift 9 STOP written"
    unknown = records.Planned("tower/lift", 9, 999, 5, 0, 0, 1, 1, 3, "PICKING")
    assert record_text(unknown) == "tower/lift 9 opcode 999 5 planned: for job 3, PICKING"


def test_an_entry_of_a_newer_release_is_shown_as_it_is(tmp_path: Path) -> None:
    with closing(open_journal(tmp_path / "journal.sqlite")) as journal:
        asyncio.run(journal.append([("Painted", {"colour": "red"})]))
    (found,) = told(tmp_path, "--since", "all")
    assert (found["kind"], found["text"]) == ("Painted", "Painted {'colour': 'red'}")


@pytest.mark.realtime
def test_following_loses_nothing_and_tells_nothing_twice(run_dir: Path) -> None:
    journal = run_dir / "journal.sqlite"
    with daemon(run_dir) as run, SyncClient(run_dir / "cartower.sock") as client:
        followed = _followed(client, journal, 0.0)
        past = [next(followed).entry for _ in range(sum(len(each) for _, each in PAST))]
        write_past(journal, PAST[-1:])
        fresh = next(followed)
        run.thread.soon(lambda: run.thread.control.board.tell(STATION))
        told_only = next(followed)
    assert past == sorted(set(past), key=past.index) == list(range(1, len(past) + 1))
    assert fresh.entry == len(past) + 1
    wanted = (None, "station", "station bays1 STALE: no answer")
    assert (told_only.entry, told_only.kind, told_only.text) == wanted


@pytest.mark.realtime
def test_a_daemon_that_ends_is_told(run_dir: Path) -> None:
    results: list[Result] = []
    with daemon(run_dir) as run:
        asking = threading.Thread(target=lambda: results.append(ask(run_dir, "-f", "--grep", "gate")))
        asking.start()
        eventually(lambda: run.thread.control.asked, 10, "the history is told, and the rooms are asked for")
    asking.join(10)
    assert results[0].exit_code == 3
    assert len(re.findall("outer_gate", results[0].stdout)) == 4
