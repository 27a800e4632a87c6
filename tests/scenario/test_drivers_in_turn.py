"""Drivers who find no room vacant wait in the queue: each gets one in turn, nobody who asked later before them."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from controller.domain.events import Cancel, Query, Retrieve, Store
from controller.domain.jobs import JobState as S
from controller.domain.rooms import RoomState
from sim_plc.plant.cars import Car
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, LOW2, ROOM, TOP1
from tests.support.scenes import all_is_shut, all_is_told, eventually, one_room, stock
from tests.support.stage import QUICK, Stage, stage
from tests.support.tower_under_test import roomy_tower

FIRST, SECOND, THIRD = roomy_tower().shape.rooms[:3]


def drives_in(it: Stage, car: str, room: int = ROOM) -> None:
    it.world.do(lambda plant: plant.car_arrives(room, Car(car), QUICK))


def collects(it: Stage, room: int = ROOM) -> None:
    it.world.do(lambda plant: plant.customer_collects(room, QUICK))


def given(it: Stage) -> list[tuple[object, object]]:
    """Return who was told which room, in order."""
    return [(event["car"], event["room"]) for event in it.world.events if event["event"] == "room_given"]


async def promise(it: Stage, number: int) -> Mapping[str, Any]:
    """Return what a driver who waits outside is promised now."""
    outside = (await it.ask(Query(what="plan")))["outside"]
    assert isinstance(outside, list)
    found: Mapping[str, Any] = next(each["promise"] for each in outside if each["id"] == number)
    return found


def told(it: Stage, number: int) -> list[str]:
    """Return why a job's promise is another, each time that it was told so."""
    events = (event for event in it.world.events if event["event"] == "promise" and event["job"] == number)
    return [str(event["because"]) for event in events]


def test_a_driver_who_asks_for_no_room_gets_the_vacant_one_at_once() -> None:
    async def scenario() -> None:
        async with stage() as it:
            await one_room(it)
            number = await it.order(Store(car="N1"))
            await it.until(lambda: it.room(ROOM) is RoomState.OPEN_FOR_CAR, 20.0)
            assert given(it) == [("N1", ROOM)]
            drives_in(it, "N1")
            assert await it.ended(number) is S.DONE
            assert it.truth() == it.belief()
            all_is_told(it)
            all_is_shut(it)

    loop.run(scenario())


def test_a_driver_gets_the_room_before_a_car_that_was_asked_for_later() -> None:
    """With a room in use the later car would be fetched ahead for it, if nobody waited outside."""

    async def scenario() -> None:
        async with stage(cars=stock(LOW1, TOP1)) as it:
            await one_room(it)
            assert await it.ended(await it.order(Retrieve(car=f"C{LOW1}"))) is S.DONE
            driver = await it.order(Store(car="N1"))
            later = await it.order(Retrieve(car=f"C{TOP1}"))
            await asyncio.sleep(30.0)
            assert it.job(later).state is S.QUEUED, "it was not fetched ahead for a room that is the driver's"
            assert (await promise(it, driver))["ahead"] == 0
            assert told(it, driver)[0] == "it waits for a room, as the next"
            assert await it.refused(Store(car="N2", room=ROOM)) == "ROOM_IN_USE"
            collects(it)
            await it.until(lambda: it.room(ROOM) is RoomState.OPEN_FOR_CAR)
            assert given(it) == [("N1", ROOM)]
            drives_in(it, "N1")
            assert await it.ended(driver) is S.DONE
            assert await it.ended(later) is S.DONE
            collects(it)
            await eventually(it, lambda: it.room(ROOM) is RoomState.VACANT)
            assert it.truth() == it.belief()
            all_is_told(it)

    loop.run(scenario())


def test_a_car_that_was_asked_for_before_has_the_room_first() -> None:
    async def scenario() -> None:
        async with stage(cars=stock(LOW1, TOP1)) as it:
            await one_room(it)
            first = await it.order(Retrieve(car=f"C{LOW1}"))
            second = await it.order(Retrieve(car=f"C{TOP1}"))
            driver = await it.order(Store(car="N1"))
            await asyncio.sleep(1.0)
            assert (await promise(it, driver))["ahead"] == 1, "the other is on its way already"
            assert await it.ended(first) is S.DONE
            assert "it waits for a room, 1 before it" in told(it, driver)
            collects(it)
            assert await it.ended(second) is S.DONE
            assert given(it) == []
            collects(it)
            await it.until(lambda: it.room(ROOM) is RoomState.OPEN_FOR_CAR)
            drives_in(it, "N1")
            assert await it.ended(driver) is S.DONE
            all_is_told(it)

    loop.run(scenario())


def test_two_drivers_come_in_turn_and_one_who_leaves_lets_the_next_in() -> None:
    async def scenario() -> None:
        async with stage(cars=stock(LOW1)) as it:
            await one_room(it)
            assert await it.ended(await it.order(Retrieve(car=f"C{LOW1}"))) is S.DONE
            gone, patient = [await it.order(Store(car=car)) for car in ("N1", "N2")]
            assert await it.refused(Store(car="N1")) == "CAR_ALREADY_INSIDE"
            await it.ask(Cancel(job=gone))
            assert it.job(gone).state is S.CANCELLED
            assert it.room(ROOM) is RoomState.CAR_PRESENT, "it was not theirs"
            collects(it)
            await it.until(lambda: it.room(ROOM) is RoomState.OPEN_FOR_CAR)
            assert given(it) == [("N2", ROOM)]
            drives_in(it, "N2")
            assert await it.ended(patient) is S.DONE

    loop.run(scenario())


