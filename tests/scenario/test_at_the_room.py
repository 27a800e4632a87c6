"""Awkward moments at a transfer room: each ends as it should, and none of them blocks the room."""

import asyncio

import pytest

from controller.domain.events import Cancel, Relocate, Resolve, Retrieve, Store
from controller.domain.jobs import JobState
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitEvent, UnitState
from hal.plcmap.codes import Signal
from sim_plc.plant.cars import Car
from sim_plc.plant.people import Habits
from sim_plc.plant.room import Room
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, ROOM, TOP1, TOP3, across_in
from tests.support.scenes import all_is_shut, all_is_told, stock
from tests.support.stage import QUICK, Stage, stage
from tests.support.tower_under_test import tower_under_test

IMPATIENT = tower_under_test(timing__customer_patience_s="5")
SLOW_TO_GO = Habits(notice_s=0.5, step_s=0.2, drive_s=12.0, leave_s=1.0, dwell_s=1.0)
"""From the invitation that a driver follows it is three seconds to the gate."""


def sign(it: Stage) -> int:
    return it.world.plant.tower_image.rooms[ROOM].signal


def states(it: Stage, since: int) -> list[str]:
    return [str(event["state"]) for event in it.world.events[since:] if event["event"] == "room_state"]


async def restarted(it: Stage) -> None:
    """Let the tower's PLC restart, and an operator bring the unit back."""
    it.world.cabinets.restart("tower")
    await it.until(lambda: it.unit is UnitState.ABORTED)
    await asyncio.sleep(3.0)
    await it.execute()


def test_the_sign_invites_a_customer_again_after_its_plc_has_restarted() -> None:
    async def scenario() -> None:
        async with stage(cars=stock(LOW1)) as it:
            assert await it.ended(await it.order(Retrieve(car=f"C{LOW1}", room=ROOM))) is JobState.DONE
            await it.until(lambda: it.room(ROOM) is RoomState.CUSTOMER_ADMITTED)
            await restarted(it)
            assert it.room(ROOM) is RoomState.CUSTOMER_ADMITTED
            await it.until(lambda: sign(it) == Signal.TAKE_CAR, 5.0)
            shown = len(it.world.log)
            await asyncio.sleep(10.0)
            assert not [entry for _, entry in it.world.log[shown:] if entry.mechanism.endswith("signal")]
            it.world.do(lambda plant: plant.customer_collects(ROOM, QUICK))
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)

    loop.run(scenario())


@pytest.mark.parametrize("noticed_s", [4.0, 4.3, 4.9, 5.2])
def test_a_driver_who_comes_as_patience_ends_is_served_or_stays_outside(noticed_s: float) -> None:
    async def scenario() -> None:
        async with stage(IMPATIENT) as it:
            job = await it.order(Store(car="N1", room=ROOM))
            await it.until(lambda: it.room(ROOM) is RoomState.OPEN_FOR_CAR and sign(it) == Signal.DRIVE_IN)
            told = len(it.world.events)
            await asyncio.sleep(noticed_s - SLOW_TO_GO.notice_s)
            it.world.do(lambda plant: plant.car_arrives(ROOM, Car("N1"), SLOW_TO_GO))
            ended = await it.ended(job)
            assert ended is (JobState.DONE if "N1" in it.truth() else JobState.CANCELLED)
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
            assert "BLOCKED" not in states(it, told)
            all_is_told(it)
            all_is_shut(it)

    loop.run(scenario())


def test_the_sign_is_dark_when_nobody_came() -> None:
    async def scenario() -> None:
        async with stage(IMPATIENT) as it:
            assert await it.ended(await it.order(Store(car="N1", room=ROOM))) is JobState.CANCELLED
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT and sign(it) == Signal.DARK, 10.0)

    loop.run(scenario())


@pytest.mark.parametrize("for_s", [0.5, 8.0])
def test_a_person_sensor_that_fails_for_a_while_in_front_of_an_accepted_car_only_delays_it(for_s: float) -> None:
    async def scenario() -> None:
        async with stage(tower_under_test(machine__lift__speed_mm_s=across_in(8.0)), cars=stock(LOW1)) as it:
            assert await it.ended(await it.order(Relocate(car=f"C{LOW1}", bay=TOP3))) is JobState.DONE
            it.world.do(lambda plant: plant.car_arrives(ROOM, Car("N1"), QUICK))
            job = await it.order(Store(car="N1", room=ROOM))
            await it.until(lambda: it.job(job).state is JobState.POSITIONING)
            told = len(it.world.events)
            it.world.do(lambda plant: plant.overrides.update({("room", ROOM, "person_sensor_ok"): False}))
            await it.until(lambda: it.room(ROOM) is RoomState.MEASURING)
            await asyncio.sleep(for_s)
            it.world.do(lambda plant: plant.overrides.clear())
            assert await it.ended(job) is JobState.DONE
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
            assert "BLOCKED" not in states(it, told)
            all_is_told(it)
            all_is_shut(it)

    loop.run(scenario())


