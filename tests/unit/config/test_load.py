"""Towers that load, and broken ones that say exactly what and where."""

import json
import tomllib
from pathlib import Path

import pytest

from config.faults import ConfigError
from config.load import load_tower
from config.packaged import packaged
from config.schema import RtuBus, TcpBus
from tests.support.broken_towers import BASE


def test_the_packaged_towers() -> None:
    guangzhou, small, autostadt = (load_tower(name) for name in ("guangzhou", "small", "autostadt"))
    assert (len(guangzhou.shape.bays), guangzhou.shape.rooms) == (42, (101, 104, 107))
    assert (len(small.shape.bays), small.shape.rooms) == (6, (101,))
    assert (len(autostadt.shape.bays), autostadt.shape.rooms) == (396, (101, 106, 111, 116))
    assert (autostadt.machine.lift.speed_mm_s, len(autostadt.bus)) == (2000, 5)
    assert set(packaged("towers")) == {"guangzhou", "small", "autostadt"}
    assert len({tower.tower_id for tower in (guangzhou, small, autostadt)}) == 3


def test_every_profile_fits_every_tower() -> None:
    assert set(packaged("profiles")) == {"slow", "medium", "fast", "brisk"}
    for name in packaged("towers"):
        for profile in packaged("profiles"):
            assert load_tower(name, profile=profile).profile == profile


def test_a_name_and_its_file_are_the_same_tower() -> None:
    assert load_tower(packaged("towers")["small"]) == load_tower("small")
    assert load_tower(str(packaged("towers")["small"])) == load_tower("small")


def test_an_unknown_name_and_a_missing_file() -> None:
    with pytest.raises(ConfigError, match="did you mean 'guangzhou'"):
        load_tower("guangzhuo")
    with pytest.raises(ConfigError, match=r"nowhere/x.toml: cannot be read: No such file"):
        load_tower("nowhere/x.toml")


def test_a_file_that_is_not_utf_8(tmp_path: Path) -> None:
    (tmp_path / "t.toml").write_bytes(b'name = "a"\ntitle = "\xff"\n')
    with pytest.raises(ConfigError, match=r"t.toml:2:10: is not UTF-8 text"):
        load_tower(tmp_path / "t.toml")


def test_the_tower_s_machine_lies_over_the_profile_key_by_key(tmp_path: Path) -> None:
    (tmp_path / "t.toml").write_text(BASE + "[machine.lift]\nspeed_mm_s = 777\n", "utf-8")
    medium = tomllib.loads(packaged("profiles")["medium"].read_text("utf-8"))
    lift = load_tower(tmp_path / "t.toml").machine.lift
    assert lift.speed_mm_s == 777
    assert lift.acceleration_mm_s2 == medium["lift"]["acceleration_mm_s2"]


def test_overrides_lie_over_everything_and_are_typed() -> None:
    tower = load_tower(
        "small",
        profile="brisk",
        overrides={
            "bus.tower.port": "15123",
            "bus.bays.device": "/dev/ttyS0",
            "timing.gate_delay_s": "0",
            "machine.lift.speed_mm_s": "5",
            "title": "x = 1\ny = 2",
        },
    )
    tcp, rtu = tower.bus["tower"], tower.bus["bays"]
    assert isinstance(tcp, TcpBus)
    assert isinstance(rtu, RtuBus)
    assert (tcp.port, rtu.device, tower.timing.gate_delay_s) == (15123, "/dev/ttyS0", 0.0)
    assert (tower.machine.lift.speed_mm_s, tower.profile, tower.title) == (5, "brisk", "x = 1\ny = 2")


def test_an_unknown_override_is_a_fault() -> None:
    with pytest.raises(ConfigError, match=r"override: bus.tower.prot: unknown key, did you mean 'port'\?"):
        load_tower("small", overrides={"bus.tower.prot": "1"})
    with pytest.raises(ConfigError, match="below a key that is itself overridden"):
        load_tower("small", overrides={"timing": "1", "timing.poll_s": "1"})


def test_calibration_moves_the_poses_and_its_faults_name_its_file(tmp_path: Path) -> None:
    (tmp_path / "t.toml").write_text(BASE, "utf-8")
    calibration = tmp_path / "t.calibration.json"
    plain = load_tower(tmp_path / "t.toml").shape
    calibration.write_text(json.dumps({"202": {"height_mm": -4, "angle_mdeg": 30}}), "utf-8")
    shape = load_tower(tmp_path / "t.toml").shape
    assert (shape.poses[202].height_mm, shape.poses[202].angle_mdeg) == (2496, 90_030)
    assert shape.poses[203] == plain.poses[203]
    assert shape.table_crc() != plain.table_crc()
    for text, words in (
        ('{"202": {"height_mm": 500}}', r"t.calibration.json:1:23: calibration.202.height_mm = 500: is too large"),
        ('{"202": {},\n "299": {}}', r"t.calibration.json:2:2: calibration.299: the tower has no such place"),
        ('{"202": {"hight_mm": 1}}', r"t.calibration.json:1:10: calibration.202.hight_mm: unknown key, did you mean"),
        ('{"202": 4}', r"t.calibration.json:1:9: calibration.202 = 4: is of the wrong type"),
        ('{\n"202": }', r"t.calibration.json:2:8: is not JSON"),
        ("[]", "must hold one object"),
        ("[" * 100_000, "cannot be read"),
    ):
        calibration.write_text(text, "utf-8")
        with pytest.raises(ConfigError, match=words):
            load_tower(tmp_path / "t.toml")


def test_a_calibration_that_cannot_be_read_hides_no_other_fault(tmp_path: Path) -> None:
    (tmp_path / "t.toml").write_text(BASE.replace("levels = 2", "levels = 0"), "utf-8")
    (tmp_path / "t.calibration.json").write_text("{", "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_tower(tmp_path / "t.toml")
    assert [fault.code for fault in caught.value.faults] == ["syntax", "out-of-range"]


def test_the_travel_of_the_lift_follows_from_the_places_or_is_given(tmp_path: Path) -> None:
    travel = load_tower("guangzhou").travel
    assert (travel.lowest_mm, travel.highest_mm, travel.low_end_mm, travel.high_end_mm) == (0, 10_000, -150, 10_150)
    given = {"hoistway.lowest_mm": "-50", "hoistway.high_end_mm": "10_400"}
    travel = load_tower("guangzhou", overrides=given).travel
    assert (travel.lowest_mm, travel.highest_mm, travel.low_end_mm, travel.high_end_mm) == (-50, 10_000, -200, 10_400)


@pytest.mark.parametrize("text", ["tower_id = " + "9" * 5000, "x = " + "[" * 5000 + "]" * 5000])
def test_what_no_machine_can_hold_is_a_fault(text: str, tmp_path: Path) -> None:
    (tmp_path / "t.toml").write_text(BASE.replace("tower_id = 7", text), "utf-8")
    with pytest.raises(ConfigError):
        load_tower(tmp_path / "t.toml")
