"""A car that waits for its turn while the tower PLC restarts under another one's move."""

import asyncio

from controller.domain.events import Relocate, Store
from controller.domain.jobs import JobState
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitState
from sim_plc.plant.cars import Car
from sim_plc.rehearsal import loop
from tests.support.moves import hold_against_truth
from tests.support.places import LOW2, ROOM, TOP1
from tests.support.stage import QUICK, stage


def test_a_car_that_waits_in_the_room_is_not_taken_for_the_one_on_the_carriage_docked_there() -> None:
    """A reset references the loaded carriage in front of the room: its car and the one inside are two."""

    async def body() -> None:
        async with stage(cars={LOW2: Car("A1")}) as it:
            it.world.do(lambda plant: plant.car_arrives(ROOM, Car("C3"), QUICK))
            storing = await it.order(Store(car="C3", room=ROOM))
            await it.until(lambda: it.room(ROOM) is RoomState.MEASURING)
            moving = await it.order(Relocate(car="A1", bay=TOP1))
            await it.until(lambda: it.job(moving).state is JobState.POSITIONING_TO)
            assert it.job(storing).state is JobState.QUEUED
            it.world.cabinets.restart("tower")
            await it.until(lambda: it.unit is UnitState.ABORTED)
            await asyncio.sleep(3.0)
            await it.execute()
            assert it.doubts() == set()
            assert await it.ended(moving) is JobState.DONE
            assert await it.ended(storing) is JobState.DONE
            hold_against_truth(it)

    loop.run(body())
