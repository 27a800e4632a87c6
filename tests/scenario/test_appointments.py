"""Appointments at a tower: made, refused by name, met, cancelled; over a restart and beside a clock that jumps."""

import asyncio

import pytest

from controller.domain.appointments import FARTHEST_S
from controller.domain.events import Arrive, BlockLevel, Cancel, FreeLevel, Query, Relocate, Retrieve
from controller.domain.jobs import JobState
from controller.domain.refusal import Refusal
from controller.domain.rooms import RoomState
from hal.plcmap.shape import level_of
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.world import EPOCH_S
from tests.support.places import LOW1, LOW2, ROOM, TOP1, TOP2, TOP3
from tests.support.scenes import all_is_told, one_room, refused_now, stock
from tests.support.stage import QUICK, Stage, stage
from tests.support.tower_under_test import tower_under_test

CAR = f"C{TOP1}"


def due_in(it: Stage, seconds: float) -> int:
    """Return the wall time so many seconds from now."""
    return int(EPOCH_S + it.world.now + seconds)


async def booked(it: Stage, car: str, seconds: float, room: int | None = None) -> int:
    """Make an appointment; return its number."""
    number = (await it.ask(Retrieve(car=car, room=room, due=due_in(it, seconds))))["appointment"]
    assert isinstance(number, int)
    return number


def test_a_booked_car_waits_for_its_customer_and_comes_when_they_do() -> None:
    async def scenario() -> None:
        async with stage(cars=stock(TOP1, LOW1)) as it:
            number = await booked(it, CAR, 3600.0)
            await asyncio.sleep(60.0)
            assert it.book.open_jobs() == []
            [shown] = list((await it.ask(Query(what="jobs")))["appointments"])  # type: ignore[call-overload]
            assert (shown["id"], shown["car"], shown["state"]) == (number, CAR, "BOOKED")
            assert shown["due_in_s"] == pytest.approx(3540.0, abs=3.0)
            assert (await it.ask(Query(what="status")))["appointments"] == [shown]
            assert (await it.ask(Query(what="plan")))["appointments"] == [shown]
            # It may be put elsewhere meanwhile: nothing of it is reserved.
            assert await it.ended(await it.order(Relocate(car=CAR, bay=TOP3))) is JobState.DONE
            job = await it.order(Arrive(car=CAR))
            assert it.book.appointments == {}
            assert await it.ended(job) is JobState.DONE
            assert it.job(job).due == shown["due"]
            assert it.truth()[CAR] == ROOM
            await it.until(lambda: it.room(ROOM) is RoomState.CUSTOMER_ADMITTED)
            it.world.do(lambda plant: plant.customer_collects(ROOM, QUICK))
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
            all_is_told(it)

    loop.run(scenario())


@pytest.mark.campaign
def test_a_turn_is_that_of_coming_not_that_of_booking() -> None:
    async def scenario() -> None:
        async with stage(cars=stock(TOP1, TOP2, LOW1, LOW2)) as it:
            before = await it.order(Retrieve(car=f"C{LOW1}"))
            await booked(it, CAR, 7200.0)
            walk_in = await it.order(Retrieve(car=f"C{LOW2}"))
            came = await it.order(Arrive(car=CAR))
            assert walk_in < came, "who was there before has the smaller number"
            await it.until(lambda: it.job(before).state is JobState.CLOSING_TO)
            first, _ = list((await it.ask(Query(what="plan")))["moves"])  # type: ignore[call-overload]
            # Whichever is better first: it is the one who was booked long before that overtakes.
            assert first["overtakes"] == ([walk_in] if first["job"] == came else [])

    loop.run(scenario())


def test_what_is_no_appointment_is_refused_by_name_and_changes_nothing() -> None:
    async def scenario() -> None:
        async with stage(cars=stock(TOP1, LOW1)) as it:
            for request, rule in (
                (Retrieve(car=CAR, due=due_in(it, -5.0)), "DUE_PAST"),
                (Retrieve(car=CAR, due=due_in(it, FARTHEST_S + 100.0)), "DUE_TOO_FAR"),
                (Retrieve(car="nobody's", due=due_in(it, 60.0)), "UNKNOWN_CAR"),
                (Retrieve(car=CAR, room=TOP1, due=due_in(it, 60.0)), "UNKNOWN_ROOM"),
                (Arrive(car=CAR), "NO_APPOINTMENT"),
            ):
                assert await it.refused(request) == rule
            number = await booked(it, CAR, 900.0)
            assert (await refused_now(it, Retrieve(car=CAR))).rule == "CAR_BOOKED"
            assert await it.refused(Retrieve(car=CAR, due=due_in(it, 900.0))) == "CAR_BOOKED"
            assert await it.ask(Cancel(job=number)) == {"appointment": number, "state": "CANCELLED"}
            assert await it.refused(Cancel(job=number)) == "UNKNOWN_JOB"
            assert await it.ended(await it.order(Retrieve(car=CAR))) is JobState.DONE

    loop.run(scenario())


def test_an_appointment_lapses_when_the_grace_of_its_tower_is_over() -> None:
    async def scenario() -> None:
        async with stage(tower_under_test(timing__appointment_grace_s="60"), cars=stock(TOP1)) as it:
            await one_room(it)
            number = await booked(it, CAR, 30.0)
            await asyncio.sleep(89.0)
            assert number in it.book.appointments
            # However seldom a tower that shows nothing new is looked over.
            await asyncio.sleep(4.0)
            assert it.book.appointments == {}
            told = [event for event in it.world.events if event["event"] == "appointment"]
            assert [(event["state"], event["reason"]) for event in told[1:]] == [("LAPSED", "nobody came within 1 min")]
            assert (await it.ask(Query(what="jobs")))["appointments"] == []
            [shown] = list((await it.ask(Query(what="jobs", params={"all": True})))["appointments"])  # type: ignore[call-overload]
            ended = (number, "LAPSED", "nobody came within 1 min", None)
            assert (shown["id"], shown["state"], shown["reason"], shown["stands_in"]) == ended

    loop.run(scenario())


def test_who_has_come_and_cannot_be_served_keeps_the_appointment_for_another_grace() -> None:
    """Seed 3063: whoever stood at the door and was refused lost it, since nobody had come."""

    async def scenario() -> None:
        async with stage(tower_under_test(timing__appointment_grace_s="60"), cars=stock(TOP1)) as it:
            await one_room(it)
            number = await booked(it, CAR, 30.0)
            await it.ask(BlockLevel(level=level_of(TOP1), why="a beam is bent"))
            await asyncio.sleep(80.0)
            assert await it.refused(Arrive(car=CAR)) == "LEVEL_BLOCKED"
            await asyncio.sleep(50.0)
            assert number in it.book.appointments
            await it.ask(FreeLevel(level=level_of(TOP1)))
            assert it.job(await it.order(Arrive(car=CAR))).car == CAR

    loop.run(scenario())


@pytest.mark.campaign
def test_an_appointment_outlives_the_daemon() -> None:
    async def scenario() -> None:
        async with stage(cars=stock(TOP1)) as it:
            number = await booked(it, CAR, 3600.0)
            await it.world.crash_daemon()
            await it.start()
            assert it.book.appointments[number].car == CAR
            with pytest.raises(Refusal, match="by appointment"):
                await it.world.ask(Retrieve(car=CAR))

    loop.run(scenario())
