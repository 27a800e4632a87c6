"""Booked cars brought ahead: kept behind a shut gate, handed over at once, given way for, put back, over a crash."""

import asyncio
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from controller.app import Ports
from controller.domain.alarms import BY_KEY, STANDING, Tag
from controller.domain.dispatch.staging import DEFAULT as AHEAD
from controller.domain.events import Arrive, Cancel, Query, Retrieve, RoomOut, Store
from controller.domain.jobs import THE_TOWER, Job, JobKind, JobState
from controller.domain.records import JobSet, Record
from controller.domain.refusal import Refusal
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitEvent, UnitState
from controller.runtime.ledger import Ledger
from controller.runtime.scenes import Scenes
from hal.plcmap.codes import Signal
from sim_plc.plant.cars import Car
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.life import Life
from sim_plc.rehearsal.world import EPOCH_S, World
from tests.support.scenes import all_is_shut, all_is_told, eventually, refused_now, stock
from tests.support.stage import QUICK, Stage, stage
from tests.support.towers import tower_named
from tests.support.two_rooms import (
    ANOTHER,
    CAR,
    FAR,
    GRACE_S,
    HOUR_S,
    NEAR,
    SHAPE,
    SOON_S,
    booked,
    gate_is_shut,
    staged,
    told,
    two_rooms,
)

PATIENT = two_rooms(timing__appointment_grace_s=str(2 * AHEAD.absent_s))
"""Here an appointment stands for longer than its customer is expected at any moment."""


def test_a_booked_car_stands_in_its_room_in_time_and_the_gate_opens_for_its_customer_alone() -> None:
    async def scenario() -> None:
        async with stage(two_rooms(), cars=stock(FAR)) as it:
            due_s = it.world.now + SOON_S
            number = await booked(it, CAR, SOON_S)
            await asyncio.sleep(SOON_S - AHEAD.most_s)
            assert it.truth()[CAR] == FAR, "a room that stands still serves nobody"
            await eventually(it, lambda: it.truth()[CAR] in SHAPE.rooms and not it.book.open_jobs(), AHEAD.most_s)
            room = it.truth()[CAR]
            assert due_s - AHEAD.most_s < it.world.now < due_s - AHEAD.margin_s / 2
            await asyncio.sleep(due_s + 60.0 - it.world.now)
            assert (it.room(room), gate_is_shut(it, room)) == (RoomState.CAR_PRESENT, True)
            assert it.world.plant.truth().signals[room] == Signal.DARK
            [shown] = list((await it.ask(Query(what="jobs")))["appointments"])  # type: ignore[call-overload]
            assert (shown["id"], shown["stands_in"]) == (number, room)
            assert (await refused_now(it, Retrieve(car=CAR))).rule == "CAR_BOOKED"
            came_s = it.world.now
            job = await it.order(Arrive(car=CAR))
            assert it.job(job).state is JobState.DONE
            await it.until(lambda: it.room(room) is RoomState.CUSTOMER_ADMITTED)
            assert it.world.now - came_s < 10.0
            it.world.do(lambda plant: plant.customer_collects(room, QUICK))
            await it.until(lambda: it.room(room) is RoomState.VACANT)
            assert it.book.appointments == {}
            all_is_told(it)

    loop.run(scenario())


@pytest.mark.campaign
def test_a_car_that_nobody_comes_for_is_put_back_without_an_alarm() -> None:
    async def scenario() -> None:
        async with stage(two_rooms(), cars=stock(FAR)) as it:
            room = await staged(it, CAR)
            [appointment] = it.book.appointments.values()
            due_s = appointment.due - EPOCH_S
            await eventually(it, lambda: it.truth().get(CAR) != room, HOUR_S)
            assert it.world.now - due_s >= GRACE_S
            await eventually(it, lambda: not it.book.appointments)
            assert it.truth()[CAR] in SHAPE.bays
            all_is_told(it)
            all_is_shut(it)
            assert it.book.alarms == {}
            [back] = [job for job in it.book.jobs.values() if job.kind is JobKind.STORE]
            assert (back.state, back.requested_by) == (JobState.DONE, THE_TOWER)
            assert it.world.daemon is not None
            told = [event for event in it.world.daemon.board.events if event["event"] == "appointment"]
            assert [event["state"] for event in told] == ["BOOKED", "LAPSED"]
            assert told[-1]["reason"] == "nobody came within 15 min"
            assert await it.refused(Arrive(car=CAR)) == "NO_APPOINTMENT"
            assert await it.ended(await it.order(Retrieve(car=CAR))) is JobState.DONE

    loop.run(scenario())


