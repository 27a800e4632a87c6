"""An engineer takes a sensor out of service: what may not be done without it, and that it is so over restarts."""

import asyncio
from typing import Any

import pytest

from controller.domain.events import (
    ConfirmPlace,
    Query,
    Relocate,
    Retrieve,
    SensorIn,
    SensorOut,
    Store,
)
from controller.domain.jobs import JobState as S
from controller.domain.places import PlaceStatus
from controller.domain.rooms import RoomState
from sim_plc.plant.cars import Car
from sim_plc.plant.terminals import Wire
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, LOW2, ROOM, TOP1, TOP2, TOP3
from tests.support.stage import QUICK, Stage, stage
from tests.support.tower_under_test import tower_under_test

CARS = {LOW1: Car("A"), TOP1: Car("C")}
WHY = "its cable is torn"

SEEN_S = 3.0
"""Longer than an idle poll and its debounce."""


async def out(it: Stage, name: str) -> None:
    await it.ask(SensorOut(by="eve", name=name, why=WHY))


async def shows(it: Stage, place: int, contact: str, value: bool | None) -> None:
    """Let a contact of a bay be stuck at a value, or work again, and let the daemon see it."""
    wire: Wire = ("bay", place, contact)
    it.world.do(
        lambda plant: plant.overrides.pop(wire, None) if value is None else plant.overrides.update({wire: value})
    )
    await asyncio.sleep(SEEN_S)


def test_the_car_of_a_half_seen_bay_is_fetched_only_after_somebody_has_looked() -> None:
    async def play() -> None:
        async with stage(cars=CARS) as it:
            await shows(it, TOP1, "occupied_a", value=False)
            await out(it, f"bay{TOP1}.occupied_a")
            begun = it.motions()
            assert await it.refused(Retrieve(car="C")) == "PLACE_UNVERIFIED"
            assert await it.refused(ConfirmPlace(place=TOP1)) == "SENSORS_DISAGREE"
            assert it.motions() == begun
            await it.ask(ConfirmPlace(place=TOP1, car="C"))
            assert await it.ended(await it.order(Retrieve(car="C", room=ROOM))) is S.DONE
            assert it.truth()["C"] == it.belief()["C"] == ROOM
            # It is empty now, and stays without a car until both see it again.
            assert it.book.places[TOP1].status is PlaceStatus.FREE
            assert await it.refused(Relocate(car="A", bay=TOP1)) == "BAY_NOT_USABLE"
            await shows(it, TOP1, "occupied_a", value=None)
            await it.ask(SensorIn(name=f"bay{TOP1}.occupied_a"))
            assert await it.ended(await it.order(Relocate(car="A", bay=TOP1))) is S.DONE

    loop.run(play())


def test_no_car_is_stored_in_a_bay_without_both_of_its_contacts() -> None:
    async def play() -> None:
        async with stage(cars=CARS) as it:
            free = [bay for bay in it.world.tower.shape.bays if bay not in CARS and bay != TOP3]
            for bay in free:
                await out(it, f"bay{bay}.occupied_b")
                await it.ask(ConfirmPlace(place=bay))
                assert it.book.places[bay].status is PlaceStatus.FREE
            it.world.do(lambda plant: plant.car_arrives(ROOM, Car("D"), QUICK))
            number = await it.order(Store(car="D", room=ROOM))
            # The only bay that is left for it must not be lost meanwhile.
            assert await it.refused(SensorOut(name=f"bay{TOP3}.occupied_a", why=WHY)) == "BAY_RESERVED"
            assert await it.ended(number) is S.DONE
            assert it.truth()["D"] == it.belief()["D"] == TOP3
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
            assert await it.refused(Store(car="E", room=ROOM)) == "TOWER_FULL"

    loop.run(play())


def test_both_contacts_out_prove_nothing_whatever_is_said() -> None:
    async def play() -> None:
        async with stage(cars=CARS) as it:
            for contact in "ab":
                await out(it, f"bay{TOP1}.occupied_{contact}")
            for car in ("C", None):
                assert await it.refused(ConfirmPlace(place=TOP1, car=car)) == "SENSORS_DISAGREE"
            assert await it.refused(Retrieve(car="C")) == "PLACE_UNVERIFIED"

    loop.run(play())


def test_a_remaining_contact_that_contradicts_is_believed_against_what_somebody_said() -> None:
    async def play() -> None:
        async with stage(cars=CARS) as it:
            await out(it, f"bay{TOP1}.occupied_a")
            await it.ask(ConfirmPlace(place=TOP1, car="C"))
            await shows(it, TOP1, "occupied_b", value=False)
            await it.world.crash_daemon()
            await it.start(late_s=1.0)
            assert it.book.places[TOP1].status is PlaceStatus.UNVERIFIED

    loop.run(play())


