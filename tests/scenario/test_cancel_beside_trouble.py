"""A cancellation that was answered holds, whatever comes before its job has ended; so does an operator's decision."""

import asyncio

import pytest

from controller.domain.events import Cancel, Relocate, Request, Resolve, Retrieve, Store, UnitCommand
from controller.domain.jobs import JobState
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitEvent, UnitState
from sim_plc.plant.cars import Car
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, LOW2, LOW3, NOWHERE, ROOM, TOP1, TOP2, TOP3
from tests.support.samples import each_value
from tests.support.scenes import all_is_shut, all_is_told, refused_now, stock
from tests.support.stage import QUICK, Stage, stage
from tests.support.tower_under_test import tower_under_test

IN_FRONT = ("carriage", "place_occupied_a")
"""One of the tower PLC's own two sensors for the place in front of the carriage: lying, it refuses the exchange."""

SLOW = tower_under_test(machine__door__bolt_s="0.5", machine__latch__travel_s="0.5")
"""Ways take long enough to open for something to happen meanwhile."""

ENDS_IN = {UnitEvent.ABORT: UnitState.ABORTED, UnitEvent.STOP: UnitState.STOPPED}
ORDERS = (Retrieve(car=f"C{TOP1}", room=ROOM), Store(car="N1", room=ROOM), Relocate(car=f"C{TOP1}", bay=LOW2))


async def ordered(it: Stage, request: Request) -> int:
    """Order a move from where the carriage does not stand yet."""
    assert await it.ended(await it.order(Relocate(car=f"C{LOW1}", bay=TOP3))) is JobState.DONE
    if isinstance(request, Store):
        it.world.do(lambda plant: plant.car_arrives(ROOM, Car(request.car), QUICK))
    return await it.order(request)


async def rest(it: Stage) -> None:
    """Let whoever has a car in the room fetch it, and see that all is as it was and works."""
    it.world.do(lambda plant: plant.customer_collects(ROOM, QUICK))
    await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
    assert it.truth() == {f"C{LOW1}": TOP3, f"C{TOP1}": TOP1}
    all_is_told(it)
    all_is_shut(it)
    assert await it.ended(await it.order(Retrieve(car=f"C{TOP1}", room=ROOM))) is JobState.DONE


def _named(value: object) -> str | None:
    return type(value).__name__ if isinstance(value, Request) else None


@pytest.mark.parametrize("request_", ORDERS, ids=lambda request: type(request).__name__)
def test_a_cancel_while_the_way_opens_is_taken_once(request_: Request) -> None:
    async def scenario() -> None:
        async with stage(SLOW, cars=stock(LOW1, TOP1)) as it:
            number = await ordered(it, request_)
            await it.until(lambda: it.job(number).state is JobState.OPENING)
            await asyncio.sleep(0.1)
            await it.ask(Cancel(job=number))
            assert await it.refused(Cancel(job=number)) == "JOB_STATE"
            assert await it.ended(number) is JobState.CANCELLED
            assert not it.job(number).diverting
            assert await it.refused(Cancel(job=number)) == "UNKNOWN_JOB"
            await rest(it)

    loop.run(scenario())


@pytest.mark.parametrize(("request_", "late_s"), each_value(ORDERS, [0.3, 3.0]), ids=_named)
def test_a_cancel_while_the_way_opens_outlives_the_daemon(request_: Request, late_s: float) -> None:
    async def scenario() -> None:
        async with stage(SLOW, cars=stock(LOW1, TOP1)) as it:
            number = await ordered(it, request_)
            await it.until(lambda: it.job(number).state is JobState.OPENING)
            await asyncio.sleep(0.1)
            await it.ask(Cancel(job=number))
            await it.world.crash_daemon()
            await it.start(late_s=late_s)
            assert await it.refused(Cancel(job=number)) == "JOB_STATE"
            await it.execute()
            assert await it.ended(number) is JobState.CANCELLED
            await rest(it)

    loop.run(scenario())


