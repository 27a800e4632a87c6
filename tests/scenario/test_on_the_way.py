"""Customers who say that they are on the way: the car is brought by then, whatever their appointment says."""

import asyncio

import pytest

from controller.cli.status_text import at_hand_text
from controller.domain.dispatch.staging import DEFAULT as AHEAD
from controller.domain.events import Arrive, BlockLevel, BlockPlace, Cancel, OnTheWay, Query, Retrieve, RoomIn, RoomOut
from controller.domain.jobs import JobKind, JobState
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitEvent, UnitState
from hal.plcmap.shape import level_of
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.world import EPOCH_S
from tests.support.scenes import all_is_told, eventually, stock
from tests.support.stage import QUICK, Stage, stage
from tests.support.towers import tower_named
from tests.support.two_rooms import (
    ANOTHER,
    CAR,
    FAR,
    GRACE_S,
    HOUR_S,
    IN_S,
    NEAR,
    SHAPE,
    booked,
    gate_is_shut,
    staged,
    told,
    two_rooms,
)

THIRD = SHAPE.bays[1]


def in_a_room(it: Stage, car: str) -> bool:
    """Tell whether a car stands in a room, and nothing is done with it."""
    return it.truth().get(car) in SHAPE.rooms and it.book.job_of_car(car) is None


async def hindered(it: Stage, why: str) -> None:
    """Keep the car from being brought."""
    match why:
        case "stopped":
            await it.command(UnitEvent.STOP, UnitState.STOPPED)
        case "its bay":
            await it.ask(BlockPlace(place=FAR, why="it leaks"))
        case "its level":
            await it.ask(BlockLevel(level=level_of(FAR), why="it leaks"))
        case "the rooms":
            for room in SHAPE.rooms:
                await it.ask(RoomOut(room=room, why="it leaks"))
                await it.until(lambda room=room: it.room(room) is RoomState.OUT_OF_SERVICE)  # type: ignore[misc]
        case "a way open":
            it.world.do(lambda plant: plant.overrides.update({("carriage", "arms_centred"): False}))
            await asyncio.sleep(1.0)
        case "at work":
            number = await it.order(Retrieve(car=ANOTHER))
            await it.until(lambda: it.job(number).state is JobState.POSITIONING_TO)


def test_who_comes_hours_early_and_says_so_finds_the_car_behind_the_gate() -> None:
    async def scenario() -> None:
        async with stage(two_rooms(), cars=stock(FAR)) as it:
            number = await booked(it, CAR, 3 * HOUR_S)
            there_s = await told(it, CAR)
            [shown] = list((await it.ask(Query(what="jobs")))["appointments"])  # type: ignore[call-overload]
            assert (shown["id"], shown["expected"]) == (number, EPOCH_S + there_s)
            await eventually(it, lambda: it.book.job_of_car(CAR) is not None, IN_S)
            assert f", for appointment {number}, ahead: " in at_hand_text(await it.ask(Query(what="status")))
            await eventually(it, lambda: in_a_room(it, CAR), IN_S)
            assert there_s - AHEAD.told_margin_s - 60.0 < it.world.now < there_s, "neither long before, nor late"
            room = it.truth()[CAR]
            await asyncio.sleep(max(0.0, there_s - it.world.now))
            assert gate_is_shut(it, room)
            assert it.job(await it.order(Arrive(car=CAR))).state is JobState.DONE
            await it.until(lambda: it.room(room) is RoomState.CUSTOMER_ADMITTED)
            it.world.do(lambda plant: plant.customer_collects(room, QUICK))
            await it.until(lambda: it.room(room) is RoomState.VACANT)
            all_is_told(it)
            states = [(e["state"], e["expected"] is not None) for e in it.world.events if e["event"] == "appointment"]
            assert states == [("BOOKED", False), ("BOOKED", True), ("MET", True)]

    loop.run(scenario())


