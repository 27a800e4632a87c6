"""A station goes while the control task waits for the disk: what follows from the commit bears with that."""

import asyncio

from controller.domain.events import Retrieve
from controller.domain.jobs import JobState
from controller.domain.unit import UnitState
from sim_plc.plant.cars import Car
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.world import World
from tests.support.places import LOW1, ROOM
from tests.support.stage import Stage
from tests.support.tower_under_test import tower_under_test


def test_a_daemon_whose_tower_went_stale_during_a_commit_does_not_end() -> None:
    """It died of the sign that it wanted to compare with what the room shows (small, seed 276, aimed)."""

    async def play() -> None:
        it = Stage(World(tower_under_test(), 1, cars={LOW1: Car("A")}))
        async with it.world.running():
            await it.start()
            await it.import_all()
            await it.execute()
            number = await it.order(Retrieve(car="A", room=ROOM))
            await it.until(lambda: it.job(number).state is JobState.POSITIONING_TO)
            await it.until(lambda: it.world.plant.truth().carriage.docked == ROOM)
            disk, bus = it.world.computer.disk, it.world.tower.bus
            disk.sync_s = (4.0, 4.0)
            await asyncio.sleep(1.0)
            name = next(name for name, each in bus.items() if "tower" in each.stations)
            it.world.pull_cable(name, out=True)
            await asyncio.sleep(4.0)
            it.world.pull_cable(name, out=False)
            disk.sync_s = None
            await it.until(lambda: it.unit is UnitState.ABORTED)
            daemon = it.world.daemon
            assert daemon is not None
            await it.until(lambda: all(station.online for station in daemon.stations.values()))
            await it.execute()
            assert await it.ended(number) is JobState.DONE
            it.inspector.judge_end()
            assert not it.inspector.violations

    loop.run(play())
