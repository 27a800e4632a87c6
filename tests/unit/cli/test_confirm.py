"""Nothing moves by a slip: what will move is said, and nothing is asked of the tower without a yes."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from controller.cli import confirm, intent
from controller.cli.main import cartower
from controller.domain.refusal import Refusal
from tests.support.commands import daemon
from tests.support.sample_status import sample_status

CARS = [
    {"id": "C1", "model": "", "place": 102, "where": "bay", "status": "verified"},
    {"id": "C2", "model": "", "place": 204, "where": "bay", "status": "verified"},
]


def job(state: str, **more: Any) -> dict[str, Any]:
    plain = {"id": 5, "kind": "RETRIEVE", "car": "C1", "source": 102, "target": 101, "room": 101, "state": state}
    return plain | {"left": "PICKING", "reason": "why", "choices": ["continue", "put-back", "divert", "by-hand"]} | more


ANSWERS: dict[str, Any] = {
    "cars": {"cars": CARS},
    "jobs": {"jobs": [job("PARKED")], "appointments": []},
    **{
        request: {"job": 5, "state": "DONE"}
        for request in ("Retrieve", "Store", "Relocate", "Cancel", "Resolve", "UnitCommand")
    },
}

MOVING = [
    ("retrieve", "C1"),
    ("store", "--room", "1", "--car", "N"),
    ("relocate", "C1", "203"),
    ("resolve", "5", "--choice", "continue"),
    ("resolve", "5", "--choice", "put-back"),
    ("resolve", "5", "--choice", "divert", "--place", "203"),
    *(("unit", command) for command in ("reset", "start", "unhold", "unsuspend")),
]
STILL = [
    *(("unit", command) for command in ("stop", "hold", "suspend", "abort", "clear")),
    ("resolve", "5", "--choice", "by-hand", "--place", "0"),
]


@pytest.mark.realtime
@pytest.mark.parametrize("args", MOVING, ids=" ".join)
def test_without_a_terminal_and_without_yes_nothing_is_asked(tmp_path: Path, args: tuple[str, ...]) -> None:
    with daemon(tmp_path, ANSWERS) as run:
        result = run(*args)
        assert run.asked == []
    assert (result.exit_code, result.stdout) == (6, "")
    said = result.stderr.splitlines()
    assert len(said) > 1, "what would move"
    assert "no terminal" in said[-1]
    assert "--yes" in said[-1]


@pytest.mark.realtime
@pytest.mark.parametrize("args", STILL, ids=" ".join)
def test_what_moves_nothing_or_stops_is_never_asked_about(tmp_path: Path, args: tuple[str, ...]) -> None:
    with daemon(tmp_path, ANSWERS) as run:
        assert run(*args).exit_code == 0
        assert len(run.asked) == 1


@pytest.mark.realtime
@pytest.mark.parametrize(("typed", "code", "asked"), [("y\n", 0, 1), ("n\n", 6, 0), ("\n", 6, 0), ("", 6, 0)])
def test_a_person_is_asked_and_no_is_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, code: int, asked: int
) -> None:
    monkeypatch.setattr(confirm, "can_ask", lambda: True)
    with daemon(tmp_path, ANSWERS) as run:
        args = ["retrieve", "C1", "--room", "1", "--run-dir", str(tmp_path)]
        result = CliRunner().invoke(cartower, args, input=typed)
        assert len(run.asked) == asked
    assert result.exit_code == code
    assert "Go on? [y/N]" in result.stderr
    assert result.stdout == ("job 5\n" if asked else "")


@pytest.mark.realtime
@pytest.mark.parametrize(
    ("state", "code"), [("QUEUED", 0), ("POSITIONING", 0), ("OPENING", 6), ("PICKING", 6), ("PLACING", 6)]
)
def test_a_cancel_is_asked_about_once_a_car_moves(tmp_path: Path, state: str, code: int) -> None:
    with daemon(tmp_path, {**ANSWERS, "jobs": {"jobs": [job(state)], "appointments": []}}) as run:
        assert run("cancel", "5").exit_code == code
        assert len(run.asked) == (code == 0)


@pytest.mark.realtime
@pytest.mark.parametrize(
    ("stands_in", "state", "code"), [(None, None, 0), (101, None, 6), (None, "POSITIONING", 0), (None, "PICKING", 6)]
)
def test_calling_off_an_appointment_is_asked_about_if_its_car_moves(
    tmp_path: Path, stands_in: int | None, state: str | None, code: int
) -> None:
    booked = {"id": 9, "car": "C1", "stands_in": stands_in}
    answer = {"jobs": [] if state is None else [job(state)], "appointments": [booked]}
    with daemon(tmp_path, {**ANSWERS, "jobs": answer}) as run:
        result = run("cancel", "9")
        assert result.exit_code == code
        assert len(run.asked) == (code == 0)
    assert ("Car C1 stands in room 1 (101) for it" in result.stderr) is (stands_in is not None)


@pytest.mark.realtime
def test_a_frozen_station_is_named_before_it_is_taken(tmp_path: Path) -> None:
    status = sample_status()
    status["stations"][1] |= {"state": "FROZEN", "detail": "epoch 0x00020001 is in force"}
    with daemon(tmp_path, {"status": status}) as run:
        result = run("adopt")
        assert run.asked == []
    assert result.exit_code == 6
    assert "bays1: epoch 0x00020001 is in force" in result.stderr


PICKED = "latch opens, shuttle picks the car up, latch closes"


def test_a_retrieval_says_from_where_to_where_and_by_what() -> None:
    status = sample_status()
    status["unit"]["state"] = "STOPPED"
    status["places"]["204"] |= {"status": "occupied", "reason": ""}
    assert list(intent.retrieval(status, CARS, [], "C2", 101)) == [
        "Car C2 is brought from bay 204 (level 2 at 2.5 m, position 4) to room 1 (101):",
        f"  the carriage (2.40 m, 90.0 deg, loaded with C9) goes there: {PICKED}",
        "  the carriage takes it to the room: inner door opens, shuttle puts it down, inner door closes,",
        "  and the outer gate opens for whoever fetches it",
        "It waits: the tower is STOPPED (`cartower unit reset` switches the drives on and references the machine).",
    ]


def test_a_car_that_is_not_here_is_guessed() -> None:
    with pytest.raises(Refusal, match="did you mean C1 or C2") as refused:
        list(intent.retrieval(sample_status(), CARS, [], "C12", None))
    assert refused.value.rule == "UNKNOWN_CAR"


def test_a_start_names_the_jobs_it_lets_go() -> None:
    jobs = [job("QUEUED", id=number, car=f"C{number}") for number in range(1, 7)] + [job("PARKED")]
    text = "\n".join(intent.unit_command(sample_status(), jobs, "start"))
    assert "job 1 RETRIEVE C1, job 2 RETRIEVE C2, job 3 RETRIEVE C3, job 4 RETRIEVE C4 and 2 more" in text
