"""`cartower init`: what it asks, what it writes, and what it leaves alone."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from config.json_schema import schema_text
from config.load import load_tower
from config.schema import RtuBus, TcpBus
from controller.cli.main import cartower


def init(*args: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(cartower, ["init", *args], input=typed)


def test_as_suggested_it_writes_a_tower_that_passes_its_check(tmp_path: Path) -> None:
    file = tmp_path / "my-tower.toml"
    result = init(str(file), "--yes")
    assert result.exit_code == 0, result.output
    checked = CliRunner().invoke(cartower, ["config", "check", "--strict", "--json", str(file)])
    assert checked.exit_code == 0
    assert json.loads(checked.output)["warnings"] == []
    assert load_tower(file).name == "my-tower"
    assert (tmp_path / "tower.schema.json").read_text("utf-8") == schema_text()
    assert f"written: {file}" in result.output


def test_every_answer_can_be_an_option(tmp_path: Path) -> None:
    file = tmp_path / "t.toml"
    args = ["--name", "tall", "--title", 'The "tall" one', "--tower-id", "99", "--levels", "7", "--positions", "12",
            "--rooms", "101,107", "--omitted", "201 207", "--level-pitch-mm", "2600", "--profile", "slow",
            "--host", "10.1.2.3", "--port", "1502", "--baud", "57600", "--device", "/dev/a", "--device", "/dev/b"]
    result = init(str(file), *args, typed="")
    assert result.exit_code == 0, result.output
    tower = load_tower(file)
    assert (tower.name, tower.title, tower.tower_id, tower.profile) == ("tall", 'The "tall" one', 99, "slow")
    assert (tower.ring.levels, tower.ring.positions, tower.ring.level_pitch_mm) == (7, 12, 2600)
    assert (tower.ring.rooms, tower.ring.omitted, tower.ring.bays) == ((101, 107), (201, 207), 80)
    plc, low, high = tower.bus.values()
    assert isinstance(plc, TcpBus)
    assert isinstance(low, RtuBus)
    assert isinstance(high, RtuBus)
    assert (plc.host, plc.port) == ("10.1.2.3", 1502)
    assert (low.device, high.device, low.baud) == ("/dev/a", "/dev/b", 57600)
    assert (len(low.stations), len(high.stations)) == (5, 2)


def test_it_asks_and_asks_again(tmp_path: Path) -> None:
    file = tmp_path / "t.toml"
    typed = "Not A Name\nasked\n\n\n99\n3\n6\n101 x\n101, 104\nnone\n\nslow\n192.168.0.9\n\n\n/dev/tower/line1\n"
    result = init(str(file), typed=typed)
    assert result.exit_code == 0, result.output
    tower = load_tower(file)
    assert (tower.name, tower.ring.levels, tower.ring.rooms, tower.profile) == ("asked", 3, (101, 104), "slow")
    plc, line = tower.bus.values()
    assert isinstance(plc, TcpBus)
    assert isinstance(line, RtuBus)
    assert (plc.host, plc.port, line.device) == ("192.168.0.9", 502, "/dev/tower/line1")
    for words in ("a small letter first", "99 is not in the range", "'x' is no place"):
        assert words in result.output


def test_it_replaces_nothing_unasked(tmp_path: Path) -> None:
    file = tmp_path / "t.toml"
    file.write_text("precious", "utf-8")
    for args, typed in ((["--yes"], None), ([], "n\n"), ([], "\n")):
        result = init(str(file), *args, typed=typed)
        assert result.exit_code == 6
        assert "stays as it is" in result.stderr
        assert file.read_text("utf-8") == "precious"
    assert init(str(file), typed="y\n" + "\n" * 14).exit_code == 0
    assert load_tower(file).name == "t"
    (tmp_path / "tower.schema.json").write_text("somebody's", "utf-8")
    assert init(str(file), "--yes", "--force", "--name", "other").exit_code == 0
    assert load_tower(file).name == "other"
    assert (tmp_path / "tower.schema.json").read_text("utf-8") == "somebody's"


def test_answers_that_contradict_each_other_write_nothing(tmp_path: Path) -> None:
    result = init(str(tmp_path / "t.toml"), "--yes", "--rooms", "101,199")
    assert result.exit_code == 5
    assert "fault: answers: ring.rooms[1] = 199: the ring has no such position (allowed: 101 to 109)" in result.stdout
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_utf_8_is_told_and_writes_no_tower(tmp_path: Path) -> None:
    result = init(str(tmp_path / "t.toml"), "--yes", "--title", "T\udcfcrm")
    assert result.exit_code == 2
    assert "not UTF-8 text" in result.stderr
    assert not list(tmp_path.glob("*.toml*"))


def test_a_warning_is_written_only_if_somebody_agrees(tmp_path: Path) -> None:
    file = tmp_path / "t.toml"
    many = ["--rooms", "101,102,103,104,105,106"]
    result = init(str(file), "--yes", *many)
    assert result.exit_code == 6
    assert "warning: answers: ring: station tower uses addresses up to" in result.stdout
    assert init(str(file), *many, typed="\n" * 12 + "n\n").exit_code == 6
    assert not file.exists()
    assert init(str(file), *many, typed="\n" * 12 + "y\n").exit_code == 0
    assert init(str(file), "--yes", "--force", "--allow-warnings", *many).exit_code == 0


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["guangzhou", "--yes"], "ends in .toml"),
        (["t.toml", "--yes", "--levels", "61"], "61 is not in the range"),
        (["t.toml", "--yes", "--rooms", "first"], "'first' is no place"),
        (["t.toml", "--yes", "--name", "My Tower"], "a small letter first"),
        (["no/such/folder/t.toml", "--yes"], "cannot write"),
    ],
)
def test_wrong_use(args: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = init(*args)
    assert result.exit_code == 2
    assert words in result.stderr
    assert list(tmp_path.iterdir()) == []
