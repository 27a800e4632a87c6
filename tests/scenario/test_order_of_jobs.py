"""Nobody is overtaken by more than a few, and the carriage waits as long as is said; rooms work while it travels."""

import asyncio
from collections import Counter
from itertools import pairwise

import pytest

from controller.domain.dispatch.ahead import OTHERS_S
from controller.domain.events import Relocate, Request, Retrieve, Store
from controller.domain.jobs import TERMINAL, Job, JobKind, JobState
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitEvent, UnitState
from controller.runtime.foresight import LIMITS
from hal.plcmap.codes import Signal
from hal.plcmap.shape import place_number
from sim_plc.plant.cars import Car
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.world import EPOCH_S
from tests.support.places import LOW1, LOW2, LOW3, ROOM, TOP1, TOP2, TOP3
from tests.support.scenes import all_is_told, attended, eventually, idle, stock
from tests.support.stage import QUICK, stage
from tests.support.tower_under_test import roomy_tower, tower_under_test
from tests.support.watch import Watch

SHAPE = roomy_tower().shape
FIRST, SECOND, THIRD = SHAPE.rooms[:3]


def bay(storey: int, position: int) -> int:
    """Return the bay at a position of one of five storeys, 1 to 5, evenly from the lowest level to the highest."""
    level = 1 + round((storey - 1) * (SHAPE.levels - 1) / 4)
    return place_number(level, position)


A2, A3, A5 = (bay(1, position) for position in (2, 3, 5))
B2, B3, B5, B6 = (bay(2, position) for position in (2, 3, 5, 6))
C2, C3, C5 = (bay(3, position) for position in (2, 3, 5))
D2, D3, D9 = (bay(4, position) for position in (2, 3, 9))
E2, E3, E9 = (bay(5, position) for position in (2, 3, 9))
"""Bays by storey, from the lowest, and position."""

TEN: tuple[Request, ...] = (
    Retrieve(car=f"C{A2}", room=FIRST),
    Retrieve(car=f"C{B2}", room=FIRST),
    Relocate(car=f"C{A3}", bay=C5),
    Store(car="N1", room=SECOND),
    Retrieve(car=f"C{C3}", room=THIRD),
    Relocate(car=f"C{D2}", bay=B6),
    Retrieve(car=f"C{E2}"),
    Relocate(car=f"C{B3}", bay=D9),
    Retrieve(car=f"C{D3}", room=THIRD),
    Relocate(car=f"C{E9}", bay=A5),
)
PUT_BACK_S = 60.0
"""What the carriage takes to put a car back into its bay, and the control task to look again."""

AT_ONCE_S = 0.05
"""The control task needs no time; a poll or two may lie between a sensor and its event."""


def test_of_ten_mixed_jobs_none_that_can_start_is_overtaken_by_more_than_a_few() -> None:
    async def scenario() -> None:
        cars = stock(A2, A3, B2, B3, C3, D2, D3, E2, E9)
        async with stage(roomy_tower(), cars=cars, execute=False) as it, attended(it):
            await idle(it)
            watch = Watch(it.world)
            for number, request in enumerate(TEN, start=1):
                assert await it.order(request) == number
            await it.command(UnitEvent.START, UnitState.EXECUTE)
            await eventually(it, lambda: not it.book.open_jobs())
            jobs = [it.job(number) for number in range(1, len(TEN) + 1)]
            assert {job.state for job in jobs} == {JobState.DONE}
            overtaken = Counter[int]()
            for job in jobs:
                older = [each for each in jobs if each.id < job.id and began_s(each) > began_s(job)]
                overtaken.update(each.id for each in older if could_start(each, began_s(job), watch))
            assert 0 < max(overtaken.values()) <= LIMITS.shift
            assert {room for job in jobs for room in (job.room, job.target) if room} >= {FIRST, SECOND, THIRD}
            assert one_at_a_time(jobs)
            await eventually(it, lambda: all(it.room(room) is RoomState.VACANT for room in (FIRST, SECOND, THIRD)))
            all_is_told(it)

    loop.run(scenario())


