import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from controller.cli.main import cartower

HEAVY = (
    *("pymodbus", "pydantic", "transitions", "structlog", "asyncio", "sqlite3", "sim_plc"),
    # Two dozen requests that only the daemon makes: they took a third of a command's start.
    "controller.domain.events",
)


LIGHT = (
    *("--help", "status", "cars", "places", "jobs", "watch", "retrieve X --room 1", "store --room 1 --car X"),
    *("unit reset", "cancel 1", "resolve 1 --choice continue", "adopt", "io list", "io get tower/x"),
    *("resolve", "resolve 1", "place block 305 --why x", "place free 305", "whoami", "place confirm 305 --empty"),
    *("bus stats", "bus read tower 1", "inventory --help", "completion bash"),
)
"""What must answer at once, one after another in one process."""

RUN_ALL = """
import contextlib, io, os, sys
from controller.cli.main import cartower
for line in sys.stdin.read().splitlines():
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said), contextlib.suppress(SystemExit):
        cartower(line.split())
    print(line, *sorted(sys.modules), sep='\t')
"""


def test_a_command_for_the_socket_imports_nothing_heavy(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUN_ALL],
        check=True,
        capture_output=True,
        text=True,
        input="\n".join(LIGHT),
        env={**os.environ, "CARTOWER_RUN_DIR": str(tmp_path)},
    )
    modules = {line.split("\t")[0]: set(line.split("\t")[1:]) for line in done.stdout.splitlines()}
    assert modules.keys() == set(LIGHT)
    assert {line: found & set(HEAVY) for line, found in modules.items() if found & set(HEAVY)} == {}


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
