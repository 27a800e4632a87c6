"""What is really so at one instant, as far as the interlock table asks, and what the PLCs were asked for until then.

Read off the steel itself, beneath every sensor, filter and program.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from hal.plcmap.codes import Mode, Opcode, Result
from hal.plcmap.frame import Content
from sim_plc.plant.axis import Axis
from sim_plc.plant.leaf import Leaf
from sim_plc.plant.machines import Contact
from sim_plc.plant.plant import Plant
from sim_plc.plant.room import Room

Box = tuple[str, str]
"""Station and mechanism."""

TOWER: Final = "tower"

_AXES: Final = ("lift", "turntable", "shuttle", "shuttle")
"""Mechanisms of the steel's axes, in their order."""


@dataclass(frozen=True, slots=True)
class LeafFacts:
    """An inner door or outer gate. ``driven``: its motor pushes, stuck or not; ``bolting``: its bolt is under way."""

    locked: bool
    opened: bool
    closed: bool
    driven: bool
    bolting: bool


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """One transfer room."""

    door: LeafFacts
    gate: LeafFacts
    persons: int
    bodies_in_gate: int
    half_way: bool
    """A car is neither wholly inside nor wholly outside."""
    in_marks: bool
    plane_clear: bool
    sensor_healthy: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What the PLCs were asked for, by their logs."""

    running: Mapping[Box, Content]
    homed: frozenset[str]
    energised: frozenset[str]
    """Stations whose RESET has come behind their last power-up and, of the tower's, the last trip."""
    modes: Mapping[str, Mode]
    exchange: tuple[int, bool] | None
    """Place and direction (True: onto the carriage) of an exchange that began and is not known to have ended."""

    def runs(self, mechanism: str, *opcodes: Opcode) -> bool:
        """Tell whether a mechanism of the tower executes something (one of some opcodes, if any is named)."""
        content = self.running.get((TOWER, mechanism))
        return content is not None and (not opcodes or content.opcode in opcodes)


@dataclass(frozen=True, slots=True)
class Facts:
    """The truth at ``t``."""

    t: float
    chain_closed: bool
    key: bool
    docked: int | None
    held: bool
    loose: frozenset[int]
    """Bays whose latch is not home."""
    way_open: bool
    """The latch or inner door of the docked place stands open."""
    arms_centred: bool
    comb_at_end: bool
    loaded: bool
    clamped: bool
    occupied: frozenset[int]
    driven: frozenset[str]
    """Of lift, turntable and shuttle: those in motion by their drives, and not in a ramp that stops them."""
    rooms: Mapping[int, RoomFacts]
    asked: Asked


@dataclass(slots=True)
class Log:
    """Follows the stations' logs and keeps what `Asked` tells."""

    running: dict[Box, Content] = field(default_factory=dict)
    homed: set[str] = field(default_factory=set)
    energised: set[str] = field(default_factory=set)
    modes: dict[str, Mode] = field(default_factory=dict)
    exchange: tuple[int, bool] | None = None
    _view: Asked | None = None

    def begins(self, box: Box, content: Content) -> None:
        """Take the start of a command."""
        self._view = None
        self.running[box] = content
        station, mechanism = box
        if content.opcode == Opcode.HOME:
            self.homed.discard(mechanism)
        if mechanism == "shuttle":
            self._exchange_begins(content)
        if mechanism == "station" and content.opcode == Opcode.MODE:
            self.modes[station] = Mode(content.argument1)

    def ends(self, box: Box, result: Result) -> None:
        """Take the outcome of what ran."""
        self._view = None
        content = self.running.pop(box, None)
        if content is None or result is not Result.OK:
            return
        station, mechanism = box
        if content.opcode == Opcode.HOME:
            self.homed.add(mechanism)
        if content.opcode == Opcode.RESET:
            self.energised.add(station)
        if mechanism == "shuttle":
            self.exchange = None

    def trips(self) -> None:
        """Take an open safety chain: the tower's drives need a RESET."""
        if TOWER in self.energised:
            self._view = None
            self.energised.discard(TOWER)

    def key_turned(self) -> None:
        """Take the maintenance key: positions may be any, and drives are off until a RESET."""
        self._view = None
        self.homed.clear()
        self.energised.discard(TOWER)

    def power_up(self, station: str, *, warm: bool) -> None:
        """Take a restart of a station."""
        self._view = None
        self.running = {box: content for box, content in self.running.items() if box[0] != station}
        self.energised.discard(station)
        self.modes.pop(station, None)
        if station == TOWER:
            self.homed.clear()
            self.exchange = self.exchange if warm else None

    def view(self) -> Asked:
        """Return what is known now."""
        if self._view is None:
            self._view = Asked(
                dict(self.running), frozenset(self.homed), frozenset(self.energised), dict(self.modes), self.exchange
            )
        return self._view

    def _exchange_begins(self, content: Content) -> None:
        match content.opcode:
            case Opcode.PICK | Opcode.PLACE:
                self.exchange = (content.argument1, content.opcode == Opcode.PICK)
            case Opcode.UNDO if self.exchange is not None:
                self.exchange = (self.exchange[0], not self.exchange[1])
            case Opcode.JOG:
                self.exchange = None


def facts_of(plant: Plant, asked: Asked) -> Facts:
    """Return the truth at the plant's instant."""
    steel = plant._steel
    return Facts(
        t=plant._now_s,
        chain_closed=steel.chain.closed and steel.mains,
        key=steel.maintenance_key,
        docked=steel.docked,
        held=steel.held,
        loose=frozenset(steel.loose),
        way_open=steel.way_open,
        arms_centred=steel.arms_centred,
        comb_at_end=Contact.UP in steel.comb.inside or Contact.DOWN in steel.comb.inside,
        loaded=steel.yard.aboard is not None,
        clamped=steel.wires.clamp,
        occupied=frozenset(steel.yard.at),
        driven=frozenset(name for name, axis in _axes(plant) if axis.driven and not axis._stopping),
        rooms={place: _room(plant, room) for place, room in steel.rooms.items()},
        asked=asked,
    )


def _axes(plant: Plant) -> Iterator[tuple[str, Axis]]:
    return zip(_AXES, plant._steel.axes, strict=True)


def _room(plant: Plant, room: Room) -> RoomFacts:
    transit = room.transit
    ends = () if transit is None else (transit.at_gate_end, transit.at_door_end, transit.on_scale)
    return RoomFacts(
        door=_leaf(room.door),
        gate=_leaf(room.gate),
        persons=room.persons,
        bodies_in_gate=room.bodies_in_gate,
        half_way=any(ends) and not all(ends),
        in_marks=room.seen()[2],
        plane_clear=room.door_plane_clear,
        sensor_healthy=bool(plant.overrides.get(("room", room.place, "person_sensor_ok"), True)),
    )


def _leaf(leaf: Leaf) -> LeafFacts:
    opens, closes, _ = leaf._wires
    driven = (opens and not leaf.opened) or (closes and not leaf.closed)
    return LeafFacts(leaf.locked, leaf.opened, leaf.closed, driven, not leaf._bolt.still)
