"""What is believed of a car in a room whose owner drives it out while the daemon is down, or may have."""

import asyncio

import pytest

from controller.domain.events import Retrieve
from controller.domain.jobs import JobState
from controller.domain.places import Place, PlaceStatus
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitState
from sim_plc.plant.cars import Car
from sim_plc.plant.people import Habits
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, ROOM, TOP1
from tests.support.stage import Stage, stage

CARS = {LOW1: Car("A"), TOP1: Car("C")}
SLOWLY = Habits(notice_s=0.2, step_s=0.2, drive_s=20.0, leave_s=1.0, dwell_s=1.0)
LOOK_S = 2.0
"""An idle poll, a debounce, and the commit."""


async def shown(it: Stage) -> None:
    """Bring C to its owner, behind an open gate."""
    number = await it.order(Retrieve(car="C", room=ROOM))
    assert await it.ended(number) is JobState.DONE
    await it.until(lambda: it.room(ROOM) is RoomState.CUSTOMER_ADMITTED)


def believed(it: Stage) -> Place:
    return it.book.places[ROOM]


@pytest.mark.parametrize("inside_s", [8.0, 16.0, 40.0])
def test_a_car_that_nobody_sees_in_its_room_any_more_is_not_called_verified(inside_s: float) -> None:
    async def body() -> None:
        async with stage(cars=CARS) as it:
            await shown(it)
            it.world.do(lambda plant: plant.customer_collects(ROOM, SLOWLY, "C"))
            await it.until(lambda: ROOM in it.world.plant.truth().crossing)
            await it.world.crash_daemon()
            await asyncio.sleep(inside_s)
            await it.start()
            await asyncio.sleep(LOOK_S)
            assert it.unit is UnitState.STOPPED
            assert it.world.plant.truth().cars.get(ROOM) is None
            assert believed(it).status is PlaceStatus.UNVERIFIED
            assert believed(it).car == "C"
            await it.execute()
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
            assert believed(it) == Place(ROOM, PlaceStatus.FREE)

    loop.run(body())


def test_a_car_that_stands_in_its_room_stays_verified_over_a_restart() -> None:
    async def body() -> None:
        async with stage(cars=CARS) as it:
            await shown(it)
            await it.world.crash_daemon()
            await it.start()
            await asyncio.sleep(LOOK_S)
            assert believed(it) == Place(ROOM, PlaceStatus.OCCUPIED, "C")

    loop.run(body())


def test_a_car_that_was_out_of_sight_for_a_moment_is_believed_again() -> None:
    async def body() -> None:
        async with stage(cars=CARS) as it:
            await shown(it)
            await it.world.crash_daemon()
            it.world.do(lambda plant: plant.overrides.update({("room", ROOM, "occupied_a"): False}))
            await it.start()
            await asyncio.sleep(LOOK_S)
            assert believed(it).status is PlaceStatus.UNVERIFIED
            it.world.do(lambda plant: plant.overrides.clear())
            await it.until(lambda: believed(it) == Place(ROOM, PlaceStatus.OCCUPIED, "C"), LOOK_S)

    loop.run(body())
