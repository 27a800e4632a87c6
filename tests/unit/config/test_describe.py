"""Every key can be explained: what it means, in which unit, and which file sets it."""

from pathlib import Path

from config.describe import below, catalogue, look_up, near, settings
from config.examine import examine
from config.load import load_tower
from tests.support.broken_towers import BASE


def test_every_key_of_a_tower_is_in_the_catalogue_with_its_meaning() -> None:
    keys = {info.key for info in catalogue()}

    def walk(table: dict[str, object], path: str) -> None:
        for key, value in table.items():
            name = f"{path}{'NAME' if path == 'bus.' else key}"
            assert name in keys or path == "bus."
            if isinstance(value, dict):
                walk(value, f"{name}.")

    walk(load_tower("guangzhou").model_dump(), "")
    assert all(info.meaning and info.allowed for info in catalogue())


def test_a_key_is_found_by_its_whole_name_or_its_end() -> None:
    [speed] = look_up("machine.lift.speed_mm_s")
    assert (speed.unit, speed.allowed, speed.default) == ("mm/s", "a whole number, 1 to 1000000", "the profile's")
    assert [info.key for info in look_up("speed_mm_s")] == [
        f"machine.{part}.speed_mm_s" for part in ("lift", "shuttle", "door", "gate")
    ]
    assert [info.key for info in look_up("lift.speed_mm_s")] == ["machine.lift.speed_mm_s"]
    assert [(info.of, info.default) for info in look_up("bus.main.timeout_s")] == [("tcp", "0.3"), ("rtu", "0.2")]
    assert look_up("bus.main.parity")[0].allowed == '"E", "O" or "N"'
    assert look_up("calibration.204.height_mm")[0].default == "0"
    assert look_up("ring.levels")[0].default == "none: it must be given"
    assert look_up("ring.omitted")[0].default == "[]"
    assert look_up("nothing") == []


def test_a_table_lists_its_keys() -> None:
    [ring] = look_up("[ring]")
    assert [info.key for info in below(ring)][:3] == ["ring.levels", "ring.positions", "ring.rooms"]
    [machine] = look_up("machine")
    assert [info.key for info in below(machine)] == [
        f"machine.{part}" for part in ("lift", "turntable", "shuttle", "door", "gate", "latch", "plc", "service")
    ]
    [bus] = look_up("bus")
    assert ("bus.NAME.port", "tcp") in {(info.key, info.of) for info in below(bus)}


def test_a_mistyped_key_has_neighbours() -> None:
    assert near("machine.lift.sped_mm_s")[0] == "machine.lift.speed_mm_s"
    assert "ring.levels" in near("levles")
    assert near("qqqqqqq") == []


def test_which_file_sets_a_key_the_strongest_first(tmp_path: Path) -> None:
    file, calibration = tmp_path / "t.toml", tmp_path / "t.calibration.json"
    file.write_text(BASE + "[machine.lift]\nspeed_mm_s = 900\n", "utf-8")
    calibration.write_text('{"202": {"height_mm": 3}}', "utf-8")
    sources = examine(file, overrides={"machine.lift.speed_mm_s": "800"}).sources
    override, own, profile = settings("machine.lift.speed_mm_s", sources)
    assert (override.where, override.value) == ("override", "800")
    assert (own.where, own.value) == (f"{file}:21:14", "900")
    assert (profile.value, profile.where.rpartition("/")[2].partition(":")[0]) == ("1000", "medium.toml")
    assert [one.value for one in settings("bus.tower.port", sources)] == ["15021"]
    assert [one.where for one in settings("calibration.202.height_mm", sources)] == [f"{calibration}:1:23"]
    assert settings("timing.poll_s", sources) == []
