"""First come, first served among those that can start; rooms work while the carriage travels, and it never waits."""

import asyncio
from itertools import pairwise

import pytest

from controller.domain.events import Relocate, Request, Retrieve, Store
from controller.domain.jobs import Job, JobKind, JobState
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitEvent, UnitState
from hal.plcmap.codes import Signal
from sim_plc.plant.cars import Car
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.world import EPOCH_S
from tests.support.scenes import all_is_told, attended, eventually, guangzhou, idle, stock
from tests.support.stage import QUICK, small, stage
from tests.support.watch import Watch

FIRST, SECOND, THIRD = 101, 104, 107

TEN: tuple[Request, ...] = (
    Retrieve(car="C102", room=FIRST),
    Retrieve(car="C202", room=FIRST),
    Relocate(car="C103", bay=305),
    Store(car="N1", room=SECOND),
    Retrieve(car="C303", room=THIRD),
    Relocate(car="C402", bay=206),
    Retrieve(car="C502"),
    Relocate(car="C203", bay=409),
    Retrieve(car="C403", room=THIRD),
    Relocate(car="C509", bay=105),
)
AT_ONCE_S = 0.05
"""The control task needs no time; a poll or two may lie between a sensor and its event."""


def test_ten_mixed_jobs_are_taken_in_their_order_as_far_as_they_can_start() -> None:
    async def scenario() -> None:
        cars = stock(102, 103, 202, 203, 303, 402, 403, 502, 509)
        async with stage(guangzhou(), cars=cars, execute=False) as it, attended(it):
            await idle(it)
            watch = Watch(it.world)
            for number, request in enumerate(TEN, start=1):
                assert await it.order(request) == number
            await it.command(UnitEvent.START, UnitState.EXECUTE)
            await eventually(it, lambda: not it.book.open_jobs())
            jobs = [it.job(number) for number in range(1, len(TEN) + 1)]
            assert {job.state for job in jobs} == {JobState.DONE}
            overtaken = 0
            for job in jobs:
                older = [each for each in jobs if each.id < job.id and began_s(each) > began_s(job)]
                overtaken += len(older)
                assert not any(could_start(each, began_s(job), watch) for each in older), job
            assert overtaken >= 2
            assert {room for job in jobs for room in (job.room, job.target) if room} >= {FIRST, SECOND, THIRD}
            assert one_at_a_time(jobs)
            await eventually(it, lambda: all(it.room(room) is RoomState.VACANT for room in (FIRST, SECOND, THIRD)))
            all_is_told(it)

    loop.run(scenario())


def test_jobs_that_are_all_ready_follow_each_other_at_once_in_their_order() -> None:
    async def scenario() -> None:
        cars = stock(102, 103, 105, 202)
        async with stage(guangzhou(), cars=cars, execute=False) as it:
            await idle(it)
            wanted = ((102, 302), (202, 502), (105, 409))
            for source, bay in wanted:
                await it.order(Relocate(car=f"C{source}", bay=bay))
            assert await it.order(Retrieve(car="C103", room=SECOND)) == 4
            await it.command(UnitEvent.START, UnitState.EXECUTE)
            await eventually(it, lambda: not it.book.open_jobs())
            jobs = sorted(it.book.jobs.values(), key=began_s)
            assert [job.id for job in jobs] == [1, 2, 3, 4]
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
        async with stage(guangzhou(**slow), cars=stock(102, 103, 502)) as it:
            number = await it.order(Retrieve(car="C102", room=FIRST))
            if opening:
                moved = await it.order(Relocate(car="C502", bay=303))
            await it.until(lambda: it.job(number).state is JobState.DONE)
            if not opening:
                await it.until(lambda: it.room(FIRST) is RoomState.CUSTOMER_ADMITTED)
                it.world.do(lambda plant: plant.customer_collects(FIRST, QUICK))
                await it.until(lambda: it.world.plant.truth().signals[FIRST] == Signal.TAKE_CAR)
                await it.until(lambda: "C102" in it.world.plant.truth().outside)
                moved = await it.order(Relocate(car="C502", bay=303))
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
        async with stage(guangzhou(machine__lift__speed_mm_s="2000"), cars=stock(503)) as it:
            watch = Watch(it.world)
            # 101 to 503 to 205: both ways, the lift takes longer than the turntable.
            assert await it.ended(await it.order(Relocate(car="C503", bay=205))) is JobState.DONE
            assert watch.moved_s["turntable"] > 0.5
            assert watch.moved_s["lift"] > watch.moved_s["turntable"]
            assert watch.both_s("lift", "turntable") > 0.95 * watch.moved_s["turntable"]
            # And nothing else of the carriage, no way into it, ever moves with them.
            for other in ("arms", "comb", *(f"door {room}" for room in it.world.tower.shape.rooms)):
                assert watch.both_s("lift", other) == watch.both_s("turntable", other) == 0

    loop.run(scenario())


def test_a_job_that_waits_for_its_room_never_keeps_the_carriage_from_another() -> None:
    async def scenario() -> None:
        async with stage(small(), cars=stock(102, 103, 202)) as it:
            assert await it.ended(await it.order(Retrieve(car="C102"))) is JobState.DONE
            waits = await it.order(Retrieve(car="C103"))
            for bay in (203, 204, 104):
                number = await it.order(Relocate(car="C202", bay=bay))
                asked_s = it.world.now
                assert await it.ended(number) is JobState.DONE
                assert began_s(it.job(number)) - asked_s < AT_ONCE_S
                assert it.job(waits).state is JobState.QUEUED
            it.world.do(lambda plant: plant.customer_collects(FIRST, QUICK))
            assert await it.ended(waits) is JobState.DONE
            assert it.truth() == {"C103": FIRST, "C202": 104}

    loop.run(scenario())


def test_a_store_whose_driver_is_late_never_keeps_the_carriage_from_another() -> None:
    async def scenario() -> None:
        async with stage(small(), cars=stock(102, 202)) as it:
            waits = await it.order(Store(car="N1", room=FIRST))
            assert await it.ended(await it.order(Relocate(car="C202", bay=204))) is JobState.DONE
            collected = await it.order(Retrieve(car="C102"))
            await it.until(lambda: it.room(FIRST) is RoomState.OPEN_FOR_CAR)
            it.world.do(lambda plant: plant.car_arrives(FIRST, Car("N1"), QUICK))
            # The room is the driver's who was there first; the retrieval has it afterwards.
            assert await it.ended(waits) is JobState.DONE
            assert await it.ended(collected) is JobState.DONE
            assert began_s(it.job(collected)) >= ended_s(it.job(waits))
            assert it.truth()["C102"] == FIRST
            all_is_told(it)

    loop.run(scenario())


def test_a_retrieval_without_a_wish_takes_a_room_that_is_free() -> None:
    async def scenario() -> None:
        async with stage(guangzhou(), cars=stock(102, 103, 105, 202)) as it:
            jobs = [await it.order(Retrieve(car=f"C{bay}")) for bay in (102, 103, 105, 202)]
            for number in jobs[:3]:
                assert await it.ended(number) is JobState.DONE
            assert {it.job(number).room for number in jobs[:3]} == {FIRST, SECOND, THIRD}
            await asyncio.sleep(60.0)
            assert it.job(jobs[3]).state is JobState.QUEUED
            it.world.do(lambda plant: plant.customer_collects(SECOND, QUICK))
            assert await it.ended(jobs[3]) is JobState.DONE
            assert it.job(jobs[3]).room == SECOND

    loop.run(scenario())
