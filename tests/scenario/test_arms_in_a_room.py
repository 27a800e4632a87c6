"""Arms that were stopped in a room move again behind a locked gate alone, whatever they were about to do."""

import asyncio

from controller.domain.events import Resolve, Retrieve
from controller.domain.jobs import JobState
from controller.domain.unit import UnitEvent, UnitState
from sim_plc.plant.cars import Car
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, ROOM
from tests.support.stage import Stage, stage
from tests.support.tower_under_test import tower_under_test


async def leave_by_the_release(it: Stage) -> None:
    """Let somebody who was locked in use the release while the arms bring a car, and the tower be looked after."""
    def reaching_in() -> bool:
        carriage = it.world.plant.truth().carriage
        return carriage.docked == ROOM and not carriage.arms_centred

    await it.until(reaching_in)
    it.world.do(lambda plant: plant.use_escape(ROOM))
    await it.until(lambda: it.unit is UnitState.ABORTED and it.world.plant.truth().gates[ROOM].opened)
    it.world.do(lambda plant: plant.restore_escape(ROOM))
    await asyncio.sleep(5.0)
    it.world.do(lambda plant: plant.device_reset())
    assert not it.world.plant.truth().gates[ROOM].locked
    await it.command(UnitEvent.CLEAR, UnitState.STOPPED)


def test_a_reset_locks_the_gate_before_the_arms_go_on() -> None:
    async def play() -> None:
        async with stage(tower_under_test(), cars={LOW1: Car("A")}) as it:
            number = await it.order(Retrieve(car="A", room=ROOM))
            await leave_by_the_release(it)
            await it.command(UnitEvent.RESET, UnitState.IDLE)
            assert it.world.plant.truth().gates[ROOM].locked
            await it.command(UnitEvent.START, UnitState.EXECUTE)
            await it.until(lambda: it.job(number).state in (JobState.DONE, JobState.PARKED))
            if it.job(number).state is JobState.PARKED:
                await it.ask(Resolve(job=number, choice="continue"))
            assert await it.ended(number) is JobState.DONE
            it.inspector.judge_end()
            assert not it.inspector.violations

    loop.run(play())
