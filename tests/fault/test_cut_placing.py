"""A placing that was cut, and cut again on its way back: the car comes aboard before anything else is done with it."""

import asyncio

import pytest

from controller.domain.events import Relocate, Resolve
from controller.domain.jobs import JobState
from controller.domain.unit import UnitEvent, UnitState
from sim_plc.plant.truth import Truth
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, LOW2, TOP1
from tests.support.scenes import all_is_shut, all_is_told, stock
from tests.support.stage import Stage, stage

CAR = f"C{LOW1}"
NO_TIME_S = 0.03


def retracting(truth: Truth) -> bool:
    return truth.carriage.arms.velocity < 0


async def cut(it: Stage) -> int:
    """Order a move, let its placing be cut by a drive that trips, and stop the unit."""
    job = await it.order(Relocate(car=CAR, bay=LOW2))
    await it.until(lambda: it.job(job).state is JobState.PLACING and retracting(it.world.plant.truth()))
    await asyncio.sleep(NO_TIME_S)
    it.world.do(lambda plant: plant.troubles.trip_drive("arms"))
    await it.until(lambda: it.job(job).state is JobState.PARKED and it.unit is UnitState.HELD)
    it.world.do(lambda plant: plant.troubles.reset_drive("arms"))
    await it.command(UnitEvent.STOP, UnitState.STOPPED)
    assert not it.world.plant.truth().carriage.arms_centred
    return job


@pytest.mark.parametrize("choice", ["put-back", pytest.param("divert", marks=pytest.mark.campaign)])
def test_the_way_back_of_a_cut_placing_goes_on_where_it_is_cut_itself(choice: str) -> None:
    async def scenario() -> None:
        async with stage(cars=stock(LOW1)) as it:
            job = await cut(it)
            await it.ask(Resolve(job=job, choice=choice, place=TOP1 if choice == "divert" else None))
            await it.execute()
            await it.until(lambda: retracting(it.world.plant.truth()))
            await asyncio.sleep(NO_TIME_S)
            await it.command(UnitEvent.ABORT, UnitState.ABORTED)
            assert not it.world.plant.truth().carriage.arms_centred
            await it.execute()
            assert await it.ended(job) is (JobState.CANCELLED if choice == "put-back" else JobState.DIVERTED)
            assert it.truth() == {CAR: LOW1 if choice == "put-back" else TOP1}
            all_is_told(it)
            all_is_shut(it)

    loop.run(scenario())
