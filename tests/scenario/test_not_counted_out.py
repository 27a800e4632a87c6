"""A room that its customer has left, and whose sensors never tell so: somebody is called, and whoever waits is told."""

import asyncio
from typing import Any

from controller.domain.alarms import STANDING, Tag
from controller.domain.events import Query, Retrieve
from controller.domain.jobs import JobState
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitEvent, UnitState
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, ROOM, TOP1
from tests.support.scenes import stock
from tests.support.stage import QUICK, Stage, stage

CAR, NEXT = f"C{LOW1}", f"C{TOP1}"


async def handed_over(it: Stage) -> int:
    """Bring a car down and let its customer in; return the job of who waits for the only room."""
    await it.order(Retrieve(car=CAR, room=ROOM))
    await it.until(lambda: it.room(ROOM) is RoomState.CUSTOMER_ADMITTED)
    return await it.order(Retrieve(car=NEXT, room=ROOM))


async def is_told(it: Stage, job: int, why: str) -> None:
    """See that the room blocks, by an alarm that says why, and that whoever waits is told."""
    patience_s = it.world.tower.timing.customer_patience_s
    await asyncio.sleep(0.5 * patience_s)
    assert it.room(ROOM) is not RoomState.BLOCKED, "a customer may take so long"
    await it.until(lambda: it.room(ROOM) is RoomState.BLOCKED, patience_s)
    await it.until(lambda: Tag("ROOM_BLOCKED", 1) in it.book.alarms)
    assert it.book.alarms[Tag("ROOM_BLOCKED", 1)].text == why
    # Its car may have been fetched ahead already, and goes back first.
    await it.until(lambda: it.job(job).state is JobState.QUEUED, 2.0 * it.limit_s)
    await asyncio.sleep(1.0)
    waiting: Any = (await it.ask(Query(what="status")))["queue"]
    assert [each["held"] for each in waiting if each["id"] == job] == [f"room {ROOM} is blocked"]


async def looked_at(it: Stage) -> None:
    """Let a person look into the room and reset the unit."""
    await it.command(UnitEvent.STOP, UnitState.STOPPED)
    await it.command(UnitEvent.RESET, UnitState.IDLE)
    await it.execute()


def test_a_car_that_was_not_counted_out() -> None:
    async def play() -> None:
        async with stage(cars=stock(LOW1, TOP1)) as it:
            job = await handed_over(it)
            it.world.do(lambda plant: plant.overrides.update({("room", ROOM, "crossing_out"): False}))
            it.world.do(lambda plant: plant.overrides.update({("room", ROOM, "crossings"): 0}))
            it.world.do(lambda plant: plant.customer_collects(ROOM, QUICK))
            await it.until(lambda: it.room(ROOM) is RoomState.CLEARING)
            await is_told(it, job, "it is empty, and no car was counted out")
            await looked_at(it)
            assert await it.ended(job) is JobState.DONE

    loop.run(play())


def test_a_contact_that_goes_on_seeing_a_car() -> None:
    async def play() -> None:
        async with stage(cars=stock(LOW1, TOP1)) as it:
            job = await handed_over(it)
            it.world.do(lambda plant: plant.overrides.update({("room", ROOM, "occupied_a"): True}))
            it.world.do(lambda plant: plant.customer_collects(ROOM, QUICK))
            await it.until(lambda: it.room(ROOM) is RoomState.DEPARTING)
            await is_told(it, job, "its sensors disagree whether a car is inside")
            it.world.do(lambda plant: plant.overrides.clear())
            await looked_at(it)
            assert await it.ended(job) is JobState.DONE

    loop.run(play())


def test_who_stands_in_the_gate_for_long_is_waited_for() -> None:
    async def play() -> None:
        async with stage(cars=stock(LOW1, TOP1)) as it:
            job = await handed_over(it)
            it.world.do(lambda plant: plant.overrides.update({("room", ROOM, "curtain_clear"): False}))
            it.world.do(lambda plant: plant.customer_collects(ROOM, QUICK))
            await asyncio.sleep(2.0 * it.world.tower.timing.customer_patience_s)
            assert it.room(ROOM) is RoomState.DEPARTING
            assert it.job(job).state is JobState.QUEUED

    loop.run(play())


def test_a_car_that_nobody_collects_is_told_of_and_no_more_once_it_is() -> None:
    tag = Tag("CAR_LEFT_STANDING", 1)

    async def play() -> None:
        async with stage(cars=stock(LOW1, TOP1)) as it:
            await handed_over(it)
            await asyncio.sleep(tag.alarm.on_delay_s - 60.0)
            assert tag not in it.book.alarms, "customers take their time"
            await it.until(lambda: tag in it.book.alarms, 120.0)
            it.world.do(lambda plant: plant.customer_collects(ROOM, QUICK))
            await it.until(lambda: it.book.alarms[tag].state not in STANDING)

    loop.run(play())
