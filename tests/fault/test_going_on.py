"""Roads back that were once closed: found by rehearsed seeds, kept open here."""

import asyncio

from controller.domain.events import Cancel, Relocate, Resolve, UnitCommand
from controller.domain.jobs import JobState as S
from controller.domain.unit import UnitEvent, UnitState
from sim_plc.plant.cars import Car
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.memory_link import WRITE, Fault
from tests.support.places import LOW1, LOW2, TOP1
from tests.support.stage import stage
from tests.support.tower_under_test import tower_under_test

CARS = {LOW1: Car("A"), TOP1: Car("C")}


def test_a_job_parked_on_its_way_back_goes_on_with_that() -> None:
    async def scenario() -> None:
        async with stage(tower_under_test(machine__latch__travel_s="1"), cars=CARS) as it:
            number = await it.order(Relocate(car="C", bay=LOW2))
            await it.until(lambda: it.job(number).state is S.OPENING)
            await it.ask(Cancel(job=number))
            await it.until(lambda: it.job(number).state is S.UNDONE)
            it.world.do(lambda plant: plant.overrides.update({("bay", TOP1, "latch_closed"): False}))
            await it.until(lambda: it.job(number).state is S.PARKED)
            assert it.job(number).left is S.UNDONE
            it.world.do(lambda plant: plant.overrides.clear())
            assert (await it.ask(Resolve(job=number, choice="continue")))["state"] == "UNDONE"
            await it.until(lambda: it.unit is UnitState.HELD)
            await it.command(UnitEvent.UNHOLD, UnitState.EXECUTE)
            assert await it.ended(number) is S.CANCELLED
            assert it.truth() == it.belief() == {"A": LOW1, "C": TOP1}

    loop.run(scenario())


def test_a_clear_whose_command_got_lost_can_be_asked_for_again() -> None:
    async def scenario() -> None:
        async with stage(cars=CARS) as it:
            await it.ask(UnitCommand(event=UnitEvent.ABORT))
            await it.until(lambda: it.unit is UnitState.ABORTED)
            it.world.decide = lambda _bus, function, _unit: (
                Fault.LOSE_REQUEST if function == WRITE else Fault.NONE
            )
            await it.ask(UnitCommand(event=UnitEvent.CLEAR))
            await it.until(lambda: it.unit is UnitState.ABORTED, 60.0)
            it.world.decide = lambda *_: Fault.NONE
            await asyncio.sleep(1.0)
            await it.execute()
            assert await it.ended(await it.order(Relocate(car="C", bay=LOW2))) is S.DONE

    loop.run(scenario())
