import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from config.load import load_tower
from sim_plc.cli import cartower_sim
from sim_plc.control import SideChannel
from sim_plc.plant.cars import Car
from sim_plc.roster import Roster
from sim_plc.side_wire import SIDE_CHANNEL
from sim_plc.tower import new_tower

pytestmark = pytest.mark.realtime

SMALL = load_tower("small", profile="brisk")


@contextmanager
def plant(run_dir: Path) -> Iterator[None]:
    """A small tower with one car behind its side channel, in a thread of its own."""
    ready, loops, ends = threading.Event(), [], []

    async def restarted(_station: str) -> None:
        return

    async def main() -> None:
        end = asyncio.Event()
        loops.append(asyncio.get_running_loop())
        ends.append(end)
        roster = Roster()
        cars = {102: roster.enrol(Car("A"), "aster")}
        sim = new_tower(SMALL, seed=1, roster=roster, cars=cars, clock=loops[0].time)
        stepping = asyncio.create_task(sim.stepper.run())
        async with SideChannel(run_dir / SIDE_CHANNEL, sim, restarted):
            ready.set()
            await end.wait()
        stepping.cancel()

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    assert ready.wait(5)
    try:
        yield
    finally:
        loops[0].call_soon_threadsafe(ends[0].set)
        thread.join(5)


def sim(run_dir: Path, *args: str) -> Result:
    return CliRunner().invoke(cartower_sim, [*args, "--run-dir", str(run_dir)])


IMPORTED = """
import sys
from sim_plc.cli import cartower_sim
try:
    cartower_sim()
except SystemExit as end:
    print(end.code, *sys.modules)
"""


def test_a_word_to_the_plant_imports_neither_plant_nor_configuration(tmp_path: Path) -> None:
    args = ["truth", "--run-dir", str(tmp_path)]
    done = subprocess.run([sys.executable, "-c", IMPORTED, *args], check=True, capture_output=True, text=True)
    code, *modules = done.stdout.split()
    assert code == "3"
    assert {"sim_plc.app", "sim_plc.plant", "config", "pydantic", "asyncio"} & set(modules) == set()


def test_the_world_is_told_through_the_side_channel(tmp_path: Path) -> None:
    with plant(tmp_path):
        for args in (
            ("car", "arrive", "--room", "1", "--car", "N", "--length-mm", "5900"),
            ("customer", "auto", "on"),
            ("customer", "collect", "--room", "101"),
            ("person", "enter", "--room", "1"),
            ("estop", "press"),
            ("key", "on"),
            ("plc", "restart", "bays2", "--cold"),
        ):
            result = sim(tmp_path, *args)
            assert (result.exit_code, result.output) == (0, ""), args
        truth = json.loads(sim(tmp_path, "truth", "--json").output)
        assert truth["outside"] == ["N"]
        assert truth["customers_auto"]
        assert truth["maintenance_key"]
        assert not truth["chain_closed"]
        assert truth["stations"]["bays2"]["memory_lost"]
        for args in (("estop", "release"), ("key", "off"), ("device", "reset"), ("customer", "auto", "off")):
            assert sim(tmp_path, *args).exit_code == 0
        truth = json.loads(sim(tmp_path, "truth", "--json").output)
        assert truth["chain_closed"]
        assert not truth["stations"]["bays2"]["memory_lost"]
        assert "102 A" in sim(tmp_path, "truth").output
        assert sim(tmp_path, "stock").output == "car,place,model\nA,102,aster\n"


def test_each_way_to_fail_has_its_exit_code(tmp_path: Path) -> None:
    assert sim(tmp_path, "truth").exit_code == 3
    with plant(tmp_path):
        refused = sim(tmp_path, "car", "arrive", "--room", "1", "--car", "A")
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert refused.stderr.startswith("refused: ")
        assert sim(tmp_path, "car", "arrive", "--room", "9", "--car", "N").exit_code == 2
        assert sim(tmp_path, "plc", "restart", "bays9").exit_code == 2


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("run", "--config", "nowhere", "--seed", "1"), 5),
        (("run", "--config", "small", "--seed", "1", "--scenario", "first-day"), 5),
        (("run", "--config", "small", "--seed", "1", "--scenario", "x", "--empty"), 2),
        (("run", "--config", "small", "--seed", "1", "--set", "port"), 2),
    ],
)
def test_a_plant_that_cannot_be_built_is_never_started(tmp_path: Path, args: tuple[str, ...], code: int) -> None:
    assert sim(tmp_path, *args).exit_code == code
    assert list(tmp_path.iterdir()) == []


def test_help_names_the_demonstration_first_and_the_exit_codes() -> None:
    text = CliRunner().invoke(cartower_sim, ["--help"]).output
    assert text.index("  demo ") < text.index("  car ")
    assert "  3  no plant at the side channel" in text
    assert text.count("Exit codes:") == 1
