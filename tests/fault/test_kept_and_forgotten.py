"""A car that was brought ahead, and a journal that knows less than the machine has done: which one is it?"""

import asyncio

import pytest

from controller.domain.events import Adopt, Arrive, Cancel, OnTheWay, Relocate, Retrieve, RoomOut, Store
from controller.domain.jobs import JobState
from controller.domain.places import PlaceStatus
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitState
from hal.plcmap.codes import Signal
from sim_plc.plant.cars import Car
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.caretaker import Caretaker
from tests.fault.test_lost_past import forget
from tests.support.scenes import eventually, stock
from tests.support.stage import QUICK, Stage, stage
from tests.support.two_rooms import (
    ANOTHER,
    CAR,
    FAR,
    GRACE_S,
    NEAR,
    SHAPE,
    SOON_S,
    booked,
    gate_is_shut,
    staged,
    two_rooms,
)

SHORT_S = 60.0
HASTY = two_rooms(timing__appointment_grace_s=str(SHORT_S))


async def go_on_behind(it: Stage) -> None:
    """Let the daemon start behind a copy of its journal, and serve again as a person tells it to."""
    await forget(it)
    await it.ask(Adopt())
    await it.until(lambda: it.unit is UnitState.STOPPED)
    await it.import_all()
    await it.execute()


def test_a_car_that_was_about_to_be_put_into_a_room_for_somebody_is_given_to_nobody_else() -> None:
    """Seed 14351: it stood there, nobody knew, and the gate opened before it for whoever came by."""

    async def body() -> None:
        async with stage(two_rooms(), cars=stock(FAR)) as it:
            number = await booked(it, CAR, SOON_S)
            await eventually(it, lambda: any(job.state is JobState.OPENING_TO for job in it.book.open_jobs()), SOON_S)
            assert Caretaker(it.world).back_up()
            await eventually(it, lambda: it.truth()[CAR] in SHAPE.rooms and not it.book.open_jobs())
            room = it.truth()[CAR]
            await go_on_behind(it)
            await it.until(lambda: it.room(room) is RoomState.CAR_PRESENT)
            assert it.book.where(CAR) != room, "nobody knows"
            await asyncio.sleep(30.0)
            assert gate_is_shut(it, room)
            assert it.world.plant.truth().signals[room] == Signal.DARK
            await it.ask(OnTheWay(car=CAR, in_s=60))
            await asyncio.sleep(30.0)
            assert gate_is_shut(it, room), "who is on the way has not come"
            await it.ask(Cancel(job=number))
            await it.until(lambda: it.room(room) is RoomState.CUSTOMER_ADMITTED)

    loop.run(body())


@pytest.mark.campaign
def test_another_car_in_the_place_of_a_kept_one_is_not_put_back_in_its_name_and_goes_as_somebody_decides() -> None:
    """Seed 12523: what somebody had driven in was to be put back for ever, not within its marks, behind a shut gate."""

    async def body() -> None:
        async with stage(HASTY, cars=stock(FAR)) as it:
            room = await staged(it, CAR)
            [number] = it.book.appointments
            assert Caretaker(it.world).back_up()
            await it.order(Arrive(car=CAR))
            await it.until(lambda: it.room(room) is RoomState.CUSTOMER_ADMITTED)
            it.world.do(lambda plant: plant.customer_collects(room, QUICK))
            await it.until(lambda: it.room(room) is RoomState.VACANT)
            await it.order(Store(car="N1", room=room))
            await it.until(lambda: it.room(room) is RoomState.OPEN_FOR_CAR)
            it.world.do(lambda plant: plant.car_arrives(room, Car("N1"), QUICK))
            await it.until(lambda: it.room(room) is RoomState.MEASURING)
            await go_on_behind(it)
            await it.until(lambda: it.room(room) is RoomState.CAR_PRESENT)
            assert it.book.places[room].status is PlaceStatus.UNVERIFIED
            assert it.book.places[room].car == CAR, "so it was once"
            await eventually(it, lambda: it.book.appointments[number].back, SOON_S + GRACE_S)
            await asyncio.sleep(30.0)
            assert it.book.open_jobs() == []
            assert gate_is_shut(it, room)
            await it.ask(Cancel(job=number))
            assert it.book.appointments == {}
            await it.until(lambda: it.room(room) is RoomState.CUSTOMER_ADMITTED)

    loop.run(body())


@pytest.mark.campaign
def test_a_car_that_may_be_another_one_makes_room_for_nobody() -> None:
    """It was measured and stored in the name of the one that was kept, as soon as somebody waited for its room."""

    async def body() -> None:
        async with stage(two_rooms(), cars=stock(FAR, NEAR)) as it:
            room = await staged(it, CAR)
            assert Caretaker(it.world).back_up()
            assert await it.ended(await it.order(Relocate(car=ANOTHER, bay=FAR))) is JobState.DONE
            await go_on_behind(it)
            await it.until(lambda: it.room(room) is RoomState.CAR_PRESENT)
            assert it.book.places[room].status is PlaceStatus.UNVERIFIED
            [other] = set(SHAPE.rooms) - {room}
            await it.ask(RoomOut(room=other, why="the gate rattles"))
            await it.order(Retrieve(car=ANOTHER))
            await asyncio.sleep(30.0)
            assert [job.car for job in it.book.open_jobs()] == [ANOTHER]
            assert (it.room(room), gate_is_shut(it, room)) == (RoomState.CAR_PRESENT, True)

    loop.run(body())