@pytest.mark.campaign
def test_a_crash_lets_nobody_at_a_car_that_is_kept() -> None:
    async def scenario() -> None:
        async with stage(two_rooms(), cars=stock(FAR)) as it:
            room = await staged(it, CAR)
            await it.world.crash_daemon()
            await it.start()
            await it.execute()
            await eventually(it, lambda: it.room(room) is RoomState.CAR_PRESENT)
            await asyncio.sleep(60.0)
            assert (it.room(room), gate_is_shut(it, room)) == (RoomState.CAR_PRESENT, True)
            await it.order(Arrive(car=CAR))
            await it.until(lambda: it.room(room) is RoomState.CUSTOMER_ADMITTED)

    loop.run(scenario())


@pytest.mark.campaign
def test_whoever_comes_while_the_carriage_is_on_its_way_to_a_booked_car_is_served_first() -> None:
    async def scenario() -> None:
        slow = two_rooms(machine__lift__speed_mm_s="200")
        async with stage(slow, cars=stock(FAR, NEAR)) as it:
            number = await booked(it, CAR, SOON_S)

            def ahead() -> list[Job]:
                return [job for job in it.book.jobs.values() if job.car == CAR]

            await eventually(it, lambda: any(job.state is JobState.POSITIONING for job in ahead()), HOUR_S)
            walk_in = await it.order(Retrieve(car=ANOTHER))
            await it.until(lambda: it.job(walk_in).state is JobState.POSITIONING)
            assert [(job.state, job.reason) for job in ahead()] == [
                (JobState.CANCELLED, "gives way to somebody who has come")
            ]
            assert it.book.appointments[number].job is None
            assert await it.ended(walk_in) is JobState.DONE
            room = it.truth()[ANOTHER]
            it.world.do(lambda plant: plant.customer_collects(room, QUICK))
            await eventually(it, lambda: it.truth()[CAR] in SHAPE.rooms, SOON_S)

    loop.run(scenario())


