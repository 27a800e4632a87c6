"""A lift that was stopped inside its tolerance is levelled before a car is taken or put down there."""

from controller.domain.events import Relocate, Resolve
from controller.domain.jobs import JobState
from controller.domain.unit import UnitEvent, UnitState
from sim_plc.plant.cars import Car
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, LOW2, LOW3, TOP1, TOP2
from tests.support.stage import Stage, stage
from tests.support.tower_under_test import tower_under_test

TOWER = tower_under_test(machine__lift__acceleration_mm_s2="50")
TOLERANCE_MM = TOWER.shape.height_tolerance_mm


def off_mm(it: Stage, place: int) -> float:
    """Return by how much the carriage stands above a place; negative: below it."""
    it.world.touch()
    return it.world.plant.truth().carriage.lift.position - TOWER.shape.poses[place].height_mm


async def stopped_beside(it: Stage, place: int, job: int) -> None:
    """Let the drive trip as the lift sets out from a place for a job, and be put right."""
    await it.until(lambda: abs(off_mm(it, place)) > 0.7 * TOLERANCE_MM)
    it.world.do(lambda plant: plant.troubles.trip_drive("lift"))
    await it.until(lambda: it.job(job).state is JobState.PARKED)
    it.world.do(lambda plant: plant.troubles.reset_drive("lift"))
    await it.command(UnitEvent.STOP, UnitState.STOPPED)
    await it.execute()
    assert 0.7 * TOLERANCE_MM < abs(off_mm(it, place)) < TOLERANCE_MM


def test_a_carriage_that_was_stopped_below_its_level_is_levelled_before_it_takes_a_car() -> None:
    """It sank under the car beyond its tolerance, arms out, and no decision of a person led on (`small`, seed 357)."""

    async def scenario() -> None:
        cars = {LOW1: Car(f"C{LOW1}"), LOW2: Car(f"C{LOW2}"), TOP1: Car("HEAVY", weight_kg=TOWER.limits.weight_kg)}
        async with stage(TOWER, cars=cars) as it:
            assert await it.ended(await it.order(Relocate(car=f"C{LOW1}", bay=TOP2))) is JobState.DONE
            job = await it.order(Relocate(car=f"C{LOW2}", bay=LOW3))
            await stopped_beside(it, TOP1, job)
            assert off_mm(it, TOP1) < 0
            await it.ask(Resolve(job=job, choice="put-back"))
            await it.ended(job)
            assert await it.ended(await it.order(Relocate(car="HEAVY", bay=LOW1))) is JobState.DONE

    loop.run(scenario())


def test_a_loaded_carriage_that_was_stopped_above_its_level_is_levelled_before_it_puts_the_car_down() -> None:
    """Without its weight it rose beyond its tolerance, arms out."""

    async def scenario() -> None:
        async with stage(TOWER, cars={LOW1: Car("HEAVY", weight_kg=TOWER.limits.weight_kg)}) as it:
            job = await it.order(Relocate(car="HEAVY", bay=TOP1))
            await it.until(lambda: it.job(job).state is JobState.POSITIONING_TO)
            await stopped_beside(it, LOW1, job)
            assert off_mm(it, LOW1) > 0
            await it.ask(Resolve(job=job, choice="put-back"))
            await it.ended(job)
            assert it.truth() == {"HEAVY": LOW1}

    loop.run(scenario())
