"""Letters of safety and steel: each opens the chain with its cause, or breaks something; the heal starts nothing."""

import asyncio

import pytest

from sim_plc.plant.safety import Cause
from sim_plc.rehearsal.faults import drives, iron, safety
from sim_plc.rehearsal.faults.letter import Letter
from sim_plc.rehearsal.world import World
from tests.support.letters import BAY, ROOM, play

TRIPS = {
    safety.E_STOP: Cause.E_STOP,
    safety.IN_SHAFT: Cause.PERSON_IN_SHAFT,
    safety.ESCAPE: Cause.GATE_RELEASE,
    safety.GOVERNOR: Cause.OVERSPEED,
    safety.SLACK_ROPE: Cause.SLACK_ROPE,
    safety.PHASE_LOSS: Cause.PHASE_LOSS,
    safety.FIRE: Cause.FIRE,
}


@pytest.mark.parametrize("letter", TRIPS, ids=str)
def test_a_trip_names_its_cause_and_stays_open_when_the_cause_is_gone(letter: Letter) -> None:
    async def watch(world: World) -> None:
        assert world.plant.truth().causes == (TRIPS[letter].value,)
        await asyncio.sleep(10.0)
        truth = world.plant.truth()
        assert (truth.causes, truth.latched_causes) == ((), (TRIPS[letter].value,))
        assert not truth.chain_closed
        world.do(lambda plant: plant.device_reset())
        assert world.plant.truth().chain_closed

    play(letter, watch)


@pytest.mark.parametrize("where", [0, 1])
def test_a_leaf_is_forced_open_and_is_its_motors_again(where: int) -> None:
    async def watch(world: World) -> None:
        await asyncio.sleep(9.5)
        truth = world.plant.truth()
        leaf = truth.doors[ROOM] if where else truth.gates[ROOM]
        assert leaf.opened
        assert truth.chain_closed
        await asyncio.sleep(2.0)
        wires = world.plant.tower_image.rooms[ROOM].door_out if where else world.plant.tower_image.rooms[ROOM].gate_out
        wires.close = wires.bolt = True
        world.do(lambda plant: plant.act(world.now))
        await asyncio.sleep(20.0)
        world.touch()
        truth = world.plant.truth()
        assert (truth.doors if where else truth.gates)[ROOM].locked

    play(safety.FORCED, watch, where=where, hold_s=10.0)


@pytest.mark.parametrize("where", range(4))
def test_a_drive_shows_its_fault_until_it_is_reset(where: int) -> None:
    axis = drives.AXES[where]

    async def watch(world: World) -> None:
        assert world.plant.shows((axis, "fault"))
        await asyncio.sleep(10.0)
        assert not world.plant.shows((axis, "fault"))

    play(drives.DRIVE, watch, where=where)


def test_a_latch_sticks_for_a_while() -> None:
    async def watch(world: World) -> None:
        latch = world.plant._steel.latches[BAY]
        assert latch.stuck
        await asyncio.sleep(10.0)
        assert not latch.stuck

    play(iron.LATCH_SHUT, watch)
