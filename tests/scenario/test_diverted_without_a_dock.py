"""A car is diverted only once the way of the given-up place is closed, also if the carriage lost its dock there."""

import asyncio

import pytest

from controller.domain.events import Request, Resolve, Retrieve, Store
from controller.domain.jobs import JobState
from controller.domain.unit import UnitEvent, UnitState
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, ROOM, TOP2
from tests.support.scenes import all_is_shut, attended, stock
from tests.support.stage import Stage, stage

IN_FRONT = ("carriage", "place_occupied_a")
"""One of the tower PLC's own two sensors for the place in front of the carriage: lying, it refuses the exchange."""


async def decided(it: Stage, job: int, choice: str, place: int | None = None) -> None:
    await it.ask(Resolve(job=job, choice=choice, place=place))
    await it.command(UnitEvent.UNHOLD, UnitState.EXECUTE)


async def parked_before_an_open_way(it: Stage, request: Request) -> int:
    """Let the carriage lose its dock behind a placing that a lying sensor has kept from its place; return the job."""
    job = await it.order(request)
    await it.until(lambda: it.job(job).state is JobState.OPENING_TO)
    it.world.do(lambda plant: plant.overrides.update({IN_FRONT: True}))
    await it.until(lambda: it.job(job).state is JobState.PARKED)
    assert it.job(job).left is JobState.PLACING
    it.world.do(lambda plant: plant.overrides.clear())
    it.world.do(lambda plant: plant.overrides.update({("carriage", "dock_level"): False}))
    await asyncio.sleep(1.0)
    return job


@pytest.mark.parametrize(
    "request_", [Store(car="N1", room=ROOM), Retrieve(car=f"C{LOW1}", room=ROOM)], ids=["from a room", "from a bay"]
)
def test_a_job_whose_carriage_lost_its_dock_is_not_diverted_before_its_way_can_be_closed(request_: Request) -> None:
    async def scenario() -> None:
        async with stage(cars=stock(LOW1)) as it, attended(it):
            job = await parked_before_an_open_way(it, request_)
            await decided(it, job, "divert", TOP2)
            await it.until(lambda: it.unit is UnitState.HELD)
            assert (it.job(job).state, it.job(job).left) == (JobState.PARKED, JobState.CLOSING)
            assert it.job(job).reason == "NOT_DOCKED: a way is open, and the carriage is not proven docked before any"
            it.world.do(lambda plant: plant.overrides.clear())
            await asyncio.sleep(1.0)
            await decided(it, job, "continue")
            assert await it.ended(job) is JobState.DIVERTED
            assert it.truth() == it.belief()
            assert it.truth()[it.job(job).car] == TOP2
            all_is_shut(it)
            assert not [event for event in it.world.events if event.get("state") == "BLOCKED"]

    loop.run(scenario())


async def parked_with_its_arms_in_the_room(it: Stage) -> int:
    """Let a placing in the room be cut, and its PLC forget where the axes stand; return the job's number, parked."""
    job = await it.order(Retrieve(car=f"C{LOW1}", room=ROOM))
    await it.until(lambda: it.world.plant.truth().carriage.arms.velocity > 0 and it.job(job).state is JobState.PLACING)
    await asyncio.sleep(0.1)
    it.world.do(lambda plant: plant.troubles.trip_drive("arms"))
    await it.until(lambda: it.job(job).state is JobState.PARKED and it.unit is UnitState.HELD)
    it.world.do(lambda plant: plant.troubles.reset_drive("arms"))
    it.world.cabinets.restart("tower")
    await it.until(lambda: it.unit is UnitState.ABORTED)
    await asyncio.sleep(3.0)
    return job


def test_axes_that_are_not_homed_have_the_way_closed_that_a_diverted_job_could_not_close() -> None:
    async def scenario() -> None:
        async with stage(cars=stock(LOW1)) as it:
            job = await parked_with_its_arms_in_the_room(it)
            it.world.do(lambda plant: plant.troubles.put_stone("door", ROOM, on=True))
            await it.ask(Resolve(job=job, choice="divert", place=TOP2))
            await it.execute()
            await it.until(lambda: it.job(job).state is JobState.PARKED and it.unit is UnitState.HELD)
            assert it.job(job).left is JobState.CLOSING
            it.world.do(lambda plant: plant.troubles.put_stone("door", ROOM, on=False))
            await decided(it, job, "continue")
            assert await it.ended(job) is JobState.DIVERTED
            assert it.truth() == it.belief() == {f"C{LOW1}": TOP2}
            all_is_shut(it)

    loop.run(scenario())