def test_jobs_that_are_all_ready_follow_each_other_at_once_and_a_customer_goes_before_relocations() -> None:
    async def scenario() -> None:
        cars = stock(A2, A3, A5, B2)
        async with stage(roomy_tower(), cars=cars, execute=False) as it:
            await idle(it)
            wanted = ((A2, C2), (B2, E2), (A5, D9))
            for source, bay in wanted:
                await it.order(Relocate(car=f"C{source}", bay=bay))
            assert await it.order(Retrieve(car=f"C{A3}", room=SECOND)) == 4
            await it.command(UnitEvent.START, UnitState.EXECUTE)
            await eventually(it, lambda: not it.book.open_jobs())
            jobs = sorted(it.book.jobs.values(), key=began_s)
            assert jobs[0].id == 4
            assert {job.id for job in jobs} == {1, 2, 3, 4}
            assert all(began_s(other) - ended_s(one) < AT_ONCE_S for one, other in pairwise(jobs))
            all_is_told(it)

    loop.run(scenario())


def began_s(job: Job) -> float:
    """Return when a job was taken up, in virtual time."""
    assert job.started_at is not None
    return job.started_at - EPOCH_S


def ended_s(job: Job) -> float:
    assert job.finished_at is not None
    return job.finished_at - EPOCH_S


def could_start(job: Job, at_s: float, watch: Watch) -> bool:
    """Tell whether a waiting job could have started at a time, from what was told of the rooms."""
    rooms = watch.rooms_at(at_s)
    match job.kind:
        case JobKind.STORE:
            return rooms[job.room or 0] == RoomState.ACCEPTED
        case JobKind.RETRIEVE:
            return rooms[job.room or 0] == RoomState.VACANT
        case JobKind.RELOCATE:
            return True


def one_at_a_time(jobs: list[Job]) -> bool:
    """Tell whether each job was taken up when the one before had ended."""
    in_turn = sorted(jobs, key=began_s)
    return all(ended_s(one) <= began_s(other) for one, other in pairwise(in_turn))


@pytest.mark.parametrize("opening", [True, False], ids=["opens", "closes"])
def test_the_gate_of_a_room_moves_while_the_carriage_travels_elsewhere(*, opening: bool) -> None:
    async def scenario() -> None:
        slow = {"machine__lift__speed_mm_s": "1000", "machine__gate__speed_mm_s": "1000"}
        async with stage(roomy_tower(**slow), cars=stock(A2, A3, E2)) as it:
            number = await it.order(Retrieve(car=f"C{A2}", room=FIRST))
            if opening:
                moved = await it.order(Relocate(car=f"C{E2}", bay=C3))
            await it.until(lambda: it.job(number).state is JobState.DONE)
            if not opening:
                await it.until(lambda: it.room(FIRST) is RoomState.CUSTOMER_ADMITTED)
                it.world.do(lambda plant: plant.customer_collects(FIRST, QUICK))
                await it.until(lambda: it.world.plant.truth().signals[FIRST] == Signal.TAKE_CAR)
                await it.until(lambda: f"C{A2}" in it.world.plant.truth().outside)
                moved = await it.order(Relocate(car=f"C{E2}", bay=C3))
            watch = Watch(it.world)
            gate = f"gate {FIRST}"
            assert await it.ended(moved) is JobState.DONE
            assert it.world.plant.truth().gates[FIRST].opened is opening
            assert watch.moved_s[gate] > 2.0
            # All of its way, gate and carriage have moved at the same time.
            assert watch.both_s(gate, "lift") + watch.both_s(gate, "arms") > 0.5 * watch.moved_s[gate]
            assert watch.both_s(gate, "lift") > 1.0
            all_is_told(it)

    loop.run(scenario())


