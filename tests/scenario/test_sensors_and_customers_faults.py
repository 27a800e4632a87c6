"""Doors that stick and contacts that never rest: a fault with a name, and the way back from it."""

import asyncio

import pytest

from controller.activities.room import GATE_TRIES
from controller.domain.events import Resolve, Retrieve, Store
from controller.domain.jobs import JobState
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitEvent, UnitState
from hal.plcmap.codes import Reason, Result
from sim_plc.plant.contacts import Wire
from sim_plc.plant.plant import Car, Plant
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, ROOM
from tests.support.stage import QUICK, Stage, stage
from tests.support.tower_under_test import tower_under_test

BAY = LOW1


def outcomes(it: Stage, mechanism: str, result: Result) -> list[Reason]:
    """Return why a mechanism's commands ended so, in order."""
    return [
        Reason(entry.reason) for _, entry in it.world.log if entry.mechanism == mechanism and entry.result == result
    ]


async def go_on(it: Stage, job: int) -> None:
    """Let an operator look, clear the fault and let the parked job go on."""
    await it.ask(Resolve(by="operator", job=job, choice="continue"))
    if it.unit is UnitState.HELD:
        await it.command(UnitEvent.UNHOLD, UnitState.EXECUTE)
    else:
        await it.execute()


@pytest.mark.parametrize("tries", [1, 2])
def test_an_inner_door_that_sticks_parks_the_job_by_name_and_comes_free_when_tried_again(tries: int) -> None:
    async def play() -> None:
        async with stage(tower_under_test(), cars={BAY: Car("A")}) as it:
            it.world.do(lambda plant: plant.jam("door", ROOM, tries))
            job = await it.order(Retrieve(car="A", room=ROOM))
            for _ in range(tries):
                await it.until(lambda: it.job(job).state is JobState.PARKED)
                assert it.job(job).reason.startswith("TIMEOUT: ")
                await go_on(it, job)
                await it.until(lambda: it.job(job).state is not JobState.PARKED)
            assert await it.ended(job) is JobState.DONE
            assert outcomes(it, "room1.inner_door", Result.FAULT) == [Reason.TIMEOUT] * tries
            assert it.truth() == it.belief() == {"A": ROOM}

    loop.run(play())


def test_a_gate_that_sticks_blocks_its_room_by_name_until_an_operator_has_cleared_it() -> None:
    async def play() -> None:
        async with stage(tower_under_test()) as it:
            it.world.do(lambda plant: plant.jam("gate", ROOM))
            job = await it.order(Store(car="X", room=ROOM))
            it.world.do(lambda plant: plant.car_arrives(ROOM, Car("X"), QUICK))
            await it.until(lambda: it.room(ROOM) is RoomState.BLOCKED)
            assert it.world.daemon is not None
            assert "TIMEOUT" in it.world.daemon.control.rooms.fault(ROOM)
            await it.command(UnitEvent.STOP, UnitState.STOPPED)
            await it.execute()
            assert await it.ended(job) is JobState.DONE
            assert outcomes(it, "room1.outer_gate", Result.FAULT) == [Reason.TIMEOUT]
            assert it.truth() == it.belief()

    loop.run(play())


@pytest.mark.parametrize(
    ("wire", "mechanism"),
    [(("door", ROOM, "opened"), "room1.inner_door"), (("bay", BAY, "latch_open"), "latches")],
)
def test_a_contact_that_never_rests_parks_the_job_by_name(wire: Wire, mechanism: str) -> None:
    async def play() -> None:
        async with stage(tower_under_test(), cars={BAY: Car("A")}) as it:
            job = await it.order(Retrieve(car="A", room=ROOM))
            state = JobState.OPENING if mechanism == "latches" else JobState.OPENING_TO
            await it.until(lambda: it.job(job).state is state)
            it.world.do(lambda plant: plant.shake_contact(wire, 8.0))
            await it.until(lambda: it.job(job).state is JobState.PARKED)
            assert it.job(job).reason.startswith("CONTACT: ")
            assert outcomes(it, mechanism, Result.FAULT) == [Reason.CONTACT]
            since_s = it.world.now
            await it.until(lambda: it.world.now > since_s + 10.0)
            await go_on(it, job)
            assert await it.ended(job) is JobState.DONE
            assert it.truth() == it.belief() == {"A": ROOM}

    loop.run(play())


def test_a_sound_contact_that_bounces_is_no_event_for_the_daemon() -> None:
    wires: list[Wire] = [("door", ROOM, "opened"), ("bay", BAY, "latch_closed"), ("room", ROOM, "occupied_a")]

    def shake(plant: Plant) -> None:
        for wire in wires:
            plant.shake_contact(wire, 0.03)

    async def play() -> None:
        async with stage(tower_under_test(), cars={BAY: Car("A")}) as it:
            job = await it.order(Retrieve(car="A", room=ROOM))
            while it.job(job).state is not JobState.DONE:
                it.world.do(shake)
                await asyncio.sleep(0.2)
            assert it.room(ROOM) is not RoomState.BLOCKED
            assert outcomes(it, "room1.inner_door", Result.FAULT) == outcomes(it, "latches", Result.FAULT) == []
            assert it.truth() == it.belief() == {"A": ROOM}

    loop.run(play())


async def driven_in(it: Stage) -> int:
    """Let a car come for storing, up to the moment at which the gate begins to close behind its driver."""
    job = await it.order(Store(car="X", room=ROOM))
    it.world.do(lambda plant: plant.car_arrives(ROOM, Car("X"), QUICK))
    gate = it.world.plant.tower_image.rooms[ROOM].gate_out
    await it.until(lambda: gate.close)
    await asyncio.sleep(0.3)
    return job


def test_a_gate_stops_when_the_curtain_is_broken_while_it_closes_and_nothing_is_muted() -> None:
    async def play() -> None:
        async with stage(tower_under_test(machine__gate__speed_mm_s="500")) as it:
            job = await driven_in(it)
            it.world.do(lambda plant: plant.somebody_in_gate(ROOM, 15.0))
            await it.until(lambda: outcomes(it, "room1.outer_gate", Result.STOPPED_SAFETY) == [Reason.LIGHT_CURTAIN])
            stands_at = it.world.plant.truth().gates[ROOM]
            assert 0 < stands_at.position_mm < it.world.tower.machine.gate.stroke_mm
            motions = it.motions()
            await asyncio.sleep(14.0)
            assert it.world.plant.truth().gates[ROOM] == stands_at
            assert (it.motions(), it.room(ROOM)) == (motions, RoomState.MEASURING)
            assert await it.ended(job) is JobState.DONE
            assert outcomes(it, "room1.outer_gate", Result.FAULT) == []

    loop.run(play())


def test_a_gate_that_is_kept_from_closing_again_and_again_calls_a_person() -> None:
    async def play() -> None:
        async with stage(tower_under_test(machine__gate__speed_mm_s="500")) as it:
            job = await driven_in(it)
            gate = it.world.plant.tower_image.rooms[ROOM].gate_out
            for _ in range(GATE_TRIES):
                await it.until(lambda: gate.close)
                await asyncio.sleep(0.3)
                it.world.do(lambda plant: plant.somebody_in_gate(ROOM, 1.0))
                await it.until(lambda: not gate.close)
            await it.until(lambda: it.room(ROOM) is RoomState.BLOCKED)
            assert it.world.daemon is not None
            assert "LIGHT_CURTAIN" in it.world.daemon.control.rooms.fault(ROOM)
            await it.command(UnitEvent.STOP, UnitState.STOPPED)
            await it.execute()
            assert await it.ended(job) is JobState.DONE

    loop.run(play())
