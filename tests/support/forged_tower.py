"""A tower that is brought by hand to where one condition of one interlock is missing, and nothing else.

What a master cannot bring about is forged in the steel: so each interlock is tried alone, in little time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from hal.plcmap.codes import Mode, Opcode, serial_next
from hal.plcmap.frame import Content, Frame
from sim_plc.plant.cars import Car
from sim_plc.plant.room import Transit
from sim_plc.program.tower import TowerProgram
from tests.support.attacked_tower import AttackedTower
from tests.support.safety_facts import TOWER, Box

ROOM: Final = 101
BAY: Final = 204
OTHER: Final = 102

LIFT: Final[Box] = (TOWER, "lift")
TABLE: Final[Box] = (TOWER, "turntable")
SHUTTLE: Final[Box] = (TOWER, "shuttle")
DOOR: Final[Box] = (TOWER, "room1.inner_door")
GATE: Final[Box] = (TOWER, "room1.outer_gate")
STATION: Final[Box] = (TOWER, "station")
LATCHES: Final[Box] = ("bays2", "latches")
BAYS: Final[Box] = ("bays2", "station")

Prepare = Callable[[AttackedTower], None]


@dataclass(frozen=True, slots=True)
class Lack:
    """A command that lacks one condition. ``also``: conditions that would hide it, left out on both sides."""

    condition: str
    prepare: Prepare
    box: Box
    content: Content
    rule: str
    also: tuple[str, ...] = ()
    unguarded: bool = False
    """The mailbox's own question for power, which hides it, is left out on both sides."""
    wait_s: float = 8.0


def put(it: AttackedTower, box: Box, opcode: Opcode, one: int = 0, two: int = 0) -> None:
    """Write a good frame; nothing has happened yet."""
    program = it.programs[box[0]]
    sequence = serial_next(program.mechanism(box[1]).mailbox.memory.accepted)
    epoch, content = program.gate.memory.epoch, Content(opcode, one, two)
    frame = Frame.build(epoch=epoch, boot_id=program.boot_id, content=content, sequence=sequence)
    program.write(program.station.mailbox(box[1]), frame.to_words())


def do(it: AttackedTower, box: Box, opcode: Opcode, one: int = 0, two: int = 0) -> None:
    """Let a command be carried out."""
    put(it, box, opcode, one, two)
    it.run_to_rest()


def up(it: AttackedTower) -> None:
    """Switch the drives on, and take every axis for homed."""
    put(it, STATION, Opcode.RESET)
    put(it, BAYS, Opcode.RESET)
    it.run(0.05)
    program = it.programs[TOWER]
    assert isinstance(program, TowerProgram)
    program._lift.homed = program._turntable.homed = program._exchange.homed = True
    it.judge._log.homed |= {"lift", "turntable", "shuttle"}
    it.judge._log._view = None


def at(place: int, *, aboard: bool = False) -> Prepare:
    """Return what stands the carriage at a place, with a car that nothing clamps if ``aboard``."""

    def prepare(it: AttackedTower) -> None:
        pose = it.tower.shape.poses[place]
        it.plant.take_up(pose.height_mm, pose.angle_mdeg, Car("carried") if aboard else None)
        up(it)

    return prepare


def clamped(it: AttackedTower) -> None:
    """Hold the load."""
    program = it.programs[TOWER]
    assert isinstance(program, TowerProgram)
    program._image_wires.clamp = True
    it.run(0.05)


def car_at(place: int, *, off_marks_mm: int = 0) -> Prepare:
    """Return what puts a car on a place."""

    def prepare(it: AttackedTower) -> None:
        it.plant._steel.yard.at[place] = Car("standing")
        it.plant._steel._touch(place)
        if place == ROOM:
            it.plant._steel.rooms[ROOM].off_marks_mm = off_marks_mm
        it.plant._happen()
        it.run(0.2)

    return prepare


def arms_out(it: AttackedTower) -> None:
    """Bring the arms out by hand, a little."""
    it.plant._steel.arms.place(400.0)
    it.plant._happen()
    it.run(0.05)


def comb_half_up(it: AttackedTower) -> None:
    """Leave the comb half-way."""
    it.plant._steel.comb.place(60.0)
    it.plant._happen()
    it.run(0.05)


def manual(it: AttackedTower) -> None:
    """Go to mode Manual."""
    do(it, STATION, Opcode.MODE, Mode.MANUAL)


def hand(it: AttackedTower) -> None:
    """Hold the dead-man."""
    it.take_hand(on=True)
    it.run(0.25)


def unlatch(it: AttackedTower) -> None:
    """Open the latch of the bay."""
    do(it, LATCHES, Opcode.UNLATCH, BAY % 100)


def open_door(it: AttackedTower) -> None:
    """Open the inner door."""
    do(it, DOOR, Opcode.OPEN)


def open_gate(it: AttackedTower) -> None:
    """Open the outer gate."""
    do(it, GATE, Opcode.OPEN)


def sick_sensor(it: AttackedTower) -> None:
    """Let the person sensor report that it is not well."""
    it.plant.overrides[("room", ROOM, "person_sensor_ok")] = False
    it.run(0.05)


def somebody_inside(it: AttackedTower) -> None:
    """Put somebody into the room."""
    it.plant._steel.rooms[ROOM].persons = 1
    it.plant._happen()
    it.run(0.05)


def somebody_in_gate(it: AttackedTower) -> None:
    """Put somebody into the plane of the gate."""
    it.plant.somebody_in_gate(ROOM, 30.0)
    it.run(0.05)


def car_half_way(it: AttackedTower) -> None:
    """Leave a car half-way in the gate that breaks no light."""
    it.plant._steel.rooms[ROOM].transit = Transit(Car("half"), at_gate_end=True)
    it.plant._happen()
    it.run(0.2)


def e_stop(it: AttackedTower) -> None:
    """Press the emergency stop."""
    it.plant.press_e_stop()
    it.run(0.05)


def tripped(it: AttackedTower) -> None:
    """Let the chain open and be closed again, with no RESET behind it."""
    e_stop(it)
    it.plant.release_e_stop()
    it.plant.device_reset()
    it.run(0.05)


def move_lift(it: AttackedTower) -> None:
    """Ask the lift to go, in the same scan as what follows."""
    put(it, LIFT, Opcode.MOVE_TO, it.tower.shape.poses[BAY].height_mm, BAY)


def door_opens(it: AttackedTower) -> None:
    """Let the inner door be opening."""
    put(it, DOOR, Opcode.OPEN)
    it.run(0.1)


def latch_opens(it: AttackedTower) -> None:
    """Let the latch of the bay be opening."""
    put(it, LATCHES, Opcode.UNLATCH, BAY % 100)
    it.run(0.1)


def lift_sets_out(it: AttackedTower) -> None:
    """Let the lift set out: its brake is off, and it has not left its place yet."""
    put(it, LIFT, Opcode.MOVE_TO, 0, ROOM)
    it.run(0.2)


def bridge(it: AttackedTower) -> None:
    """Bridge the hard-wired chain."""
    it.plant._steel.chain.update = lambda _: None  # type: ignore[assignment, method-assign]


def steps(*parts: Prepare) -> Prepare:
    """Return what does one thing after another."""

    def prepare(it: AttackedTower) -> None:
        for part in parts:
            part(it)

    return prepare
