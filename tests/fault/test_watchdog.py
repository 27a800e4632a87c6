"""A service manager is told that the daemon lives by the control task alone, and by one that does its work.

In virtual time with the whole daemon, and as a real process that is stopped and let go on.
"""

import asyncio
import itertools
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeVar

import pytest

from controller.app import Ports
from controller.domain.events import BlockPlace
from controller.notify import Manager, kept_by
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.life import Life
from sim_plc.rehearsal.world import World
from tests.support.managers import Listener, listener
from tests.support.places import LOW2
from tests.support.processes import site
from tests.support.stage import Stage
from tests.support.tower_under_test import tower_under_test

T = TypeVar("T")

WATCHED_S: Final = 1.0
"""As a unit might ask for: a sign of life every half of it."""
START_S: Final = 30.0


class HungDisk(World):
    """A world whose disk, from ``hangs`` on, ends no commit."""

    hangs = False

    def ports(self, life: Life) -> Ports:
        ports = super().ports(life)

        def executor(work: Callable[[], T], /) -> Awaitable[T]:
            return asyncio.get_running_loop().create_future() if self.hangs else ports.executor(work)

        return replace(ports, executor=executor)


def test_a_control_task_that_hangs_is_not_vouched_for(tmp_path: Path) -> None:
    async def play() -> None:
        # Every poll is made: that something goes on beside it shall be seen.
        world = HungDisk(tower_under_test(), 1, coalesced=False)
        it = Stage(world)
        async with world.running():
            await it.start()
            try:
                await is_vouched_for_until_it_hangs(world, manager)
            finally:
                await world.crash_daemon()  # it could not be ended in order

    with listener(tmp_path / "notify") as manager:
        loop.run(play())


async def is_vouched_for_until_it_hangs(world: HungDisk, manager: Listener) -> None:
    assert world.daemon is not None
    async with kept_by(Manager(manager.address, WATCHED_S), world.daemon.inbox):
        lines = manager.drain()
        for _ in range(10):
            await asyncio.sleep(WATCHED_S)
            lines += manager.drain()
        assert lines[0] == "READY=1"
        assert lines.count("WATCHDOG=1") in (20, 21)
        assert lines[-1] == "STATUS=STOPPED, 0 jobs, 0 alarms"
        world.hangs = True
        asked = asyncio.create_task(world.ask(BlockPlace(by="1000:ann", place=LOW2, why="latch")))
        await asyncio.sleep(WATCHED_S)
        manager.drain()
        # What runs beside it goes on: the stations are polled.
        image = world.daemon.stations["tower"].last_image
        await asyncio.sleep(10 * WATCHED_S)
        asked.cancel()
        assert world.daemon.stations["tower"].last_image is not image
        assert manager.drain() == []
    assert manager.drain() == ["STOPPING=1"]


@pytest.mark.realtime
@pytest.mark.long
@pytest.mark.own_tower
def test_a_real_daemon_is_ready_lives_stands_still_and_stops(tmp_path: Path) -> None:
    with listener(tmp_path / "notify") as manager, site(tmp_path / "run", "--config", "small", overrides={}) as here:
        # Its stations are all out of reach: it serves its socket all the same.
        daemon = here.start_daemon(manager.environment(WATCHED_S))
        manager.until("READY=1", START_S)
        assert here.wait_answering(daemon)
        beats = [manager.until("WATCHDOG=1", WATCHED_S) for _ in range(4)]
        assert all(later - sooner < WATCHED_S for sooner, later in itertools.pairwise(beats))
        os.kill(daemon.process.pid, signal.SIGSTOP)
        manager.drain()
        assert manager.told(2 * WATCHED_S) == []
        os.kill(daemon.process.pid, signal.SIGCONT)
        manager.until("WATCHDOG=1", WATCHED_S)
        assert daemon.terminate(START_S) == 0
        assert stopped(manager)


def stopped(manager: Listener) -> bool:
    lines = manager.drain()
    return lines[-1] == "STOPPING=1" and lines.count("STOPPING=1") == 1
