"""The judges are shown appointments that are lost, end early, are given twice, or whose cars are given away."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pytest

from controller.activities.context import Bench
from controller.domain.appointments import Appointment
from controller.domain.book import Book
from controller.domain.dispatch.staging import DEFAULT as AHEAD
from controller.domain.events import Arrive, BlockLevel, Cancel, OnTheWay, Relocate, Retrieve, SetGenerator
from controller.domain.jobs import JobState
from controller.domain.refusal import Refusal
from controller.domain.rooms import RoomEvent, RoomState
from controller.runtime import audit, claims, rooms
from controller.runtime.admission import Admission
from controller.runtime.appointments import Appointments
from controller.runtime.room_record import RoomRecord
from controller.runtime.rooms import Rooms
from controller.runtime.staging import Staging
from hal.plcmap.shape import level_of
from sim_plc.rehearsal.standby_law import StandbyLaw
from sim_plc.rehearsal.world import EPOCH_S, World
from tests.support import two_rooms
from tests.support.broken import CARS, broken
from tests.support.places import LOW2, TOP1
from tests.support.scenes import eventually, stock
from tests.support.stage import Stage
from tests.support.tower_under_test import tower_under_test
from tests.support.towers import tower_named

TWO_ROOMS = tower_named("small", "brisk", {"ring.rooms": "[101, 103]"})
FAR = TWO_ROOMS.shape.bays[-1]


async def booked(it: Stage, car: str = "C", seconds: float = 600.0) -> int:
    """Make an appointment; return its number."""
    number = (await it.ask(Retrieve(car=car, due=int(EPOCH_S + it.world.now + seconds))))["appointment"]
    assert isinstance(number, int)
    return number


def a_kept_car() -> World:
    return World(TWO_ROOMS, 1, cars=stock(FAR))


async def kept(it: Stage) -> None:
    """Let a booked car be brought into a room, and wait for a while behind that."""
    await booked(it, f"C{FAR}", AHEAD.most_s)
    await eventually(it, lambda: it.truth()[f"C{FAR}"] in TWO_ROOMS.shape.rooms and not it.book.open_jobs(), 600.0)
    await asyncio.sleep(20.0)


@pytest.mark.campaign
def test_a_kept_car_whose_gate_opens_to_whoever_stands_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert broken(kept, a_kept_car) == set()
    monkeypatch.setattr(claims, "kept", lambda _book, _place: None)
    assert broken(kept, a_kept_car) == {"I7"}


@pytest.mark.campaign
def test_a_car_that_nobody_came_for_whose_gate_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    async def cancel(it: Stage) -> None:
        room, back = await two_rooms.going_back(it)
        it.world.do(lambda plant: plant.overrides.update({("room", room, "person_sensor_ok"): False}))
        await it.until(lambda: it.room(room) is RoomState.MEASURING)
        await it.ask(Cancel(job=back))
        await asyncio.sleep(10.0)

    def world() -> World:
        return World(two_rooms.SLOW, 1, cars=stock(two_rooms.FAR, two_rooms.NEAR))

    assert broken(cancel, world) == set()

    async def withdraw(self: Rooms, room: RoomRecord, **_stays: bool) -> None:
        await self.fire(room.place, RoomEvent.RELEASE)

    monkeypatch.setattr(Rooms, "_withdraw", withdraw)
    assert broken(cancel, world) == {"I7"}


@pytest.mark.campaign
def test_a_driver_who_is_invited_in_place_of_a_car_that_has_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    async def drive_off(it: Stage) -> None:
        room = await two_rooms.staged(it, two_rooms.CAR)
        [number] = it.book.appointments
        await it.ask(Cancel(job=number))
        await it.until(lambda: bool(it.book.open_jobs()))
        await two_rooms.driven_off(it, room)
        await it.execute()
        await it.until(lambda: it.room(room) is not RoomState.UNKNOWN)
        await asyncio.sleep(10.0)

    assert broken(drive_off, a_kept_car) == set()

    async def forget(_self: Rooms, _room: RoomRecord) -> None:
        """Leave the way back as it is."""

    monkeypatch.setattr(Rooms, "_forget_way_back", forget)
    monkeypatch.setattr(rooms, "_FOR_A_DRIVER", frozenset())
    assert broken(drive_off, a_kept_car) == {"I7"}


@pytest.mark.campaign
def test_an_appointment_that_is_gone_behind_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    async def crash(it: Stage) -> None:
        await booked(it)
        await it.world.crash_daemon()
        await it.start()

    assert broken(crash) == set()

    async def forgetful(it: Stage) -> None:
        await booked(it)
        await it.world.crash_daemon()
        monkeypatch.setattr(Book, "_set_appointment", lambda _self, _appointment: None)
        await it.start()

    assert broken(forgetful) == {"I12"}


@pytest.mark.campaign
def test_an_appointment_that_lapses_early(monkeypatch: pytest.MonkeyPatch) -> None:
    async def wait(it: Stage) -> None:
        await booked(it, seconds=60.0)
        await asyncio.sleep(120.0)

    assert broken(wait) == set()
    monkeypatch.setattr(Staging, "_is_late", lambda _self, _appointment: True)
    assert broken(wait) == {"I12"}


@pytest.mark.campaign
def test_a_word_that_somebody_is_on_the_way_which_is_gone_behind_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    async def tell(it: Stage) -> None:
        await booked(it)
        await it.ask(OnTheWay(car="C", in_s=300))
        await it.world.crash_daemon()
        await it.start()

    assert broken(tell) == set()
    kept = Book._set_appointment
    monkeypatch.setattr(Book, "_set_appointment", lambda self, each: kept(self, replace(each, expected=None)))
    assert broken(tell) == {"I12"}


@pytest.mark.campaign
def test_an_appointment_that_lapses_before_its_customer_will_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    grace_s = TWO_ROOMS.timing.appointment_grace_s

    async def late(it: Stage) -> None:
        await booked(it, seconds=60.0)
        await it.ask(OnTheWay(car="C", in_s=int(grace_s)))
        await asyncio.sleep(60.0 + 1.5 * grace_s)

    assert broken(late) == set()
    monkeypatch.setattr(Appointment, "grace_from", property(lambda self: self.due))
    assert broken(late) == {"I12"}


def test_a_car_that_two_have_booked(monkeypatch: pytest.MonkeyPatch) -> None:
    async def twice(it: Stage) -> None:
        for _ in range(2):
            await booked(it)

    monkeypatch.setattr(Admission, "_not_booked", lambda _self, _car: None)
    monkeypatch.setattr("controller.runtime.slots.Slots.require_free", lambda _self, _due: None)
    assert broken(twice) == {"I10"}


@pytest.mark.campaign
def test_a_customer_in_time_who_is_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    async def come(it: Stage) -> None:
        await booked(it)
        with pytest.raises(Refusal):
            await it.ask(Arrive(car="C"))

    async def turned_away(_self: Appointments, _request: Arrive, _note: object) -> None:
        raise Refusal("NO_APPOINTMENT", "")

    monkeypatch.setattr(Appointments, "meet", turned_away)
    assert broken(come) == {"I22"}


@pytest.mark.campaign
@pytest.mark.parametrize("asks", [Arrive(car=f"C{FAR}"), Retrieve(car=f"C{FAR}")], ids=["arrive", "retrieve"])
def test_a_customer_who_comes_too_late_and_is_kept_from_the_car_that_stands_there(
    asks: Arrive | Retrieve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def come_late(it: Stage) -> None:
        await kept(it)
        [number] = it.book.appointments
        room = it.truth()[f"C{FAR}"]
        it.world.do(lambda plant: plant.overrides.update({("room", room, "height_mm"): 3000}))
        await it.ask(Cancel(job=number))
        await asyncio.sleep(60.0)
        with suppress(Refusal):
            await it.ask(asks)

    assert broken(come_late, a_kept_car) == set()
    monkeypatch.setattr(Appointments, "left_over", lambda _self, _car, _room=None: None)
    assert broken(come_late, a_kept_car) == {"I22"}


@pytest.mark.campaign
def test_what_ends_an_appointment_by_right() -> None:
    async def end(it: Stage) -> None:
        await it.ask(Cancel(job=await booked(it)))
        await booked(it, seconds=30.0)
        await it.ended(await it.order(Arrive(car="C")))
        await it.world.crash_daemon()
        await it.start()

    assert broken(end) == set()


@pytest.mark.campaign
def test_the_carriage_is_brought_to_a_blocked_level(monkeypatch: pytest.MonkeyPatch) -> None:
    tower = tower_under_test(audit__visits_per_day="8640", audit__idle_s="2.0")

    async def look(it: Stage) -> None:
        await asyncio.sleep(0.1)
        await it.ask(BlockLevel(level=level_of(TOP1), why="a beam is bent"))
        await asyncio.sleep(180.0)

    def audited() -> World:
        return World(tower, 1, cars=CARS)

    assert broken(look, audited) == set()
    monkeypatch.setattr(audit, "level_block", lambda _bench, _place: None)
    assert broken(look, audited) == {"I14"}


@pytest.mark.campaign
def test_the_steel_itself_shows_two_axes_on_the_generator(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fetch(it: Stage) -> None:
        await it.ask(SetGenerator(on=True, why="the mains failed"))
        await asyncio.sleep(5.0)
        await it.ended(await it.order(Retrieve(car="C")))

    async def on_the_mains(it: Stage) -> None:
        number = await it.order(Relocate(car="C", bay=LOW2))
        assert await it.ended(number) is JobState.DONE

    def nothing(*_seen: object) -> Iterator[str]:
        return iter(())

    monkeypatch.setattr(StandbyLaw, "begins", nothing)
    assert broken(fetch) == broken(on_the_mains) == set()
    monkeypatch.setattr(Bench, "axes", None)
    assert broken(fetch) == {"I6"}
