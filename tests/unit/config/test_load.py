"""Towers that load, and broken ones that say exactly what and where."""

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from config.faults import ConfigError, Fault
from config.load import load_tower, packaged
from config.schema import RtuBus, TcpBus

BASE = """\
name = "test"
tower_id = 7
profile = "medium"

[ring]
levels = 2
positions = 4
rooms = [101]
omitted = [201]

[bus.tower]
kind = "tcp"
port = 15021
stations = ["tower"]

[bus.bays]
kind = "rtu"
device = "bays.tty"
stations = ["bays1", "bays2"]
"""


def faults_of(text: str, folder: Path) -> list[Fault]:
    file = folder / "t.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_tower(file)
    return caught.value.faults


@dataclass(frozen=True)
class Broken:
    """A change of `BASE` and the faults it must give: line, column, key, and words of the message."""

    what: str
    old: str
    new: str
    faults: list[tuple[int, int, str, str]]


BROKEN = [
    # The text
    Broken("no value", "tower_id = 7", "tower_id = ", [(2, 12, "", "is not TOML: Invalid value")]),
    Broken("a key twice", "tower_id = 7", 'name = "b"', [(2, 11, "", "is not TOML: Cannot overwrite a value")]),
    Broken("an open array", '["bays1", "bays2"]', '["bays1", "bays2"', [(20, 1, "", "Unclosed array before the end")]),
    Broken("a table twice", "[bus.bays]", "[bus.tower]", [(16, 11, "", "is not TOML: Cannot declare")]),
    # Keys
    Broken("a slip", "levels = 2", "levles = 2", [(5, 1, "ring.levels", "is missing"),
                                                  (6, 1, "ring.levles", "did you mean 'levels'?")]),
    Broken("an unknown key", "tower_id = 7", "tower_id = 7\ncolour = 1", [(3, 1, "colour", "unknown key")]),
    Broken("an unknown table", "[ring]", "[rinng]\n[ring]", [(5, 1, "rinng", "did you mean 'ring'?")]),
    Broken("a slip in a bus", "port = 15021", "prot = 15021", [(13, 1, "bus.tower.prot", "did you mean 'port'?")]),
    Broken("a key of the other kind of bus", 'device = "bays.tty"', 'device = "bays.tty"\nhost = "x"',
           [(19, 1, "bus.bays.host", "unknown key")]),
    Broken("a missing table", "[ring]", "[limits]", [(1, 1, "ring", "is missing"),
                                                     (6, 1, "limits.levels", "unknown key"),
                                                     (7, 1, "limits.positions", "unknown key"),
                                                     (8, 1, "limits.rooms", "unknown key"),
                                                     (9, 1, "limits.omitted", "unknown key")]),
    Broken("a device missing", 'device = "bays.tty"\n', "", [(16, 1, "bus.bays.device", "is missing")]),
    Broken("a slip in the machine", "[ring]", "[machine.lift]\nspeed_mms = 5\n[ring]",
           [(6, 1, "machine.lift.speed_mms", "did you mean 'speed_mm_s'?")]),
    # Types and ranges
    Broken("a number in quotes", "levels = 2", 'levels = "2"', [(6, 10, "ring.levels", "wrong type")]),
    Broken("a boolean for a number", "levels = 2", "levels = true", [(6, 10, "ring.levels", "wrong type")]),
    Broken("too many levels", "levels = 2", "levels = 61", [(6, 10, "ring.levels", "is too large")]),
    Broken("no level", "levels = 2", "levels =   0", [(6, 12, "ring.levels", "is too small")]),
    Broken("no room", "rooms = [101]", "rooms = []", [(8, 9, "ring.rooms", "too few entries")]),
    Broken("a room by name", "rooms = [101]", 'rooms = [101, "out"]', [(8, 15, "ring.rooms[1]", "wrong type")]),
    Broken("a name with blanks", 'name = "test"', 'name = "my tower"', [(1, 8, "name", "is not written as")]),
    Broken("an odd baud rate", 'device = "bays.tty"', 'device = "bays.tty"\nbaud = 115000',
           [(19, 8, "bus.bays.baud", "is none of the known ones")]),
    Broken("an unknown kind", 'kind = "tcp"', 'kind = "udp"', [(12, 8, "bus.tower.kind", "none of the known kinds")]),
    Broken("no kind", 'kind = "tcp"\n', "", [(11, 1, "bus.tower.kind", "is missing")]),
    Broken("six on a line", '["bays1", "bays2"]', '["a", "b", "c", "d", "e", "f"]',
           [(19, 12, "bus.bays.stations", "too many entries")]),
    Broken("endless patience", "[ring]", "[timing]\ncustomer_patience_s = inf\n[ring]",
           [(6, 23, "timing.customer_patience_s", "is not finite")]),
    Broken("a brake below zero", "[ring]", "[machine]\nlift.brake_s = -0.1\n[ring]",
           [(6, 16, "machine.lift.brake_s", "is too small")]),
    Broken("six faults at once", "[ring]", "[ring]\n[bus.x]\nkind = 3\n[bus.y]\n[other]\n", [
        (5, 1, "ring.levels", "is missing"), (5, 1, "ring.positions", "is missing"), (5, 1, "ring.rooms", "is missing"),
        (7, 8, "bus.x.kind", "none of the known kinds"), (8, 1, "bus.y.kind", "is missing"),
        (9, 1, "other", "unknown key")]),
    Broken("a number for a bus", "[bus.tower]", "[bus]\nmain = 4\n[bus.tower]",
           [(12, 8, "bus.main", "wrong type")]),
    # Meaning
    Broken("no such profile", 'profile = "medium"', 'profile = "meduim"', [(3, 11, "profile", "mean 'medium'?")]),
    Broken("a room upstairs", "rooms = [101]", "rooms = [101, 202]", [(8, 15, "ring.rooms[1]", "stands on level 1")]),
    Broken("a room off the ring", "rooms = [101]", "rooms = [\n  105\n]", [(9, 3, "ring.rooms[0]", "no such")]),
    Broken("a room twice", "rooms = [101]", "rooms = [101, 101]", [(8, 15, "ring.rooms[1]", "named twice")]),
    Broken("a room left out", "omitted = [201]", "omitted = [101]", [(9, 12, "ring.omitted[0]", "is a room and")]),
    Broken("leaving out nothing", "omitted = [201]", "omitted = [301]", [(9, 12, "ring.omitted[0]", "no such place")]),
    Broken("leaving out twice", "omitted = [201]", "omitted = [201, 201]", [(9, 17, "ring.omitted[1]", "named twice")]),
    Broken("no bay", "levels = 2\npositions = 4\nrooms = [101]\nomitted = [201]",
           "levels = 1\npositions = 2\nrooms = [101, 102]", [(5, 1, "ring", "no bay")]),
    Broken("a level without a bus", '["bays1", "bays2"]', '["bays1"]', [(11, 1, "bus", "no bus carries")]),
    Broken("a station too many", '["bays1", "bays2"]', '["bays1", "bays2", "bays3"]',
           [(19, 31, "bus.bays.stations[2]", "did you mean 'bays")]),
    Broken("a station twice", 'stations = ["tower"]', 'stations = ["tower", "bays2"]',
           [(19, 22, "bus.bays.stations[1]", "is on bus.tower already")]),
    Broken("the tower PLC on RTU", 'stations = ["tower"]\n', 'stations = ["bays1"]\n', [
        (11, 1, "bus", "no bus carries station 'tower'"), (19, 13, "bus.bays.stations[0]", "is on bus.tower already")]),
    Broken("two buses on one device", 'stations = ["bays1", "bays2"]',
           'stations = ["bays1"]\n[bus.more]\nkind = "rtu"\ndevice = "bays.tty"\nstations = ["bays2"]',
           [(22, 10, "bus.more.device", "bus.bays leads there already")]),
    Broken("a line too slow", 'device = "bays.tty"', 'device = "bays.tty"\nbaud = 9600',
           [(19, 8, "bus.bays.baud", "131% of the line")]),
    Broken("polling slower at work", "[ring]", "[timing]\npoll_s = 0.4\nidle_poll_s = 0.2\n[ring]",
           [(6, 10, "timing.poll_s", "slower at work than idle")]),
    Broken("silence too short", "[ring]", "[machine.plc]\nsilence_s = 1.0\n[ring]",
           [(6, 13, "machine.plc.silence_s", "would already stop the machine")]),
    Broken("a gentle stop", "[ring]", "[machine.lift]\nstop_mm_s2 = 100\n[ring]",
           [(6, 14, "machine.lift.stop_mm_s2", "no gentler than work")]),
    Broken("levels too close", "levels = 2", "levels = 2\nlevel_pitch_mm = 2000",
           [(7, 18, "ring.level_pitch_mm", "does not fit between levels")]),
    Broken("a hoistway too tall", "levels = 2", "levels = 3\nlevel_pitch_mm = 150_000",
           [(7, 18, "ring.level_pitch_mm", "300000 mm"), (12, 1, "bus", "'bays3'")]),
    Broken("positions that cannot be told apart", "positions = 4", "positions = 60\nangle_tolerance_mdeg = 3000",
           [(8, 24, "ring.angle_tolerance_mdeg", "are 6000 mdeg apart")]),
    Broken("measured poses by hand", "[ring]", "[calibration.102]\nheight_mm = 3\n[ring]",
           [(5, 1, "calibration", "belong in t.calibration.json")]),
]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.what)
def test_a_broken_file_says_what_and_where(broken: Broken, tmp_path: Path) -> None:
    assert BASE.count(broken.old) == 1
    faults = faults_of(BASE.replace(broken.old, broken.new), tmp_path)
    assert [(f.line, f.column, f.key) for f in faults] == [expected[:3] for expected in broken.faults]
    for fault, (line, column, key, words) in zip(faults, broken.faults, strict=True):
        assert words in fault.message
        prefix = f"{tmp_path / 't.toml'}:{line}:{column}:"
        assert str(fault).startswith(f"{prefix} {key}" if key else prefix)