def test_of_three_rooms_each_driver_has_one_and_the_fourth_the_next_that_is_left() -> None:
    async def scenario() -> None:
        async with stage(roomy_tower(), cars=stock(LOW2)) as it:
            await one_room(it, FIRST, SECOND, THIRD)
            numbers = [await it.order(Store(car=f"N{number}")) for number in range(1, 5)]
            await it.until(lambda: len(given(it)) == 3, 20.0)
            assert [room for _, room in given(it)] == [FIRST, SECOND, THIRD]
            later = await it.order(Retrieve(car=f"C{LOW2}"))
            drives_in(it, "N2", SECOND)
            assert await it.ended(numbers[1]) is S.DONE
            await it.until(lambda: len(given(it)) == 4)
            assert given(it)[3] == ("N4", SECOND)
            assert it.job(later).state is S.QUEUED

    loop.run(scenario())


def test_a_driver_has_a_vacant_room_before_a_car_that_finds_another_one_left_when_it_comes() -> None:
    """While a car is stored its room is in use, and left by the time that the next car can be there."""

    async def scenario() -> None:
        async with stage(roomy_tower(), cars=stock(LOW2)) as it:
            await it.order(Store(car="N3", room=THIRD))
            stored = await it.order(Store(car="N1", room=FIRST))
            await it.until(lambda: it.room(FIRST) is RoomState.OPEN_FOR_CAR)
            drives_in(it, "N1", FIRST)
            await it.until(lambda: it.job(stored).state is S.PICKING)
            fetched = await it.order(Retrieve(car=f"C{LOW2}"))
            driver = await it.order(Store(car="N2"))
            await it.until(lambda: bool(given(it)), 1.0)
            assert given(it) == [("N2", SECOND)]
            assert it.job(stored).state in {S.PICKING, S.CLOSING}
            drives_in(it, "N2", SECOND)
            assert await it.ended(fetched) is S.DONE
            assert it.job(fetched).target == FIRST
            assert await it.ended(driver) is S.DONE
            assert it.truth() == it.belief()
            all_is_told(it)

    loop.run(scenario())


@pytest.mark.parametrize("left_meanwhile", [True, False])
def test_who_waits_outside_waits_on_behind_a_restart_of_the_daemon(*, left_meanwhile: bool) -> None:
    async def scenario() -> None:
        async with stage(cars=stock(LOW1)) as it:
            await one_room(it)
            assert await it.ended(await it.order(Retrieve(car=f"C{LOW1}"))) is S.DONE
            collects(it)
            await it.until(lambda: it.room(ROOM) is RoomState.CUSTOMER_ADMITTED)
            driver = await it.order(Store(car="N1"))
            await it.world.crash_daemon()
            await asyncio.sleep(60.0 if left_meanwhile else 0.1)
            await it.start()
            assert it.job(driver).waits_outside
            await it.execute()
            await it.until(lambda: it.room(ROOM) is RoomState.OPEN_FOR_CAR)
            drives_in(it, "N1")
            assert await it.ended(driver) is S.DONE
            assert it.truth() == it.belief()

    loop.run(scenario())


def test_a_driver_is_told_when_a_room_is_theirs_and_whether_that_was_kept_is_counted() -> None:
    async def scenario() -> None:
        async with stage(cars=stock(LOW1)) as it:
            await one_room(it)
            assert await it.ended(await it.order(Retrieve(car=f"C{LOW1}"))) is S.DONE
            collects(it)
            driver = await it.order(Store(car="N1"))
            await asyncio.sleep(1.0)
            first = await promise(it, driver)
            assert 0.0 < first["p50_s"] <= first["p90_s"]
            assert it.world.daemon is not None
            forecast = it.world.daemon.control.jobs.foresight.promises.forecast
            kept = forecast.kept.promises
            began_s = it.world.now
            await it.until(lambda: it.room(ROOM) is RoomState.OPEN_FOR_CAR)
            assert given(it) == [("N1", ROOM)]
            assert it.world.now - began_s <= first["p90_s"]
            assert forecast.kept.promises == kept + 1, "of driving in"
            drives_in(it, "N1")
            assert await it.ended(driver) is S.DONE
            assert forecast.kept.promises == kept + 2, "of being stored"

    loop.run(scenario())


def test_what_was_promised_to_who_does_not_come_is_said_to_be_late() -> None:
    async def scenario() -> None:
        async with stage() as it:
            await one_room(it)
            number = await it.order(Store(car="N1"))
            await it.until(lambda: it.room(ROOM) is RoomState.OPEN_FOR_CAR, 20.0)
            await asyncio.sleep(1.0)
            [move] = await moves(it)
            assert move["job"] == number
            assert move["promise"]["late_s"] == 0.0
            await asyncio.sleep(move["promise"]["p90_s"] + 10.0)
            [move] = await moves(it)
            assert move["promise"]["late_s"] == pytest.approx(10.0, abs=1.0)

    loop.run(scenario())


async def moves(it: Stage) -> list[Mapping[str, Any]]:
    found = (await it.ask(Query(what="plan")))["moves"]
    assert isinstance(found, list)
    return found
