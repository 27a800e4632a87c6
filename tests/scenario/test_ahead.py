"""A car is fetched while its room is still in use: the carriage waits with it, goes in, elsewhere, or back."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest

from controller.domain.book import CARRIAGE
from controller.domain.dispatch.ahead import OTHERS_S
from controller.domain.events import Cancel, Query, Relocate, Resolve, Retrieve, Store
from controller.domain.jobs import JobState as S
from controller.domain.rooms import RoomEvent, RoomState
from controller.domain.unit import UnitEvent, UnitState
from controller.runtime.control import LOOK_S
from sim_plc.plant.people import Habits
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, LOW2, LOW3, ROOM, TOP1
from tests.support.scenes import all_is_shut, all_is_told, eventually, stock
from tests.support.stage import QUICK, Stage, stage
from tests.support.tower_under_test import roomy_tower, tower_under_test

LINGERING = Habits(notice_s=0.2, step_s=0.2, drive_s=1.0, leave_s=1.0, dwell_s=900.0)
HERS, HIS = f"C{LOW1}", f"C{TOP1}"
ROOMS = roomy_tower().shape.rooms


@asynccontextmanager
async def in_use(**overrides: str) -> AsyncIterator[tuple[Stage, int]]:
    """Give a tower whose room is in use, nobody having come yet, and the number of a job that wants it, too."""
    async with stage(tower_under_test(**overrides), cars=stock(LOW1, TOP1, LOW2)) as it:
        assert await it.ended(await it.order(Retrieve(car=HERS, room=ROOM))) is S.DONE
        yield it, await it.order(Retrieve(car=HIS, room=ROOM))
        assert it.world.plant.crimes == []


async def waits(it: Stage, number: int) -> None:
    """Wait until the carriage stands before the room, with the car aboard and another one behind the door."""
    await it.until(lambda: it.job(number).state is S.WAITING)
    assert it.truth()[HIS] == it.belief()[HIS] == CARRIAGE
    assert it.truth()[HERS] == ROOM


def collects(it: Stage, habits: Habits = QUICK, room: int = ROOM) -> None:
    it.world.do(lambda plant: plant.customer_collects(room, habits))


async def told(it: Stage, what: str) -> Mapping[str, object]:
    hand = (await it.ask(Query(what=what)))["at_hand" if what == "plan" else "job"]
    assert isinstance(hand, Mapping)
    return hand


def test_a_car_waits_aboard_for_its_room_and_goes_in_when_that_is_vacant() -> None:
    async def scenario() -> None:
        async with in_use() as (it, number):
            await waits(it, number)
            assert "not vacant yet" in it.job(number).reason
            hand = dict(await told(it, "plan"))
            assert (hand["state"], hand["ahead"], hand["target"]) == ("WAITING", True, ROOM)
            assert "fetched ahead" in str(hand["why"])
            assert it.room(ROOM) in (RoomState.CAR_PRESENT, RoomState.CUSTOMER_ADMITTED)
            collects(it)
            await it.until(lambda: it.room(ROOM) is RoomState.DEPARTING)
            # The room is promised: whoever drives up now comes behind it.
            assert await it.refused(Store(car="N1", room=ROOM)) == "ROOM_IN_USE"
            await it.until(lambda: it.job(number).state is S.OPENING_TO)
            vacant_s = it.world.now
            assert not it.job(number).ahead
            assert (it.room(ROOM), it.job(number).room) == (RoomState.CAR_COMING, ROOM)
            assert await it.ended(number) is S.DONE
            assert it.world.now - vacant_s < 30.0, "the car was there already"
            assert it.truth() == {HIS: ROOM, f"C{LOW2}": LOW2}
            all_is_told(it)

    loop.run(scenario())


@pytest.mark.campaign
def test_who_could_start_waits_for_a_waiting_car_no_longer_than_is_said() -> None:
    async def scenario() -> None:
        async with in_use() as (it, number):
            await waits(it, number)
            collects(it, LINGERING)
            other = await it.order(Relocate(car=f"C{LOW2}", bay=LOW3))
            asked_s = it.world.now
            await eventually(it, lambda: it.job(number).state is S.POSITIONING_TO)
            assert it.world.now - asked_s <= OTHERS_S + LOOK_S
            assert it.job(number).target == TOP1
            assert "others could start" in it.job(number).reason
            await it.until(lambda: it.job(number).state is S.QUEUED)
            assert "no room was vacant in time" in it.job(number).reason
            assert it.truth()[HIS] == it.belief()[HIS] == TOP1
            assert await it.ended(other) is S.DONE
            # Whatever is foreseen of the room, it is not fetched ahead once more.
            await asyncio.sleep(300.0)
            assert it.job(number).state is S.QUEUED
            assert await it.ended(number, 1200.0) is S.DONE
            all_is_told(it)

    loop.run(scenario())


@pytest.mark.campaign
def test_a_car_waits_aboard_for_nobody_for_ever() -> None:
    async def scenario() -> None:
        async with in_use() as (it, number):
            await waits(it, number)
            collects(it, Habits(notice_s=0.2, step_s=0.2, drive_s=1.0, leave_s=1.0, dwell_s=5000.0))
            await eventually(it, lambda: it.job(number).state is S.QUEUED, 800.0)
            assert it.truth()[HIS] == TOP1
            all_is_shut(it)

    loop.run(scenario())


@pytest.mark.campaign
def test_a_car_that_may_have_any_room_goes_to_the_one_that_is_vacant_first() -> None:
    async def scenario() -> None:
        bays = list(roomy_tower().shape.bays)[: len(ROOMS) + 1]
        async with stage(roomy_tower(), cars=stock(*bays)) as it:
            *served, last = [await it.order(Retrieve(car=f"C{bay}")) for bay in bays]
            for number in served:
                assert await it.ended(number) is S.DONE
            await it.until(lambda: it.job(last).state is S.WAITING)
            assert it.job(last).room is None
            other = next(room for room in ROOMS if room != it.job(last).target)
            collects(it, QUICK, other)
            assert await it.ended(last) is S.DONE
            assert (it.job(last).room, it.job(last).target) == (other, other)
            assert it.truth()[f"C{bays[-1]}"] == other

    loop.run(scenario())


@pytest.mark.campaign
@pytest.mark.parametrize("on", [S.PICKING, S.POSITIONING_TO, S.WAITING])
def test_a_job_that_waits_for_its_room_is_cancelled_and_its_car_goes_back(on: S) -> None:
    async def scenario() -> None:
        async with in_use(machine__lift__speed_mm_s="1000") as (it, number):
            await it.until(lambda: it.job(number).state is on)
            await it.ask(Cancel(job=number))
            assert await it.ended(number) is S.DIVERTED
            assert it.truth() == it.belief() == {HERS: ROOM, HIS: TOP1, f"C{LOW2}": LOW2}
            assert it.room(ROOM) in (RoomState.CAR_PRESENT, RoomState.CUSTOMER_ADMITTED)
            all_is_shut(it)

    loop.run(scenario())


def test_a_car_on_its_way_back_into_its_bay_is_cancelled_there() -> None:
    async def scenario() -> None:
        async with in_use() as (it, number):
            await waits(it, number)
            collects(it, LINGERING)
            await it.order(Relocate(car=f"C{LOW2}", bay=LOW3))
            await eventually(it, lambda: it.job(number).state is S.PLACING)
            assert it.job(number).target == TOP1
            await it.ask(Cancel(job=number))
            assert await it.ended(number) is S.DIVERTED
            assert it.truth()[HIS] == TOP1

    loop.run(scenario())


STOPS = {
    "hold": ((UnitEvent.HOLD, UnitState.HELD), (UnitEvent.UNHOLD, UnitState.EXECUTE)),
    "suspend": ((UnitEvent.SUSPEND, UnitState.SUSPENDED), (UnitEvent.UNSUSPEND, UnitState.EXECUTE)),
    "stop": ((UnitEvent.STOP, UnitState.STOPPED), None),
    "abort": ((UnitEvent.ABORT, UnitState.ABORTED), None),
}


@pytest.mark.campaign
@pytest.mark.parametrize("how", STOPS)
def test_a_car_goes_on_waiting_when_the_unit_goes_on(how: str) -> None:
    async def scenario() -> None:
        async with in_use() as (it, number):
            await waits(it, number)
            away, back = STOPS[how]
            await it.command(*away)
            assert (it.job(number).state, it.job(number).left) == (S.INTERRUPTED, S.WAITING)
            await (it.execute() if back is None else it.command(*back))
            await it.until(lambda: it.job(number).state is S.WAITING)
            assert it.doubts() == set()
            collects(it)
            assert await it.ended(number) is S.DONE
            all_is_told(it)

    loop.run(scenario())


@pytest.mark.campaign
def test_a_room_that_is_left_while_the_unit_is_held_takes_the_car_afterwards() -> None:
    async def scenario() -> None:
        async with in_use() as (it, number):
            await waits(it, number)
            await it.command(UnitEvent.HOLD, UnitState.HELD)
            collects(it)
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
            assert await it.refused(Store(car="N1", room=ROOM)) == "ROOM_IN_USE"
            await it.command(UnitEvent.UNHOLD, UnitState.EXECUTE)
            assert await it.ended(number) is S.DONE

    loop.run(scenario())


@pytest.mark.parametrize("vacant", [pytest.param(True, marks=pytest.mark.campaign), False])
def test_a_daemon_that_is_killed_while_a_car_waits_aboard_loses_nothing(*, vacant: bool) -> None:
    async def scenario() -> None:
        async with in_use() as (it, number):
            await waits(it, number)
            if vacant:
                collects(it)
                await it.until(lambda: it.room(ROOM) is RoomState.DEPARTING)
            await it.world.crash_daemon()
            await asyncio.sleep(2.0)
            await it.start()
            await it.until(lambda: it.unit is UnitState.STOPPED)
            assert it.job(number).left is S.WAITING
            assert it.doubts() - {ROOM} == set()
            assert it.belief()[HIS] == CARRIAGE
            await it.execute()
            if not vacant:
                await it.until(lambda: it.room(ROOM) is RoomState.CUSTOMER_ADMITTED)
                assert it.job(number).state is S.WAITING
                collects(it)
            assert await it.ended(number) is S.DONE
            all_is_told(it)

    loop.run(scenario())


def test_a_room_that_is_blocked_lets_its_waiting_car_go_back() -> None:
    async def scenario() -> None:
        async with in_use() as (it, number):
            await waits(it, number)
            collects(it, LINGERING)
            await it.until(lambda: it.room(ROOM) is RoomState.CUSTOMER_ADMITTED)
            it.world.do(lambda plant: plant.overrides.update({("room", ROOM, "weight"): False}))
            await it.until(lambda: it.room(ROOM) is RoomState.DEPARTING)
            # A car comes in from outside, and nobody knows which.
            assert it.world.daemon is not None
            await it.world.daemon.control.rooms.fire(ROOM, RoomEvent.CROSSING_INWARD)
            assert it.room(ROOM) is RoomState.BLOCKED
            await it.until(lambda: it.job(number).state is S.QUEUED)
            assert it.truth()[HIS] == TOP1
            all_is_shut(it)

    loop.run(scenario())


def test_a_job_that_is_closed_by_hand_says_nothing_of_the_car_in_the_room_that_it_waited_for() -> None:
    async def scenario() -> None:
        async with in_use() as (it, number):
            await it.until(lambda: it.job(number).state is S.PICKING and it.world.plant.truth().carriage.arms.moving)
            it.world.do(lambda plant: plant.troubles.trip_drive("arms"))
            await it.until(lambda: it.job(number).state is S.PARKED and it.unit is UnitState.HELD)
            assert (it.job(number).ahead, it.job(number).target) == (True, ROOM)
            await it.ask(Resolve(job=number, choice="by-hand", place=TOP1))
            assert it.belief() == {HERS: ROOM, HIS: TOP1, f"C{LOW2}": LOW2}
            assert it.doubts() == {CARRIAGE, TOP1}
            assert await it.refused(Store(car=HERS)) == "CAR_ALREADY_INSIDE"

    loop.run(scenario())