def test_the_table_of_broken_files_is_long_enough_and_its_base_is_sound(tmp_path: Path) -> None:
    assert len(BROKEN) >= 40
    (tmp_path / "t.toml").write_text(BASE, "utf-8")
    assert load_tower(tmp_path / "t.toml").name == "test"


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
        ("bus.tower.stations", "[]", "a list, at least 1 entries"),
        ("bus.tower.fc23", "1", "true or false"),
        ("title", "1", "a text in quotes"),
        ("name", '"X"', "a text in quotes, as ^[a-z][a-z0-9_-]{0,31}$"),
        ("tower_id", "70000", "a whole number, 1 to 65535"),
        ("limits", "1", "a table"),
    ],
)
def test_the_allowed_range_comes_with_the_fault(key: str, value: str, allowed: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_tower("small", overrides={key: value})
    [fault] = caught.value.faults
    assert (fault.file, fault.line, fault.key, fault.allowed) == ("override", 0, key, allowed)


def test_a_fault_of_the_machine_points_into_the_file_that_holds_the_number(tmp_path: Path) -> None:
    # The stop ramp is the profile's, the working ramp the tower's: the number below its limit is to blame.
    text = BASE + "[machine.lift]\nacceleration_mm_s2 = 5000\n"
    [fault] = faults_of(text, tmp_path)
    assert fault.file.endswith("medium.toml")
    line = Path(fault.file).read_text("utf-8").splitlines()[fault.line - 1]
    assert line.startswith("stop_mm_s2 = 1000")
    assert line[fault.column - 1 :].startswith("1000")


def test_the_packaged_towers() -> None:
    guangzhou, small = load_tower("guangzhou"), load_tower("small")
    assert (len(guangzhou.shape.bays), guangzhou.shape.rooms) == (42, (101, 104, 107))
    assert (len(small.shape.bays), small.shape.rooms) == (6, (101,))
    assert set(packaged("towers")) >= {"guangzhou", "small"}
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
        ('{"202": {"height_mm": 500}}', r"t.calibration.json: calibration.202.height_mm = 500: is too large"),
        ('{"299": {}}', r"t.calibration.json: calibration.299: the tower has no such place"),
        ('{"202": {"hight_mm": 1}}', r"t.calibration.json: calibration.202.hight_mm: unknown key, did you mean"),
        ('{\n"202": }', r"t.calibration.json:2:8: is not JSON"),
        ("[]", "must hold one object"),
    ):
        calibration.write_text(text, "utf-8")
        with pytest.raises(ConfigError, match=words):
            load_tower(tmp_path / "t.toml")
