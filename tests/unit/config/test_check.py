"""`check` tells everything and raises nothing."""

import json

import pytest

from config.check import check


@pytest.mark.parametrize(
    ("name", "size"), [("guangzhou", "42 bays, 3 rooms"), ("small", "6 bays, 1 room")]
)
def test_a_good_tower(name: str, size: str) -> None:
    report = check(name)
    assert report.ok
    assert report.warnings == ()
    assert len(report.lines) == 1
    assert json.loads(json.dumps(report.to_json()))["lines"][0]["limit"] == 0.6
    assert report.text().endswith(f"{name}: ok: {size}")


def test_faults_of_keys_come_with_nothing_else() -> None:
    report = check("small", overrides={"ring.levels": "0", "ring.rooms": "[]"})
    assert not report.ok
    assert [fault.key for fault in report.faults] == ["ring.levels", "ring.rooms"]
    assert (report.name, report.lines) == ("", ())
    assert report.text().endswith("faults: 2")


def test_a_line_too_slow_comes_with_its_load() -> None:
    report = check("guangzhou", overrides={"bus.bays.baud": "9600"})
    assert {fault.key for fault in report.faults} == {"bus.bays.baud"}
    assert report.lines[0].load > 0.6
    assert json.loads(json.dumps(report.to_json()))["ok"] is False


def test_a_tower_beyond_small_plcs_is_warned_of() -> None:
    rooms = [101, 102, 103, 104, 105, 106, 107, 108]
    report = check("guangzhou", overrides={"ring.rooms": str(rooms)})
    assert report.ok
    messages = [warning.message for warning in report.warnings]
    assert any("requests a poll" in message for message in messages)
    assert any("uses addresses up to" in message for message in messages)
    assert "warning: " in report.text()
