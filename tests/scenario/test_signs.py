"""The sign of a room says what its state says, however it came to show something else: the plant's own is the judge."""

import asyncio

import pytest

from controller.domain.events import Query, Retrieve, SensorIn, SensorOut, Store
from controller.domain.jobs import JobState
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitEvent, UnitState
from controller.runtime.duties import SIGN
from hal.plcmap.codes import Signal
from sim_plc.plant.cars import Car
from sim_plc.plant.room import Room
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, ROOM
from tests.support.scenes import stock
from tests.support.stage import QUICK, Stage, stage

CARS = stock(LOW1)

RESTORED_S = 3.0
"""The room is looked over once a second, and a command takes a few scans."""

QUIET_S = 2.5
WHY = "its cable is torn"


def sign(it: Stage) -> Signal:
    return Signal(it.world.plant.truth().signals[ROOM])


async def says(it: Stage, code: Signal) -> None:
    """See the sign say something soon, and nothing be written to it from then on."""
    await it.until(lambda: sign(it) is code, RESTORED_S)
    await asyncio.sleep(0.5)
    before = len(it.world.log)
    await asyncio.sleep(QUIET_S)
    assert sign(it) is code
    assert [entry for _, entry in it.world.log[before:] if entry.mechanism.endswith("signal")] == []


async def restarted(it: Stage) -> None:
    """Let the tower's PLC restart, and an operator bring the unit back."""
    it.world.cabinets.restart("tower")
    await it.until(lambda: sign(it) is Signal.DARK, 0.5)
    await it.until(lambda: it.unit is UnitState.ABORTED)
    await asyncio.sleep(3.0)
    await it.execute()


async def out_of_service(it: Stage) -> None:
    await it.ask(SensorOut(by="eve", name="room1.person", why=WHY))
    await it.until(lambda: it.room(ROOM) is RoomState.OUT_OF_SERVICE)


async def blocked(it: Stage) -> None:
    it.world.do(lambda plant: plant.jam("gate", ROOM))
    await it.order(Store(car="X", room=ROOM))
    it.world.do(lambda plant: plant.car_arrives(ROOM, Car("X"), QUICK))
    await it.until(lambda: it.room(ROOM) is RoomState.BLOCKED)


async def admitted(it: Stage) -> None:
    assert await it.ended(await it.order(Retrieve(car=f"C{LOW1}", room=ROOM))) is JobState.DONE
    await it.until(lambda: it.room(ROOM) is RoomState.CUSTOMER_ADMITTED)


@pytest.mark.parametrize(
    ("come_about", "state", "code"),
    [
        (out_of_service, RoomState.OUT_OF_SERVICE, Signal.OUT_OF_SERVICE),
        (blocked, RoomState.BLOCKED, Signal.OUT_OF_SERVICE),
        (admitted, RoomState.CUSTOMER_ADMITTED, Signal.TAKE_CAR),
    ],
)
def test_the_sign_says_it_and_says_it_again_when_somebody_else_has_changed_it(
    come_about: object, state: RoomState, code: Signal
) -> None:
    async def scenario() -> None:
        assert callable(come_about)
        async with stage(cars=CARS) as it:
            await come_about(it)
            await says(it, code)
            it.world.do(lambda plant: setattr(plant.tower_image.rooms[ROOM], "signal", int(Signal.DRIVE_IN)))
            await says(it, code)
            assert it.room(ROOM) is state

    loop.run(scenario())


def test_a_sign_that_a_restart_of_its_plc_has_darkened_is_restored() -> None:
    async def scenario() -> None:
        async with stage(cars=CARS) as it:
            await out_of_service(it)
            await says(it, Signal.OUT_OF_SERVICE)
            await restarted(it)
            assert it.room(ROOM) is RoomState.OUT_OF_SERVICE
            await says(it, Signal.OUT_OF_SERVICE)
            await it.ask(SensorIn(name="room1.person"))
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
            await says(it, Signal.DARK)
            await admitted(it)
            await restarted(it)
            await says(it, Signal.TAKE_CAR)
            it.world.do(lambda plant: plant.customer_collects(ROOM, QUICK))
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
            await says(it, Signal.DARK)

    loop.run(scenario())


@pytest.mark.campaign
def test_a_car_that_was_accepted_leaves_a_dark_sign_behind() -> None:
    async def scenario() -> None:
        async with stage(cars=CARS) as it:
            it.world.do(lambda plant: plant.car_arrives(ROOM, Car("N"), QUICK))
            job = await it.order(Store(car="N", room=ROOM))
            await it.until(lambda: it.job(job).state is JobState.POSITIONING_TO)
            await it.ended(job)
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
            await says(it, Signal.DARK)

    loop.run(scenario())


def test_a_room_that_waits_for_a_departure_that_nobody_saw_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        async with stage(cars=CARS) as it:
            await admitted(it)
            monkeypatch.setattr(Room, "count_crossing", lambda *_: None)
            it.world.do(lambda plant: plant.customer_collects(ROOM, QUICK))
            await it.until(lambda: it.room(ROOM) is RoomState.CLEARING and it.world.plant.truth().gates[ROOM].locked)
            await says(it, Signal.DARK)
            assert it.room(ROOM) is RoomState.CLEARING
            await it.command(UnitEvent.STOP, UnitState.STOPPED)
            await it.execute()
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)

    loop.run(scenario())


def test_every_state_without_an_activity_of_its_own_has_a_sign() -> None:
    told_as_they_go = {
        RoomState.CAR_PRESENT,
        RoomState.OPEN_FOR_CAR,
        RoomState.MEASURING,
        RoomState.DEPARTING,
        RoomState.REFUSED,
    }
    assert set(SIGN) == set(RoomState) - told_as_they_go


def test_a_code_that_no_table_has_is_shown_as_unknown_and_replaced() -> None:
    async def scenario() -> None:
        async with stage(cars=CARS) as it:
            await out_of_service(it)
            await says(it, Signal.OUT_OF_SERVICE)
            it.world.do(lambda plant: setattr(plant.tower_image.rooms[ROOM], "signal", 200))
            await it.until(lambda: it.world.plant.truth().signals[ROOM] == Signal.OUT_OF_SERVICE, RESTORED_S)
            await it.ask(Query(what="status"))

    loop.run(scenario())
