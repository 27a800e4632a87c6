"""What is really so: for oracles, side channels and pages. `dataclasses.asdict` gives plain JSON values."""

import math
from dataclasses import dataclass

from sim_plc.plant.axis import Axis
from sim_plc.plant.cars import Car
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


class Teller:
    """Tells the truth again and again; of what has not changed since it tells the same as before."""

    def __init__(self, steel: Steel) -> None:
        self._steel = steel
        self._told: tuple[int, Truth] | None = None
        """What was told last, when the steel had settled so often."""
        self._leaves: dict[Leaf, tuple[int, LeafTruth]] = {}
        """Of leaves that rest, what was told when they had settled so often."""
        self._axes: dict[Axis, AxisTruth] = {}
        self._cars: tuple[dict[int, Car], dict[int, str]] = {}, {}
        """Which cars stood where, and what was told of that."""
        self._rooms: dict[int, tuple[int, RoomTruth]] = {}
        """By place: what was told of a room when the steel had settled so often."""

    def now(self, t: float) -> Truth:
        """Tell the truth at ``t``, to which the steel has been advanced."""
        settled = self._steel.settled
        if self._told is None or self._told[0] != settled or self._told[1].t != t:
            self._told = settled, self._truth(t)
        return self._told[1]

    def room(self, place: int) -> RoomTruth:
        """Tell as much of one room as does not change with time alone."""
        told, steel = self._rooms.get(place), self._steel
        if told is None or told[0] != steel.settled:
            room, car = steel.rooms[place], steel.yard.at.get(place)
            crossing = room.transit.car.id if room.transit else None
            truth = RoomTruth(room.signal, car.id if car else None, crossing, room.gate.opened)
            told = self._rooms[place] = steel.settled, truth
        return told[1]

    def _truth(self, t: float) -> Truth:
        steel, yard, rooms = self._steel, self._steel.yard, self._steel.rooms
        return Truth(
            t=t,
            cars=self._cars_at(yard.at),
            carriage=self._carriage(t),
            crossing={place: room.transit.car.id for place, room in rooms.items() if room.transit},
            outside=tuple(sorted(yard.outside)),
            doors={place: self._leaf(room.door, t) for place, room in rooms.items()},
            gates={place: self._leaf(room.gate, t) for place, room in rooms.items()},
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

    def _cars_at(self, places: dict[int, Car]) -> dict[int, str]:
        if places != self._cars[0]:
            self._cars = dict(places), {place: car.id for place, car in sorted(places.items())}
        return self._cars[1]

    def _carriage(self, t: float) -> CarriageTruth:
        steel, car = self._steel, self._steel.yard.aboard
        lift, turntable, arms, comb = (self._axis(axis, t) for axis in steel.axes)
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

    def _axis(self, axis: Axis, t: float) -> AxisTruth:
        position, velocity = axis.at(t)
        told = self._axes.get(axis)
        if (
            told is None
            or told.position != position
            or told.velocity != velocity
            or told.moving is not axis.moving
            or told.brake_on is not axis.brake_on
        ):
            told = self._axes[axis] = AxisTruth(position, velocity, axis.moving, axis.brake_on)
        return told

    def _leaf(self, leaf: Leaf, t: float) -> LeafTruth:
        told = self._leaves.get(leaf)
        if told is None or told[0] != leaf.settled or leaf.next_s < math.inf:
            told = self._leaves[leaf] = leaf.settled, LeafTruth(*leaf.at(t), leaf.opened, leaf.closed, leaf.locked)
        return told[1]
