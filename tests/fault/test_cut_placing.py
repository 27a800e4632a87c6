"""An exchange that was cut: its car comes aboard before anything else is done with it, and in no other job's name."""

import asyncio

import pytest

from controller.domain.events import Relocate, Resolve
from controller.domain.jobs import JobState
from controller.domain.unit import UnitEvent, UnitState
from sim_plc.plant.troubles import AxisName
from sim_plc.plant.truth import Truth
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, LOW2, TOP1, TOP2
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


def extending(truth: Truth) -> bool:
    return truth.carriage.arms.velocity > 0


async def parked_by(it: Stage, job: int, drive: AxisName) -> None:
    """Let a drive trip, and the job be parked for it; then the drive is sound again, and the unit stopped."""
    it.world.do(lambda plant: plant.troubles.trip_drive(drive))
    await it.until(lambda: it.job(job).state is JobState.PARKED and it.unit is UnitState.HELD)
    it.world.do(lambda plant: plant.troubles.reset_drive(drive))
    await it.command(UnitEvent.STOP, UnitState.STOPPED)


def test_an_exchange_that_was_cut_is_ended_in_no_other_jobs_name() -> None:
    """Another job that was parked before and put back took the car aboard: the book had its own car there."""

    async def scenario() -> None:
        async with stage(cars=stock(LOW1, TOP1)) as it:
            before = await it.order(Relocate(car=f"C{TOP1}", bay=TOP2))
            await it.until(lambda: it.world.plant.truth().carriage.lift.velocity > 0)
            await parked_by(it, before, "lift")
            await it.execute()
            cut_off = await it.order(Relocate(car=CAR, bay=LOW2))
            await it.until(lambda: it.job(cut_off).state is JobState.PICKING and extending(it.world.plant.truth()))
            await asyncio.sleep(NO_TIME_S)
            await parked_by(it, cut_off, "arms")
            assert not it.world.plant.truth().carriage.arms_centred
            for choice in ("put-back", "continue"):
                assert await it.refused(Resolve(job=before, choice=choice)) == "CARRIAGE_BUSY"
            await it.ask(Resolve(job=cut_off, choice="continue"))
            await it.execute()
            assert await it.ended(cut_off) is JobState.DONE
            await it.ask(Resolve(job=before, choice="put-back"))
            assert await it.ended(before) is JobState.CANCELLED
            assert it.truth() == {CAR: LOW2, f"C{TOP1}": TOP1}
            all_is_told(it)
            all_is_shut(it)

    loop.run(scenario())
