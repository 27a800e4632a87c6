"""The inventory audit at the command line: the list, and a person led from bay to bay."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from controller.cli import inventory_audit, inventory_text
from controller.cli.main import cartower
from controller.domain.events import AuditPlace
from controller.domain.refusal import Refusal
from tests.support.commands import Cartower, daemon

NOW = 1_800_000_000.0


def look(at: float, eye: str = "carriage", finding: str = "agreed") -> dict[str, Any]:
    by = "1000:kim" if eye == "person" else ""
    return {"place": 0, "at": at, "eye": eye, "by": by, "finding": finding, "text": ""}


def bay(place: int, status: str = "free", car: str | None = None, **more: Any) -> dict[str, Any]:
    occupied = status == "occupied"
    plain = {"place": place, "status": status, "car": car, "reason": "", "contacts": [occupied, occupied]}
    return plain | {"carriage": None, "due": True, "look": None} | more


BAYS = [
    bay(204, "unverified", "C2", reason="believed occupied, sensors show empty"),
    bay(102, "occupied", "C1"),
    bay(103, carriage=[False, False], look=look(NOW)),
    bay(202, look=look(NOW, "person"), due=False),
    bay(104, "blocked", reason="the latch squeaks", due=False),
]

PICTURE = {"visits_per_day": 4, "idle_s": 600.0, "round_s": 126_000.0, "visiting": None, "due": 3, "bays": BAYS}
OUTSIDE = {"model": "", "place": None, "where": "outside", "status": "verified"}
CARS = {"cars": [{"id": name, **OUTSIDE} for name in ("C1", "C2")]}


def answers(**more: Any) -> dict[str, Any]:
    return {"audit": PICTURE, "cars": CARS, **more}


def agreed(place: int = 102) -> dict[str, Any]:
    return {"place": place, "status": "occupied", "reason": "", "finding": "agreed"}


def at_terminal(run: Cartower, monkeypatch: pytest.MonkeyPatch, typed: str, *args: str) -> Result:
    monkeypatch.setattr(inventory_audit, "at_a_terminal", lambda: True)
    words = ["inventory", "audit", *args, "--run-dir", str(run.run_dir)]
    return CliRunner().invoke(cartower, words, input=f"y\n{typed}")


@pytest.mark.realtime
def test_the_list_tells_who_has_seen_which_bay_when(tmp_path: Path) -> None:
    with daemon(tmp_path, answers()) as run:
        listing = ("inventory", "audit", "--list")
        plain, level, whole = (run(*listing, *more) for more in ((), ("--level", "2"), ("--json",)))
        assert run(*listing, "--level", "9").exit_code == 2
    lines = [line.split("\t") for line in plain.stdout.splitlines()]
    assert [line[0] for line in lines] == ["bay", "204", "102", "103", "202", "104"]
    moment = inventory_text.moment_text(NOW)
    assert lines[2][4] == "never"
    assert lines[3][4] == f"{moment} by the carriage: agreed"
    assert lines[4][4] == f"{moment} by 1000:kim: agreed"
    assert lines[3][5] == "both sensors show nothing; of the carriage, docked there: both sensors show nothing"
    assert [line.split("\t")[0] for line in level.stdout.splitlines()[1:]] == ["204", "202"]
    assert json.loads(whole.stdout) == PICTURE
    assert plain.exit_code == level.exit_code == whole.exit_code == 0


def test_without_a_terminal_it_says_so_and_asks_nothing(tmp_path: Path) -> None:
    for args, said in (((), "no terminal to ask at"), (("--json",), "--json belongs to --list")):
        result = CliRunner().invoke(cartower, ["inventory", "audit", *args, "--run-dir", str(tmp_path)])
        assert (result.exit_code, said in result.stderr) == (2, True)


@pytest.mark.realtime
def test_a_person_is_led_through_what_is_doubtful_or_unseen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with daemon(tmp_path, answers(AuditPlace=agreed())) as run:
        result = at_terminal(run, monkeypatch, "C2\nC1\nempty\n", "--since", "all")
        asked = run.asked
    assert [(each.place, each.car, each.on_site) for each in asked if isinstance(each, AuditPlace)] == [
        (204, "C2", True), (102, "C1", True), (103, None, True)
    ]  # fmt: skip
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == "3 agreed, 0 corrected, 0 still doubtful, 0 skipped"
    assert "bay 204 (1 of 3)" in result.stderr
    assert "unverified with C2: believed occupied, sensors show empty" in result.stderr
    assert "bay 202" not in result.stderr, "a person has seen it"
    assert "bay 104" not in result.stderr, "out of use"


@pytest.mark.realtime
@pytest.mark.parametrize("typed", ["skip\nquit\n", "skip\n"], ids=["quit", "Ctrl-D"])
def test_who_leaves_it_is_told_what_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    with daemon(tmp_path, answers()) as run:
        result = at_terminal(run, monkeypatch, typed, "--all")
        assert run.asked == []
    assert (result.exit_code, result.stdout) == (
        0, "0 agreed, 0 corrected, 0 still doubtful, 1 skipped, 3 left for another time\n"
    )  # fmt: skip


@pytest.mark.realtime
def test_who_is_not_at_the_tower_is_asked_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inventory_audit, "at_a_terminal", lambda: True)
    with daemon(tmp_path, answers()) as run:
        for typed in ("n\n", ""):
            result = CliRunner().invoke(cartower, ["inventory", "audit", "--run-dir", str(tmp_path)], input=typed)
            assert (result.exit_code, "What stands there" in result.stderr) == (6, False)
        assert run.asked == []


@pytest.mark.realtime
def test_a_car_that_is_not_known_is_asked_about_before_it_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with daemon(tmp_path, answers(AuditPlace=agreed() | {"finding": "corrected"})) as run:
        result = at_terminal(run, monkeypatch, "C9\nn\nC8\ny\nquit\n")
        (asked,) = run.asked
    assert isinstance(asked, AuditPlace)
    assert asked.car == "C8"
    assert result.stdout.splitlines()[1] == "corrected: 204"


@pytest.mark.realtime
def test_a_doubt_that_stays_is_told_by_the_exit_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reason = "stated C2, the sensors show empty"
    doubtful = {"place": 204, "status": "unverified", "reason": reason, "finding": "doubtful"}
    with daemon(tmp_path, answers(AuditPlace=doubtful)) as run:
        result = at_terminal(run, monkeypatch, "C2\nquit\n", "--level", "2")
        asked = run.asked
    assert len(asked) == 2, "said once more, since the car stands nowhere else by now"
    assert result.exit_code == 4
    assert "still doubtful" in result.stdout
    assert reason in result.stderr


@pytest.mark.realtime
def test_what_is_refused_is_told_and_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with daemon(tmp_path, answers(AuditPlace=Refusal("BAY_RESERVED", "bay 204 is reserved by a job"))) as run:
        result = at_terminal(run, monkeypatch, "C2\nquit\n")
    assert "not taken (BAY_RESERVED)" in result.stderr
    assert "1 skipped" in result.stdout
    assert result.exit_code == 0


@pytest.mark.realtime
def test_whose_role_does_not_allow_it_is_not_led_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with daemon(tmp_path, answers(AuditPlace=Refusal("ROLE", "to say what stands in a bay takes an operator"))) as run:
        result = at_terminal(run, monkeypatch, "C2\nC1\n")
        assert len(run.asked) == 1
    assert result.exit_code not in (0, 4)


@pytest.mark.parametrize(
    ("contacts", "says"),
    [
        ([True, True], "both sensors show a car"),
        ([None, False], "sensor A is out of service, B shows nothing"),
        ([True, None], "sensor B is out of service, A shows a car"),
        ([None, None], "both sensors are out of service"),
        (None, "not seen"),
    ],
)
def test_contacts_are_told_in_words(contacts: list[bool | None] | None, says: str) -> None:
    assert inventory_text.sensed_text(bay(102, contacts=contacts)) == says
