"""The process image: all that plant and program share, as wires between a PLC and its machine.

A program reads its station's inputs and writes its outputs at each scan; the plant fills the inputs for an
instant and takes the outputs at one. Neither knows the other's code. Units: mm, mm/s, mm/s2 (lift, arms, comb),
mdeg, mdeg/s, mdeg/s2 (turntable). The image of one station is never read by the program of another.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from enum import Enum
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


class Drive(Enum):
    """What a positioning drive is asked for."""

    NONE = "none"
    MOVE = "move"
    """Trapezoid to ``target`` with ``speed`` and ``acceleration``."""
    HOME = "home"
    """Towards the reference switch with ``speed``, then zero there."""
    LEVEL = "level"
    """Take out the residual error at ``target`` within ``duration_s`` at creep speed."""
    JOG = "jog"
    """Run with signed ``speed`` until another request."""
    STOP = "stop"
    """Ramp down with ``acceleration``."""


@dataclass(frozen=True, slots=True)
class DriveRequest:
    """One request to a drive; a new ``serial`` makes it a new request."""

    serial: int = 0
    kind: Drive = Drive.NONE
    target: int = 0
    speed: int = 0
    acceleration: int = 0
    duration_s: float = 0.0


@dataclass(slots=True)
class AxisOutputs:
    """Wires to one drive and its brake."""

    power: bool = False
    brake_release: bool = False
    request: DriveRequest = field(default_factory=DriveRequest)


@dataclass(slots=True)
class AxisInputs:
    """Wires from one drive: encoder (absolute), drive status, brake feedback, switches."""

    position: int = 0
    velocity: int = 0
    moving: bool = False
    done_serial: int = 0
    """Serial of the last request that the drive has finished (target reached, homed, stopped)."""
    brake_on: bool = True
    at_reference: bool = False
    over_travel: bool = False
    fault: bool = False


@dataclass(slots=True)
class DoorOutputs:
    """Wires to an inner door or outer gate: motor and bolt. Both motor bits off: it stands."""

    open: bool = False
    close: bool = False
    bolt: bool = False
    """Energised: the bolt goes home when the leaf is closed. Dropped: the bolt is drawn."""


@dataclass(slots=True)
class DoorInputs:
    """Wires from a door or gate, two channels each for closed and bolted."""

    opened: bool = False
    closed_a: bool = False
    closed_b: bool = False
    bolted_a: bool = False
    bolted_b: bool = False
    obstructed: bool = False
    """The closing edge feels something."""


@dataclass(slots=True)
class RoomInputs:
    """Wires from the sensors of one transfer room."""

    occupied_a: bool = False
    occupied_b: bool = False
    weight: bool = False
    person: bool = False
    person_sensor_ok: bool = True
    in_marks: bool = False
    beyond_marks: bool = False
    """A photocell behind the marks sees the car: it stands too near to the inner door."""
    door_plane_clear: bool = True
    curtain_clear: bool = True
    crossing_out: bool = False
    crossing_in: bool = False
    crossings: int = 0
    measured: bool = False
    length_mm: int = 0
    width_mm: int = 0
    height_mm: int = 0
    weight_kg: int = 0
    wheels: int = 0
    escape_used: bool = False


@dataclass(slots=True)
class RoomImage:
    """One room: its door, gate, signal and sensors."""

    door_in: DoorInputs = field(default_factory=DoorInputs)
    door_out: DoorOutputs = field(default_factory=DoorOutputs)
    gate_in: DoorInputs = field(default_factory=DoorInputs)
    gate_out: DoorOutputs = field(default_factory=DoorOutputs)
    sensors: RoomInputs = field(default_factory=RoomInputs)
    signal: int = 0
    arrow_back: bool = False
    """Output: a sign that shows a driver the way to the marks points back to the gate, not on."""


@dataclass(slots=True)
class SafetyInputs:
    """Wires from the safety chain. ``chain_closed`` is its verdict; the others name the causes."""

    chain_closed: bool = False
    e_stop: bool = False
    e_stop_latched: bool = False
    light_curtain: bool = False
    person_in_shaft: bool = False
    overspeed: bool = False
    slack_rope: bool = False
    over_travel: bool = False
    phase_loss: bool = False
    fire: bool = False
    gate_release: bool = False
    person_in_open_room: bool = False
    maintenance_key: bool = False


@dataclass(slots=True)
class CarriageInputs:
    """Wires carried by the carriage: what stands at the place in front of it, and its own load."""

    dock_level: bool = False
    dock_position: bool = False
    latch_open: bool = False
    latch_closed: bool = False
    place_occupied_a: bool = False
    place_occupied_b: bool = False
    all_latches_locked: bool = False
    loaded_a: bool = False
    loaded_b: bool = False
    load_kg: int = 0
    """Load cells under the comb."""
    secured: bool = False
    arms_centred: bool = True
    arms_extended: bool = False
    comb_up: bool = False
    comb_down: bool = True


@dataclass(slots=True)
class TowerImage:
    """The image of the tower PLC. ``arms`` extend to a place, ``comb`` raises and lowers the load."""

    rooms: dict[int, RoomImage]
    changes: int = field(default=0, compare=False, repr=False)
    """Rises whenever an input has changed; encoders of moving axes do not count."""
    safety: SafetyInputs = field(default_factory=SafetyInputs)
    carriage: CarriageInputs = field(default_factory=CarriageInputs)
    lift_in: AxisInputs = field(default_factory=AxisInputs)
    lift_out: AxisOutputs = field(default_factory=AxisOutputs)
    turntable_in: AxisInputs = field(default_factory=AxisInputs)
    turntable_out: AxisOutputs = field(default_factory=AxisOutputs)
    arms_in: AxisInputs = field(default_factory=AxisInputs)
    arms_out: AxisOutputs = field(default_factory=AxisOutputs)
    comb_in: AxisInputs = field(default_factory=AxisInputs)
    comb_out: AxisOutputs = field(default_factory=AxisOutputs)
    clamp: bool = False
    """Output: hold the load on the carriage."""


@dataclass(slots=True)
class BayInputs:
    """Wires from one bay."""

    latch_open: bool = False
    latch_closed: bool = True
    occupied_a: bool = False
    occupied_b: bool = False
    docked: bool = False
    """Hard-wired: the carriage is docked at this bay."""


@dataclass(slots=True)
class BayLevelImage:
    """The image of the bay controller of one level."""

    bays: dict[int, BayInputs]
    unlatch: dict[int, bool]
    """Outputs by place: energise the latch. It falls home by spring when dropped, or when docked or held drop."""
    carriage_held: bool = False
    """Hard-wired: lift and turntable at standstill, brakes on and not asked to release."""
    shuttle_centred: bool = True
    """Hard-wired: the arms are centred and at rest, so that no latch is sent home onto them."""
    changes: int = field(default=0, compare=False, repr=False)
    """Rises whenever an input of the level has changed."""


def telling(group: "type[DataclassInstance]", *, without: tuple[str, ...] = ()) -> Callable[[Any], tuple[object, ...]]:
    """Return what reads every wire of a group of inputs, but some."""
    return attrgetter(*(each.name for each in fields(group) if each.name not in without))


_STANDING, _MOVING = telling(AxisInputs), telling(AxisInputs, without=("position", "velocity"))


def steady(axis: AxisInputs) -> tuple[object, ...]:
    """Return all that an axis tells; in motion without what changes continuously."""
    return _MOVING(axis) if axis.moving else _STANDING(axis)
