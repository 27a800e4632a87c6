"""Hours of trouble leave nothing behind in the daemon: no task, no waiting event, no line of the list that is quiet."""

import asyncio
from collections import Counter

import pytest

from controller.domain.events import Relocate
from controller.domain.unit import UnitEvent, UnitState
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, LOW2
from tests.support.scenes import stock
from tests.support.stage import Stage, stage


@pytest.mark.parametrize("rounds", [1, pytest.param(60, marks=pytest.mark.campaign)])
def test_cables_out_and_in_leave_no_task_behind(rounds: int) -> None:
    async def play() -> None:
        async with stage(cars=stock(LOW1)) as it:
            await one_round(it, LOW2)
            before = await held(it)
            for number in range(2 * rounds):
                await one_round(it, (LOW1, LOW2)[number % 2])
            assert await held(it) == before

    loop.run(play())


async def one_round(it: Stage, bay: int) -> None:
    """Pull every cable while a car is on its way, put it in again, and bring the tower back to work."""
    job = await it.order(Relocate(car=f"C{LOW1}", bay=bay))
    await asyncio.sleep(2.0)
    for bus in it.world.tower.bus:
        it.world.pull_cable(bus, out=True)
    await asyncio.sleep(5.0)
    for bus in it.world.tower.bus:
        it.world.pull_cable(bus, out=False)
    daemon = it.world.daemon
    assert daemon is not None
    await it.until(lambda: all(station.online for station in daemon.stations.values()))
    await it.until(lambda: it.unit is UnitState.ABORTED)
    await asyncio.sleep(3.0)
    await it.command(UnitEvent.CLEAR, UnitState.STOPPED)
    await it.execute()
    await it.ended(job)


async def held(it: Stage) -> tuple[Counter[str], int]:
    """Return the tasks of the process by what they run, and the lines of the alarm list, once all is quiet."""
    await asyncio.sleep(60.0)
    running = Counter(getattr(task.get_coro(), "__qualname__", "?") for task in asyncio.all_tasks())
    return running, len(it.book.alarms)