@pytest.mark.parametrize(("request_", "event"), each_value(ORDERS, [*ENDS_IN]), ids=_named)
def test_a_cancel_while_the_way_opens_outlives_a_stop(request_: Request, event: UnitEvent) -> None:
    async def scenario() -> None:
        async with stage(SLOW, cars=stock(LOW1, TOP1)) as it:
            number = await ordered(it, request_)
            await it.until(lambda: it.job(number).state is JobState.OPENING)
            await asyncio.sleep(0.1)
            await it.ask(Cancel(job=number))
            await it.ask(UnitCommand(event=event))
            await it.until(lambda: it.unit is ENDS_IN[event])
            await asyncio.sleep(5.0)
            await it.execute()
            assert await it.ended(number) is JobState.CANCELLED
            await rest(it)

    loop.run(scenario())


def test_a_cancel_that_changes_no_target_lets_the_way_go_on_opening() -> None:
    async def scenario() -> None:
        async with stage(SLOW, cars=stock(LOW1, TOP1)) as it:
            number = await ordered(it, Relocate(car=f"C{TOP1}", bay=LOW2))
            await it.until(lambda: it.job(number).state is JobState.OPENING_TO)
            await asyncio.sleep(0.1)
            told = len(it.world.events)
            await it.ask(Cancel(job=number))
            assert await it.ended(number) is JobState.DIVERTED
            await asyncio.sleep(0.1)
            fresh = [event["state"] for event in it.world.events[told:] if event["event"] == "job_state"]
            assert fresh == ["PLACING", "CLOSING_TO", "CONFIRMING", "DIVERTED"]
            all_is_told(it)
            all_is_shut(it)

    loop.run(scenario())


async def parked(it: Stage, request: Request, at: JobState) -> int:
    """Let a sensor lie from a step on, so that the job parks before its next exchange; return its number."""
    number = await it.order(request)
    await it.until(lambda: it.job(number).state is at)
    it.world.do(lambda plant: plant.overrides.update({IN_FRONT: at is JobState.POSITIONING_TO}))
    await it.until(lambda: it.job(number).state is JobState.PARKED and it.unit is UnitState.HELD)
    it.world.do(lambda plant: plant.overrides.clear())
    await asyncio.sleep(5.0)
    return number


def test_a_parked_job_takes_only_the_choices_that_are_open() -> None:
    async def scenario() -> None:
        async with stage(cars=stock(LOW1, LOW2)) as it:
            job = await parked(it, Relocate(car=f"C{LOW1}", bay=LOW3), JobState.POSITIONING)
            assert it.job(job).choices == ("continue", "put-back", "by-hand", "lock")
            for request, rule in (
                (Resolve(job=job, choice="divert", place=TOP2), "CHOICE"),
                (Resolve(job=job, choice="hope"), "CHOICE"),
                (Resolve(job=job, choice="by-hand"), "PLACE_MISSING"),
                (Resolve(job=job, choice="by-hand", place=NOWHERE), "UNKNOWN_PLACE"),
                (Resolve(job=job, choice="by-hand", place=LOW2), "PLACE_TAKEN"),
                (Resolve(job=job + 1, choice="continue"), "UNKNOWN_JOB"),
                (Cancel(job=job), "JOB_STATE"),
                (Retrieve(car=f"C{LOW1}"), "CAR_HAS_JOB"),
            ):
                assert (await refused_now(it, request)).rule == rule
            await it.ask(Resolve(job=job, choice="put-back"))
            assert await it.refused(Resolve(job=job, choice="put-back")) == "JOB_STATE"
            await it.command(UnitEvent.UNHOLD, UnitState.EXECUTE)
            assert await it.ended(job) is JobState.CANCELLED
            assert (await refused_now(it, Resolve(job=job, choice="put-back"))).rule == "UNKNOWN_JOB"
            all_is_told(it)
            all_is_shut(it)

    loop.run(scenario())


