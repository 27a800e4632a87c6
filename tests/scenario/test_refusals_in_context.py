"""What is refused because of what is going on: the whole book, the plant and the PLCs' logs stay as they were."""

import pytest

from controller.domain.events import (
    Cancel,
    ImportInventory,
    Relocate,
    Request,
    Resolve,
    Retrieve,
    StockedCar,
    Store,
    UnitCommand,
)
from controller.domain.jobs import JobState
from controller.domain.places import PlaceStatus
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitEvent, UnitState
from sim_plc.plant.cars import Car
from sim_plc.plant.terminals import Wire
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, LOW2, LOW3, ROOM, TOP1, TOP3
from tests.support.samples import campaign, each_value
from tests.support.scenes import all_is_told, everything, idle, refused_now, still, stock
from tests.support.stage import QUICK, stage
from tests.support.tower_under_test import tower_under_test

CARS = stock(LOW1, LOW2, TOP1)


@pytest.mark.parametrize(
    ("granted", "request_", "rule"),
    [
        (Retrieve(car=f"C{LOW1}"), Retrieve(car=f"C{LOW1}"), "CAR_HAS_JOB"),
        (Retrieve(car=f"C{LOW1}"), Relocate(car=f"C{LOW1}", bay=LOW3), "CAR_HAS_JOB"),
        (Relocate(car=f"C{LOW1}", bay=LOW3), Retrieve(car=f"C{LOW1}"), "CAR_HAS_JOB"),
        (Relocate(car=f"C{LOW1}", bay=LOW3), Relocate(car=f"C{LOW2}", bay=LOW3), "BAY_RESERVED"),
        (Relocate(car=f"C{LOW1}", bay=LOW3), Relocate(car=f"C{LOW2}", bay=LOW1), "BAY_OCCUPIED"),
        (Store(car="N1", room=ROOM), Store(car="N1", room=ROOM), "CAR_ALREADY_INSIDE"),
        (Store(car="N1", room=ROOM), Store(car="N2", room=ROOM), "ROOM_IN_USE"),
        (Store(car="N1", room=ROOM), Retrieve(car="N1"), "UNKNOWN_CAR"),
        (Store(car="N1", room=ROOM), ImportInventory(cars=(StockedCar(id="N1", place=LOW1),)), "CAR_AWAITED"),
        (Retrieve(car=f"C{LOW1}", room=ROOM), Store(car="N1", room=ROOM), "ROOM_IN_USE"),
        (Retrieve(car=f"C{LOW1}"), Resolve(job=1, choice="continue"), "JOB_STATE"),
        (Retrieve(car=f"C{LOW1}"), Resolve(job=2, choice="continue"), "UNKNOWN_JOB"),
        (Retrieve(car=f"C{LOW1}"), Cancel(job=2), "UNKNOWN_JOB"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_an_earlier_order_counts_on_is_refused_to_a_later_one(
    granted: Request, request_: Request, rule: str
) -> None:
    async def scenario() -> None:
        async with stage(cars=CARS, execute=False) as it:
            await idle(it)
            assert await it.order(granted) == 1
            assert (await refused_now(it, request_)).rule == rule
            assert it.job(1).state is JobState.QUEUED
            all_is_told(it)

    loop.run(scenario())


def test_the_bay_that_a_car_has_just_left_is_kept_for_its_return() -> None:
    async def scenario() -> None:
        async with stage(cars=CARS) as it:
            await it.order(Relocate(car=f"C{LOW1}", bay=LOW3))
            await it.until(lambda: it.job(1).state is JobState.POSITIONING_TO)
            await it.command(UnitEvent.HOLD, UnitState.HELD)
            await still(it)
            for request, rule in (
                (Relocate(car=f"C{LOW2}", bay=LOW1), "BAY_RESERVED"),
                (Relocate(car=f"C{LOW2}", bay=LOW3), "BAY_RESERVED"),
                (Retrieve(car=f"C{LOW1}"), "CAR_HAS_JOB"),
                (Store(car=f"C{LOW1}", room=ROOM), "CAR_ALREADY_INSIDE"),
                (Cancel(job=1), "JOB_STATE"),
                (ImportInventory(cars=()), "JOBS_OPEN"),
            ):
                assert (await refused_now(it, request)).rule == rule
            await it.command(UnitEvent.UNHOLD, UnitState.EXECUTE)
            assert await it.ended(1) is JobState.DONE
            all_is_told(it)

    loop.run(scenario())


def test_a_car_that_stands_in_a_room_belongs_to_whoever_collects_it() -> None:
    async def scenario() -> None:
        async with stage(cars=CARS) as it:
            assert await it.ended(await it.order(Retrieve(car=f"C{LOW2}", room=ROOM))) is JobState.DONE
            await it.until(lambda: it.room(ROOM) is RoomState.CUSTOMER_ADMITTED)
            await still(it)
            for request, rule in (
                (Retrieve(car=f"C{LOW2}"), "CAR_NOT_IN_A_BAY"),
                (Relocate(car=f"C{LOW2}", bay=LOW3), "CAR_NOT_IN_A_BAY"),
                (Store(car=f"C{LOW2}", room=ROOM), "CAR_ALREADY_INSIDE"),
                (Store(car="N1", room=ROOM), "ROOM_IN_USE"),
                (ImportInventory(cars=(StockedCar(id=f"C{LOW2}", place=LOW1),)), "CAR_IN_A_ROOM"),
                (Cancel(job=1), "UNKNOWN_JOB"),
                (Resolve(job=1, choice="continue"), "UNKNOWN_JOB"),
            ):
                assert (await refused_now(it, request)).rule == rule
            all_is_told(it)
            it.world.do(lambda plant: plant.customer_collects(ROOM, QUICK))
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
            await still(it)
            assert (await refused_now(it, Retrieve(car=f"C{LOW2}"))).rule == "UNKNOWN_CAR"
            assert await it.order(Store(car=f"C{LOW2}", room=ROOM)) == 2

    loop.run(scenario())


@pytest.mark.parametrize(
    ("way", "possible"),
    [
        ((UnitEvent.STOP,), "abort, reset"),
        ((UnitEvent.STOP, UnitEvent.RESET), "abort, start, stop"),
        ((), "abort, hold, stop, suspend"),
        ((UnitEvent.HOLD,), "abort, stop, unhold"),
        ((UnitEvent.SUSPEND,), "abort, hold, stop, unsuspend"),
        ((UnitEvent.ABORT,), "clear"),
    ],
    ids=["stopped", "idle", "execute", "held", "suspended", "aborted"],
)
def test_a_command_that_the_unit_cannot_take_names_those_that_it_can(
    way: tuple[UnitEvent, ...], possible: str
) -> None:
    async def scenario() -> None:
        async with stage(cars=CARS) as it:
            for event in way:
                await it.ask(UnitCommand(event=event))
                await still(it)
            names = {event.lower() for event in UnitEvent} - {"done"}
            for name in sorted(names - set(possible.split(", "))):
                refusal = await refused_now(it, UnitCommand(event=UnitEvent[name.upper()]))
                assert refusal.rule == "UNIT_STATE"
                assert refusal.text == f"{name} is not possible in {it.unit}; possible now: {possible}"
            all_is_told(it)

    loop.run(scenario())


def test_an_order_waits_while_the_unit_does_not_execute_and_moves_nothing() -> None:
    async def scenario() -> None:
        async with stage(cars=CARS) as it:
            await it.command(UnitEvent.ABORT, UnitState.ABORTED)
            await still(it)
            before = everything(it)
            job = await it.order(Relocate(car=f"C{LOW1}", bay=LOW3))
            await still(it)
            after = everything(it)
            assert (after.truth, after.commands, after.unit) == (before.truth, before.commands, before.unit)
            await it.execute()
            assert await it.ended(job) is JobState.DONE
            all_is_told(it)

    loop.run(scenario())


def test_a_sensor_that_disagrees_with_its_twin_verifies_nothing() -> None:
    async def scenario() -> None:
        async with stage(cars=CARS, execute=False) as it:
            lies: dict[Wire, bool] = {("bay", LOW2, "occupied_b"): False, ("bay", TOP3, "occupied_a"): True}
            it.world.do(lambda plant: plant.overrides.update(lies))
            await still(it)
            answer = await it.import_all()
            assert answer["disagreements"] == [
                {"place": LOW2, "stated": f"C{LOW2}", "sensed": "doubtful"},
                {"place": TOP3, "stated": None, "sensed": "doubtful"},
            ]
            assert it.doubts() == {LOW2, TOP3}
            await it.execute()
            await still(it)
            assert (await refused_now(it, Retrieve(car=f"C{LOW2}"))).rule == "PLACE_UNVERIFIED"
            assert (await refused_now(it, Relocate(car=f"C{LOW1}", bay=TOP3))).rule == "BAY_NOT_USABLE"
            it.world.do(lambda plant: plant.overrides.clear())
            await still(it)
            # A sensor that comes to its senses verifies nothing by itself: somebody states what is there.
            assert it.doubts() == {LOW2, TOP3}
            assert (await it.import_all())["disagreements"] == []
            all_is_told(it)

    loop.run(scenario())


def test_what_was_imported_is_known_to_the_next_daemon() -> None:
    async def scenario() -> None:
        async with stage(cars=CARS, execute=False) as it:
            stated = (StockedCar(id=f"C{LOW1}", place=LOW1), StockedCar(id=f"C{LOW2}", place=LOW3))
            await it.ask(ImportInventory(cars=stated))
            before = dict(it.book.places)
            await it.world.stop_daemon()
            await it.start()
            assert it.doubts() == {LOW2, LOW3, TOP1}
            bays = it.world.tower.shape.bays
            assert {bay: it.book.places[bay] for bay in bays} == {bay: before[bay] for bay in bays}

    loop.run(scenario())


def test_a_driver_who_never_comes_gives_the_room_back() -> None:
    async def scenario() -> None:
        async with stage(tower_under_test(timing__customer_patience_s="60.0"), cars=CARS) as it:
            number = await it.order(Store(car="N1", room=ROOM))
            waits = await it.order(Retrieve(car=f"C{LOW1}", room=ROOM))
            await it.until(lambda: it.world.plant.truth().gates[ROOM].opened)
            assert await it.ended(number) is JobState.CANCELLED
            assert it.job(number).reason.startswith("NO_SHOW: ")
            assert await it.ended(waits) is JobState.DONE
            assert it.truth() == {f"C{LOW1}": ROOM, f"C{LOW2}": LOW2, f"C{TOP1}": TOP1}
            assert it.book.places[LOW1].status is PlaceStatus.FREE
            all_is_told(it)

    loop.run(scenario())


@pytest.mark.parametrize("early_s", [*each_value([-0.2, 0.0, 0.4, 1.2]), *campaign([-0.4, 0.2, 0.8, 2.0, 3.0])])
def test_a_driver_who_comes_in_the_last_moment_is_stored_or_let_out(early_s: float) -> None:
    async def scenario() -> None:
        async with stage(tower_under_test(timing__customer_patience_s="60.0"), cars=CARS) as it:
            number = await it.order(Store(car="N1", room=ROOM))
            await it.until(lambda: it.room(ROOM) is RoomState.OPEN_FOR_CAR)
            opened_s = it.world.now
            await it.until(lambda: it.world.now >= opened_s + 60.0 - early_s)
            it.world.do(lambda plant: plant.car_arrives(ROOM, Car("N1"), QUICK))
            stored = await it.ended(number) is JobState.DONE
            if not stored and "N1" in it.truth():
                it.world.do(lambda plant: plant.car_leaves(ROOM, QUICK))
                it.world.do(lambda plant: plant.customer_collects(ROOM, QUICK))
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
            assert ("N1" in it.truth()) is stored
            all_is_told(it)

    loop.run(scenario())
