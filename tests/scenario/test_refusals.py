"""Each refusal names its rule; nothing has moved and nothing is lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from controller.domain.events import (
    Adopt,
    Cancel,
    ImportInventory,
    Query,
    Relocate,
    Request,
    Resolve,
    Retrieve,
    StockedCar,
    Store,
    UnitCommand,
)
from controller.domain.jobs import JobState
from controller.domain.refusal import Refusal
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitEvent, UnitState
from hal.plcmap.codes import Signal
from sim_plc.plant.cars import Car
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, LOW2, LOW3, NOWHERE, ROOM, TOP1, TOP3
from tests.support.stage import QUICK, Stage, stage
from tests.support.tower_under_test import tower_under_test
from tests.support.towers import tower_named

CARS = {LOW1: Car("A"), LOW2: Car("B"), TOP1: Car("C")}
FULL = {place: Car(f"F{place}") for place in tower_under_test().shape.bays}


@asynccontextmanager
async def unmoved(it: Stage) -> AsyncIterator[None]:
    """Hold that nothing moves, no job comes into being and no car is lost."""
    motions, jobs, truth = it.motions(), dict(it.book.jobs), it.truth()
    yield
    await asyncio.sleep(5.0)
    assert it.motions() == motions
    assert it.book.jobs == jobs
    assert it.truth() == it.belief() == truth


@pytest.mark.parametrize(
    ("request_", "rule"),
    [
        (Retrieve(car="nobody's"), "UNKNOWN_CAR"),
        (Retrieve(car="A", room=LOW1), "UNKNOWN_ROOM"),
        (Relocate(car="nobody's", bay=LOW3), "UNKNOWN_CAR"),
        (Relocate(car="A", bay=LOW2), "BAY_OCCUPIED"),
        (Relocate(car="A", bay=LOW1), "BAY_OCCUPIED"),
        (Relocate(car="A", bay=ROOM), "UNKNOWN_BAY"),
        (Relocate(car="A", bay=NOWHERE), "UNKNOWN_BAY"),
        (Store(car="A", room=ROOM), "CAR_ALREADY_INSIDE"),
        (Store(car="D", room=LOW3), "UNKNOWN_ROOM"),
        (Store(car="", room=ROOM), "BAD_CAR"),
        (Cancel(job=1), "UNKNOWN_JOB"),
        (Resolve(job=1, choice="continue"), "UNKNOWN_JOB"),
        (ImportInventory(cars=(StockedCar(id="A", place=ROOM),)), "UNKNOWN_BAY"),
        (ImportInventory(cars=(StockedCar(id="A", place=LOW1), StockedCar(id="B", place=LOW1))), "PLACE_TWICE"),
        (ImportInventory(cars=(StockedCar(id="A", place=LOW1), StockedCar(id="A", place=LOW2))), "CAR_TWICE"),
        (Query(what="weather"), "UNKNOWN_QUERY"),
        (Adopt(), "NOT_FROZEN"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_wrong_order_is_refused_by_its_rule(request_: Request, rule: str) -> None:
    async def scenario() -> None:
        async with stage(cars=CARS) as it, unmoved(it):
            if rule == "NOT_FROZEN":
                # Nothing stands frozen: there is nothing to adopt, and that is no error.
                assert (await it.ask(request_)) == {"stations": []}
            else:
                assert await it.refused(request_) == rule

    loop.run(scenario())


def test_a_full_tower_takes_the_last_car_and_refuses_the_next() -> None:
    async def scenario() -> None:
        cars = {place: car for place, car in FULL.items() if place != TOP3}
        async with stage(cars=cars) as it:
            it.world.do(lambda plant: plant.car_arrives(ROOM, Car("last"), QUICK))
            number = await it.order(Store(car="last", room=ROOM))
            assert await it.refused(Store(car="next", room=ROOM)) == "ROOM_IN_USE"
            assert await it.ended(number) is JobState.DONE
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
            async with unmoved(it):
                assert await it.refused(Store(car="next", room=ROOM)) == "TOWER_FULL"
                assert len(it.truth()) == len(it.world.tower.shape.bays)

    loop.run(scenario())


def test_the_reference_tower_is_full_with_42_cars_and_claims_count() -> None:
    async def scenario() -> None:
        tower = tower_named("guangzhou", "brisk")
        bays = tower.shape.bays
        assert len(bays) == 42
        async with stage(tower, cars={place: Car(f"F{place}") for place in bays}) as it, unmoved(it):
            for room in tower.shape.rooms:
                assert await it.refused(Store(car="one too many", room=room)) == "TOWER_FULL"

        async with stage(tower, cars={place: Car(f"F{place}") for place in bays[:-1]}) as it:
            first, second, _ = tower.shape.rooms
            it.world.do(lambda plant: plant.car_arrives(first, Car("last"), QUICK))
            number = await it.order(Store(car="last", room=first))
            assert await it.refused(Store(car="one too many", room=second)) == "TOWER_FULL"
            assert await it.ended(number) is JobState.DONE
            assert len(it.truth()) == 42

    loop.run(scenario())


def test_a_room_in_use_a_car_with_a_job_and_a_reserved_bay_are_refused() -> None:
    async def scenario() -> None:
        async with stage(cars=CARS) as it:
            number = await it.order(Retrieve(car="A", room=ROOM))
            moved = await it.order(Relocate(car="B", bay=LOW3))
            assert await it.refused(Store(car="D", room=ROOM)) == "ROOM_IN_USE"
            assert await it.refused(Retrieve(car="A")) == "CAR_HAS_JOB"
            assert await it.refused(Relocate(car="A", bay=TOP3)) == "CAR_HAS_JOB"
            assert await it.refused(Relocate(car="C", bay=LOW3)) == "BAY_RESERVED"
            assert await it.ended(number) is JobState.DONE
            assert await it.ended(moved) is JobState.DONE
            assert await it.refused(Relocate(car="A", bay=TOP3)) == "CAR_NOT_IN_A_BAY"
            assert await it.refused(Cancel(job=number)) == "UNKNOWN_JOB"
            it.world.do(lambda plant: plant.customer_collects(ROOM, QUICK))
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
            assert await it.refused(Retrieve(car="A")) == "UNKNOWN_CAR"
            assert it.truth() == it.belief() == {"B": LOW3, "C": TOP1}

    loop.run(scenario())


@pytest.mark.parametrize(
    ("car", "rule"),
    [
        (Car("D", length_mm=5310), "CAR_TOO_LONG"),
        (Car("D", width_mm=2310), "CAR_TOO_WIDE"),
        (Car("D", height_mm=2210), "CAR_TOO_HIGH"),
        (Car("D", weight_kg=2510), "CAR_TOO_HEAVY"),
        (Car("D", wheels=3), "CAR_NOT_IN_MARKS"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_car_that_does_not_fit_is_measured_refused_and_driven_out_again(car: Car, rule: str) -> None:
    async def scenario() -> None:
        async with stage(cars=CARS) as it:
            motions = carriage_motions(it)
            it.world.do(lambda plant: plant.car_arrives(ROOM, car, QUICK))
            number = await it.order(Store(car="D", room=ROOM))
            assert await it.ended(number) is JobState.CANCELLED
            assert it.job(number).reason.startswith(f"{rule}: ")
            assert it.room(ROOM) is RoomState.REFUSED
            await it.until(lambda: it.world.plant.truth().signals[ROOM] == Signal.REFUSED)
            it.world.do(lambda plant: plant.car_leaves(ROOM, QUICK))
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
            assert it.world.plant.truth().outside == ("D",)
            assert it.truth() == it.belief() == {"A": LOW1, "B": LOW2, "C": TOP1}
            assert carriage_motions(it) == motions

    loop.run(scenario())


def test_the_largest_car_of_the_envelope_is_taken() -> None:
    async def scenario() -> None:
        async with stage(cars=CARS) as it:
            car = Car("D", length_mm=5300, width_mm=2300, height_mm=2200, weight_kg=2500)
            it.world.do(lambda plant: plant.car_arrives(ROOM, car, QUICK))
            number = await it.order(Store(car="D", room=ROOM))
            assert await it.ended(number) is JobState.DONE
            assert it.truth() == it.belief()

    loop.run(scenario())


def test_a_car_that_stays_outside_its_marks_is_refused() -> None:
    async def scenario() -> None:
        async with stage(tower_under_test(timing__customer_patience_s="30"), cars=CARS) as it:
            it.world.do(lambda plant: plant.overrides.update({("room", ROOM, "in_marks"): False}))
            it.world.do(lambda plant: plant.car_arrives(ROOM, Car("D"), QUICK))
            number = await it.order(Store(car="D", room=ROOM))
            assert await it.ended(number) is JobState.CANCELLED
            assert it.job(number).reason.startswith("CAR_NOT_IN_MARKS: ")
            it.world.do(lambda plant: plant.car_leaves(ROOM, QUICK))
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
            assert it.truth() == it.belief() == {"A": LOW1, "B": LOW2, "C": TOP1}

    loop.run(scenario())


COMMANDS = {
    UnitState.STOPPED: {UnitEvent.RESET, UnitEvent.ABORT},
    UnitState.IDLE: {UnitEvent.START, UnitEvent.STOP, UnitEvent.ABORT},
    UnitState.EXECUTE: {UnitEvent.HOLD, UnitEvent.SUSPEND, UnitEvent.STOP, UnitEvent.ABORT},
    UnitState.HELD: {UnitEvent.UNHOLD, UnitEvent.STOP, UnitEvent.ABORT},
    UnitState.SUSPENDED: {UnitEvent.UNSUSPEND, UnitEvent.HOLD, UnitEvent.STOP, UnitEvent.ABORT},
    UnitState.ABORTED: {UnitEvent.CLEAR},
}
"""What each waiting state accepts, typed from the page of state tables."""

WAYS = {
    UnitState.STOPPED: (),
    UnitState.IDLE: (UnitEvent.RESET,),
    UnitState.EXECUTE: (UnitEvent.RESET, UnitEvent.START),
    UnitState.HELD: (UnitEvent.RESET, UnitEvent.START, UnitEvent.HOLD),
    UnitState.SUSPENDED: (UnitEvent.RESET, UnitEvent.START, UnitEvent.SUSPEND),
    UnitState.ABORTED: (UnitEvent.ABORT,),
}


@pytest.mark.parametrize("state", COMMANDS)
def test_unit_commands_are_refused_where_the_state_does_not_take_them(state: UnitState) -> None:
    async def scenario() -> None:
        async with stage(cars=CARS, execute=False) as it:
            await it.import_all()
            for event in WAYS[state]:
                await it.ask(UnitCommand(event=event))
                await asyncio.sleep(15.0)
            assert it.unit is state
            async with unmoved(it):
                for event in set(UnitEvent) - COMMANDS[state] - {UnitEvent.DONE}:
                    assert await it.refused(UnitCommand(event=event)) == "UNIT_STATE"
                    assert it.unit is state

    loop.run(scenario())


def test_done_is_no_command() -> None:
    async def scenario() -> None:
        async with stage(cars=CARS, execute=False) as it:
            assert await it.refused(UnitCommand(event=UnitEvent.DONE)) == "UNIT_STATE"

    loop.run(scenario())


def test_at_the_first_start_every_place_is_unverified_until_it_is_imported_and_seen() -> None:
    async def scenario() -> None:
        async with stage(cars=CARS, execute=False) as it:
            assert set(it.world.tower.shape.bays) <= it.doubts()
            assert it.belief() == {}
            await it.execute()
            assert await it.refused(Retrieve(car="A")) == "UNKNOWN_CAR"
            assert await it.refused(Store(car="D", room=ROOM)) == "TOWER_FULL"
            answer = await it.import_all()
            assert answer == {"agreed": len(FULL), "disagreements": []}
            assert it.doubts() == set()
            number = await it.order(Retrieve(car="A", room=ROOM))
            assert await it.ended(number) is JobState.DONE

    loop.run(scenario())


def test_an_import_that_disagrees_verifies_only_what_the_sensors_agree_to() -> None:
    async def scenario() -> None:
        async with stage(cars=CARS, execute=False) as it:
            wrong = (StockedCar(id="A", place=LOW1), StockedCar(id="B", place=LOW3), StockedCar(id="C", place=TOP1))
            answer = await it.ask(ImportInventory(cars=wrong))
            assert answer["agreed"] == len(FULL) - 2
            assert answer["disagreements"] == [
                {"place": LOW2, "stated": None, "sensed": "occupied"},
                {"place": LOW3, "stated": "B", "sensed": "empty"},
            ]
            assert it.doubts() == {LOW2, LOW3}
            await it.execute()
            async with unmoved_cars(it):
                assert await it.refused(Retrieve(car="B")) == "PLACE_UNVERIFIED"
                assert await it.refused(Relocate(car="A", bay=LOW2)) == "BAY_NOT_USABLE"
                assert await it.refused(Relocate(car="A", bay=LOW3)) == "BAY_NOT_USABLE"
            await it.import_all()
            assert it.doubts() == set()

    loop.run(scenario())


def test_no_import_while_a_job_is_under_way() -> None:
    async def scenario() -> None:
        async with stage(cars=CARS) as it:
            number = await it.order(Relocate(car="A", bay=LOW3))
            await it.until(lambda: it.job(number).state is JobState.PICKING)
            with pytest.raises(Refusal, match="JOBS_OPEN"):
                await it.import_all()
            assert await it.ended(number) is JobState.DONE
            assert it.truth() == it.belief()

    loop.run(scenario())


@asynccontextmanager
async def unmoved_cars(it: Stage) -> AsyncIterator[None]:
    """Hold that nothing moves; what is believed may differ from the truth."""
    motions, truth = it.motions(), it.truth()
    yield
    await asyncio.sleep(5.0)
    assert (it.motions(), it.truth()) == (motions, truth)


def carriage_motions(it: Stage) -> int:
    """Return how many motions of lift, turntable, shuttle and inner doors were begun."""
    axes = ("lift", "turntable", "shuttle", "room1.inner_door")
    return sum(entry.event.name == "STARTED" and entry.mechanism in axes for _, entry in it.world.log)