def test_a_crash_just_as_it_gives_way_keeps_no_car_from_being_brought_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The move was given up, and the appointment said for good that its car had been brought."""
    keep, killed = Ledger._keep, asyncio.Event()

    async def kept_until_then(self: Ledger, changes: tuple[Record, ...]) -> None:
        if killed.is_set():
            await asyncio.Event().wait()
        await keep(self, changes)
        if any(isinstance(each, JobSet) and each.job.state is JobState.CANCELLED for each in changes):
            killed.set()

    async def scenario() -> None:
        async with stage(two_rooms(machine__lift__speed_mm_s="200"), cars=stock(FAR, NEAR)) as it:
            number = await booked(it, CAR, SOON_S)
            await eventually(it, lambda: any(job.state is JobState.POSITIONING for job in it.book.open_jobs()), HOUR_S)
            monkeypatch.setattr(Ledger, "_keep", kept_until_then)
            walk_in = await it.order(Retrieve(car=ANOTHER))
            await it.until(killed.is_set)
            await it.world.crash_daemon()
            monkeypatch.undo()
            await it.start()
            await it.execute()
            assert it.book.appointments[number].job is None
            assert await it.ended(walk_in) is JobState.DONE
            room = it.truth()[ANOTHER]
            it.world.do(lambda plant: plant.customer_collects(room, QUICK))
            # Somebody has just waited for a room: but for a word of its customer the car would stay where it is.
            await told(it, CAR)
            await eventually(it, lambda: it.truth()[CAR] in SHAPE.rooms, SOON_S)

    loop.run(scenario())


@pytest.mark.campaign
def test_who_comes_while_the_car_is_on_its_way_finds_the_gate_opening() -> None:
    async def scenario() -> None:
        async with stage(two_rooms(), cars=stock(FAR)) as it:
            await booked(it, CAR, SOON_S)
            await eventually(it, lambda: bool(it.book.open_jobs()), HOUR_S)
            [job] = it.book.open_jobs()
            assert await it.order(Arrive(car=CAR)) == job.id
            assert await it.ended(job.id) is JobState.DONE
            room = it.truth()[CAR]
            await it.until(lambda: it.room(room) is RoomState.CUSTOMER_ADMITTED)

    loop.run(scenario())


@pytest.mark.campaign
def test_an_appointment_that_is_cancelled_sends_its_car_back_and_one_room_stays_vacant() -> None:
    async def scenario() -> None:
        async with stage(two_rooms(), cars=stock(FAR, NEAR)) as it:
            numbers = {CAR: await booked(it, CAR, SOON_S), ANOTHER: await booked(it, ANOTHER, SOON_S)}

            def in_rooms() -> list[str]:
                return [car for car, place in it.truth().items() if place in SHAPE.rooms]

            await eventually(it, lambda: in_rooms() != [], SOON_S)
            [first] = in_rooms()
            await asyncio.sleep(120.0)
            assert in_rooms() == [first], "one room is for whoever comes"
            assert (await it.ask(Cancel(job=numbers[first])))["state"] == "CANCELLED"
            # Its room is the next one's then.
            await eventually(it, lambda: in_rooms() not in ([], [first]), SOON_S)
            assert next(iter(it.book.appointments.values())).car in in_rooms()
            assert len(it.book.appointments) == 1

    loop.run(scenario())


@pytest.mark.campaign
def test_in_a_tower_with_one_room_nothing_is_staged() -> None:
    async def scenario() -> None:
        tower = tower_named("small", "brisk")
        bay = tower.shape.bays[-1]
        async with stage(tower, cars=stock(bay)) as it:
            await booked(it, f"C{bay}", 700.0)
            await asyncio.sleep(700.0 + GRACE_S / 2)
            assert (it.truth(), it.book.jobs) == ({f"C{bay}": bay}, {})
            await eventually(it, lambda: not it.book.appointments)
            assert it.book.jobs == {}, "it lapses where it stands"

    loop.run(scenario())


def test_a_car_is_brought_ahead_by_a_clock_that_goes_on_while_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a real clock a vacant room was vacant a microsecond too late: no car was ever brought ahead."""
    read = count()
    monkeypatch.setattr(Scenes, "_clock", lambda _self: asyncio.get_running_loop().time() + next(read) * 1e-6)

    async def scenario() -> None:
        async with stage(two_rooms(), cars=stock(FAR)) as it:
            await staged(it, CAR)

    loop.run(scenario())


async def kept_beside_a_room_that_is_out(it: Stage, *, from_due_s: float) -> tuple[int, int]:
    """Bring a car ahead, take the other room out, and let somebody else ask when that car's appointment is so far off.

    Return the room and the job of who has asked.
    """
    room = await staged(it, CAR)
    [other] = set(SHAPE.rooms) - {room}
    await it.ask(RoomOut(room=other, why="the gate rattles"))
    [appointment] = it.book.appointments.values()
    await asyncio.sleep(max(0.0, appointment.due - EPOCH_S + from_due_s - it.world.now))
    return room, await it.order(Retrieve(car=ANOTHER))


def test_a_kept_car_goes_back_for_whoever_waits_as_long_as_its_customer_is_not_expected() -> None:
    async def scenario() -> None:
        async with stage(two_rooms(), cars=stock(FAR, NEAR)) as it:
            room, job = await kept_beside_a_room_that_is_out(it, from_due_s=-AHEAD.margin_s)
            assert await it.ended(job) is JobState.DONE
            assert it.truth()[ANOTHER] == room
            assert it.truth()[CAR] in SHAPE.bays
            assert len(it.book.appointments) == 1, "the appointment stands"
            it.world.do(lambda plant: plant.customer_collects(room, QUICK))
            await it.until(lambda: it.room(room) is RoomState.VACANT)
            await asyncio.sleep(AHEAD.margin_s)
            assert it.truth() == {CAR: it.truth()[CAR]}
            assert it.truth()[CAR] in SHAPE.bays, "it is not brought ahead twice"
            assert await it.ended(await it.order(Arrive(car=CAR))) is JobState.DONE
            all_is_told(it)

    loop.run(scenario())


@pytest.mark.campaign
def test_a_kept_car_goes_back_for_a_driver_who_waits_outside() -> None:
    async def scenario() -> None:
        async with stage(two_rooms(), cars=stock(FAR)) as it:
            room = await staged(it, CAR)
            [other] = set(SHAPE.rooms) - {room}
            await it.ask(RoomOut(room=other, why="the gate rattles"))
            job = await it.order(Store(car="N1"))
            await it.until(lambda: it.job(job).room == room and it.room(room) is RoomState.OPEN_FOR_CAR)
            assert it.truth() == {CAR: it.truth()[CAR]}
            assert it.truth()[CAR] in SHAPE.bays

    loop.run(scenario())


