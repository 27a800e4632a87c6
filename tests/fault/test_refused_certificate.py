"""A certificate that is refused: the station is offline at once, its trouble says why, and the daemon tells it."""

import asyncio
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from config.schema import TcpBus, Tower
from controller.links import link_of
from hal.cadence import SteadyCadence
from hal.interfaces import StationState
from hal.tower import BusPlan, TowerPlan, open_tower
from sim_plc.tls import Credentials
from tests.support.certificates import STATION, Authority, Pair
from tests.support.hal_rig import MemoryEpochs
from tests.support.soft_tower import SoftTower, served, small_tower

pytestmark = pytest.mark.realtime

PATIENCE_S = 5.0


def secured(authority: Authority, client: Pair) -> Tower:
    tower = small_tower()
    buses = {
        name: TcpBus(
            kind="tcp",
            stations=bus.stations,
            security="tls",
            ca=str(authority.certificate),
            certificate=str(client.certificate),
            key=str(client.key),
            server_name=STATION,
        )
        for name, bus in tower.bus.items()
    }
    return tower.model_copy(update={"bus": buses})


def trouble(folder: Path, authority: Authority, client: Pair, words: str) -> None:
    """Every station is offline for a reason that holds ``words``, and its epoch was never taken."""

    async def run() -> None:
        pair = authority.station()
        credentials = Credentials(authority.certificate, pair.certificate, pair.key)
        tower = secured(authority, client)
        async with AsyncExitStack() as stack:
            soft = await stack.enter_async_context(SoftTower(tower).running())
            reachable = await stack.enter_async_context(served(soft, folder, credentials))
            plan = TowerPlan(
                tower.shape, tuple(BusPlan(name, bus.stations, bus.fc23) for name, bus in tower.bus.items()), 77
            )
            drivers = await stack.enter_async_context(
                open_tower(
                    plan,
                    links=lambda bus: link_of(reachable, folder, bus.name),
                    cadences=lambda _: SteadyCadence(),
                    epochs=MemoryEpochs(),
                )
            )
            until = asyncio.get_running_loop().time() + PATIENCE_S
            for station in drivers.stations.values():
                while words not in station.trouble:
                    assert await station.news(until), station.trouble
                assert station.state is StationState.OFFLINE

    asyncio.run(run())


def test_a_stranger_s_certificate_keeps_every_station_offline_and_its_trouble_says_so(tmp_path: Path) -> None:
    authority, stranger = Authority(tmp_path), Authority(tmp_path, "stranger")
    trouble(tmp_path, authority, stranger.client(), "refuses our certificate")


def test_a_role_that_may_only_read_keeps_every_station_offline_and_its_trouble_says_so(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    trouble(tmp_path, authority, authority.client("Observer"), "the role in our certificate has no right to it")


def test_a_daemon_without_its_key_does_not_start_and_names_it(tmp_path: Path) -> None:
    client = (authority := Authority(tmp_path)).client()
    given = {"security": "tls", "port": 802, "ca": authority.certificate, "certificate": client.certificate}
    options = [part for key, value in given.items() for part in ("--set", f"bus.tower.{key}={value}")]
    command = [sys.executable, "-P", "-m", "controller", "run", "--config", "small", "--run-dir", str(tmp_path)]
    ended = subprocess.run(
        [*command, *options, "--set", "bus.tower.key=missing.key"], capture_output=True, text=True, timeout=30,
        check=False,
    )
    assert ended.returncode == 5
    assert f"key {tmp_path / 'missing.key'}: No such file or directory" in ended.stderr
