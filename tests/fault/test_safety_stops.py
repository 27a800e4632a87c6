"""The safety chain opens in each step of a move, or a person commands: what stops, what it takes to go on."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass

import pytest

from controller.domain.events import UnitCommand
from controller.domain.jobs import JobKind, JobState
from controller.domain.unit import UnitEvent, UnitState
from hal.plcmap.codes import Opcode, Result, Safety
from sim_plc.plant.crimes import CrimeCode
from sim_plc.plant.plant import Plant
from sim_plc.plant.terminals import Wire
from sim_plc.rehearsal import loop
from tests.support.moves import (
    KINDS,
    STEPS,
    caught,
    cause,
    hold_against_truth,
    move,
    moving,
    room_given_back,
    starts,
)
from tests.support.places import ROOM
from tests.support.samples import each_value, every_other
from tests.support.stage import QUICK, Stage
from tests.support.tower_under_test import tower_under_test

SCANS_S = 0.05
"""From the opening of the chain until the PLC has let go of a door: it looks every 10 ms."""

LATCH_HOME_S = 1.5
"""A latch that the daemon lets fall is home within this."""

INTO_S = 0.05
"""From the first motion of a step to its middle, or nearly so."""


@pytest.mark.parametrize(("step", "kind"), every_other(STEPS, KINDS))
def test_an_emergency_stop_ends_only_with_four_human_acts(step: JobState, kind: JobKind) -> None:
    async def body() -> None:
        async with move(kind) as (it, number):
            await caught(it, number, step)
            await asyncio.sleep(INTO_S)
            it.world.do(lambda plant: plant.press_e_stop())
            await ramps_down(it)
            await it.until(lambda: it.unit is UnitState.ABORTED)
            assert first_out(it) == Safety.E_STOP
            assert "E_STOP" in cause(it)
            assert it.job(number).state is JobState.INTERRUPTED
            assert it.job(number).left is step
            await four_acts(it, number)
            assert await it.ended(number) is JobState.DONE
            hold_against_truth(it)

    loop.run(body())


@dataclass(frozen=True)
class Trip:
    """A cause of the chain: how it comes, how it goes, and its bit."""

    comes: Callable[[Plant], object]
    goes: Callable[[Plant], object]
    bit: Safety


TRIPS = {
    "person in the shaft": Trip(
        lambda plant: plant.person_in_shaft(on=True),
        lambda plant: plant.person_in_shaft(on=False),
        Safety.PERSON_IN_SHAFT,
    ),
    "fire": Trip(lambda plant: plant.set_fire(on=True), lambda plant: plant.set_fire(on=False), Safety.FIRE),
    "gate escape": Trip(
        lambda plant: plant.use_escape(ROOM), lambda plant: plant.restore_escape(ROOM), Safety.GATE_RELEASE
    ),
    "slack rope": Trip(
        lambda plant: plant.set_slack_rope(on=True), lambda plant: plant.set_slack_rope(on=False), Safety.SLACK_ROPE
    ),
    "power cut": Trip(lambda plant: plant.power_cut(), lambda plant: plant.power_on(), Safety.PHASE_LOSS),
}


MET_IN = (JobState.POSITIONING, JobState.PICKING, JobState.OPENING_TO, JobState.PLACING)


@pytest.mark.parametrize(("name", "step", "kind"), each_value([*TRIPS], MET_IN, KINDS))
def test_every_other_cause_has_the_same_end(name: str, step: JobState, kind: JobKind) -> None:
    trip = TRIPS[name]

    async def body() -> None:
        async with move(kind) as (it, number):
            await caught(it, number, step)
            await asyncio.sleep(INTO_S)
            it.world.do(trip.comes)
            await asyncio.sleep(LATCH_HOME_S)
            await still(it)
            assert it.unit is UnitState.ABORTED
            assert trip.bit.name is not None
            assert trip.bit.name in cause(it)
            assert first_out(it) == trip.bit
            begun = starts(it)
            it.world.do(trip.goes)
            await still_but_gates(it)
            it.world.do(lambda plant: plant.device_reset())
            await still_but_gates(it)
            await it.command(UnitEvent.CLEAR, UnitState.STOPPED)
            await still_but_gates(it)
            assert starts(it) == begun
            await it.command(UnitEvent.RESET, UnitState.IDLE)
            await it.command(UnitEvent.START, UnitState.EXECUTE)
            assert await it.ended(number) is JobState.DONE
            hold_against_truth(it)
            await room_given_back(it)

    loop.run(body())


@pytest.mark.parametrize("act", [Plant.press_e_stop, Plant.power_cut], ids=["e-stop", "power cut"])
def test_each_axis_stops_with_the_ramp_of_its_profile(act: Callable[[Plant], None]) -> None:
    """At the speeds of the reference machine: a lift at 1 m/s needs a second, and half a metre."""

    async def body() -> None:
        async with move(JobKind.RETRIEVE, tower_under_test(profile="medium")) as (it, _):
            machine = it.world.tower.machine
            axis = it.world.plant.truth().carriage.lift
            while axis.velocity < 0.9 * machine.lift.speed_mm_s:
                await asyncio.sleep(0.01)
                it.world.touch()
                axis = it.world.plant.truth().carriage.lift
            it.world.do(act)
            # The plant's own time: it stands on the grid of the scans, up to one of them before the world's.
            rate, began_s = machine.lift.stop_mm_s2, it.world.plant.truth().t
            while it.world.plant.truth().carriage.lift.moving:
                await asyncio.sleep(0.05)
                it.world.touch()
                truth = it.world.plant.truth()
                now, elapsed_s = truth.carriage.lift, truth.t - began_s
                assert now.velocity == pytest.approx(max(0.0, axis.velocity - rate * elapsed_s), abs=1.0)
            assert now.position == pytest.approx(axis.position + axis.velocity**2 / (2 * rate), abs=1.0)
            assert it.world.plant.truth().t - began_s <= axis.velocity / rate + 0.06
            await still(it)

    loop.run(body())


BLINDED = ("person", "measured", "length_mm", "width_mm", "height_mm", "weight_kg", "wheels")
"""Wires of a room that do not notice somebody beside a car."""

OF_THE_BLIND = {CrimeCode.GATE_ON_PERSON, CrimeCode.DOOR_OPENED_ON_PERSON}


def test_somebody_hidden_in_a_room_stops_its_inner_door_and_gets_out() -> None:
    """The person sensor lies, so that the door is opened: the chain has an eye of its own."""

    async def body() -> None:
        async with move(JobKind.STORE) as (it, number):
            sensors = it.world.plant.tower_image.rooms[ROOM].sensors
            await it.until(lambda: sensors.measured)
            seen = asdict(sensors)
            lies: dict[Wire, int] = {("room", ROOM, wire): seen[wire] for wire in BLINDED}
            it.world.plant.overrides.update(lies)
            it.world.do(lambda plant: plant.person_enters(ROOM, QUICK))
            await it.until(lambda: it.unit is UnitState.ABORTED)
            # Gate and door could not know better; nothing else may have happened, then or later.
            assert {crime.code for crime in it.world.plant.crimes} <= OF_THE_BLIND
            it.inspector.violations.clear()
            assert "PERSON_IN_OPEN_ROOM" in cause(it)
            assert first_out(it) == Safety.PERSON_IN_OPEN_ROOM
            assert it.job(number).left is JobState.OPENING
            await still(it)
            assert it.world.plant.truth().carriage.arms_centred
            it.world.do(lambda plant: plant.person_leaves(ROOM, QUICK))
            it.world.do(lambda plant: plant.use_escape(ROOM))
            await it.until(lambda: it.world.plant.truth().persons[ROOM] == 0)
            it.world.do(lambda plant: plant.restore_escape(ROOM))
            it.world.plant.overrides.clear()
            it.world.do(lambda plant: plant.device_reset())
            await still_but_gates(it)
            await it.execute()
            assert await it.ended(number) is JobState.DONE
            hold_against_truth(it)

    loop.run(body())


@pytest.mark.parametrize(("step", "kind"), every_other(STEPS, KINDS))
def test_hold_lets_the_step_finish_and_unhold_goes_on(step: JobState, kind: JobKind) -> None:
    async def body() -> None:
        async with move(kind) as (it, number):
            await caught(it, number, step)
            await asyncio.sleep(INTO_S)
            await it.command(UnitEvent.HOLD, UnitState.HELD)
            assert not cut(it)
            assert it.job(number).state is JobState.INTERRUPTED
            assert it.job(number).left is behind(step)
            if step in (JobState.PICKING, JobState.PLACING):
                assert it.world.plant.truth().carriage.arms_centred
                assert (it.world.plant.truth().carriage.car is None) is (step is JobState.PLACING)
            await still_but_gates(it)  # nobody is kept in a room by a carriage that is held
            await it.command(UnitEvent.UNHOLD, UnitState.EXECUTE)
            assert await it.ended(number) is JobState.DONE
            assert not cut(it)
            hold_against_truth(it)

    loop.run(body())


@pytest.mark.parametrize(("step", "kind"), every_other(STEPS, KINDS))
def test_stop_waits_for_the_end_of_the_step(step: JobState, kind: JobKind) -> None:
    async def body() -> None:
        async with move(kind) as (it, number):
            await caught(it, number, step)
            await asyncio.sleep(INTO_S)
            await it.command(UnitEvent.STOP, UnitState.STOPPED)
            assert not cut(it)
            assert it.job(number).left is behind(step)
            await still(it)
            hold_against_truth(it)
            await it.command(UnitEvent.RESET, UnitState.IDLE)
            await it.command(UnitEvent.START, UnitState.EXECUTE)
            assert await it.ended(number) is JobState.DONE
            hold_against_truth(it)

    loop.run(body())


@pytest.mark.parametrize(("step", "kind"), every_other(STEPS, KINDS))
def test_abort_cuts_the_step_and_tells_of_it_at_standstill(step: JobState, kind: JobKind) -> None:
    async def body() -> None:
        async with move(kind) as (it, number):
            await caught(it, number, step)
            await asyncio.sleep(INTO_S)
            await it.ask(UnitCommand(event=UnitEvent.ABORT))
            assert moving(it.world.plant.truth())
            await it.until(lambda: it.unit is UnitState.ABORTED)
            it.world.touch()
            assert moving(it.world.plant.truth()) == []
            assert stopped(it)
            assert it.job(number).state is JobState.INTERRUPTED
            await still(it)
            await it.execute()
            assert await it.ended(number) is JobState.DONE
            hold_against_truth(it)

    loop.run(body())


def behind(step: JobState) -> JobState:
    """Return the step behind one."""
    return (*STEPS, JobState.CONFIRMING)[STEPS.index(step) + 1]


def cut(it: Stage) -> bool:
    """Tell whether any PLC ever cut a command."""
    return any(entry.event.name == "OUTCOME" and entry.result.name.startswith("STOPPED") for _, entry in it.world.log)


def stopped(it: Stage) -> bool:
    """Tell whether a PLC has accepted a STOP and given it its own OK."""
    stops = {
        (name, entry.mechanism, entry.sequence)
        for name, entry in it.world.log
        if entry.content is not None and entry.content.opcode == Opcode.STOP
    }
    ended = {
        (name, entry.mechanism, entry.sequence)
        for name, entry in it.world.log
        if entry.event.name == "OUTCOME" and entry.result == Result.OK
    }
    return bool(stops) and stops <= ended


async def four_acts(it: Stage, number: int) -> None:
    """Do what is not enough, and see that nothing moves; then the four acts, and see that the last one it is."""
    begun = starts(it)
    assert await it.refused(UnitCommand(event=UnitEvent.RESET)) == "UNIT_STATE"
    assert await it.refused(UnitCommand(event=UnitEvent.START)) == "UNIT_STATE"
    it.world.do(lambda plant: plant.device_reset())  # the button is still in
    assert not it.world.plant.truth().chain_closed
    await still(it)
    it.world.do(lambda plant: plant.release_e_stop())
    await still(it)
    await it.command(UnitEvent.CLEAR, UnitState.STOPPED)
    await it.command(UnitEvent.RESET, UnitState.ABORTED)
    assert "SAFETY" in cause(it)
    await still(it)
    it.world.do(lambda plant: plant.device_reset())
    await still(it)
    assert it.unit is UnitState.ABORTED
    assert await it.refused(UnitCommand(event=UnitEvent.RESET)) == "UNIT_STATE"
    await it.command(UnitEvent.CLEAR, UnitState.STOPPED)
    await still(it)
    assert await it.refused(UnitCommand(event=UnitEvent.START)) == "UNIT_STATE"
    assert starts(it) == begun
    await it.command(UnitEvent.RESET, UnitState.IDLE)
    await still(it)
    assert it.job(number).state is JobState.INTERRUPTED
    await it.command(UnitEvent.START, UnitState.EXECUTE)


async def ramps_down(it: Stage) -> None:
    """See that everything stands within its own ramp, and not before."""
    budget_s = max(ramps(it).values())
    await asyncio.sleep(budget_s / 2)
    if budget_s > 2 * SCANS_S:
        assert moving(it.world.plant.truth())
    it.world.touch()
    await asyncio.sleep(budget_s / 2 + SCANS_S)
    it.world.touch()
    assert [name for name in moving(it.world.plant.truth()) if not name.startswith("latch")] == []
    # No wire of the chain leads to the bay controllers: they see "held", which a docked carriage stays.
    await asyncio.sleep(LATCH_HOME_S)
    await still(it)


def ramps(it: Stage) -> dict[str, float]:
    """Return how long each thing that moves needs to stand, by the machine's own numbers."""
    truth, machine = it.world.plant.truth(), it.world.tower.machine
    carriage = truth.carriage
    spent = {
        "lift": abs(carriage.lift.velocity) / machine.lift.stop_mm_s2,
        "turntable": abs(carriage.turntable.velocity) / machine.turntable.stop_mdeg_s2,
        "arms": abs(carriage.arms.velocity) / machine.shuttle.acceleration_mm_s2,
        "comb": abs(carriage.comb.velocity) / machine.shuttle.comb_acceleration_mm_s2,
    }
    leaves = {f"door {place}": abs(leaf.velocity_mm_s) for place, leaf in truth.doors.items()}
    return spent | {name: speed / machine.door.acceleration_mm_s2 for name, speed in leaves.items()}


async def still(it: Stage, seconds: float = 1.0) -> None:
    """See that nothing moves for a while."""
    until_s = it.world.now + seconds
    while it.world.now < until_s:
        it.world.touch()
        assert moving(it.world.plant.truth()) == []
        await asyncio.sleep(0.05)


async def still_but_gates(it: Stage) -> None:
    """See that nothing moves but a gate that somebody pushes."""
    for _ in range(20):
        it.world.touch()
        assert [name for name in moving(it.world.plant.truth()) if not name.startswith("gate")] == []
        await asyncio.sleep(0.05)


def first_out(it: Stage) -> Safety:
    tower = next(program for program in it.world.programs if program.name == "tower")
    return Safety(tower.station_state.first_out)
