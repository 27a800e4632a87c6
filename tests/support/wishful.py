"""A daemon whose own interlocks are tried: brought by hand to where one condition is missing, then told to act.

Its activities are called as its jobs and rooms call them, so that nothing but `controller.domain.interlocks` stands
between the wish and the write; the PLCs let everything happen.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import pytest

from controller.activities import homing, room, situation, transfer
from controller.activities.context import Bench
from controller.activities.primitive import Errand, StepFailed, carry_out_ok
from controller.domain.events import UnitCommand
from controller.domain.interlocks import Condition, Situation, Wish, WishKind, explain
from controller.domain.unit import UnitEvent, UnitState
from sim_plc.plant.cars import Car
from sim_plc.plant.plant import Plant
from sim_plc.plant.room import Transit
from sim_plc.program.tower import TowerProgram
from tests.support.command_judge import KNOWN_S
from tests.support.permissive_tower import JudgedWorld
from tests.support.stage import Stage
from tests.support.towers import tower_named

ROOM: Final = 101
BAY: Final = 204
OTHER: Final = 102

ERRAND: Final = Errand(None, "wish")

WATCHED_S: Final = 6.0
"""How long a wish is watched: for people who stand in the way the daemon waits much longer."""

Act = Callable[[Bench], Awaitable[object]]
Prepare = Callable[["Trial"], Awaitable[None]]


class Trial(Stage):
    """One daemon on a tower with permissive PLCs, reset and idle."""

    world: JudgedWorld

    @property
    def bench(self) -> Bench:
        assert self.world.daemon is not None
        return self.world.daemon.control._bench

    async def ready(self) -> None:
        await self.start()
        await self.import_all()
        if self.unit is UnitState.ABORTED:
            await self.command(UnitEvent.CLEAR, UnitState.STOPPED)
        await self.command(UnitEvent.RESET, UnitState.IDLE)

    async def reset_anew(self) -> None:
        """Abort, clear and reset, as an operator who wants everything brought home."""
        await self.command(UnitEvent.ABORT, UnitState.ABORTED)
        await self.command(UnitEvent.CLEAR, UnitState.STOPPED)
        await self.ask(UnitCommand(event=UnitEvent.RESET))
        await self.until(lambda: self.unit in (UnitState.IDLE, UnitState.ABORTED))

    async def watched(self, act: Act) -> set[str]:
        """Let it act for a while; return the rules that what it wrote broke."""
        self.world.judge.unsafe.clear()
        with suppress(StepFailed, TimeoutError):
            async with asyncio.timeout(WATCHED_S):
                await act(self.bench)
        return self.world.judge.rules


@dataclass(frozen=True, slots=True)
class Lack:
    """A wish that lacks one condition. ``also``: conditions that would hide it, left out on both sides."""

    condition: str
    prepare: Prepare
    act: Act
    rule: str
    also: tuple[str, ...] = ()


def trial() -> Trial:
    """Return a tower without cars; use it inside its world's `running`."""
    return Trial(JudgedWorld(tower_named("small", "brisk"), 1, cars={}))


async def known(it: Trial) -> None:
    """Let time pass until the daemon must have seen how things stand."""
    it.world.touched()
    await asyncio.sleep(KNOWN_S + 0.5)


