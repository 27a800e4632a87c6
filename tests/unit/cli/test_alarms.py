"""`cartower alarms` against a scripted daemon, and its load from a journal."""

import asyncio
import json
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from controller.cli.alarm_acts import DONE
from controller.cli.main import cartower
from controller.cli.status_text import status_lines
from controller.domain.alarms import AlarmLine, AlarmState, Showing
from controller.domain.events import AlarmAct, AlarmCommand
from controller.domain.records import AlarmSet, to_entry
from controller.domain.refusal import Refusal
from tests.support.commands import daemon
from tests.support.journals import open_journal
from tests.support.sample_status import sample_status


def line(number: str = "701.1", **more: Any) -> dict[str, Any]:
    plain = {
        "number": number,
        "code": "ROOM_BLOCKED",
        "text": "room 1: the gate was opened by hand",
        "title": "A room is blocked",
        "state": "UNACKNOWLEDGED",
        "beneath": "UNACKNOWLEDGED",
        "priority": "low",
        "first_out": True,
        "since": "2027-01-31T14:00:00+00:00",
        "changed": "2027-01-31T14:00:00+00:00",
        "until": None,
        "why": "",
        "by": "",
        "cause": "It may be this.",
        "consequence": "It leads to that.",
        "guidance": "Look inside.",
        "clearance": "operator, at the tower",
        "response_s": 1800,
        "limits": "",
        "latching": False,
        "safety": False,
    }
    return plain | more


def listed(*lines: dict[str, Any]) -> dict[str, Any]:
    return {"alarms": {"alarms": list(lines), "counts": {}}}


@pytest.mark.realtime
@pytest.mark.parametrize("args", [("alarms",), ("alarms", "list")])
def test_the_list_into_a_pipe_is_plain(tmp_path: Path, args: tuple[str, ...]) -> None:
    with daemon(tmp_path, listed(line(), line("105", first_out=False, state="SHELVED"))) as run:
        lines = run(*args).output.splitlines()
    assert lines[0] == "number\tpriority\tstate\tsince\talarm\twhat"
    first, second = (each.split("\t") for each in lines[1:])
    assert first[:3] + first[4:] == ["701.1*", "low", "UNACKNOWLEDGED", "ROOM_BLOCKED", line()["text"]]
    assert second[0] == "105"
    assert len(lines) == 3


@pytest.mark.realtime
def test_the_list_as_json_is_the_daemons_answer(tmp_path: Path) -> None:
    with daemon(tmp_path, listed(line())) as run:
        assert json.loads(run("alarms", "--json").output) == listed(line())["alarms"]


@pytest.mark.realtime
@pytest.mark.parametrize("number", ["701.1", "701"])
def test_one_alarm_tells_all_of_it(tmp_path: Path, number: str) -> None:
    shelved = line(state="SHELVED", until="2027-01-31T16:00:00+00:00", why="known", by="1000:ann")
    with daemon(tmp_path, listed(shelved)) as run:
        told = dict(each.split("\t", 1) for each in run("alarms", "show", number).output.splitlines())
    assert told["alarm"] == "701.1 ROOM_BLOCKED: A room is blocked"
    assert told["state"].startswith("SHELVED (UNACKNOWLEDGED beneath) since ")
    assert told["state"].endswith(": known, by 1000:ann")
    assert (told["do"], told["cause"], told["within"]) == ("Look inside.", "It may be this.", "30 min")
    assert told["cleared by"] == "operator, at the tower"


@pytest.mark.realtime
def test_a_quiet_alarm_is_told_from_the_catalogue(tmp_path: Path) -> None:
    with daemon(tmp_path, listed()) as run:
        told = json.loads(run("alarms", "show", "105", "--json").output)
        assert (told["code"], told["state"], told["safety"]) == ("PERSON_IN_SHAFT", "NORMAL", True)
        plain = run("alarms", "show", "105")
        assert "kind\tlatching, safety" in plain.output
        missing = run("alarms", "show", "999")
    assert missing.exit_code == 1
    assert "UNKNOWN_ALARM" in missing.output


