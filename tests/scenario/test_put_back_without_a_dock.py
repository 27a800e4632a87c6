"""A car is put back only once its way is closed again, also if the carriage is not proven docked before it."""

import asyncio

from controller.domain.events import Resolve, Retrieve
from controller.domain.jobs import JobState
from controller.domain.unit import UnitEvent, UnitState
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, ROOM, TOP1
from tests.support.scenes import attended, stock
from tests.support.stage import Stage, stage
from tests.support.tower_under_test import tower_under_test


async def decided(it: Stage, job: int) -> None:
    await it.ask(Resolve(job=job, choice="put-back", place=None))
    await it.command(UnitEvent.UNHOLD, UnitState.EXECUTE)


def test_a_job_whose_carriage_lost_its_dock_is_not_put_back_before_its_way_can_be_closed() -> None:
    async def scenario() -> None:
        async with stage(tower_under_test(), cars=stock(LOW1, TOP1)) as it:
            job = await it.order(Retrieve(car=f"C{LOW1}", room=ROOM))
            await it.until(lambda: it.job(job).state is JobState.OPENING)
            it.world.do(lambda plant: plant.overrides.update({("carriage", "dock_level"): False}))
            await it.until(lambda: it.job(job).state is JobState.PARKED)
            assert it.job(job).reason.startswith("NOT_DOCKED")
            await decided(it, job)
            await it.until(lambda: it.unit is UnitState.HELD)
            assert it.job(job).state is JobState.PARKED
            assert it.job(job).reason == "NOT_DOCKED: a way is open, and the carriage is not proven docked before any"
            it.world.do(lambda plant: plant.overrides.clear())
            await asyncio.sleep(1.0)
            await decided(it, job)
            assert await it.ended(job) is JobState.CANCELLED
            assert it.world.plant.shows(("carriage", "all_latches_locked"))
            assert it.truth() == it.belief()
            async with attended(it):
                assert await it.ended(await it.order(Retrieve(car=f"C{TOP1}", room=ROOM))) is JobState.DONE

    loop.run(scenario())
