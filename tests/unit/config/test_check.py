"""`check` tells everything and raises nothing; warnings and notes tell what is allowed and yet worth a look."""

import json
from pathlib import Path

import pytest

from config.advice import NOTES, WARNINGS
from config.check import check
from tests.support.broken_towers import BASE


@pytest.mark.parametrize(("name", "bays", "rooms", "lines"), [("guangzhou", 42, 3, 1), ("small", 6, 1, 1),
                                                              ("autostadt", 396, 4, 4)])
def test_a_packaged_tower_gives_no_cause_for_a_warning(name: str, bays: int, rooms: int, lines: int) -> None:
    for profile in ("slow", "medium", "fast", "brisk"):
        report = check(name, profile=profile)
        assert report.ok
        assert report.warnings == ()
    assert (report.name, report.bays, report.rooms, len(report.lines)) == (name, bays, rooms, lines)
    assert all(line.load < 0.5 for line in report.lines)
    assert json.loads(json.dumps(report.to_json()))["lines"][0]["limit"] == 0.6


def test_the_tall_tower_fits_small_plcs_and_says_what_it_costs() -> None:
    [calibration, requests] = check("autostadt").notes
    assert (calibration.code, calibration.line, calibration.column) == ("no-calibration", 1, 1)
    assert (requests.code, requests.message) == (
        "requests",
        "station tower takes 2 requests a poll; each is consistent in itself",
    )


def test_faults_come_with_nothing_else() -> None:
    report = check("small", overrides={"ring.levels": "0", "ring.rooms": "[]", "bus.bays.baud": "9600"})
    assert not report.ok
    assert [fault.key for fault in report.faults] == ["ring.levels", "ring.rooms"]
    assert (report.name, report.lines, report.warnings, report.notes) == ("", (), (), ())
    assert check("nowhere.toml").faults[0].code == "unreadable"
    assert check("nowhere").faults[0].code == "unknown-name"


CHANGES = [
    ("busy-line", 'device = "bays.tty"', 'device = "bays.tty"\nbaud = 38400\ntimeout_s = 0.3', {
        "timing.poll_s": "0.06"}, "bus.bays.baud"),
    ("home-speed", "[ring]", "[machine.lift]\nhome_speed_mm_s = 1001\n[ring]", {}, "machine.lift.home_speed_mm_s"),
    ("short-arms", "[ring]", "[machine.shuttle]\nstroke_mm = 2600\n[ring]", {}, "machine.shuttle.stroke_mm"),
    ("large-cars", "[ring]", "[limits]\nweight_kg = 2501\n[ring]", {}, "limits.weight_kg"),
    ("short-patience", "[ring]", "[timing]\ncustomer_patience_s = 9.0\n[ring]", {}, "timing.customer_patience_s"),
    ("short-silence", "[ring]", "[machine.plc]\nsilence_s = 0.6\n[timing]\nidle_poll_s = 0.24\n[ring]", {},
     "machine.plc.silence_s"),
    ("no-effect", 'device = "bays.tty"', 'device = "bays.tty"\nturnaround_s = 0.001', {}, "bus.bays.turnaround_s"),
    ("no-effect", "[ring]", "[machine.lift]\nspeed_mm_s = 1000\n[ring]", {}, "machine.lift.speed_mm_s"),
    ("named-twice", "[ring]", '[access]\nviewer.users = ["root"]\nengineer.users = ["root"]\n[ring]', {},
     "access.engineer.users[0]"),
    ("names-anybody", "[ring]", '[access]\nviewer.users = ["nobody"]\n[ring]', {}, "access.viewer.users[0]"),
]


@pytest.mark.parametrize(("code", "old", "new", "overrides", "key"), CHANGES)
def test_a_warning_says_what_and_where(
    code: str, old: str, new: str, overrides: dict[str, str], key: str, tmp_path: Path
) -> None:
    file = tmp_path / "t.toml"
    file.write_text(BASE.replace(old, new), "utf-8")
    report = check(file, overrides=overrides)
    assert report.ok, report.faults
    [warning] = report.warnings
    assert (warning.code, warning.key) == (code, key)
    line = file.read_text("utf-8").splitlines()[warning.line - 1]
    assert line[warning.column - 1 :].startswith(warning.value)


def test_a_tower_beyond_small_plcs_is_warned_of() -> None:
    rooms = [101, 102, 103, 104, 105, 106, 107, 108]
    report = check("guangzhou", overrides={"ring.rooms": str(rooms)})
    assert report.ok
    assert [warning.code for warning in report.warnings] == ["small-plc"]
    assert "uses addresses up to" in report.warnings[0].message


def test_a_calibration_that_misses_places_is_warned_of_and_one_that_is_complete_is_silent(tmp_path: Path) -> None:
    file, calibration = tmp_path / "t.toml", tmp_path / "t.calibration.json"
    file.write_text(BASE, "utf-8")
    calibration.write_text('{"101": {}, "102": {}}', "utf-8")
    [warning] = check(file).warnings
    assert (warning.file, warning.line, warning.column) == (str(calibration), 1, 2)
    assert warning.message == "5 of 7 places are not measured: 103, 104, 202, 203, 204"
    calibration.write_text(json.dumps({str(place): {} for place in (101, 102, 103, 104, 202, 203, 204)}), "utf-8")
    assert check(file).warnings == check(file).notes == ()


def test_every_warning_and_note_is_shown_by_some_test() -> None:
    others = {"small-plc", "calibration-incomplete", "no-calibration", "requests", "unknown-holder"}
    shown = {change[0] for change in CHANGES} | others
    assert {rule.code for rule in (*WARNINGS, *NOTES)} == shown


@pytest.mark.parametrize("host", ["plc1", "plc-1.site_2.lan.", "10.0.0.5", "::1", "fe80::1%eth0", "türme.example"])
def test_a_host_is_a_name_or_an_address(host: str) -> None:
    assert check("small", overrides={"bus.tower.host": f'"{host}"'}).ok


@pytest.mark.parametrize("host", ["", " ", "10.0.0.5 ", "10.0.0.5:502", "10.0.0.300", "10.0.0", "a..b", "-a", "x" * 64])
def test_what_no_name_server_can_find_is_no_host(host: str) -> None:
    [fault] = check("small", overrides={"bus.tower.host": f'"{host}"'}).faults
    assert (fault.key, fault.code, fault.value) == ("bus.tower.host", "bus-host", f'"{host}"')