def leave_out(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Let the daemon forget conditions."""

    def refusal(wish: Wish, now: Situation) -> Condition | None:
        return next((each for each in explain(wish, now) if not each.met and each.name not in names), None)

    monkeypatch.setattr(situation, "refusal", refusal)


def without_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it move without a look whether it knows where it is."""

    async def none(_: Bench) -> None:
        return

    monkeypatch.setattr(homing, "reference", none)


def forged(*changes: Callable[[Plant], object]) -> Prepare:
    """Return what changes the plant by hand."""

    async def prepare(it: Trial) -> None:
        for change in changes:
            it.world.do(change)
            it.world.do(lambda plant: plant._happen())

    return prepare


def at(place: int, *, aboard: bool = False) -> Prepare:
    """Return what stands the carriage at a place, with a car that nothing clamps if ``aboard``."""

    def take_up(plant: Plant) -> None:
        pose = tower_named("small").shape.poses[place]
        plant.take_up(pose.height_mm, pose.angle_mdeg, Car("carried") if aboard else None)

    return forged(take_up)


def car_at(place: int, *, off_marks_mm: int = 0) -> Prepare:
    """Return what puts a car on a place."""

    def put(plant: Plant) -> None:
        plant._steel.yard.at[place] = Car("standing")
        plant._steel._touch(place)
        if place == ROOM:
            plant._steel.rooms[ROOM].off_marks_mm = off_marks_mm

    return forged(put)


def _inside(plant: Plant) -> None:
    plant._steel.rooms[ROOM].persons = 1


def _half_way(plant: Plant) -> None:
    plant._steel.rooms[ROOM].transit = Transit(Car("half"), at_gate_end=True)


def _brake_off(plant: Plant) -> None:
    plant._steel.lift.brake_on = False


between_levels: Final = forged(lambda plant: plant._steel.lift.place(800.0))
arms_out: Final = forged(lambda plant: plant._steel.arms.place(400.0))
e_stop: Final = forged(Plant.press_e_stop)
somebody_inside: Final = forged(_inside)
somebody_in_gate: Final = forged(lambda plant: plant.somebody_in_gate(ROOM, 60.0))
car_half_way: Final = forged(_half_way)
brake_off: Final = forged(_brake_off)
sick_sensor: Final = forged(lambda plant: plant.overrides.update({("room", ROOM, "person_sensor_ok"): False}))


async def tripped(it: Trial) -> None:
    """Let the chain open and be closed again, with no RESET behind it."""
    await e_stop(it)
    await asyncio.sleep(0.1)
    await forged(Plant.release_e_stop, Plant.device_reset)(it)


async def clamped(it: Trial) -> None:
    """Hold the load."""
    _tower(it)._image_wires.clamp = True
    it.world.do(lambda plant: plant._happen())


async def not_homed(it: Trial) -> None:
    """Let the lift forget where it is."""
    _tower(it)._lift.homed = False
    _tower(it)._pages.changed()
    it.world.judge._log.homed.discard("lift")
    it.world.judge._log._view = None
    it.world.do(lambda plant: plant._happen())


def _tower(it: Trial) -> TowerProgram:
    program = it.world.programs[0]
    assert isinstance(program, TowerProgram)
    return program


async def door_open(it: Trial) -> None:
    """Open the inner door, as it may."""
    await transfer.open_way(it.bench, ERRAND, ROOM)


async def bay_open(it: Trial) -> None:
    """Open the latch, as it may."""
    await known(it)
    await transfer.open_way(it.bench, ERRAND, BAY)


async def gate_open(it: Trial) -> None:
    """Open the gate, as it may."""
    await room._open_gate(it.bench, ROOM)


def first(*parts: Prepare) -> Prepare:
    """Return what does one thing after another, and lets it be known."""

    async def prepare(it: Trial) -> None:
        for part in parts:
            await part(it)
        await known(it)

    return prepare


def position(place: int) -> Act:
    """Return the wish to dock at a place."""
    return lambda bench: transfer.position(bench, ERRAND, place)


def open_way(place: int) -> Act:
    """Return the wish to open the way of a place."""
    return lambda bench: transfer.open_way(bench, ERRAND, place)


def close_way(place: int) -> Act:
    """Return the wish to close the way of a place."""
    return lambda bench: transfer.close_way(bench, ERRAND, place)


def pick(place: int) -> Act:
    """Return the wish to take a car from a place."""
    return lambda bench: transfer.pick(bench, ERRAND, place)


def place_car(place: int) -> Act:
    """Return the wish to put a car down at a place."""
    return lambda bench: transfer.place_car(bench, ERRAND, place)


def close_gate(bench: Bench) -> Awaitable[object]:
    """Wish to close the gate."""
    return room._close_gate(bench, ROOM, lambda: True)


async def undo(bench: Bench) -> object:
    """Wish to undo an exchange; the activity itself would not even ask with none cut."""
    await situation.require(bench, Wish(WishKind.UNDO, BAY))
    return await carry_out_ok(bench, ERRAND, bench.tower.shuttle.undo(), bound_s=bench.kinematics.exchange_s())