@pytest.mark.campaign
def test_while_its_customer_is_expected_a_kept_car_stays_and_goes_back_behind_that() -> None:
    async def scenario() -> None:
        async with stage(PATIENT, cars=stock(FAR, NEAR)) as it:
            room, job = await kept_beside_a_room_that_is_out(it, from_due_s=-5.0)
            await asyncio.sleep(AHEAD.absent_s)
            assert (it.truth()[CAR], it.job(job).state) == (room, JobState.QUEUED)
            assert await it.ended(job) is JobState.DONE
            assert (it.truth()[ANOTHER], len(it.book.appointments)) == (room, 1)

    loop.run(scenario())


@pytest.mark.campaign
@pytest.mark.parametrize("step", [JobState.QUEUED, JobState.PICKING])
def test_who_comes_while_their_car_is_about_to_go_back_finds_the_gate_opening(step: JobState) -> None:
    """Once it is being picked they are told to ask again."""

    async def scenario() -> None:
        async with stage(PATIENT, cars=stock(FAR, NEAR)) as it:
            room, job = await kept_beside_a_room_that_is_out(it, from_due_s=0.0)

            def going_back() -> list[JobState]:
                return [each.state for each in it.book.open_jobs() if each.kind is JobKind.STORE]

            await asyncio.sleep(AHEAD.absent_s - 5.0)
            await it.until(lambda: going_back() == [step])
            if step is JobState.PICKING:
                assert await it.refused(Arrive(car=CAR)) == "CAR_HAS_JOB"
                await it.until(lambda: going_back() == [])
            await it.order(Arrive(car=CAR))
            assert going_back() == []
            for car in (CAR, ANOTHER) if step is JobState.QUEUED else (ANOTHER, CAR):
                await it.until(lambda: it.room(room) is RoomState.CUSTOMER_ADMITTED)
                assert it.truth()[car] == room
                it.world.do(lambda plant: plant.customer_collects(room, QUICK))
                await it.until(lambda: it.room(room) is not RoomState.CUSTOMER_ADMITTED)
            assert it.job(job).state is JobState.DONE

    loop.run(scenario())


@pytest.mark.campaign
def test_a_kept_car_that_may_not_be_measured_stays_and_is_not_sent_back_for_ever() -> None:
    async def scenario() -> None:
        async with stage(two_rooms(), cars=stock(FAR, NEAR)) as it:
            room, job = await kept_beside_a_room_that_is_out(it, from_due_s=-AHEAD.margin_s)
            it.world.do(lambda plant: plant.overrides.update({("room", room, "height_mm"): 3000}))
            await asyncio.sleep(GRACE_S / 2)
            ways = [each for each in it.book.jobs.values() if each.kind is JobKind.STORE]
            assert [each.state for each in ways] == [JobState.CANCELLED]
            assert (it.truth()[CAR], gate_is_shut(it, room)) == (room, True)
            assert it.job(job).state is JobState.QUEUED
            await it.order(Arrive(car=CAR))
            await it.until(lambda: it.room(room) is RoomState.CUSTOMER_ADMITTED)

    loop.run(scenario())


class SetClock(World):
    """A world whose wall clock may be set."""

    wrong_s = 0.0

    def ports(self, life: Life) -> Ports:
        ports = super().ports(life)
        return replace(ports, now=lambda: ports.now() + self.wrong_s)


@pytest.mark.campaign
def test_a_clock_that_jumps_takes_no_appointment_away() -> None:
    async def scenario() -> None:
        world = SetClock(two_rooms(), 1, cars=stock(FAR))
        it = Stage(world)
        async with world.running():
            await it.start()
            await it.import_all()
            await it.execute()
            room = await staged(it, CAR)
            for wrong_s in (2 * HOUR_S, -HOUR_S, 10 * 365 * 24 * HOUR_S):
                world.wrong_s = wrong_s
                await asyncio.sleep(GRACE_S / 2)
                assert it.truth()[CAR] == room
                assert gate_is_shut(it, room)
            world.wrong_s = 0.0
            await it.order(Arrive(car=CAR))
            await it.until(lambda: it.room(room) is RoomState.CUSTOMER_ADMITTED)
            it.inspector.judge_end()
            assert it.inspector.violations == []

    loop.run(scenario())


