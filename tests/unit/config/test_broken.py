"""Broken files: each says everything that is wrong with it, and exactly where."""

from pathlib import Path

import pytest

from config.faults import ConfigError, Fault
from config.judge import RULES
from config.load import load_tower
from config.rules import topology
from tests.support.broken_towers import BASE, BROKEN, Broken


def faults_of(text: str, folder: Path) -> list[Fault]:
    file = folder / "t.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_tower(file)
    return caught.value.faults


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.what)
def test_a_broken_file_says_what_and_where(broken: Broken, tmp_path: Path) -> None:
    assert BASE.count(broken.old) == 1
    faults = faults_of(broken.text, tmp_path)
    assert [(f.line, f.column, f.key, f.code) for f in faults] == [expected[:4] for expected in broken.faults]
    for fault, (line, column, key, _, words) in zip(faults, broken.faults, strict=True):
        assert words in fault.message
        prefix = f"{tmp_path / 't.toml'}:{line}:{column}:"
        assert str(fault).startswith(f"{prefix} {key}" if key else prefix)


def test_the_table_of_broken_files_is_long_enough_and_its_base_is_sound(tmp_path: Path) -> None:
    assert len({broken.text for broken in BROKEN}) == len(BROKEN) >= 80
    (tmp_path / "t.toml").write_text(BASE, "utf-8")
    assert load_tower(tmp_path / "t.toml").name == "test"


def test_every_rule_is_broken_by_some_file() -> None:
    codes = {code for broken in BROKEN for _, _, _, code, _ in broken.faults}
    elsewhere = {"calibration-place", "register-map"}
    assert {rule.code for rule in (*topology.RULES, *RULES)} - codes == elsewhere


def test_a_fault_names_file_line_column_key_value_and_what_is_allowed(tmp_path: Path) -> None:
    [fault] = faults_of(BASE.replace("levels = 2", "levels = 61"), tmp_path)
    file = tmp_path / "t.toml"
    assert str(fault) == f"{file}:6:10: ring.levels = 61: is too large (allowed: a whole number, 1 to 60)"
    assert fault.to_json()["line"] == 6


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("machine.latch.travel_s", "0", "a number, more than 0, at most 600"),
        ("bus.tower.kind", '"udp"', '"rtu" or "tcp"'),
        ("bus.bays.baud", "1", "9600, 19200, 38400, 57600 or 115200"),
        ("bus.bays.parity", '"X"', '"E", "O" or "N"'),
        ("bus.bays.stations", "[]", "a list, 1 to 5 entries"),
        ("bus.tower.stations", "[]", "a list, at least 1 entry"),
        ("bus.tower.fc23", "1", "true or false"),
        ("title", "1", "a text in quotes"),
        ("name", '"X"', "a text in quotes, written as ^[a-z][a-z0-9_-]{0,31}$"),
        ("tower_id", "70000", "a whole number, 1 to 65535"),
        ("ring.bays", "0", "a whole number, 1 to 3600"),
        ("limits", "1", "a table"),
    ],
)
def test_the_allowed_range_comes_with_the_fault(key: str, value: str, allowed: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_tower("small", overrides={key: value})
    [fault] = caught.value.faults
    assert (fault.file, fault.line, fault.key, fault.allowed) == ("override", 0, key, allowed)
