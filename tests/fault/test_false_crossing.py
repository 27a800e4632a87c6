"""A gate that counts a car out which has not moved: one signal of several lets no car go.

Found by rehearsals with sensors that deny a car (seed 399 of the letters of sensors, steel and people): the car was
measured, its room was opened for the next one, and both waited for ever.
"""

import pytest

from controller.domain.events import Store
from controller.domain.jobs import JobState
from controller.domain.rooms import RoomState
from sim_plc.plant.plant import Car
from sim_plc.rehearsal import loop
from tests.support.places import ROOM
from tests.support.scenes import all_is_shut, all_is_told
from tests.support.stage import QUICK, stage


@pytest.mark.parametrize(
    "state", [RoomState.MEASURING, pytest.param(RoomState.CAR_LEAVING, marks=pytest.mark.campaign)]
)
def test_a_car_that_is_counted_out_and_stands_there_is_stored_all_the_same(state: RoomState) -> None:
    async def scenario() -> None:
        async with stage() as it:
            it.world.do(lambda plant: plant.car_arrives(ROOM, Car("N1"), QUICK))
            job = await it.order(Store(car="N1", room=ROOM))
            await it.until(lambda: it.room(ROOM) is state and ROOM in it.world.plant.truth().cars)
            it.world.do(lambda plant: plant.miscount(ROOM))
            assert await it.ended(job) is JobState.DONE
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
            all_is_told(it)
            all_is_shut(it)

    loop.run(scenario())