@pytest.mark.campaign
def test_a_gate_that_is_forced_before_a_car_that_is_kept_blocks_its_room_and_is_shut_by_a_reset() -> None:
    async def scenario() -> None:
        async with stage(two_rooms(), cars=stock(FAR)) as it:
            room = await staged(it, CAR)
            it.world.do(lambda plant: plant.troubles.force("gate", room, on=True))
            await it.until(lambda: it.room(room) is RoomState.BLOCKED)
            it.world.do(lambda plant: plant.troubles.force("gate", room, on=False))
            if it.unit is not UnitState.ABORTED:
                await it.command(UnitEvent.STOP, UnitState.STOPPED)
            await it.execute()
            await eventually(it, lambda: it.room(room) is RoomState.CAR_PRESENT)
            assert gate_is_shut(it, room)
            await it.order(Arrive(car=CAR))
            await it.until(lambda: it.room(room) is RoomState.CUSTOMER_ADMITTED)

    loop.run(scenario())


CRASHES = [pytest.param(step, later, marks=() if (step, later) == ("back", 9) else pytest.mark.campaign)
           for step in ("brought", "back") for later in range(0, 60, 3)]  # fmt: skip


@pytest.mark.parametrize(("step", "later"), CRASHES)
def test_wherever_the_daemon_crashes_a_booked_car_is_handed_to_nobody_else_and_ends_in_a_bay(
    step: str, later: int
) -> None:
    """``later``: so many fifths of a second behind the begin of the move into the room, or out of it."""

    async def scenario() -> None:
        async with stage(two_rooms(), cars=stock(FAR)) as it:
            [number] = [await booked(it, CAR, SOON_S)]
            await eventually(it, lambda: bool(it.book.open_jobs()), SOON_S)
            if step == "back":
                await eventually(it, lambda: not it.book.open_jobs())
                await it.ask(Cancel(job=number))
                await it.until(lambda: bool(it.book.open_jobs()))
            await asyncio.sleep(later / 5)
            await it.world.crash_daemon()
            await it.start(late_s=1.0)
            await it.execute()
            await eventually(it, lambda: not it.book.open_jobs())
            assert number in it.book.appointments or step == "back"
            if step == "brought":
                await it.ask(Cancel(job=number))
            await eventually(it, lambda: not it.book.appointments and not it.book.open_jobs())
            assert all(gate_is_shut(it, room) for room in SHAPE.rooms)
            assert it.truth()[CAR] in SHAPE.bays
            all_is_told(it)

    loop.run(scenario())


def stuck(it: Stage, room: int) -> str:
    """Return why an alarm says that a car cannot be put back from a room; empty: none stands."""
    line = it.book.alarms.get(Tag("CAR_NOT_PUT_BACK", SHAPE.rooms.index(room) + 1))
    return line.text if line is not None and line.state in STANDING else ""


async def full(it: Stage) -> int:
    """Bring a car ahead and let others take the last bays; return its room."""
    room = await staged(it, CAR)
    [other] = set(SHAPE.rooms) - {room}
    job = await it.order(Store(car="N1"))
    it.world.do(lambda plant: plant.car_arrives(other, Car("N1"), QUICK))
    assert await it.ended(job) is JobState.DONE
    return room


@pytest.mark.campaign
@pytest.mark.parametrize("asks", [Arrive(car=CAR), Retrieve(car=CAR)], ids=["arrive", "retrieve"])
def test_who_comes_too_late_has_the_car_that_still_stands_there(asks: Arrive | Retrieve) -> None:
    """They were sent in a circle: `arrive` told them to retrieve it, `retrieve` to say that they have come."""

    async def scenario() -> None:
        async with stage(two_rooms(), cars=stock(*SHAPE.bays)) as it:
            room = await full(it)
            await asyncio.sleep(GRACE_S + AHEAD.most_s)
            [left] = it.book.appointments.values()
            assert (left.back, gate_is_shut(it, room)) == (True, True), "no bay is free to put it into"
            assert stuck(it, room) == f"car {CAR}: no bay is free"
            assert await it.refused(Cancel(job=left.id)) == "TOWER_FULL"
            waits = await it.order(Retrieve(car=ANOTHER, room=room))
            await asyncio.sleep(5.0)
            status: Any = await it.ask(Query(what="status"))
            [shown] = status["queue"]
            assert shown["held"] == f"car {CAR} stands in room {room}, and nobody came for it"
            assert shown["promise"] is None
            assert it.job(await it.order(asks)).state is JobState.DONE
            await it.until(lambda: it.room(room) is RoomState.CUSTOMER_ADMITTED)
            it.world.do(lambda plant: plant.customer_collects(room, QUICK))
            assert await it.ended(waits) is JobState.DONE
            assert (it.book.appointments, stuck(it, room)) == ({}, "")
            told = [event["state"] for event in it.world.events if event["event"] == "appointment"]
            assert told == ["BOOKED", "LAPSED", "MET"]

    loop.run(scenario())