def test_lift_and_turntable_travel_together() -> None:
    async def scenario() -> None:
        async with stage(roomy_tower(machine__lift__speed_mm_s="2000"), cars=stock(E3)) as it:
            watch = Watch(it.world)
            # From the first room to E3 to B5: both ways, the lift takes longer than the turntable.
            assert await it.ended(await it.order(Relocate(car=f"C{E3}", bay=B5))) is JobState.DONE
            assert watch.moved_s["turntable"] > 0.5
            assert watch.moved_s["lift"] > watch.moved_s["turntable"]
            assert watch.both_s("lift", "turntable") > 0.95 * watch.moved_s["turntable"]
            # And nothing else of the carriage, no way into it, ever moves with them.
            for other in ("arms", "comb", *(f"door {room}" for room in it.world.tower.shape.rooms)):
                assert watch.both_s("lift", other) == watch.both_s("turntable", other) == 0

    loop.run(scenario())


def test_a_job_that_waits_for_its_room_keeps_the_carriage_from_others_once_and_no_longer_than_is_said() -> None:
    async def scenario() -> None:
        async with stage(tower_under_test(), cars=stock(LOW1, LOW2, TOP1)) as it:
            assert await it.ended(await it.order(Retrieve(car=f"C{LOW1}", room=ROOM))) is JobState.DONE
            waits = await it.order(Retrieve(car=f"C{LOW2}", room=ROOM))
            await it.until(lambda: it.job(waits).state is JobState.WAITING)
            for bay, at_most_s in ((TOP2, OTHERS_S + PUT_BACK_S), (TOP3, AT_ONCE_S), (LOW3, AT_ONCE_S)):
                number = await it.order(Relocate(car=f"C{TOP1}", bay=bay))
                asked_s = it.world.now
                await eventually(it, lambda number=number: it.job(number).state in TERMINAL)  # type: ignore[misc]
                assert it.job(number).state is JobState.DONE
                assert began_s(it.job(number)) - asked_s < at_most_s
                assert it.job(waits).state is JobState.QUEUED
            it.world.do(lambda plant: plant.customer_collects(ROOM, QUICK))
            assert await it.ended(waits) is JobState.DONE
            assert it.truth() == {f"C{LOW2}": ROOM, f"C{TOP1}": LOW3}

    loop.run(scenario())


def test_a_store_whose_driver_is_late_never_keeps_the_carriage_from_another() -> None:
    async def scenario() -> None:
        async with stage(tower_under_test(), cars=stock(LOW1, TOP1)) as it:
            waits = await it.order(Store(car="N1", room=ROOM))
            assert await it.ended(await it.order(Relocate(car=f"C{TOP1}", bay=TOP3))) is JobState.DONE
            collected = await it.order(Retrieve(car=f"C{LOW1}", room=ROOM))
            await it.until(lambda: it.room(ROOM) is RoomState.OPEN_FOR_CAR)
            it.world.do(lambda plant: plant.car_arrives(ROOM, Car("N1"), QUICK))
            # The room is the driver's who was there first; the retrieval has it afterwards.
            assert await it.ended(waits) is JobState.DONE
            assert await it.ended(collected) is JobState.DONE
            assert began_s(it.job(collected)) >= ended_s(it.job(waits))
            assert it.truth()[f"C{LOW1}"] == ROOM
            all_is_told(it)

    loop.run(scenario())


def test_a_retrieval_without_a_wish_takes_a_room_that_is_free() -> None:
    async def scenario() -> None:
        bays = (A2, A3, A5, B2, C2)[: len(SHAPE.rooms) + 1]
        async with stage(roomy_tower(), cars=stock(*bays)) as it:
            *served, last = [await it.order(Retrieve(car=f"C{bay}")) for bay in bays]
            for number in served:
                assert await it.ended(number) is JobState.DONE
            assert {it.job(number).room for number in served} == set(SHAPE.rooms)
            await asyncio.sleep(60.0)
            assert it.job(last).state in (JobState.QUEUED, JobState.WAITING)
            it.world.do(lambda plant: plant.customer_collects(SECOND, QUICK))
            assert await it.ended(last) is JobState.DONE
            assert it.job(last).room == SECOND

    loop.run(scenario())
