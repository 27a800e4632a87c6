"""`cartower jog` and `cartower interlocks` against a scripted daemon; when a key counts as held."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from controller.cli.event_texts import event_text
from controller.cli.held_key import GAP_S, Repeats
from controller.cli.main import cartower
from controller.domain.events import Interlocks, Jog, JogHold, Request
from controller.domain.refusal import Refusal
from tests.support.scripted_control import Answer, ControlThread, ScriptedControl

END = {"verdict": "STOPPED", "reason": "", "text": ""}
REFUSED = {"verdict": "REFUSED", "reason": "DEAD_MAN", "text": "tower/lift: REFUSED"}


class Hoist:
    """Answers as the daemon does: a jog runs while it is held, then has an outcome."""

    def __init__(self, outcome: dict[str, str], *, at_once: bool = False) -> None:
        self.outcome = outcome
        self.at_once = at_once
        self.asked: list[Request] = []

    def __call__(self, request: Request) -> Answer:
        self.asked.append(request)
        if isinstance(request, Jog):
            return {"jog": 4, "renew_s": 0.05}
        assert isinstance(request, JogHold)
        assert request.jog == 4
        ended = self.at_once or not request.held
        return {
            "jog": 4, "held": not ended, "position": 1290, "unit": "mm", "outcome": self.outcome if ended else None,
        }  # fmt: skip

    @property
    def holds(self) -> list[bool]:
        return [request.held for request in self.asked if isinstance(request, JogHold)]


def run(tmp_path: Path, *args: str) -> Result:
    return CliRunner().invoke(cartower, [*args, "--run-dir", str(tmp_path)])


@contextmanager
def serving(tmp_path: Path, hoist: Hoist) -> Iterator[Hoist]:
    with ControlThread(ScriptedControl(tmp_path / "cartower.sock", hoist)):
        yield hoist


@pytest.mark.realtime
def test_a_jog_for_some_time_renews_its_hold_and_then_lets_go(tmp_path: Path) -> None:
    with serving(tmp_path, Hoist(END)) as hoist:
        result = run(tmp_path, "jog", "lift", "up", "--for", "0.2", "--yes")
    assert (result.exit_code, result.output) == (0, "lift up: stands at 1290 mm\n")
    first = hoist.asked[0]
    assert isinstance(first, Jog)
    assert (first.mechanism, first.direction) == ("lift", "up")
    *held, last = hoist.holds
    assert all(held)
    assert len(held) >= 2
    assert not last


@pytest.mark.realtime
def test_what_the_plc_objects_to_is_told_and_ends_otherwise(tmp_path: Path) -> None:
    with serving(tmp_path, Hoist(REFUSED, at_once=True)):
        result = run(tmp_path, "jog", "lift", "up", "--for", "5", "--yes")
        as_json = run(tmp_path, "jog", "lift", "up", "--for", "5", "--yes", "--json")
    assert result.exit_code == as_json.exit_code == 4
    assert "DEAD_MAN" in result.output
    assert json.loads(as_json.output) == {**REFUSED, "position": 1290, "unit": "mm"}


@pytest.mark.realtime
@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("lift", "out", "--for", "1", "--yes"), 2),
        (("lift", "up", "--for", "0", "--yes"), 2),
        (("lift", "up", "--for", "999", "--yes"), 2),
        (("gate", "up", "--for", "1", "--yes"), 2),
        (("lift", "up"), 2),
        (("lift", "up", "--for", "1"), 6),
    ],
)
def test_nothing_is_asked_of_the_tower_on_wrong_use_or_without_a_yes(
    tmp_path: Path, args: tuple[str, ...], code: int
) -> None:
    with serving(tmp_path, Hoist(END)) as hoist:
        assert run(tmp_path, "jog", *args).exit_code == code
    assert hoist.asked == []


@pytest.mark.realtime
def test_a_refusal_names_its_rule_and_what_to_do(tmp_path: Path) -> None:
    def refuse(request: Request) -> Answer:
        return Refusal("UNIT_MODE", "the unit must be in manual mode")

    with ControlThread(ScriptedControl(tmp_path / "cartower.sock", refuse)):
        result = run(tmp_path, "jog", "lift", "up", "--for", "1", "--yes")
    assert result.exit_code == 1
    assert "UNIT_MODE" in result.output
    assert "cartower unit mode" in result.output


@pytest.mark.realtime
@pytest.mark.parametrize(("met", "code"), [(True, 0), (False, 1)])
def test_interlocks_are_listed_met_and_not_met(tmp_path: Path, met: bool, code: int) -> None:
    conditions = [
        {"name": "MAINTENANCE", "met": True, "known": True, "text": "the maintenance key must be off"},
        {"name": "SHUTTLE_NOT_CENTRED", "met": met, "known": True, "text": "the shuttle must be centred"},
        {"name": "CAR_HALF_WAY", "met": False, "known": False, "text": "the comb must stand up or down"},
    ]
    answer = {"mechanism": "turntable", "conditions": conditions}

    def tell(request: Request) -> Answer:
        assert isinstance(request, Interlocks)
        return answer

    with ControlThread(ScriptedControl(tmp_path / "cartower.sock", tell)):
        result = run(tmp_path, "interlocks", "turntable")
        as_json = run(tmp_path, "interlocks", "turntable", "--json")
    verdict = "met" if met else "NOT MET"
    assert result.output.splitlines() == [
        "met\tMAINTENANCE\tthe maintenance key must be off",
        f"{verdict}\tSHUTTLE_NOT_CENTRED\tthe shuttle must be centred",
        "PLC decides\tCAR_HALF_WAY\tthe comb must stand up or down",
    ]
    assert result.exit_code == as_json.exit_code == code
    assert json.loads(as_json.output) == answer


def test_a_key_is_held_from_its_first_repetition_until_they_cease() -> None:
    repeats = Repeats()
    assert not repeats.held(0.0)
    repeats.press(1.0)
    assert not repeats.held(1.01), "one press is no hold: somebody may only have touched the key"
    repeats.press(1.5)
    assert not repeats.held(1.51), "the pause before a key repeats is longer than that between repetitions"
    for step in range(20):
        now_s = 1.53 + step * 0.033
        repeats.press(now_s)
        assert repeats.held(now_s + 0.033)
    assert repeats.held(now_s + GAP_S - 0.001)
    assert not repeats.held(now_s + GAP_S + 0.001)


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (
            {"event": "jog", "mechanism": "lift", "what": "began", "direction": "up", "by": "7:kim"},
            "jog of lift began: up, by 7:kim",
        ),
        (
            {"event": "jog", "mechanism": "lift", "what": "ended", "verdict": "REFUSED", "reason": "BUSY", "text": ""},
            "jog of lift ended: REFUSED: BUSY",
        ),
        (
            {"event": "jog", "mechanism": "lift", "what": "ended", "verdict": "STOPPED", "reason": "", "text": ""},
            "jog of lift ended: STOPPED",
        ),
        (
            {"event": "unit_mode", "mode": "MANUAL", "was": "PRODUCTION", "by": "7:kim"},
            "mode production -> manual, by 7:kim",
        ),
    ],
)
def test_what_is_done_by_hand_is_told_in_words(event: dict[str, str], text: str) -> None:
    assert event_text(event) == text
