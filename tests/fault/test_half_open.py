"""A peer that takes the connection and never answers, over a real socket: noticed in time, and nothing claimed.

In virtual time, with a machine on its way and at rest: `test_links.py` and `test_known_elsewhere_wire.py`.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from hal.cadence import SteadyCadence
from hal.errors import NotOnline
from hal.interfaces import StationState
from hal.modbus_link import TcpLink
from hal.plcmap.registers import tower_map
from hal.scan import Station
from sim_plc.server import TcpServer
from tests.support.fake_plc import SHAPE, FakePlc
from tests.support.hal_rig import OWNER, MemoryEpochs
from tests.support.soft_tower import Mute

pytestmark = [pytest.mark.realtime, pytest.mark.own_tower]

NOTICED_S = 3.0
HOST = "127.0.0.1"


@asynccontextmanager
async def peer(mute: Mute) -> AsyncIterator[tuple[Station, FakePlc]]:
    """Give a station that is polled over a real socket; while ``mute.on`` it takes everything and answers nothing."""
    loop, plc = asyncio.get_running_loop(), FakePlc(tower_map(SHAPE))
    server = TcpServer({plc.map.unit: plc}, HOST, 0, before=lambda: plc.advance(loop.time()), faults=mute)
    await server.start()
    link = TcpLink(HOST, server.port, timeout_s=0.3)
    station = Station(plc.map, SHAPE, link, cadence=SteadyCadence(), epochs=MemoryEpochs(), owner=OWNER)
    task = asyncio.create_task(station.run())
    try:
        yield station, plc
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await link.close()
        await server.stop()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10.0):
        while not true():  # noqa: ASYNC110 - what is asked is the answer at each instant
            await asyncio.sleep(0.005)


def test_a_station_that_falls_silent_behind_an_open_connection_is_noticed_within_three_seconds() -> None:
    async def scenario() -> None:
        mute = Mute()
        async with peer(mute) as (station, _plc):
            await until(lambda: station.online)
            mute.on = True
            since_s = time.monotonic()
            await until(lambda: station.state is StationState.STALE)
            assert time.monotonic() - since_s <= NOTICED_S
            with pytest.raises(NotOnline):
                _ = station.image
            epoch, mute.on = station.epoch, False
            await until(lambda: station.online)
            assert station.epoch > epoch

    asyncio.run(scenario())


def test_a_peer_that_never_says_a_word_is_named_within_three_seconds_and_given_no_command() -> None:
    async def scenario() -> None:
        async with peer(Mute(on=True)) as (station, plc):
            # Not from before the peer was there to be spoken to: that takes what a busy machine takes.
            since_s = time.monotonic()
            await until(lambda: "no answer" in station.trouble)
            assert time.monotonic() - since_s <= NOTICED_S
            assert not station.online
            assert (plc.frames, plc.blocks) == ([], [])

    asyncio.run(scenario())
