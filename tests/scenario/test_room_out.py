"""A room is taken out of service by a person, and back: who is in it is served, and whoever waits is told."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from controller.domain.alarms import Tag
from controller.domain.events import Query, Retrieve, RoomIn, RoomOut, Store
from controller.domain.jobs import JobState as S
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitEvent, UnitState
from sim_plc.plant.cars import Car
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, NOWHERE, ROOM, TOP1
from tests.support.scenes import one_room, stock
from tests.support.stage import QUICK, Stage, stage
from tests.support.tower_under_test import roomy_tower

WHY = "the gate rattles"


async def queued(it: Stage, number: int) -> Mapping[str, Any]:
    """Return how the status shows a job that waits."""
    status: Any = await it.ask(Query(what="status"))
    return next(job for job in status["queue"] if job["id"] == number)


def test_a_vacant_room_goes_out_at_once_and_comes_back_proven_empty() -> None:
    async def play() -> None:
        async with stage(cars=stock(LOW1)) as it:
            await one_room(it)
            await it.ask(RoomOut(by="eve", room=ROOM, why=WHY))
            await it.until(lambda: it.room(ROOM) is RoomState.OUT_OF_SERVICE)
            for request in (Retrieve(car=f"C{LOW1}", room=ROOM), Store(car="D", room=ROOM)):
                assert await it.refused(request) == "ROOM_OUT_OF_SERVICE"
            assert await it.refused(RoomOut(room=NOWHERE, why=WHY)) == "UNKNOWN_ROOM"
            waits = await it.order(Retrieve(car=f"C{LOW1}"))
            assert (await queued(it, waits))["held"].startswith(f"room {ROOM} is out of service: {WHY}")
            await it.ask(RoomIn(room=ROOM))
            assert await it.refused(RoomIn(room=ROOM)) == "NOT_IN_FORCE"
            assert await it.ended(waits) is S.DONE

    loop.run(play())


def test_a_room_that_is_put_back_is_proven_by_the_last_look_at_it() -> None:
    """It stood unknown until something else happened: six seconds (`test_clock_twin.py`, seed 40)."""

    async def play() -> None:
        async with stage(cars=stock(LOW1)) as it:
            await it.ask(RoomOut(room=ROOM, why=WHY))
            await it.until(lambda: it.room(ROOM) is RoomState.OUT_OF_SERVICE)
            await asyncio.sleep(10.0)
            await it.ask(RoomIn(room=ROOM))
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT, 0.05)

    loop.run(play())


def test_a_car_that_is_on_its_way_to_the_room_when_the_daemon_dies_is_handed_over_before_it_goes_out() -> None:
    """A reservation is in no journal: the room was vacant, and out of service, when the car came."""

    async def play() -> None:
        async with stage(cars=stock(TOP1)) as it:
            job = await it.order(Retrieve(car=f"C{TOP1}", room=ROOM))
            await it.until(lambda: it.job(job).state is S.POSITIONING_TO)
            await it.ask(RoomOut(room=ROOM, why=WHY))
            await it.world.crash_daemon()
            await it.start(late_s=1.0)
            await it.execute()
            assert await it.ended(job) is S.DONE
            await it.until(lambda: it.room(ROOM) is RoomState.CUSTOMER_ADMITTED)
            it.world.do(lambda plant: plant.customer_collects(ROOM, QUICK))
            await it.until(lambda: it.room(ROOM) is RoomState.OUT_OF_SERVICE)

    loop.run(play())


def test_a_room_that_is_blocked_around_a_car_goes_out_once_that_is_handed_over() -> None:
    """It went out in the same pass: no alarm, and no reset let the customer have the car."""

    async def play() -> None:
        async with stage(cars=stock(TOP1)) as it:
            job = await it.order(Retrieve(car=f"C{TOP1}", room=ROOM))
            assert await it.ended(job) is S.DONE
            await it.ask(RoomOut(room=ROOM, why=WHY))
            it.world.do(lambda plant: plant.troubles.force("door", ROOM, on=True))
            await it.until(lambda: it.room(ROOM) is RoomState.BLOCKED)
            it.world.do(lambda plant: plant.troubles.force("door", ROOM, on=False))
            await it.until(lambda: Tag("ROOM_BLOCKED", 1) in it.book.alarms)
            await it.command(UnitEvent.STOP, UnitState.STOPPED)
            await it.execute()
            await it.until(lambda: it.room(ROOM) is RoomState.CUSTOMER_ADMITTED)
            it.world.do(lambda plant: plant.customer_collects(ROOM, QUICK))
            await it.until(lambda: it.room(ROOM) is RoomState.OUT_OF_SERVICE)

    loop.run(play())


@pytest.mark.campaign
def test_whoever_is_in_a_room_is_served_before_it_goes_out_and_nobody_after() -> None:
    async def play() -> None:
        async with stage(cars=stock(LOW1, TOP1)) as it:
            first = await it.order(Retrieve(car=f"C{LOW1}"))
            behind = await it.order(Retrieve(car=f"C{TOP1}"))
            await it.until(lambda: it.job(first).state is S.POSITIONING_TO)
            await it.ask(RoomOut(room=ROOM, why=WHY))
            assert await it.ended(first) is S.DONE
            it.world.do(lambda plant: plant.customer_collects(ROOM, QUICK))
            await it.until(lambda: it.room(ROOM) is RoomState.OUT_OF_SERVICE)
            assert it.job(behind).state is S.QUEUED
            assert (await queued(it, behind))["held"] == f"room {ROOM} is out of service: {WHY}"

    loop.run(play())


@pytest.mark.campaign
def test_a_car_that_was_let_in_is_stored_though_its_room_goes_out() -> None:
    async def play() -> None:
        async with stage() as it:
            number = await it.order(Store(car="D", room=ROOM))
            it.world.do(lambda plant: plant.car_arrives(ROOM, Car("D"), QUICK))
            await it.until(lambda: it.room(ROOM) is RoomState.MEASURING)
            await it.ask(RoomOut(room=ROOM, why=WHY))
            assert await it.ended(number) is S.DONE
            await it.until(lambda: it.room(ROOM) is RoomState.OUT_OF_SERVICE)

    loop.run(play())


@pytest.mark.campaign
def test_a_room_out_outlives_the_daemon() -> None:
    async def play() -> None:
        async with stage(cars=stock(LOW1)) as it:
            await it.ask(RoomOut(room=ROOM, why=WHY))
            await it.world.crash_daemon()
            await it.start(late_s=1.0)
            await it.execute()
            await it.until(lambda: it.room(ROOM) is RoomState.OUT_OF_SERVICE)

    loop.run(play())


@pytest.mark.campaign
def test_with_a_room_out_whoever_waits_goes_to_another_and_is_told_by_how_much_later() -> None:
    async def play() -> None:
        tower = roomy_tower()
        out, other, *others = tower.shape.rooms
        bays = tower.shape.bays[:3]
        async with stage(tower, cars=stock(*bays)) as it:
            for room in others:
                await it.ask(RoomOut(room=room, why=WHY))
            jobs = [await it.order(Retrieve(car=f"C{bay}")) for bay in bays]
            await it.until(lambda: it.job(jobs[0]).state is S.POSITIONING)
            taken = it.job(jobs[0]).target
            left = out if taken == other else other
            before = (await queued(it, jobs[1]))["promise"]["p50_s"]
            await it.ask(RoomOut(room=left, why=WHY))
            promise = (await queued(it, jobs[1]))["promise"]
            assert promise["p50_s"] > before + 20.0, "until the customer of the one room has gone"
            assert f"room {left} no longer in service" in promise["because"]
            assert await it.ended(jobs[0]) is S.DONE

    loop.run(play())


@pytest.mark.campaign
def test_a_car_that_waits_aboard_goes_back_into_its_bay_when_its_room_is_taken_out() -> None:
    async def play() -> None:
        async with stage(cars=stock(LOW1, TOP1)) as it:
            assert await it.ended(await it.order(Retrieve(car=f"C{LOW1}"))) is S.DONE
            behind = await it.order(Retrieve(car=f"C{TOP1}"))
            await it.until(lambda: it.job(behind).state is S.WAITING)
            await it.ask(RoomOut(room=ROOM, why=WHY))
            await it.until(lambda: it.job(behind).state is S.QUEUED)
            assert it.truth()[f"C{TOP1}"] == TOP1
            assert (await queued(it, behind))["held"] == f"room {ROOM} is out of service: {WHY}"
            it.world.do(lambda plant: plant.customer_collects(ROOM, QUICK))
            await it.until(lambda: it.room(ROOM) is RoomState.OUT_OF_SERVICE)
            await it.ask(RoomIn(room=ROOM))
            assert await it.ended(behind) is S.DONE

    loop.run(play())
