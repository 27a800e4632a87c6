"""`cartower config`: check, explain, diff and schema as a person and a script see them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from config.json_schema import schema_text
from controller.cli.main import cartower
from tests.support.broken_towers import BASE


def config(*args: str) -> Result:
    return CliRunner().invoke(cartower, ["config", *args])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "t.toml"
    path.write_text(BASE, "utf-8")
    return path


def test_check_tells_a_sound_tower_in_a_few_lines(file: Path) -> None:
    result = config("check", str(file))
    assert result.exit_code == 0
    note, line, verdict = result.output.splitlines()
    assert note == f"note: {file}:1:1: no place is measured yet: all stand where the drawing says"
    assert line.startswith("bus bays (bays.tty, 115200 Bd): polling takes 1")
    assert verdict == "test: ok: 6 bays, 1 room"


def test_check_tells_every_fault_one_a_line(file: Path) -> None:
    file.write_text(BASE.replace("levels = 2", "levels = 2\ncolour = 1").replace("[101]", "[109]"), "utf-8")
    result = config("check", str(file))
    assert result.exit_code == 5
    assert result.output.splitlines() == [
        f"fault: {file}:7:1: ring.colour: unknown key",
        f"fault: {file}:9:10: ring.rooms[0] = 109: the ring has no such position (allowed: 101 to 104)",
        "2 faults",
    ]
    body = json.loads(config("check", str(file), "--json").output)
    assert (body["ok"], body["refused"]) == (False, True)
    assert body["faults"][0] == {
        "file": str(file), "line": 7, "column": 1, "key": "ring.colour", "value": "", "message": "unknown key",
        "allowed": "", "code": "unknown-key",
    }  # fmt: skip


def test_strict_refuses_warnings(file: Path) -> None:
    file.write_text(BASE + "[limits]\nweight_kg = 2600\n", "utf-8")
    lenient, strict = config("check", str(file)), config("check", str(file), "--strict")
    assert (lenient.exit_code, strict.exit_code) == (0, 5)
    assert f"warning: {file}:21:13: limits.weight_kg = 2600: is more than EN 14010 covers" in lenient.output
    assert lenient.output.endswith("test: ok: 6 bays, 1 room, 1 warning\n")
    assert f"fault: {file}:21:13: limits.weight_kg" in strict.output
    assert strict.output.endswith("1 fault\n")
    body = json.loads(config("check", str(file), "--strict", "--json").output)
    assert (body["ok"], body["strict"], body["refused"]) == (True, True, True)


@pytest.mark.parametrize("name", ["guangzhou", "small", "autostadt"])
def test_the_packaged_towers_are_strictly_sound(name: str) -> None:
    assert config("check", name, "--strict").exit_code == 0


def test_a_terminal_is_shown_the_line(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text(BASE.replace("levels = 2", "levels = 61"), "utf-8")
    monkeypatch.setattr("controller.cli.config_check.for_people", lambda: True)
    output = config("check", str(file)).output
    assert "\n  6 | levels = 61\n    |          ^^\n" in output


def test_explain_tells_type_unit_range_default_and_meaning() -> None:
    result = config("explain", "machine.lift.speed_mm_s")
    assert result.exit_code == 0
    assert result.output.splitlines()[:5] == [
        "machine.lift.speed_mm_s",
        "  Full speed between two places.",
        "  allowed  a whole number, 1 to 1000000",
        "  unit     mm/s",
        "  default  the profile's",
    ]


def test_explain_tells_where_a_tower_sets_a_key(file: Path) -> None:
    args = ["explain", "bus.tower.port", "--config", str(file)]
    assert f"  set at    {file}:13:8: bus.tower.port = 15021" in config(*args).output
    overridden = config(*args, "--set", "bus.tower.port=9").output
    assert f"  set at    override: bus.tower.port = 9\n  overrides {file}:13:8: bus.tower.port = 15021" in overridden
    assert "set nowhere: the default counts" in config("explain", "timing.poll_s", "--config", str(file)).output
    [key] = json.loads(config(*args, "--json").output)["keys"]
    assert (key["key"], key["set"]) == ("bus.NAME.port", [
        {"key": "bus.tower.port", "where": f"{file}:13:8", "value": "15021"}
    ])
    assert config("explain", "name", "--config", "nowhere.toml").exit_code == 5
    every = config("explain", "stations", "--config", str(file)).output
    assert f'{file}:14:12: bus.tower.stations = ["tower"]' in every
    assert f'{file}:19:12: bus.bays.stations = ["bays1", "bays2"]' in every
    assert "kind tcp" not in config("explain", "bus.bays.timeout_s", "--config", str(file)).output
    assert "bus.NAME.parity (rtu)" in config("explain", "bus.bays").output


def test_explain_lists_all_keys_and_knows_neighbours() -> None:
    assert len(config("explain").output.splitlines()) > 60
    assert "    ring.levels" in config("explain", "ring").output
    unknown = config("explain", "ring.levles")
    assert unknown.exit_code == 2
    assert "did you mean ring.levels" in unknown.stderr


def test_diff_tells_keys_and_what_the_plcs_need(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text(BASE.replace("positions = 4", "positions = 5"), "utf-8")
    result = config("diff", str(file), str(other))
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "key\told\tnew\tunit\tconcerns",
        "ring.positions\t4\t5\t\tregister map, place table",
        "the PLCs need a new program or table:",
        "  another register map: bays1, bays2",
        "  every station: another place table (2 added, 6 moved)",
    ]
    assert config("diff", str(file), str(other), "--exit-code").exit_code == 1
    body = json.loads(config("diff", str(file), str(other), "--json").output)
    assert body["programs_needed"] is True
    assert body["programs"]["map_changed"] == ["bays1", "bays2"]


def test_diff_of_equal_and_of_faulty_towers(file: Path, tmp_path: Path) -> None:
    same = config("diff", str(file), str(file), "--exit-code")
    assert (same.exit_code, same.output.splitlines()[-1]) == (0, "the PLC programs stay as they are")
    faster = tmp_path / "faster.toml"
    faster.write_text(BASE + "[machine.lift]\nspeed_mm_s = 900\n", "utf-8")
    last = config("diff", str(file), str(faster)).output.splitlines()[-1]
    assert last == "the PLC programs stay as they are; 1 parameter of machine or drives changes"
    faulty = tmp_path / "faulty.toml"
    faulty.write_text("name = 3\n", "utf-8")
    broken = config("diff", str(file), str(faulty))
    assert broken.exit_code == 5
    assert f"{faulty}:1:8: name = 3" in broken.stderr


def test_schema_prints_or_writes(tmp_path: Path) -> None:
    assert config("schema").output == schema_text()
    assert config("schema", "-o", str(tmp_path / "s.json")).exit_code == 0
    assert (tmp_path / "s.json").read_text("utf-8") == schema_text()
    assert config("schema", "-o", str(tmp_path / "no" / "s.json")).exit_code == 2