@pytest.mark.campaign
@pytest.mark.parametrize("later", range(0, 30, 3))
def test_who_comes_too_late_while_the_car_is_about_to_go_back_has_it_or_is_told_to_ask_again(later: int) -> None:
    """``later``: so many fifths of a second behind the end of the appointment."""

    async def scenario() -> None:
        async with stage(two_rooms(), cars=stock(FAR)) as it:
            room = await staged(it, CAR)
            [number] = it.book.appointments
            await it.ask(Cancel(job=number))
            await asyncio.sleep(later / 5)
            job = next(iter(it.book.open_jobs()), None)
            if job is None or job.state in (JobState.QUEUED, JobState.ASSIGNED, JobState.POSITIONING):
                await it.order(Arrive(car=CAR))
            else:
                for asks in (Arrive(car=CAR), Retrieve(car=CAR)):
                    with pytest.raises(Refusal, match=f"put back by job {job.id}: ask again"):
                        await it.ask(asks)
                due = int(EPOCH_S + it.world.now + HOUR_S)
                with pytest.raises(Refusal, match=f"CAR_LEFT_OVER.*job {job.id} puts car {CAR} back: ask again"):
                    await it.ask(Retrieve(car=CAR, due=due))
                assert await it.ended(job.id) is JobState.DONE
                assert await it.ended(await it.order(Retrieve(car=CAR))) is JobState.DONE
                room = it.truth()[CAR]
            await it.until(lambda: it.room(room) is RoomState.CUSTOMER_ADMITTED)
            it.world.do(lambda plant: plant.customer_collects(room, QUICK))
            await it.until(lambda: it.room(room) is RoomState.VACANT)
            assert (it.book.appointments, it.book.open_jobs(), it.truth()) == ({}, [], {})

    loop.run(scenario())


@pytest.mark.parametrize("crash", [False, pytest.param(True, marks=pytest.mark.campaign)])
def test_a_car_that_may_not_be_put_back_is_let_out_for_who_wants_it(*, crash: bool) -> None:
    """Its gate stayed shut for good: nobody had an appointment for it, and nobody else could have it."""

    async def scenario() -> None:
        async with stage(two_rooms(), cars=stock(FAR)) as it:
            room = await staged(it, CAR)
            [number] = it.book.appointments
            it.world.do(lambda plant: plant.overrides.update({("room", room, "height_mm"): 3000}))
            await it.ask(Cancel(job=number))
            await it.until(lambda: [job.state for job in it.book.jobs.values()][-1] is JobState.CANCELLED)
            await asyncio.sleep(BY_KEY["CAR_NOT_PUT_BACK"].on_delay_s + 5.0)
            assert "CAR_TOO_HIGH" in stuck(it, room)
            if crash:
                await it.world.crash_daemon()
                await it.start()
                await it.execute()
                await eventually(it, lambda: it.room(room) is RoomState.CAR_PRESENT)
            assert gate_is_shut(it, room)
            [other] = set(SHAPE.rooms) - {room}
            due = int(EPOCH_S + it.world.now + HOUR_S)
            for asks in (Retrieve(car=CAR, room=other), Retrieve(car=CAR, due=due)):
                assert (await refused_now(it, asks)).rule == "CAR_LEFT_OVER", "nobody has booked it any more"
            await it.order(Retrieve(car=CAR))
            await it.until(lambda: it.room(room) is RoomState.CUSTOMER_ADMITTED)
            assert it.book.appointments == {}

    loop.run(scenario())
