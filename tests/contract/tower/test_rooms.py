"""Rooms: the inner door, the outer gate and the sign."""

import pytest

from hal.plcmap.codes import Opcode, Reason, Signal, State
from tests.support.backends import Backend
from tests.support.bench import Ability, Bench
from tests.support.contract import high, stands


@pytest.mark.needs(Ability.MACHINE)
def test_inner_door_and_outer_gate_are_never_open_together(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        tower, room = bench.tower, bench.tower.rooms[bench.room]
        await bench.dock(high(bench.shape))
        await bench.refused(room.inner_door.open(), Reason.NOT_DOCKED)
        await bench.dock(bench.room)
        await bench.ok(room.inner_door.open())
        assert stands(room.inner_door) == (State.OPEN, False)
        await bench.refused(room.outer_gate.open(), Reason.INNER_DOOR_NOT_LOCKED)
        await bench.refused(tower.lift.move_to(high(bench.shape)), Reason.INNER_DOOR_NOT_LOCKED)
        assert stands(room.outer_gate) == (State.CLOSED, True)
        await bench.ok(room.inner_door.close())
        assert stands(room.inner_door) == (State.CLOSED, True)
        await bench.ok(room.outer_gate.open())
        assert stands(room.outer_gate) == (State.OPEN, False)
        await bench.refused(room.inner_door.open(), Reason.OUTER_GATE_NOT_LOCKED)
        assert stands(room.inner_door) == (State.CLOSED, True)
        assert room.nobody_inside
        await bench.ok(room.outer_gate.close())
        assert stands(room.outer_gate) == (State.CLOSED, True)

    backend.play(scenario)


@pytest.mark.needs(Ability.MACHINE)
def test_opening_what_is_open_and_closing_what_is_closed_is_ok(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        gate = bench.tower.rooms[bench.room].outer_gate
        for command, state in (
            (gate.close, State.CLOSED),
            (gate.open, State.OPEN),
            (gate.open, State.OPEN),
            (gate.close, State.CLOSED),
        ):
            await bench.ok(command())
            assert gate.state is state

    backend.play(scenario)


@pytest.mark.needs(Ability.MACHINE)
def test_a_room_shows_each_signal(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        signal = bench.tower.rooms[bench.room].signal
        for code in Signal:
            await bench.ok(signal.show(code))
            shown = signal.mechanism.status()
            assert (shown.state, shown.substep) == (State.SHOWING, code)
        await bench.refused(signal.mechanism.prepare(Opcode.SHOW, 999), Reason.ARGUMENT)
        await bench.ok(signal.show(Signal.DARK))

    backend.play(scenario)
