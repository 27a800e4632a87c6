"""[access]: who holds which role, names that stand twice, and names that this computer does not know."""

from pathlib import Path

import pytest

from config.check import Report, check
from config.difference import difference
from config.load import load_tower
from config.rules.access import named, unknown
from controller.cli.checks.finding import Level
from controller.cli.checks.names import check_names
from controller.domain.access import Access, Holders
from controller.domain.roles import Role
from controller.settings import access_of
from tests.support.broken_towers import BASE

NAMES = """
[access]
others = "viewer"
operator = { groups = ["desk"] }
technician = { groups = ["fitters", "root"], users = ["tom"] }

[access.engineer]
users = ["root"]
"""


def tower_file(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "t.toml"
    file.write_text(BASE + text, "utf-8")
    return file


def report(tmp_path: Path, text: str) -> Report:
    return check(tower_file(tmp_path, text))


def test_a_tower_without_the_table_lets_whoever_may_open_the_socket_run_the_day() -> None:
    assert access_of(load_tower("small")) == Access({role: Holders() for role in Role}, Role.OPERATOR)


def test_names_become_holders(tmp_path: Path) -> None:
    tower = load_tower(tower_file(tmp_path, NAMES))
    assert access_of(tower) == Access(
        {
            Role.VIEWER: Holders(),
            Role.OPERATOR: Holders(groups=("desk",)),
            Role.TECHNICIAN: Holders(("tom",), ("fitters", "root")),
            Role.ENGINEER: Holders(("root",)),
        },
        Role.VIEWER,
    )
    assert sorted(access_of(tower).named()) == sorted(
        (Role[str(path[1]).upper()], kind, name) for path, kind, name in named(tower.access)
    )


def test_names_that_this_computer_does_not_know_are_noted_and_no_fault(tmp_path: Path) -> None:
    told = report(tmp_path, NAMES)
    assert told.ok
    assert told.warnings == ()
    notes = [(note.key, note.value) for note in told.notes if note.code == "unknown-holder"]
    assert ("access.technician.groups[0]", '"fitters"') in notes
    assert ("access.technician.users[0]", '"tom"') in notes
    assert all("root" not in value for _, value in notes)


def test_the_doctor_says_what_to_do_about_them(tmp_path: Path) -> None:
    found = list(check_names(load_tower(tower_file(tmp_path, NAMES))))
    assert {each.level for each in found} == {Level.WARN}
    (fitters,) = (each for each in found if each.seen == "group fitters is not known here: nobody is technician by it")
    assert fitters.todo.startswith("sudo groupadd fitters, or mend")
    (known,) = check_names(load_tower(tower_file(tmp_path, '[access.engineer]\ngroups = ["root"]\n')))
    assert known.level is Level.OK
    assert list(check_names(load_tower("small"))) == []


def test_a_name_for_two_roles_is_warned_of_where_it_stands_again(tmp_path: Path) -> None:
    twice = '[access]\nviewer.users = ["root"]\nengineer.users = ["root"]\noperator.groups = ["root"]\n'
    told = report(tmp_path, twice)
    (warning,) = told.warnings
    assert (warning.code, warning.key) == ("named-twice", "access.engineer.users[0]")
    assert "viewer" in warning.message


@pytest.mark.parametrize("name", ["", " tom", "a:b", "a,b", "a\\nb"])
def test_what_no_host_calls_anybody_is_a_fault(tmp_path: Path, name: str) -> None:
    told = report(tmp_path, f'[access.viewer]\nusers = ["{name}"]\n')
    assert [fault.key for fault in told.faults] == ["access.viewer.users[0]"]


@pytest.mark.parametrize("name", ["tom", "domain users", "EXAMPLE\\\\\\\\tom", "tom@example.org", "pc$", "ü"])
def test_names_of_directories_are_taken(tmp_path: Path, name: str) -> None:
    assert report(tmp_path, f'[access.viewer]\nusers = ["{name}"]\n').ok


def test_a_slip_in_a_role_is_guessed(tmp_path: Path) -> None:
    (fault,) = report(tmp_path, "[access.enginer]\nusers = []\n").faults
    assert "did you mean 'engineer'?" in fault.message


def test_roles_concern_the_daemon_alone() -> None:
    told = difference(load_tower("small"), load_tower("small", overrides={"access.others": "viewer"}))
    assert [(change.key, change.concerns) for change in told.changes] == [("access.others", "the daemon")]
    assert not told.programs.needed


def test_every_unknown_name_is_yielded_with_its_key() -> None:
    access = load_tower("small").access.model_copy(update={"others": "viewer"})
    assert list(unknown(access)) == []


def test_a_name_has_no_control_characters() -> None:
    """The host is asked for each name, and of a zero byte it ends whoever asks."""
    [fault] = check("small", overrides={"access.viewer.users": '["an\\u0000n"]'}).faults
    assert (fault.key, fault.code) == ("access.viewer.users[0]", "wrong-pattern")
