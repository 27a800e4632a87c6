"""The contract suite on a tower by its file: it needs leave and the tower's lock, and then it works."""

import asyncio
import os
import sys
import zlib
from contextlib import nullcontext
from pathlib import Path

import pytest

from config.load import load_tower
from config.schema import RtuBus, TcpBus, Tower
from tests.support.openers import TowerInUse, tower_lock
from tests.support.soft_tower import SUITE, SoftTower, served, small_tower

pytestmark = [pytest.mark.realtime, pytest.mark.long, pytest.mark.own_tower]

REPOSITORY = Path(__file__).parents[2]
A_FEW = "hardware and (who_it_should_be or ends_docked or contacts_of_both or reconnection)"


def tower_file(folder: Path, tower: Tower) -> Path:
    """Write the file of a tower as the suite's owner would."""
    keys = {
        "name": f'"{tower.name}"',
        "tower_id": str(tower.tower_id),
        "profile": '"brisk"',
        "ring.rooms": str(list(tower.ring.rooms)),
        **{key: value for key, value in SUITE.items() if not key.startswith("bus")},
    }
    for name, bus in tower.bus.items():
        keys |= {f"bus.{name}.kind": f'"{bus.kind}"', f"bus.{name}.stations": str(list(bus.stations))}
        match bus:
            case TcpBus():
                keys |= {f"bus.{name}.host": f'"{bus.host}"', f"bus.{name}.port": str(bus.port)}
            case RtuBus():
                keys |= {f"bus.{name}.device": f'"{Path(bus.device).name}"'}
    file = folder / "site.toml"
    file.write_text("".join(f"{key} = {value}\n" for key, value in keys.items()), "utf-8")
    return file


async def run_suite(which: str, *options: str) -> tuple[int, str]:
    """Run the suite in a process of its own; return its exit code and what it said."""
    command = (sys.executable, "-P", "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", "-q", "-k", which)
    process = await asyncio.create_subprocess_exec(
        *(*command, "tests/contract/tower", *options),
        cwd=REPOSITORY,
        env={key: value for key, value in os.environ.items() if not key.startswith("PYTEST")},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


def on_a_served_tower(folder: Path, which: str, *options: str, locked: bool = False) -> tuple[int, str]:
    """Serve a tower of software as if it were steel, and run the suite on its file."""

    # An identity of this run's own: towers of other test processes on this machine are not locked out.
    identity = zlib.crc32(str(folder).encode()) % 0xFFFF + 1

    async def run() -> tuple[int, str]:
        async with SoftTower(small_tower(identity)).running() as soft, served(soft, folder) as tower:
            file = tower_file(folder, tower)
            assert load_tower(file).shape == tower.shape
            with tower_lock(tower) if locked else nullcontext():
                result = await run_suite(which, "--tower", str(file), "--run-dir", str(folder), *options)
            assert soft.plant.crimes == []
            assert locked or soft.plant.truth().carriage.held
            return result

    return asyncio.run(run())


def test_the_suite_moves_a_tower_by_its_file(tmp_path: Path) -> None:
    code, said = on_a_served_tower(tmp_path, A_FEW, "--allow-motion")
    assert code == 0, said
    assert "4 passed" in said
    assert "hardware: its PLCs cannot be made to fall silent" in said
    assert "hardware: the power of its PLCs cannot be cycled" in said


def test_without_leave_nothing_moves_and_the_summary_says_why(tmp_path: Path) -> None:
    code, said = on_a_served_tower(tmp_path, "hardware")
    assert code == pytest.ExitCode.NO_TESTS_COLLECTED, said
    assert "tests: hardware: --tower FILE was given without --allow-motion" in said


def test_a_tower_has_one_lock_on_a_machine() -> None:
    tower = small_tower(60_001)
    with tower_lock(tower) as path:
        with pytest.raises(TowerInUse, match=f"tower {tower.tower_id} is in use"), tower_lock(tower):
            pass
        assert path.exists(), "who was refused takes it from nobody"
    with tower_lock(tower):
        assert path.exists()


@pytest.mark.campaign
def test_a_tower_that_another_run_has_is_left_alone(tmp_path: Path) -> None:
    code, said = on_a_served_tower(tmp_path, "hardware and ends_docked", "--allow-motion", locked=True)
    assert code == pytest.ExitCode.TESTS_FAILED, said
    assert "TowerInUse: tower " in said
