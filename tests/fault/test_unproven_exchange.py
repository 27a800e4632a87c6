"""An exchange that a lying sensor leaves unproven: nothing is believed, and nothing is begun where nobody is sure.

Found by rehearsals with sensors that stick (seeds 17, 18 and 23 of the sensors' letters): behind a parked exchange the
book went on to call verified what was so before it, and a car was put back into a bay that was said to hold one.
"""

import asyncio

from controller.domain.book import CARRIAGE
from controller.domain.events import Relocate, Resolve
from controller.domain.jobs import JobState
from controller.domain.unit import UnitEvent, UnitState
from sim_plc.plant.contacts import Wire
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, LOW2
from tests.support.scenes import all_is_shut, all_is_told, stock
from tests.support.stage import Stage, stage

CAR = f"C{LOW1}"
SEEN_S = 3.0


async def sticks(it: Stage, bay: int, contact: str, *, value: bool) -> Wire:
    wire: Wire = ("bay", bay, contact)
    it.world.do(lambda plant: plant.overrides.update({wire: value}))
    await asyncio.sleep(SEEN_S)
    return wire


async def heal(it: Stage, wire: Wire) -> None:
    it.world.do(lambda plant: plant.overrides.pop(wire))
    await asyncio.sleep(SEEN_S)


def exchanges(it: Stage) -> int:
    return sum(entry.mechanism == "shuttle" and entry.event.name == "STARTED" for _, entry in it.world.log)


async def parked(it: Stage, job: int) -> str:
    """Wait until a job is parked and the unit holds; return the rule."""
    await it.until(lambda: it.job(job).state is JobState.PARKED and it.unit is UnitState.HELD)
    return it.job(job).reason.split(":")[0]


async def decide(it: Stage, job: int, choice: str) -> None:
    await it.ask(Resolve(job=job, choice=choice))
    await it.command(UnitEvent.UNHOLD, UnitState.EXECUTE)


def test_behind_an_exchange_that_is_not_proven_both_places_are_unverified_until_the_sensors_agree() -> None:
    async def scenario() -> None:
        async with stage(cars=stock(LOW1)) as it:
            job = await it.order(Relocate(car=CAR, bay=LOW2))
            await it.until(lambda: it.job(job).state is JobState.PLACING)
            wire = await sticks(it, LOW2, "occupied_b", value=False)
            assert await parked(it, job) == "LOAD_NOT_PROVEN"
            assert it.doubts() >= {LOW2, CARRIAGE}
            assert not it.book.intents
            await heal(it, wire)
            await decide(it, job, "continue")
            assert await it.ended(job) is JobState.DONE
            all_is_told(it)
            all_is_shut(it)

    loop.run(scenario())


def test_a_latch_that_stays_open_without_its_coil_is_drawn_again_before_arms_reach_through_it() -> None:
    """Found by rehearsals with latches that stick (seed 22 of the letters of steel): it fell onto the arms."""

    async def scenario() -> None:
        async with stage(cars=stock(LOW1)) as it:
            job = await it.order(Relocate(car=CAR, bay=LOW2))
            await it.until(lambda: it.job(job).state is JobState.PICKING)
            it.world.do(lambda plant: plant.troubles.stick_latch(LOW1, on=True))
            assert await parked(it, job) == "CONTACT"
            await decide(it, job, "put-back")
            await it.until(lambda: not it.world.plant.truth().carriage.arms_centred)
            it.world.do(lambda plant: plant.troubles.stick_latch(LOW1, on=False))
            assert await it.ended(job) is JobState.CANCELLED
            all_is_told(it)
            all_is_shut(it)

    loop.run(scenario())


def test_no_car_is_put_back_into_a_bay_of_which_a_sensor_says_that_it_is_taken() -> None:
    async def scenario() -> None:
        async with stage(cars=stock(LOW1)) as it:
            wire = await sticks(it, LOW1, "occupied_a", value=True)
            job = await it.order(Relocate(car=CAR, bay=LOW2))
            assert await parked(it, job) == "LOAD_NOT_PROVEN"
            begun = exchanges(it)
            await decide(it, job, "put-back")
            assert await parked(it, job) == "PLACE_UNVERIFIED"
            assert exchanges(it) == begun
            await heal(it, wire)
            await decide(it, job, "put-back")
            assert await it.ended(job) is JobState.CANCELLED
            all_is_told(it)
            all_is_shut(it)

    loop.run(scenario())
