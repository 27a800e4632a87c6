"""A job is cancelled in each of its steps: CANCELLED before the pick, DIVERTED from it on; the inventory is true."""

import pytest

from controller.domain.events import Cancel, Relocate, Request, Retrieve, Store, UnitCommand
from controller.domain.jobs import JobState as S
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitEvent, UnitState
from hal.plcmap.codes import Signal
from sim_plc.plant.cars import Car
from sim_plc.rehearsal import loop
from tests.support.places import BESIDE_ROOM, LOW1, LOW2, ROOM, TOP1, TOP2, TOP3
from tests.support.samples import each_value
from tests.support.stage import QUICK, Stage, stage
from tests.support.tower_under_test import tower_under_test

CARS = {LOW1: Car("A"), TOP1: Car("C")}

RETRIEVE = Retrieve(car="C", room=ROOM)
STORE = Store(car="D", room=ROOM)
RELOCATE = Relocate(car="C", bay=LOW2)

BEFORE = (S.QUEUED, S.POSITIONING, S.OPENING)
AFTER = (S.PICKING, S.CLOSING, S.POSITIONING_TO, S.OPENING_TO, S.PLACING, S.CLOSING_TO)


@pytest.mark.parametrize(
    ("step", "request_"),
    each_value([*BEFORE, *AFTER], [RETRIEVE, STORE, RELOCATE]),
    ids=lambda value: value.name if isinstance(value, S) else type(value).__name__,
)
def test_a_job_is_cancelled_in_each_step(request_: Request, step: S) -> None:
    async def scenario() -> None:
        # Every step must last long enough to be met in it.
        tower = tower_under_test(
            machine__lift__speed_mm_s="2000", machine__door__bolt_s="0.5", machine__latch__travel_s="0.5"
        )
        async with stage(tower, cars=CARS) as it:
            # The carriage stands away from the room, so that it has a way to go for each job.
            assert await it.ended(await it.order(Relocate(car="A", bay=TOP3))) is S.DONE
            if step is S.QUEUED:
                await it.command(UnitEvent.HOLD, UnitState.HELD)
            if isinstance(request_, Store):
                it.world.do(lambda plant: plant.car_arrives(ROOM, Car("D"), QUICK))
            number = await it.order(request_)
            if step is not S.QUEUED:
                await it.until(lambda: it.job(number).state is step)
            await it.ask(Cancel(job=number))
            if step is S.QUEUED:
                await it.command(UnitEvent.UNHOLD, UnitState.EXECUTE)
            assert await it.ended(number) is (S.CANCELLED if step in BEFORE else S.DIVERTED)
            await comes_to_rest(it)
            assert it.truth() == it.belief() == where_all_must_be(request_, step)
            assert it.doubts() == set()
            await still_works(it)

    loop.run(scenario())


async def comes_to_rest(it: Stage) -> None:
    """Let whoever has a car in the room fetch it."""
    await it.until(lambda: not it.world.plant.truth().crossing)

    def over() -> bool:
        truth = it.world.plant.truth()
        waits = ROOM in truth.cars and truth.gates[ROOM].opened
        return it.room(ROOM) is RoomState.VACANT or waits

    await it.until(over)
    if it.room(ROOM) is not RoomState.VACANT:
        refused = it.world.plant.truth().signals[ROOM] == Signal.REFUSED
        it.world.do(lambda plant: plant.car_leaves(ROOM, QUICK) if refused else plant.customer_collects(ROOM, QUICK))
        await it.until(lambda: it.room(ROOM) is RoomState.VACANT)


def where_all_must_be(request: Request, step: S) -> dict[str, int]:
    """Return the place of each car, typed from the table: a safe place, which is recorded."""
    away = {"A": TOP3}
    if step in BEFORE:
        return {**away, "C": TOP1}
    match request:
        case Retrieve():
            # Back in its bay; a car that was already being put into the room has been collected from there.
            return away if step in (S.PLACING, S.CLOSING_TO) else {**away, "C": TOP1}
        case Store():
            return {**away, "C": TOP1, "D": BESIDE_ROOM}
        case _:
            return {**away, "C": LOW2}


async def still_works(it: Stage) -> None:
    number = await it.order(Relocate(car="A", bay=TOP2))
    assert await it.ended(number) is S.DONE
    assert it.truth() == it.belief()


def test_a_cancel_is_not_taken_twice_nor_of_an_interrupted_job() -> None:
    async def scenario() -> None:
        async with stage(tower_under_test(machine__lift__speed_mm_s="1000"), cars=CARS) as it:
            number = await it.order(RETRIEVE)
            await it.until(lambda: it.job(number).state is S.POSITIONING_TO)
            await it.ask(UnitCommand(event=UnitEvent.ABORT))
            await it.until(lambda: it.unit is UnitState.ABORTED)
            assert it.job(number).state is S.INTERRUPTED
            assert await it.refused(Cancel(job=number)) == "JOB_STATE"
            await it.execute()
            await it.until(lambda: it.job(number).state is S.POSITIONING_TO)
            await it.ask(Cancel(job=number))
            assert await it.refused(Cancel(job=number)) == "JOB_STATE"
            assert await it.ended(number) is S.DIVERTED
            assert it.truth() == it.belief() == {"A": LOW1, "C": TOP1}

    loop.run(scenario())
