"""Slots offered to bookings: what they hold, which one is full, and that reckoning it keeps nobody waiting."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from controller.domain.events import Arrive, Cancel, Query, Relocate, Retrieve, RoomOut
from controller.domain.jobs import JobState
from controller.domain.refusal import Refusal
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitEvent, UnitState
from controller.runtime.slots import SLOT_S
from sim_plc.plant.people import Habits
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.world import EPOCH_S
from tests.support.places import LOW1, ROOM, SHAPE, TOP1, TOP2
from tests.support.scenes import stock
from tests.support.stage import Stage, stage

MANY = 24
"""More than a slot holds, where a tower has so many bays."""


async def slots(it: Stage, **params: int) -> dict[str, Any]:
    return dict(await it.ask(Query(what="slots", params=params)))


def quarter(it: Stage, ahead: int) -> int:
    """Return when a slot begins, so many behind the one of now."""
    return (int(EPOCH_S + it.world.now) // SLOT_S + ahead) * SLOT_S


def test_a_full_slot_is_refused_with_the_next_free_one_and_taken_again_when_somebody_cancels() -> None:
    async def scenario() -> None:
        cars = stock(*SHAPE.bays[: min(MANY, len(SHAPE.bays) - 1)])
        async with stage(cars=cars) as it:
            offered = await slots(it)
            capacity = offered["capacity"]
            assert 1 <= capacity < len(cars)
            assert offered["p99_s"] <= 600.0
            assert len((await slots(it, count=1000))["slots"]) == 25 * 4, "the longest day"
            assert [each["begins"] for each in offered["slots"]] == [quarter(it, ahead) for ahead in range(24)]
            begin, after = quarter(it, 4), quarter(it, 5)
            names = [car.id for car in cars.values()]
            numbers = [
                (await it.ask(Retrieve(car=car, due=begin + at)))["appointment"]
                for at, car in enumerate(names[:capacity])
            ]
            with pytest.raises(Refusal) as caught:
                await it.world.ask(Retrieve(car=names[-1], due=begin + SLOT_S - 1))
            assert caught.value.rule == "SLOT_FULL"
            then = datetime.fromtimestamp(after, UTC).isoformat(timespec="minutes")
            assert caught.value.text.endswith(f"the next free one begins {then}")
            full, free = (await slots(it, begin=begin, count=2))["slots"]
            assert full == {"begins": begin, "booked": capacity, "free": 0}
            assert free == {"begins": after, "booked": 0, "free": capacity}
            assert isinstance(numbers[0], int)
            await it.ask(Cancel(job=numbers[0]))
            await it.ask(Retrieve(car=names[-1], due=begin + SLOT_S - 1))

    loop.run(scenario())


@pytest.mark.campaign
def test_who_has_come_still_fills_their_slot() -> None:
    async def scenario() -> None:
        async with stage(cars=stock(TOP1, LOW1)) as it:
            begin = quarter(it, 2)
            await it.ask(Retrieve(car=f"C{TOP1}", due=begin))
            assert await it.ended(await it.order(Arrive(car=f"C{TOP1}"))) is JobState.DONE
            [slot] = (await slots(it, begin=begin, count=1))["slots"]
            assert slot["booked"] == 1

    loop.run(scenario())


@pytest.mark.campaign
def test_what_is_reckoned_comes_in_pieces_between_which_cars_are_moved() -> None:
    async def scenario() -> None:
        async with stage(cars=stock(TOP1)) as it:
            asked = asyncio.create_task(it.ask(Query(what="slots")))
            moved = await it.order(Relocate(car=f"C{TOP1}", bay=TOP2))
            await it.until(lambda: it.job(moved).state is JobState.POSITIONING, 1.0)
            assert not asked.done()
            await asked
            before = it.world.now
            await slots(it)
            assert it.world.now - before < 0.05, "it is known by now"

    loop.run(scenario())


def test_a_room_that_is_to_go_out_of_service_takes_no_bookings_though_somebody_is_in_it() -> None:
    async def scenario() -> None:
        async with stage(cars=stock(TOP1, LOW1)) as it:
            await it.ended(await it.order(Retrieve(car=f"C{LOW1}")))
            for room in SHAPE.rooms:
                await it.ask(RoomOut(room=room, why="the gate rattles"))
            assert it.room(SHAPE.rooms[0]) is not RoomState.OUT_OF_SERVICE
            with pytest.raises(Refusal, match="no room is in service") as caught:
                await it.world.ask(Retrieve(car=f"C{TOP1}", due=quarter(it, 4)))
            assert caught.value.rule == "SLOT_FULL"

    loop.run(scenario())


def test_a_stop_with_somebody_in_a_room_tells_nothing_of_how_long_people_stay() -> None:
    async def scenario() -> None:
        async with stage(cars=stock(LOW1)) as it:
            assert it.world.daemon is not None
            foresight = it.world.daemon.control.jobs.foresight
            before = foresight.learned().served_s
            assert await it.ended(await it.order(Retrieve(car=f"C{LOW1}", room=ROOM))) is JobState.DONE
            it.world.do(lambda plant: plant.customer_collects(ROOM, Habits(dwell_s=60.0)))
            await it.until(lambda: it.room(ROOM) is RoomState.CUSTOMER_ADMITTED)
            await it.command(UnitEvent.STOP, UnitState.STOPPED)
            await asyncio.sleep(500.0)
            await it.execute()
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT, 500.0)
            assert foresight.learned().served_s == before

    loop.run(scenario())
