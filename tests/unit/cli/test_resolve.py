"""A parked job at the command line: listed, told to programs, and a person led through it."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from controller.cli import confirm, resolve, resolve_text
from controller.cli.main import cartower
from controller.domain.events import BlockPlace, FreePlace, Resolve, UnitCommand
from controller.domain.refusal import Refusal
from controller.domain.unit import UnitEvent
from tests.support.commands import Cartower, daemon
from tests.support.sample_status import sample_status
from tests.support.scripted_control import by_query

CHOICES = ["continue", "put-back", "divert", "by-hand", "lock"]


def job(state: str = "PARKED", **more: Any) -> dict[str, Any]:
    plain = {"id": 5, "kind": "RETRIEVE", "car": "C1", "source": 102, "target": 101, "room": 101, "state": state}
    return plain | {"left": "PICKING", "reason": "CONTACT: the latch chatters", "choices": CHOICES} | more


def status(state: str = "HELD") -> dict[str, Any]:
    shown = sample_status()
    shown["unit"] |= {"state": state, "reason": "job 5 is parked"}
    return shown


def answers(ended: str = "DONE", state: str = "HELD") -> dict[str, Any]:
    return {
        "status": status(state),
        "jobs": {"jobs": [job(), job("QUEUED", id=6, car="C2")]},
        "Resolve": {"job": 5, "state": "CLOSED_BY_HAND" if ended == "CLOSED_BY_HAND" else "RESUMED"},
        "UnitCommand": {"state": "UNHOLDING"},
    }


def at_terminal(run: Cartower, monkeypatch: pytest.MonkeyPatch, typed: str, *args: str) -> Result:
    monkeypatch.setattr(confirm, "can_ask", lambda: True)
    monkeypatch.setattr(resolve, "at_a_terminal", lambda: True)
    return CliRunner().invoke(cartower, ["resolve", *args, "--run-dir", str(run.run_dir)], input=typed)


@pytest.mark.realtime
def test_without_a_job_the_parked_ones_are_listed_alone(tmp_path: Path) -> None:
    with daemon(tmp_path, answers()) as run:
        plain, told = run("resolve"), run("resolve", "--json")
    assert plain.stdout.splitlines()[1:] == [
        "5\tRETRIEVE\tC1\tbay 102\troom 1 (101)\tPICKING\tCONTACT: the latch chatters"
    ]
    assert [each["id"] for each in json.loads(told.stdout)["jobs"]] == [5]
    assert plain.exit_code == told.exit_code == 0


@pytest.mark.realtime
def test_into_a_pipe_the_ways_out_are_told_and_nothing_is_decided(tmp_path: Path) -> None:
    with daemon(tmp_path, answers()) as run:
        plain, told = run("resolve", "5"), run("resolve", "5", "--json")
        assert run.asked == []
    assert plain.exit_code == told.exit_code == 6
    assert [line.split("\t")[:2] for line in plain.stdout.splitlines()[1:]] == [
        ["continue", "none"],
        ["put-back", "none"],
        ["divert", "a free bay"],
        ["by-hand", "where the car is now"],
        ["lock", "the bay in which the car is now"],
    ]
    ways = json.loads(told.stdout)["ways_out"]
    assert [way["choice"] for way in ways] == CHOICES
    assert all(way["moves"] and way["first"] for way in ways)
    assert "nothing was decided" in plain.stderr


@pytest.mark.realtime
def test_a_job_that_is_not_parked_has_no_way_out(tmp_path: Path) -> None:
    with daemon(tmp_path, answers()) as run:
        assert "JOB_STATE" in run("resolve", "6").stderr
        assert "UNKNOWN_JOB" in run("resolve", "7").stderr
        assert run.asked == []


@pytest.mark.parametrize("args", [("5", "--yes"), ("5", "--place", "0"), ("--choice", "continue")], ids=" ".join)
def test_what_belongs_to_a_decision_is_not_taken_without_one(tmp_path: Path, args: tuple[str, ...]) -> None:
    result = CliRunner().invoke(cartower, ["resolve", *args, "--run-dir", str(tmp_path)])
    assert result.exit_code == 2


@pytest.mark.realtime
@pytest.mark.parametrize("typed", ["", "0\n", "\n", "1\nn\n", "1\n", "3\n203\nn\n", "4\n"])
def test_whoever_does_not_say_yes_has_decided_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    with daemon(tmp_path, answers()) as run:
        result = at_terminal(run, monkeypatch, typed, "5")
        assert run.asked == []
    assert result.exit_code == 6
    for said in ("What happened", "CONTACT: the latch chatters", "believed in bay 102", "What the sensors show"):
        assert said in result.stderr


@pytest.mark.realtime
@pytest.mark.parametrize(
    ("typed", "choice", "place"), [("4\n0\ny\n", "by-hand", 0), ("5\n102\ny\n", "lock", 102)], ids=["by-hand", "lock"]
)
def test_a_job_closed_by_hand_says_what_is_left_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, choice: str, place: int
) -> None:
    with daemon(tmp_path, answers("CLOSED_BY_HAND")) as run:
        result = at_terminal(run, monkeypatch, typed, "5")
        (asked,) = run.asked
    assert isinstance(asked, Resolve)
    assert (asked.job, asked.choice, asked.place) == (5, choice, place)
    assert result.exit_code == 0
    assert "a reset closes" in result.stdout
    assert ("place free 102" in result.stdout) is (choice == "lock")
    assert "first: " in result.stderr
    assert "Going on says that you have made sure" in result.stderr


@pytest.mark.realtime
def test_a_choice_that_moves_is_followed_once_the_tower_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with daemon(tmp_path, answers()) as run:
        ended = {**answers(), "jobs": {"jobs": [job("DONE")]}}

        def script(request: Any) -> Any:
            name = getattr(request, "what", type(request).__name__)
            done = any(isinstance(each, UnitCommand) for each in run.asked)
            return (ended if done else answers()).get(name)

        run.thread.control.script = script
        result = at_terminal(run, monkeypatch, "1\ny\ny\n", "5")
        decided, let_go = run.asked
    assert isinstance(decided, Resolve)
    assert isinstance(let_go, UnitCommand)
    assert (decided.choice, let_go.event) == ("continue", UnitEvent.UNHOLD)
    assert "The tower is HELD." in result.stderr
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "job 5 DONE")


@pytest.mark.realtime
def test_a_diversion_is_asked_for_its_bay_among_those_that_are_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with daemon(tmp_path, answers(state="STOPPED")) as run:
        result = at_terminal(run, monkeypatch, "3\n202\ny\n", "5")
        (asked,) = run.asked
    assert isinstance(asked, Resolve)
    assert (asked.choice, asked.place) == ("divert", 202)
    assert "Free bays: 103, 104, 202" in result.stderr, "203 is free, and reserved"
    assert "takes car C1 to bay 202 in place of room 1 (101)" in result.stderr
    assert result.exit_code == 4, "the tower stands"


@pytest.mark.realtime
def test_a_job_that_parks_again_is_asked_about_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with daemon(tmp_path, answers(state="EXECUTE")) as run:
        result = at_terminal(run, monkeypatch, "1\ny\n0\n", "5")
        assert len(run.asked) == 1
    assert result.stderr.count("What happened") == 2
    assert "job 5 PARKED" in result.stdout
    assert result.exit_code == 6


@pytest.mark.realtime
def test_a_tower_that_stops_under_way_is_named_with_the_next_act(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with daemon(tmp_path, answers(state="EXECUTE")) as run:
        stopped = {"status": status("ABORTED"), "jobs": {"jobs": [job("INTERRUPTED")]}}

        def script(request: Any) -> Any:
            name = getattr(request, "what", type(request).__name__)
            if name == "jobs" and request.params.get("all"):
                run.thread.control.script = by_query(stopped)
                return stopped["jobs"]
            return answers(state="EXECUTE")[name]

        run.thread.control.script = script
        result = at_terminal(run, monkeypatch, "1\ny\n", "5")
    assert result.exit_code == 4
    assert "`cartower unit clear`" in result.stderr


@pytest.mark.realtime
def test_a_tower_that_stands_is_named_with_the_next_act(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with daemon(tmp_path, answers(state="ABORTED")) as run:
        result = at_terminal(run, monkeypatch, "2\ny\n", "5")
        assert len(run.asked) == 1
    assert result.exit_code == 4
    assert "`cartower unit clear`" in result.stderr


def test_every_choice_that_a_daemon_offers_is_explained() -> None:
    ways = resolve_text.ways_out(status(), job())
    assert [way.choice for way in ways] == CHOICES
    assert len({way.title for way in ways}) == len({way.moves for way in ways}) == len(CHOICES)
    assert all(len(way.checks) > 1 for way in ways)


BITS = dict.fromkeys(("OCCUPIED_A", "OCCUPIED_B", "LATCH_OPEN", "PERSON"), False) | {
    "LATCH_CLOSED": True,
    "PERSON_SENSOR_OK": True,
}


@pytest.mark.parametrize(
    ("place", "name", "bits", "says"),
    [
        (102, "bays1/fast.bay2", {}, "both sensors show nothing, latch closed"),
        (102, "bays1/fast2.bay2", {"OCCUPIED_A": True, "OCCUPIED_B": True}, "both sensors show a car, latch closed"),
        (
            102,
            "bays1/fast.bay2",
            {"OCCUPIED_B": True, "LATCH_CLOSED": False},
            "the sensors disagree: A shows nothing, B a car, latch neither open nor closed",
        ),
        (102, "bays1/fast.bay3", {}, "not seen"),
        (101, "tower/fast.room1.sensors", {"PERSON": True}, "both sensors show nothing, somebody is inside"),
        (
            101,
            "tower/fast.room1.sensors",
            {"PERSON_SENSOR_OK": False},
            "both sensors show nothing, the person sensor is out of order",
        ),
    ],
)
def test_sensors_are_told_in_words(place: int, name: str, bits: dict[str, bool], says: str) -> None:
    registers = [{"name": name, "value": 1, "bits": BITS | bits}]
    assert resolve_text.sensed(status(), place, registers)[1] == says


@pytest.mark.realtime
def test_a_bay_is_blocked_with_a_reason_and_given_back(tmp_path: Path) -> None:
    told = {
        "BlockPlace": {"place": 203, "status": "blocked", "reason": "the latch squeaks"},
        "FreePlace": {"place": 203, "status": "free", "reason": ""},
    }
    with daemon(tmp_path, told) as run:
        assert run("place", "block", "203", "--why", "the latch squeaks").stdout == (
            "bay 203 blocked: the latch squeaks\n"
        )
        assert run("place", "free", "203").stdout == "bay 203 free\n"
        assert json.loads(run("place", "free", "203", "--json").stdout) == told["FreePlace"]
        assert run("place", "block", "203").exit_code == 2
        block, free, _ = run.asked
    assert isinstance(block, BlockPlace)
    assert (block.place, block.why) == (203, "the latch squeaks")
    assert isinstance(free, FreePlace)
    assert free.place == 203


@pytest.mark.realtime
def test_a_bay_that_cannot_be_blocked_says_why(tmp_path: Path) -> None:
    with daemon(tmp_path, {"BlockPlace": Refusal("BAY_RESERVED", "bay 203 is reserved by job 7")}) as run:
        result = run("place", "block", "203", "--why", "x")
    assert result.exit_code == 1
    assert "bay 203 is reserved by job 7" in result.stderr