def test_a_sensor_stays_out_over_a_restart_and_comes_back_with_its_contradictions() -> None:
    async def play() -> None:
        async with stage(cars=CARS) as it:
            name = f"bay{TOP1}.occupied_a"
            await out(it, name)
            await it.ask(ConfirmPlace(place=TOP1, car="C"))
            await it.world.crash_daemon()
            await it.start(late_s=1.0)
            (listed,) = _sensors(await it.ask(Query(what="sensors")))
            assert (listed["name"], listed["why"], listed["by"], listed["place"]) == (name, WHY, "eve", TOP1)
            assert "no car is put into the bay" in listed["restriction"]
            assert it.book.places[TOP1].status is PlaceStatus.OCCUPIED
            await shows(it, TOP1, "occupied_a", value=False)
            await it.ask(SensorIn(name=name))
            assert it.book.places[TOP1].status is PlaceStatus.UNVERIFIED
            assert _sensors(await it.ask(Query(what="sensors"))) == []
            assert await it.refused(SensorIn(name=name)) == "NOT_OUT"

    loop.run(play())


def _sensors(answer: object) -> list[dict[str, Any]]:
    assert isinstance(answer, dict)
    found = answer["sensors"]
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("sensor", ["person", pytest.param("weight", marks=pytest.mark.campaign)])
def test_a_room_without_one_of_its_sensors_is_out_of_service(sensor: str) -> None:
    async def play() -> None:
        async with stage(cars=CARS) as it:
            await out(it, f"room1.{sensor}")
            await it.until(lambda: it.room(ROOM) is RoomState.OUT_OF_SERVICE, 2.0)
            begun = it.motions()
            assert await it.refused(Retrieve(car="C", room=ROOM)) == "ROOM_OUT_OF_SERVICE"
            assert await it.refused(Store(car="D", room=ROOM)) == "ROOM_IN_USE"
            assert it.motions() == begun
            await it.world.crash_daemon()
            await it.start(late_s=1.0)
            await it.execute()
            await it.until(lambda: it.room(ROOM) is RoomState.OUT_OF_SERVICE)
            # The tower works on without the room.
            assert await it.ended(await it.order(Relocate(car="C", bay=TOP2))) is S.DONE
            await it.ask(SensorIn(name=f"room1.{sensor}"))
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
            assert await it.ended(await it.order(Retrieve(car="C", room=ROOM))) is S.DONE

    loop.run(play())


def test_no_sensor_is_taken_from_under_a_job() -> None:
    async def play() -> None:
        async with stage(tower_under_test(machine__lift__speed_mm_s="1000"), cars=CARS) as it:
            number = await it.order(Retrieve(car="C", room=ROOM))
            assert await it.refused(SensorOut(name="room1.person", why=WHY)) == "ROOM_IN_USE"
            assert await it.refused(SensorOut(name=f"bay{TOP1}.occupied_a", why=WHY)) == "BAY_RESERVED"
            assert await it.ended(number) is S.DONE

    loop.run(play())


SAFETY = (
    "safety.e_stop",
    "safety",
    "dock.level",
    "carriage.loaded_a",
    "lift.position",
    f"bay{TOP1}.latch_closed",
    f"bay{TOP1}.docked",
    "room1.curtain_clear",
    "room1.door_plane_clear",
    "room1.outer_gate.closed_a",
)

NOBODYS = ("", "weather", "bay1.occupied_a", f"bay{ROOM}.occupied_a", "room9.person", f"bay{TOP1}.weight")


def test_a_safety_sensor_is_never_taken_out() -> None:
    async def play() -> None:
        async with stage(cars=CARS, execute=False) as it:
            for name in (*SAFETY, *NOBODYS):
                rule = "SAFETY_SENSOR" if name in SAFETY else "UNKNOWN_SENSOR"
                assert await it.refused(SensorOut(name=name, why=WHY)) == rule, name
                assert await it.refused(SensorIn(name=name)) == rule, name
            assert it.book.sensors_out == {}

    loop.run(play())


def test_a_car_is_confirmed_where_it_is_and_nowhere_else() -> None:
    async def play() -> None:
        async with stage(cars=CARS, execute=False) as it:
            await it.ask(ConfirmPlace(place=LOW1, car="A"))
            assert it.belief() == {"A": LOW1}
            assert await it.refused(ConfirmPlace(place=TOP1, car="A")) == "CAR_ELSEWHERE"
            assert await it.refused(ConfirmPlace(place=LOW2, car="C")) == "SENSORS_DISAGREE"
            assert await it.refused(ConfirmPlace(place=ROOM, car="C")) == "UNKNOWN_BAY"
            await it.ask(ConfirmPlace(place=LOW2))
            assert it.book.places[LOW2].status is PlaceStatus.FREE

    loop.run(play())