def test_who_gets_out_of_the_car_as_the_gate_has_locked_is_let_out_again() -> None:
    """The room was called accepted behind them, and nothing that its sensors showed from then on opened its gate."""

    async def scenario() -> None:
        async with stage(tower_under_test(machine__lift__speed_mm_s=across_in(60.0)), cars=stock(LOW1)) as it:
            it.world.do(lambda plant: plant.car_arrives(ROOM, Car("N1"), QUICK))
            job = await it.order(Store(car="N1", room=ROOM))
            await it.order(Relocate(car=f"C{LOW1}", bay=TOP3))
            await it.until(lambda: it.room(ROOM) is RoomState.MEASURING)
            rooms = it.world.daemon.control.rooms  # type: ignore[union-attr]
            await it.until(lambda: (facts := rooms.facts(ROOM)) is not None and facts.gate_locked)
            it.world.do(lambda plant: plant.overrides.update({("room", ROOM, "person"): True}))
            await it.until(lambda: it.world.plant.truth().gates[ROOM].opened, 15.0)
            assert sign(it) == Signal.STOP_AND_LEAVE
            it.world.do(lambda plant: plant.overrides.clear())
            await it.until(lambda: it.room(ROOM) is RoomState.ACCEPTED)
            assert it.job(job).state is JobState.QUEUED

    loop.run(scenario())


def test_a_car_is_handed_back_when_its_storing_is_closed_by_hand_before_the_carriage_has_come() -> None:
    async def scenario() -> None:
        async with stage(tower_under_test(machine__lift__speed_mm_s=across_in(8.0)), cars=stock(LOW1)) as it:
            assert await it.ended(await it.order(Relocate(car=f"C{LOW1}", bay=TOP3))) is JobState.DONE
            it.world.do(lambda plant: plant.car_arrives(ROOM, Car("N1"), QUICK))
            job = await it.order(Store(car="N1", room=ROOM))
            await it.until(lambda: it.job(job).state is JobState.POSITIONING)
            it.world.do(lambda plant: plant.overrides.update({("carriage", "dock_level"): False}))
            await it.until(lambda: it.job(job).state is JobState.PARKED)
            assert it.room(ROOM) is RoomState.ACCEPTED
            it.world.do(lambda plant: plant.overrides.clear())
            await it.ask(Resolve(job=job, choice="by-hand", place=ROOM))
            it.world.do(lambda plant: plant.customer_collects(ROOM, QUICK))
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)

    loop.run(scenario())


def test_a_car_that_a_person_says_was_left_in_its_room_is_handed_over_there() -> None:
    async def scenario() -> None:
        async with stage(cars=stock(LOW1, TOP1)) as it:
            job = await it.order(Retrieve(car=f"C{LOW1}", room=ROOM))
            await it.until(lambda: it.job(job).state is JobState.PLACING)
            it.world.do(lambda plant: plant.overrides.update({("room", ROOM, "occupied_a"): False}))
            await it.until(lambda: it.job(job).state is JobState.PARKED)
            assert it.job(job).reason.startswith("LOAD_NOT_PROVEN")
            await it.ask(Resolve(job=job, choice="divert", place=TOP3))
            await it.command(UnitEvent.UNHOLD, UnitState.EXECUTE)
            await it.until(lambda: it.room(ROOM) is RoomState.CLEARING)
            it.world.do(lambda plant: plant.overrides.clear())
            await it.until(lambda: it.job(job).state is JobState.PARKED)
            assert it.job(job).reason.startswith("CARRIAGE_EMPTY")
            assert it.room(ROOM) is RoomState.CLEARING
            await it.ask(Resolve(job=job, choice="by-hand", place=ROOM))
            await it.command(UnitEvent.STOP, UnitState.STOPPED)
            await it.execute()
            await it.until(lambda: it.room(ROOM) is RoomState.CUSTOMER_ADMITTED)
            it.world.do(lambda plant: plant.customer_collects(ROOM, QUICK))
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
            assert await it.ended(await it.order(Retrieve(car=f"C{TOP1}", room=ROOM))) is JobState.DONE

    loop.run(scenario())


def test_a_departure_that_no_sensor_counted_is_not_waited_for_after_a_reset(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        async with stage(cars=stock(LOW1, TOP1)) as it:
            assert await it.ended(await it.order(Retrieve(car=f"C{LOW1}", room=ROOM))) is JobState.DONE
            await it.until(lambda: it.room(ROOM) is RoomState.CUSTOMER_ADMITTED)
            monkeypatch.setattr(Room, "count_crossing", lambda *_: None)
            it.world.do(lambda plant: plant.customer_collects(ROOM, QUICK))
            await it.until(lambda: it.room(ROOM) is RoomState.CLEARING)
            await asyncio.sleep(30.0)
            assert it.room(ROOM) is RoomState.CLEARING
            await it.command(UnitEvent.STOP, UnitState.STOPPED)
            await it.execute()
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
            all_is_told(it)

    loop.run(scenario())


def test_a_refused_driver_who_lingers_is_told_to_drive_out_for_as_long_as_the_car_stands_there() -> None:
    async def scenario() -> None:
        async with stage(IMPATIENT, cars=stock(LOW1)) as it:
            lingers = Habits(notice_s=0.5, step_s=0.2, drive_s=2.0, leave_s=30.0)
            it.world.do(lambda plant: plant.car_arrives(ROOM, Car("N"), lingers))
            number = await it.order(Store(car="N", room=ROOM))
            await it.until(lambda: it.room(ROOM) is RoomState.MEASURING)
            await it.until(lambda: it.world.plant.truth().cars.get(ROOM) == "N")
            await it.ask(Cancel(job=number))
            await it.until(lambda: sign(it) == Signal.REFUSED)
            while it.world.plant.truth().persons[ROOM]:
                assert sign(it) == Signal.REFUSED
                await asyncio.sleep(0.1)
            await asyncio.sleep(2 * IMPATIENT.timing.customer_patience_s)
            assert it.room(ROOM) is RoomState.REFUSED
            it.world.do(lambda plant: plant.car_leaves(ROOM, QUICK))
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
            assert it.truth().get("N") is None

    loop.run(scenario())