@pytest.mark.parametrize("says", [True, False])
def test_the_last_vacant_room_is_for_who_is_on_the_way_not_for_who_has_merely_booked(*, says: bool) -> None:
    async def scenario() -> None:
        async with stage(two_rooms(), cars=stock(FAR, NEAR)) as it:
            walk_in = await it.order(Retrieve(car=ANOTHER))
            assert await it.ended(walk_in) is JobState.DONE
            assert it.truth()[ANOTHER] in SHAPE.rooms
            # Its customer lets it stand.
            await booked(it, CAR, IN_S)
            if says:
                await told(it, CAR)
            await asyncio.sleep(IN_S)
            assert in_a_room(it, CAR) is says

    loop.run(scenario())


@pytest.mark.campaign
def test_in_a_tower_with_one_room_nothing_is_brought_ahead_for_them_either() -> None:
    async def scenario() -> None:
        async with stage(tower_named("small", "brisk"), cars=stock(FAR)) as it:
            await booked(it, CAR, HOUR_S)
            there_s = await told(it, CAR)
            await asyncio.sleep(there_s + 60.0 - it.world.now)
            assert it.book.jobs == {}
            assert await it.ended(await it.order(Arrive(car=CAR))) is JobState.DONE

    loop.run(scenario())


@pytest.mark.campaign
def test_who_will_be_late_and_says_so_keeps_the_appointment_and_is_waited_for_no_earlier() -> None:
    async def scenario() -> None:
        async with stage(two_rooms(), cars=stock(FAR)) as it:
            number = await booked(it, CAR, 300.0)
            due_s = it.world.now + 300.0
            late_s = int(300.0 + GRACE_S - 60.0)
            assert await told(it, CAR, late_s) - due_s == pytest.approx(GRACE_S - 60.0, abs=3.0)
            await asyncio.sleep(600.0)
            assert it.truth()[CAR] == FAR, "a room that stands still serves nobody"
            await eventually(it, lambda: in_a_room(it, CAR), GRACE_S)
            assert it.world.now < due_s + GRACE_S - 60.0
            await asyncio.sleep(due_s + 2 * GRACE_S - 65.0 - it.world.now)
            assert number in it.book.appointments, "a grace behind what was said"
            await eventually(it, lambda: not it.book.appointments, HOUR_S)
            assert it.truth()[CAR] in SHAPE.bays

    loop.run(scenario())


def test_a_word_that_cannot_be_taken_is_refused_by_name_and_changes_nothing() -> None:
    async def scenario() -> None:
        async with stage(two_rooms(), cars=stock(FAR, NEAR)) as it:
            number = await booked(it, CAR, 300.0)
            before = it.book.appointments[number]
            for request, rule in (
                (OnTheWay(car=ANOTHER, in_s=60), "NO_APPOINTMENT"),
                (OnTheWay(car="nobody's", in_s=60), "NO_APPOINTMENT"),
                (OnTheWay(car=CAR, in_s=-1), "EXPECTED_PAST"),
                (OnTheWay(car=CAR, in_s=int(300.0 + GRACE_S) + 5), "EXPECTED_TOO_LATE"),
            ):
                assert await it.refused(request) == rule
            assert it.book.appointments[number] == before
            await it.ask(Cancel(job=number))
            assert await it.refused(OnTheWay(car=CAR, in_s=60)) == "NO_APPOINTMENT"

    loop.run(scenario())


@pytest.mark.parametrize(
    ("why", "held"),
    [
        ("nothing", ""),
        ("at work", ""),
        ("stopped", "the tower is stopped"),
        ("its bay", f"bay {FAR} of car {CAR} is out of use: it leaks"),
        ("its level", f"level {level_of(FAR)} is blocked: it leaks"),
        ("the rooms", "is out of service"),
        ("a way open", "the carriage may not travel: "),
    ],
    ids=lambda value: value,
)
def test_who_is_on_the_way_is_told_why_the_car_cannot_come(why: str, held: str) -> None:
    async def scenario() -> None:
        async with stage(two_rooms(), cars=stock(FAR, NEAR)) as it:
            await booked(it, CAR, HOUR_S)
            await hindered(it, why)
            said = str((await it.ask(OnTheWay(car=CAR, in_s=IN_S)))["held"])
            assert (held in said) if held else (said == "")

    loop.run(scenario())


