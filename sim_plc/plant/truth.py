"""What is really so: for oracles, side channels and pages. `dataclasses.asdict` gives plain JSON values."""

import math
from dataclasses import dataclass

from sim_plc.plant.leaf import Leaf
from sim_plc.plant.machines import Contact
from sim_plc.plant.steel import Steel


@dataclass(frozen=True, slots=True)
class AxisTruth:
    """One axis; mm or mdeg, and per second."""

    position: float
    velocity: float
    moving: bool
    brake_on: bool


@dataclass(frozen=True, slots=True)
class CarriageTruth:
    """The carriage and what is on it."""

    car: str | None
    docked: int | None
    held: bool
    clamped: bool
    lift: AxisTruth
    turntable: AxisTruth
    arms: AxisTruth
    comb: AxisTruth
    arms_centred: bool
    load_on_comb: bool


@dataclass(frozen=True, slots=True)
class LeafTruth:
    """A door or gate: 0 mm is closed, bolt 1 is home."""

    position_mm: float
    velocity_mm_s: float
    bolt: float
    opened: bool
    closed: bool
    locked: bool


@dataclass(frozen=True, slots=True)
class Truth:
    """Every car is in exactly one of ``cars``, ``carriage.car``, ``crossing`` and ``outside``."""

    t: float
    cars: dict[int, str]
    """By place: the car that rests there."""
    carriage: CarriageTruth
    crossing: dict[int, str]
    """By room: the car that drives in or out."""
    outside: tuple[str, ...]
    doors: dict[int, LeafTruth]
    gates: dict[int, LeafTruth]
    latches: dict[int, float]
    """By bay: 0 home, 1 open; a bay left out is home."""
    off_marks_mm: dict[int, int]
    """By room: how far beyond the middle of the marks a car stands; a room left out has none, or one in the middle."""
    persons: dict[int, int]
    signals: dict[int, int]
    chain_closed: bool
    causes: tuple[str, ...]
    latched_causes: tuple[str, ...]
    mains: bool
    maintenance_key: bool


@dataclass(frozen=True, slots=True)
class RoomTruth:
    """As much of one room as a person outside sees."""

    signal: int
    car: str | None
    """That rests inside."""
    crossing: str | None
    """That drives in or out."""
    gate_opened: bool


def room_of(steel: Steel, place: int) -> RoomTruth:
    """Tell the truth about one room: the part of the truth that is cheap enough to be asked for again and again."""
    room, car = steel.rooms[place], steel.yard.at.get(place)
    crossing = room.transit.car.id if room.transit else None
    return RoomTruth(room.signal, car.id if car else None, crossing, room.gate.opened)


class Teller:
    """Tells the truth again and again; of a leaf that rests it tells the same as before."""

    def __init__(self, steel: Steel) -> None:
        self._steel = steel
        self._leaves: dict[Leaf, tuple[int, LeafTruth]] = {}
        """Of leaves that rest, what was told when they had settled so often."""

    def now(self, t: float) -> Truth:
        """Tell the truth at ``t``, to which the steel has been advanced."""
        rooms = self._steel.rooms
        doors = {place: self._leaf(room.door, t) for place, room in rooms.items()}
        gates = {place: self._leaf(room.gate, t) for place, room in rooms.items()}
        return _truth(self._steel, t, doors, gates)

    def _leaf(self, leaf: Leaf, t: float) -> LeafTruth:
        told = self._leaves.get(leaf)
        if told is None or told[0] != leaf.settled or leaf.next_s < math.inf:
            told = self._leaves[leaf] = leaf.settled, LeafTruth(*leaf.at(t), leaf.opened, leaf.closed, leaf.locked)
        return told[1]


def _truth(steel: Steel, t: float, doors: dict[int, LeafTruth], gates: dict[int, LeafTruth]) -> Truth:
    yard, rooms = steel.yard, steel.rooms
    return Truth(
        t=t,
        cars={place: car.id for place, car in sorted(yard.at.items())},
        carriage=_carriage(steel, t),
        crossing={place: room.transit.car.id for place, room in rooms.items() if room.transit},
        outside=tuple(sorted(yard.outside)),
        doors=doors,
        gates=gates,
        latches={place: steel.latches[place].at(t) for place in sorted(steel.loose)},
        off_marks_mm={place: room.off_marks_mm for place, room in rooms.items() if room.off_marks_mm},
        persons={place: room.persons for place, room in rooms.items()},
        signals={place: room.signal for place, room in rooms.items()},
        chain_closed=steel.chain.closed,
        causes=steel.chain.causes,
        latched_causes=steel.chain.latched_causes,
        mains=steel.mains,
        maintenance_key=steel.maintenance_key,
    )


def _carriage(steel: Steel, t: float) -> CarriageTruth:
    lift, turntable, arms, comb = (AxisTruth(*axis.at(t), axis.moving, axis.brake_on) for axis in steel.axes)
    car = steel.yard.aboard
    return CarriageTruth(
        car=car.id if car else None,
        docked=steel.docked,
        held=steel.held,
        clamped=steel.wires.clamp,
        lift=lift,
        turntable=turntable,
        arms=arms,
        comb=comb,
        arms_centred=steel.arms_centred,
        load_on_comb=Contact.RAISED in steel.comb.inside,
    )
