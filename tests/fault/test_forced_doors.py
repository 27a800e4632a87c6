"""An inner door that somebody forces open: its room is blocked, everything stands, and a reset closes it.

Found by rehearsals with forced doors (seed 107 of the letters of steel and safety): in Execute nobody closed it, no
alarm told of it, and jobs stayed queued for ever.
"""

import asyncio

from controller.domain.events import Relocate
from controller.domain.jobs import JobState
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitEvent, UnitState
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, LOW2, ROOM
from tests.support.scenes import all_is_shut, all_is_told, stock
from tests.support.stage import stage


def test_a_forced_door_blocks_its_room_and_is_closed_by_the_next_reset() -> None:
    async def scenario() -> None:
        async with stage(cars=stock(LOW1)) as it:
            it.world.do(lambda plant: plant.troubles.force("door", ROOM, on=True))
            await it.until(lambda: it.room(ROOM) is RoomState.BLOCKED)
            job = await it.order(Relocate(car=f"C{LOW1}", bay=LOW2))
            it.world.do(lambda plant: plant.troubles.force("door", ROOM, on=False))
            await asyncio.sleep(5.0)
            assert it.job(job).state is JobState.QUEUED
            assert not it.world.plant.truth().doors[ROOM].closed
            assert it.world.daemon is not None
            assert "inner door" in it.world.daemon.control.rooms.fault(ROOM)
            await it.command(UnitEvent.STOP, UnitState.STOPPED)
            await it.execute()
            assert await it.ended(job) is JobState.DONE
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
            all_is_told(it)
            all_is_shut(it)

    loop.run(scenario())
