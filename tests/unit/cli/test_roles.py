"""A person's role and word at the command line: who am I, what was I refused, and am I at the tower."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from controller.api.visitors import Credentials, Visitors
from controller.cli import at_tower
from controller.cli.main import cartower
from controller.cli.record_text import record_text
from controller.domain.access import Access, Holders
from controller.domain.events import Request
from controller.domain.records import Asked, from_entry, to_entry
from controller.domain.refusal import Refusal
from controller.domain.roles import Role
from controller.runtime.leave import Leave
from tests.support.commands import Cartower
from tests.support.sample_status import sample_status
from tests.support.scripted_control import Answer, ControlThread, ScriptedControl

pytestmark = pytest.mark.realtime


class Names:
    """Everybody is called kim; the one group has the number 50."""

    def user_name(self, uid: int) -> str | None:
        return "kim" if uid == 7 else None

    def user_id(self, name: str) -> int | None:
        return None

    def group_id(self, name: str) -> int | None:
        return {"fitters": 50, "engineers": 60}.get(name)


ACCESS = Access({Role.TECHNICIAN: Holders(groups=("fitters",)), Role.ENGINEER: Holders(groups=("engineers",))})


def judged(request: Request) -> Answer:
    """Answer as the control task does where nothing stands."""
    try:
        Leave().require(request)
    except Refusal as refusal:
        return refusal
    return {**sample_status(), "numbers": ["106"], "place": 305, "status": "free", "reason": "", "sensors": [],
            "state": "STOPPED", "jobs": [], "stations": []}  # fmt: skip


@pytest.fixture
def as_kim(tmp_path: Path) -> Callable[..., ControlThread]:
    """Give a daemon to which the caller is kim, with some groups."""

    def served(*groups: int) -> ControlThread:
        visitors = Visitors(ACCESS, Names(), lambda _: Credentials(7, 7, frozenset(groups)), own_uid=1)
        return ControlThread(ScriptedControl(tmp_path / "cartower.sock", judged, visitors=visitors))

    return served


AsKim = Callable[..., ControlThread]


def test_who_am_i_and_what_may_i(tmp_path: Path, as_kim: AsKim) -> None:
    with as_kim(50) as thread:
        run = Cartower(tmp_path, thread)
        told = json.loads(run("whoami", "--json").stdout)
        lines = run("whoami").stdout.splitlines()
    assert (told["by"], told["role"], told["why"]) == ("7:kim", "technician", "group fitters")
    may = {act["act"]: act["may"] for act in told["acts"]}
    assert may["bring a car down"]
    assert may["move an axis by hand"]
    assert not may["take a sensor out of service"]
    assert told["ways"] == {"engineer": "members of group engineers may (after their next login)"}
    assert lines[0] == "7:kim: technician (group fitters)"
    assert "yes\toperator\tsay what stands in a bay\tat the tower" in lines
    assert any(line.startswith("no\tengineer\timport an inventory") for line in lines)


def test_a_refused_role_is_told_with_the_way_to_it_and_has_its_exit_code(tmp_path: Path, as_kim: AsKim) -> None:
    with as_kim() as thread:
        done = Cartower(tmp_path, thread)("sensor", "out", "bay305.occupied_a", "--why", "torn")
    assert (done.exit_code, done.stdout) == (77, "")
    first, second = done.stderr.splitlines()
    assert first.startswith("refused (ROLE): to take a sensor out of service takes an engineer; 7:kim is an operator; ")
    assert first.endswith("; members of group engineers may (after their next login)")
    assert second == "next: `cartower whoami` tells your role, and what it may do"


AT_THE_TOWER = [("place", "confirm", "305", "--empty"), ("alarms", "reset", "102")]


@pytest.mark.parametrize("args", AT_THE_TOWER, ids=" ".join)
def test_without_a_terminal_the_refusal_says_how_and_the_option_says_it(
    tmp_path: Path, as_kim: AsKim, args: tuple[str, ...]
) -> None:
    with as_kim() as thread:
        run = Cartower(tmp_path, thread)
        done = run(*args)
        assert (done.exit_code, done.stdout) == (1, "")
        assert "refused (ON_SITE)" in done.stderr
        assert "--at-tower" in done.stderr
        assert run(*args, "--at-tower").exit_code == 0
        assert [each.on_site for each in run.asked] == [False, True]


def test_an_engineer_adopts_at_the_tower(tmp_path: Path, as_kim: AsKim) -> None:
    with as_kim(60) as thread:
        run = Cartower(tmp_path, thread)
        assert run("adopt", "--yes").exit_code == 1
        assert run("adopt", "--yes", "--at-tower").exit_code == 0
        assert run("unit", "clear", "--at-tower").exit_code == 0
        assert [each.on_site for each in run.asked] == [False, True, True]


@pytest.mark.parametrize(("typed", "code", "asked"), [("y\n", 0, 2), ("n\n", 6, 1), ("\n", 6, 1), ("", 6, 1)])
def test_at_a_terminal_a_person_is_asked_once_it_matters(
    tmp_path: Path, as_kim: AsKim, monkeypatch: pytest.MonkeyPatch, typed: str, code: int, asked: int
) -> None:
    monkeypatch.setattr(at_tower, "can_ask", lambda: True)
    with as_kim() as thread:
        run = Cartower(tmp_path, thread)
        args = ["place", "confirm", "305", "--empty", "--run-dir", str(tmp_path)]
        done = CliRunner().invoke(cartower, args, input=typed)
        assert (done.exit_code, len(run.asked)) == (code, asked)
    assert "Are you at the tower, and have you looked? [y/N]" in done.stderr


def test_what_takes_no_word_is_never_asked_about(
    tmp_path: Path, as_kim: AsKim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_tower, "can_ask", lambda: True)
    with as_kim():
        args = ["alarms", "reset", "601.1", "--run-dir", str(tmp_path)]
        done = CliRunner().invoke(cartower, args)
    assert done.exit_code == 0
    assert "at the tower" not in done.stderr


@pytest.mark.parametrize(
    ("record", "text"),
    [
        (Asked("Adopt {}", "7:kim", "ROLE", "viewer"), "7:kim (viewer) asked Adopt {}, refused ROLE"),
        (Asked("Adopt {}", "7:kim", "", "engineer", on_site=True), "7:kim (engineer, at the tower) asked Adopt {}"),
        (Asked("Adopt {}", "7:kim"), "7:kim asked Adopt {}"),
    ],
)
def test_events_tell_who_asked_as_whom_and_from_where(record: Asked, text: str) -> None:
    assert record_text(from_entry(*to_entry(record))) == text
