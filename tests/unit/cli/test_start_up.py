import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from controller.cli.main import COMMANDS, cartower

HEAVY = ("pymodbus", "pydantic", "transitions", "structlog", "asyncio", "sqlite3", "sim_plc")


def imported(*args: str) -> set[str]:
    code = (
        "import sys\nfrom controller.cli.main import cartower\n"
        f"try:\n    cartower({list(args)!r})\nexcept SystemExit:\n    pass\n"
        "print('MODULES', *{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(done.stdout.partition("MODULES")[2].split())


@pytest.mark.parametrize(
    "args",
    [
        *(("status",), ("cars",), ("retrieve", "X", "--room", "1"), ("unit", "reset"), ("watch",), ("jobs",)),
        *(("io", "list"), ("bus", "stats"), ("completion", "bash"), ("--help",)),
    ],
)
def test_a_command_for_the_socket_imports_nothing_heavy(tmp_path: Path, args: tuple[str, ...]) -> None:
    where = () if args in (("--help",), ("completion", "bash")) else ("--run-dir", str(tmp_path))
    assert not imported(*args, *where) & set(HEAVY)


def test_every_command_has_help_that_names_the_exit_codes() -> None:
    for name in COMMANDS:
        result = CliRunner().invoke(cartower, [name, "--help"])
        assert result.exit_code == 0
        if name not in ("inventory", "config"):
            assert "Exit codes:" in result.output, name


def test_an_unknown_command_is_wrong_use() -> None:
    assert CliRunner().invoke(cartower, ["launch"]).exit_code == 2


def test_the_version_is_the_distributions() -> None:
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert CliRunner().invoke(cartower, ["--version"]).output == f"cartower {project['version']}\n"


def test_a_packaged_tower_passes_its_check() -> None:
    result = CliRunner().invoke(cartower, ["config", "check", "guangzhou", "--json"])
    assert result.exit_code == 0
    assert json.loads(result.output)["bays"] == 42


def test_a_faulty_tower_is_told_with_line_and_column(tmp_path: Path) -> None:
    file = tmp_path / "t.toml"
    file.write_text('name = "t"\ntower_id = 0\n', encoding="utf-8")
    result = CliRunner().invoke(cartower, ["config", "check", str(file)])
    assert result.exit_code == 5
    assert f"{file}:2:12: tower_id = 0" in result.output


def test_run_refuses_a_faulty_tower(tmp_path: Path) -> None:
    args = ["run", "--config", "guangzhou", "--run-dir", str(tmp_path), "--set", "bus.tower.port=0"]
    result = CliRunner().invoke(cartower, args)
    assert result.exit_code == 5
    assert "bus.tower.port" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", ["bus.tower.port", "=1"])
def test_an_override_is_a_pair(value: str) -> None:
    result = CliRunner().invoke(cartower, ["run", "--config", "guangzhou", "--set", value])
    assert result.exit_code == 2
    assert "is not KEY=VALUE" in result.stderr


def test_the_register_table_is_the_generated_one(tmp_path: Path) -> None:
    shown = CliRunner().invoke(cartower, ["plc-map", "--config", "guangzhou"])
    assert shown.output == Path("config/plc_map.csv").read_text(encoding="utf-8")
    file = tmp_path / "places.csv"
    args = ["plc-map", "--config", "guangzhou", "--table", "places", "-o", str(file)]
    assert CliRunner().invoke(cartower, args).exit_code == 0
    assert file.read_text(encoding="utf-8") == Path("config/plc_places.csv").read_text(encoding="utf-8")