@pytest.mark.campaign
def test_the_last_word_holds_and_outlives_a_crash() -> None:
    async def scenario() -> None:
        async with stage(two_rooms(), cars=stock(FAR)) as it:
            await booked(it, CAR, HOUR_S)
            await told(it, CAR, 400)
            there_s = await told(it, CAR, 1200)
            await it.world.crash_daemon()
            await it.start()
            await it.execute()
            await asyncio.sleep(600.0)
            assert it.truth()[CAR] == FAR
            await eventually(it, lambda: in_a_room(it, CAR), 600.0)
            assert it.world.now < there_s

    loop.run(scenario())


@pytest.mark.campaign
def test_who_does_not_come_as_said_gives_the_room_to_whoever_waits_and_has_the_car_again_by_another_word() -> None:
    async def scenario() -> None:
        async with stage(two_rooms(), cars=stock(FAR, NEAR, THIRD)) as it:
            await booked(it, CAR, HOUR_S)
            there_s = await told(it, CAR)
            await eventually(it, lambda: in_a_room(it, CAR), IN_S)
            room = it.truth()[CAR]
            [other] = set(SHAPE.rooms) - {room}
            await it.ask(RoomOut(room=other, why="the gate rattles"))
            await asyncio.sleep(max(0.0, there_s - it.world.now))
            waits = await it.order(Retrieve(car=ANOTHER))
            await asyncio.sleep(there_s + AHEAD.told_near_s - 5.0 - it.world.now)
            assert it.truth()[CAR] == room, "its customer is expected"
            await eventually(it, lambda: it.job(waits).state is JobState.DONE, 300.0)
            assert it.truth()[CAR] in SHAPE.bays
            it.world.do(lambda plant: plant.customer_collects(room, QUICK))
            await it.until(lambda: it.room(room) is RoomState.VACANT)
            await it.ask(RoomIn(room=other))
            await told(it, CAR)
            await eventually(it, lambda: in_a_room(it, CAR), IN_S)

    loop.run(scenario())


@pytest.mark.campaign
def test_a_car_that_stands_there_already_is_kept_for_who_says_that_they_are_late() -> None:
    async def scenario() -> None:
        async with stage(two_rooms(), cars=stock(FAR)) as it:
            room = await staged(it, CAR)
            [appointment] = it.book.appointments.values()
            there_s = await told(it, CAR, int(appointment.due - EPOCH_S - it.world.now + GRACE_S - 5.0))
            await asyncio.sleep(there_s + 60.0 - it.world.now)
            assert it.truth()[CAR] == room
            await it.order(Arrive(car=CAR))
            await it.until(lambda: it.room(room) is RoomState.CUSTOMER_ADMITTED)

    loop.run(scenario())


@pytest.mark.parametrize("step", [pytest.param(JobState.QUEUED, marks=pytest.mark.campaign), JobState.PICKING])
def test_who_says_so_while_the_car_is_going_back_has_it_again(step: JobState) -> None:
    """It was brought once and on no account again: the word that came too early was forgotten."""

    async def scenario() -> None:
        async with stage(two_rooms(), cars=stock(FAR, NEAR)) as it:
            room = await staged(it, CAR)
            [other] = set(SHAPE.rooms) - {room}
            await it.ask(RoomOut(room=other, why="the gate rattles"))
            await it.order(Retrieve(car=ANOTHER))
            await it.until(lambda: step in [job.state for job in it.book.open_jobs() if job.kind is JobKind.STORE])
            await told(it, CAR, 400)
            assert gate_is_shut(it, room), "before a car that is about to go back, too"
            await it.until(lambda: it.room(room) is RoomState.CUSTOMER_ADMITTED)
            assert it.truth()[ANOTHER] == room
            await it.ask(RoomIn(room=other))
            it.world.do(lambda plant: plant.customer_collects(room, QUICK))
            await eventually(it, lambda: in_a_room(it, CAR), 400.0)
            assert gate_is_shut(it, it.truth()[CAR])
            await it.order(Arrive(car=CAR))
            await it.until(lambda: it.room(it.truth()[CAR]) is RoomState.CUSTOMER_ADMITTED)

    loop.run(scenario())