@pytest.mark.realtime
@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        (("ack", "701.1"), AlarmCommand(act=AlarmAct.ACKNOWLEDGE, number="701.1")),
        (("ack", "--all"), AlarmCommand(act=AlarmAct.ACKNOWLEDGE, number="all")),
        (("reset", "106"), AlarmCommand(act=AlarmAct.RESET, number="106")),
        (
            ("shelve", "411.2", "--for", "1h30m", "--why", "cleaned"),
            AlarmCommand(act=AlarmAct.SHELVE, number="411.2", seconds=5400, why="cleaned"),
        ),
        (("unshelve", "411.2"), AlarmCommand(act=AlarmAct.UNSHELVE, number="411.2")),
        (
            ("out-of-service", "411.2", "--why", "ordered"),
            AlarmCommand(act=AlarmAct.REMOVE, number="411.2", why="ordered"),
        ),
        (("return", "411.2"), AlarmCommand(act=AlarmAct.RETURN, number="411.2")),
    ],
)
def test_acts_reach_the_daemon(tmp_path: Path, args: tuple[str, ...], wanted: AlarmCommand) -> None:
    with daemon(tmp_path, {"AlarmCommand": {"numbers": [wanted.number]}}) as run:
        result = run("alarms", *args)
        (asked,) = run.asked
    assert isinstance(asked, AlarmCommand)
    assert replace(asked, by="") == wanted
    assert result.output == f"alarm {wanted.number}: {DONE[wanted.act]}\n"


@pytest.mark.realtime
def test_a_refusal_is_told_with_what_helps(tmp_path: Path) -> None:
    with daemon(tmp_path, {"AlarmCommand": Refusal("SAFETY_ALARM", "nothing hides it")}) as run:
        result = run("alarms", "shelve", "105", "--for", "30m", "--why", "noise")
    assert result.exit_code == 1
    assert "next: `cartower alarms show NUMBER`" in result.output


@pytest.mark.parametrize(
    "args",
    [
        ("ack",),
        ("ack", "701.1", "--all"),
        ("shelve", "1", "--why", "w"),
        ("shelve", "1", "--for", "30m"),
        ("shelve", "1", "--for", "9h", "--why", "w"),
        ("shelve", "1", "--for", "soon", "--why", "w"),
        ("out-of-service", "1"),
        ("nonsense",),
    ],
)
def test_wrong_use_is_told_before_the_daemon_is_asked(tmp_path: Path, args: tuple[str, ...]) -> None:
    result = CliRunner().invoke(cartower, ["alarms", *args, "--run-dir", str(tmp_path)])
    assert result.exit_code == 2


def test_status_and_watch_say_what_to_do_about_the_most_urgent() -> None:
    status = sample_status()
    status["alarms"] = [line("105", guidance="Search the shaft."), line()]
    todo = [text for name, text in status_lines(status) if name == "next"]
    first, others, _ = todo
    assert first == "alarm 105: Search the shaft."
    assert "all 2" in others


BLOCKED = AlarmLine("ROOM_BLOCKED", 1, "room 1", "stuck", AlarmState.UNACKNOWLEDGED, Showing.SHOWN, 5.0, 5.0, burst=1)


def load_of(run_dir: Path, count: int, *args: str) -> Result:
    with closing(open_journal(run_dir / "journal.sqlite", now=time.time)) as journal:
        entries = [to_entry(AlarmSet(replace(BLOCKED, burst=n), "ALARM")) for n in range(count)]
        asyncio.run(journal.append([*entries, to_entry(AlarmSet(BLOCKED, "ACKNOWLEDGE"))]))
    return CliRunner().invoke(cartower, ["alarms", "load", "--run-dir", str(run_dir), *args])


def test_the_load_is_counted_from_the_journal_with_the_daemon_down(tmp_path: Path) -> None:
    result = load_of(tmp_path, 2, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    (day,) = told["days"]
    assert (day["alarms"], day["worst_10_min"], day["worst_cause"], day["within"]) == (2, 2, 1, True)
    assert told["most_frequent"] == [{"alarm": "701.1 ROOM_BLOCKED", "times": 2}]
    assert told["limits"] == {"day": 15, "10_min": 10, "cause": 5}


def test_a_day_that_nobody_can_take_ends_otherwise(tmp_path: Path) -> None:
    result = load_of(tmp_path, 11)
    assert result.exit_code == 4
    assert result.stdout.splitlines()[0] == "day\talarms\tworst 10 min\tworst cause\tbegan with"
    assert result.stdout.splitlines()[1].split("\t")[1:] == ["11", "11", "1", "701.1 ROOM_BLOCKED"]


def test_without_a_journal(tmp_path: Path) -> None:
    assert CliRunner().invoke(cartower, ["alarms", "load", "--run-dir", str(tmp_path)]).exit_code == 74