def test_a_car_on_the_carriage_is_diverted_to_a_free_bay_only() -> None:
    async def scenario() -> None:
        async with stage(cars=stock(LOW1, LOW2)) as it:
            job = await parked(it, Relocate(car=f"C{LOW1}", bay=LOW3), JobState.POSITIONING_TO)
            assert it.job(job).choices == ("continue", "put-back", "divert", "by-hand", "lock")
            other = await it.order(Relocate(car=f"C{LOW2}", bay=TOP3))
            for place in (None, LOW2, LOW1, TOP3, ROOM, NOWHERE):
                refusal = await refused_now(it, Resolve(job=job, choice="divert", place=place))
                assert refusal.rule == ("PLACE_MISSING" if place is None else "BAY_NOT_USABLE")
            await it.ask(Resolve(job=job, choice="divert", place=TOP2))
            await it.command(UnitEvent.UNHOLD, UnitState.EXECUTE)
            assert await it.ended(job) is JobState.DIVERTED
            assert await it.ended(other) is JobState.DONE
            assert it.truth() == {f"C{LOW1}": TOP2, f"C{LOW2}": TOP3}
            all_is_told(it)
            all_is_shut(it)

    loop.run(scenario())


@pytest.mark.parametrize("choice", ["continue", "put-back", "divert"])
def test_the_room_of_a_parked_retrieval_is_given_back_unless_the_car_comes_to_it(choice: str) -> None:
    async def scenario() -> None:
        async with stage(cars=stock(LOW1, LOW2)) as it:
            job = await parked(it, Retrieve(car=f"C{LOW1}", room=ROOM), JobState.POSITIONING_TO)
            await it.ask(Resolve(job=job, choice=choice, place=TOP2 if choice == "divert" else None))
            await it.command(UnitEvent.UNHOLD, UnitState.EXECUTE)
            ends = {"continue": JobState.DONE, "put-back": JobState.CANCELLED, "divert": JobState.DIVERTED}
            assert await it.ended(job) is ends[choice]
            if choice == "continue":
                it.world.do(lambda plant: plant.customer_collects(ROOM, QUICK))
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
            all_is_told(it)
            all_is_shut(it)
            assert await it.ended(await it.order(Retrieve(car=f"C{LOW2}", room=ROOM))) is JobState.DONE

    loop.run(scenario())


def test_a_car_that_is_left_in_its_room_by_hand_is_handed_back_to_its_owner() -> None:
    async def scenario() -> None:
        async with stage(cars=stock(LOW1)) as it:
            assert await it.ended(await it.order(Relocate(car=f"C{LOW1}", bay=TOP3))) is JobState.DONE
            it.world.do(lambda plant: plant.car_arrives(ROOM, Car("N1"), QUICK))
            job = await parked(it, Store(car="N1", room=ROOM), JobState.POSITIONING)
            assert it.room(ROOM) is RoomState.CAR_LEAVING
            await it.ask(Resolve(job=job, choice="by-hand", place=ROOM))
            # Whoever resets closes the way that the job left open.
            await it.command(UnitEvent.STOP, UnitState.STOPPED)
            await it.execute()
            await it.import_all()
            it.world.do(lambda plant: plant.customer_collects(ROOM, QUICK))
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
            assert it.truth() == {f"C{LOW1}": TOP3}
            all_is_told(it)
            assert await it.ended(await it.order(Retrieve(car=f"C{LOW1}", room=ROOM))) is JobState.DONE
            all_is_shut(it)

    loop.run(scenario())


def test_the_room_of_a_retrieval_that_parks_before_it_has_the_car_is_given_back_too() -> None:
    async def scenario() -> None:
        async with stage(cars=stock(LOW1, LOW2)) as it:
            job = await parked(it, Retrieve(car=f"C{LOW1}", room=ROOM), JobState.POSITIONING)
            await it.ask(Resolve(job=job, choice="by-hand", place=LOW1))
            assert it.job(job).state is JobState.CLOSED_BY_HAND
            assert it.doubts() >= {LOW1}
            await it.command(UnitEvent.STOP, UnitState.STOPPED)
            await it.execute()
            await it.import_all()
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
            all_is_told(it)
            assert await it.ended(await it.order(Retrieve(car=f"C{LOW1}", room=ROOM))) is JobState.DONE
            all_is_shut(it)

    loop.run(scenario())
