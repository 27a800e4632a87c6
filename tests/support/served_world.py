"""A rehearsed tower in real time behind a real socket: for a person at a terminal, in half a second instead of four."""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path

from controller.api.server import ApiServer
from controller.api.visitors import Visitors
from controller.instruments import Bus, Instruments
from hal.statistics import LinkStatistics
from sim_plc.plant.cars import Car
from sim_plc.rehearsal.world import World
from tests.support.stage import Stage
from tests.support.tower_under_test import tower_under_test

PATIENCE_S = 60.0


class Unheard:
    """Stands for a link in the looks at images, which ask nothing of any wire."""

    statistics = LinkStatistics()
    connected, generation, dropped = True, 1, 0

    async def read_input(self, unit: int, address: int, count: int, *, patient: bool) -> tuple[int, ...]:
        raise AssertionError("looks at images ask no wire")

    async def read_holding(self, unit: int, address: int, count: int, *, patient: bool) -> tuple[int, ...]:
        raise AssertionError("looks at images ask no wire")


class ServedWorld:
    """A stage in a thread of its own. ``run_dir`` is what `cartower --run-dir` takes."""

    def __init__(self, run_dir: Path, stage: Stage, loop: asyncio.AbstractEventLoop) -> None:
        self.run_dir = run_dir
        self.stage = stage
        self._loop = loop

    def play(self, scene: Callable[[Stage], Awaitable[None]]) -> None:
        """Let a scene be played in the tower's own thread; raises what it raises."""

        async def played() -> None:
            await scene(self.stage)

        asyncio.run_coroutine_threadsafe(played(), self._loop).result(PATIENCE_S)


@contextlib.contextmanager
def served_world(run_dir: Path, cars: Mapping[int, Car], visitors: Visitors | None = None) -> Iterator[ServedWorld]:
    """Serve the tower under test, stocked and executing; at the end no invariant may be broken."""
    run_dir.mkdir(parents=True, exist_ok=True)
    served: list[ServedWorld] = []
    up, leave = threading.Event(), asyncio.Event()

    async def live() -> None:
        it = Stage(World(tower_under_test(), 1, cars=dict(cars), coalesced=False))
        async with it.world.running():
            await it.start()
            await it.import_all()
            await it.execute()
            daemon = it.world.daemon
            assert daemon is not None
            buses = [Bus(name, "memory", {}, bus.stations, Unheard()) for name, bus in it.world.tower.bus.items()]
            looks = Instruments(daemon.stations, buses, {})
            async with ApiServer(run_dir / "cartower.sock", daemon.inbox, daemon.board, looks, visitors):
                served.append(ServedWorld(run_dir, it, asyncio.get_running_loop()))
                up.set()
                await leave.wait()
        it.inspector.judge_end()
        assert it.inspector.violations == []

    failure: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(live())
        except BaseException as error:  # noqa: BLE001 - whoever uses the tower gets it
            failure.append(error)
        finally:
            up.set()

    thread = threading.Thread(target=run)
    thread.start()
    assert up.wait(PATIENCE_S)
    try:
        if served:
            yield served[0]
    finally:
        if served:
            served[0]._loop.call_soon_threadsafe(leave.set)
        thread.join(PATIENCE_S)
        if failure:
            raise failure[0]
