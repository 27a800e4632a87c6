"""A driver is awaited with a car that stands inside: the journal had lost where. What is seen in a bay wins.

A journal that is restored from an older backup does not know the car, so a storing of it is granted. Whoever finds it
in its bay then is believed where the bay is seen to hold a car that nobody knows; the storing ends, and its driver is
told.
"""

import pytest

from controller.domain.events import AuditPlace, ConfirmPlace, ImportInventory, Request, StockedCar, Store
from controller.domain.jobs import JobState
from controller.domain.rooms import RoomState
from hal.plcmap.codes import Signal
from sim_plc.plant.cars import Car
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, LOW2, ROOM, TOP1
from tests.support.stage import QUICK, Stage, stage

CARS = {LOW1: Car("A"), TOP1: Car("B")}


def stated(place: int) -> Request:
    return ImportInventory(cars=(StockedCar(id="A", place=place), StockedCar(id="B", place=TOP1)))


async def invited(it: Stage) -> int:
    """Let the tower forget car A, and invite somebody who wants to store it."""
    await it.ask(ImportInventory(cars=(StockedCar(id="B", place=TOP1),)))
    assert it.doubts() == {LOW1}
    job = await it.order(Store(car="A", room=ROOM))
    await it.until(lambda: it.room(ROOM) is RoomState.OPEN_FOR_CAR)
    return job


@pytest.mark.parametrize(
    "found",
    [stated(LOW1), ConfirmPlace(place=LOW1, car="A"), AuditPlace(place=LOW1, car="A")],
    ids=lambda it: type(it).__name__,
)
def test_a_car_that_is_found_in_a_bay_is_awaited_no_longer_and_the_driver_is_told(found: Request) -> None:
    async def scenario() -> None:
        async with stage(cars=CARS) as it:
            job = await invited(it)
            await it.ask(found)
            assert it.job(job).state is JobState.CANCELLED
            assert it.job(job).reason == f"CAR_ALREADY_INSIDE: car A stands in bay {LOW1}"
            told = [event for event in it.world.events if event["event"] == "job_state" and event["job"] == job][-1]
            assert told["reason"] == it.job(job).reason
            await it.until(lambda: it.world.plant.truth().signals[ROOM] == Signal.REFUSED)
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
            assert it.belief() == it.truth()
            assert not it.doubts()

    loop.run(scenario())


@pytest.mark.parametrize("bay", [LOW2, TOP1], ids=["seen to be empty", "known to hold another car"])
def test_what_nobody_sees_keeps_no_driver_out(bay: int) -> None:
    async def scenario() -> None:
        async with stage(cars=CARS) as it:
            job = await invited(it)
            only = ImportInventory(cars=(StockedCar(id="A", place=bay),))
            assert await it.refused(only) == "CAR_AWAITED"
            assert await it.refused(ConfirmPlace(place=bay, car="A")) == "CAR_AWAITED"
            assert it.job(job).state is JobState.QUEUED
            assert it.room(ROOM) is RoomState.OPEN_FOR_CAR

    loop.run(scenario())


def test_a_car_that_stands_in_the_room_under_the_same_name_is_seen_as_well() -> None:
    async def scenario() -> None:
        async with stage(cars=CARS) as it:
            await invited(it)
            it.world.do(lambda plant: plant.car_arrives(ROOM, Car("A2"), QUICK))
            await it.until(lambda: it.book.where("A") == ROOM)
            assert await it.refused(ConfirmPlace(place=LOW1, car="A")) == "CAR_ELSEWHERE"

    loop.run(scenario())
