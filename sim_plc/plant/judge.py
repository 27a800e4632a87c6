"""Which crimes go on at this instant."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from sim_plc.plant.crimes import CrimeCode
from sim_plc.plant.machines import Contact
from sim_plc.plant.room import Room
from sim_plc.plant.safety import Cause

if TYPE_CHECKING:
    from sim_plc.plant.steel import Steel

_REACTION_S: Final = 0.3
"""A gate that still closes this long after somebody came into its plane or room closes on them."""

Going = Iterator[tuple[CrimeCode, int]]


def going_on(steel: "Steel", t: float) -> Going:
    """Yield every crime that goes on, with its place (0: none)."""
    if steel.lift.driven or steel.turntable.driven:
        yield from _carriage(steel, t)
        yield from _people(steel)
    if not steel.arms_centred:
        yield from _arms(steel, t)
    for room in steel.rooms.values():
        if not (room.door.locked and room.gate.locked):
            yield from _room(steel, room, t)


def next_verdict(steel: "Steel", t: float) -> float:
    """Return when a gate has been closing on somebody for too long; infinity if none does."""
    due_s = _forced_due(steel, t)
    for place, room in steel.rooms.items():
        if steel.wires.gates[place].close and not room.gate.closed:
            for begun_s in (room.gate_blocked_since_s, room.inhabited_since_s):
                if begun_s is not None and begun_s + _REACTION_S > t:
                    due_s = min(due_s, begun_s + _REACTION_S)
    return due_s


def _forced_due(steel: "Steel", t: float) -> float:
    """Return when the everything must stand at the latest because somebody has forced a door or gate."""
    if not (steel.lift.driven or steel.turntable.driven or steel.arms.driven):
        return math.inf
    forced = [since_s for room in steel.rooms.values() for since_s in (room.door_forced_s, room.gate_forced_s)]
    ends = [since_s + steel.stop_s + _REACTION_S for since_s in forced if since_s is not None]
    return min((end for end in ends if end > t), default=math.inf)


def _unforeseen(steel: "Steel", forced_s: float | None, t: float) -> bool:
    """Tell whether somebody has forced a leaf so lately that nothing could have come to rest since."""
    return forced_s is not None and t < forced_s + steel.stop_s + _REACTION_S


def _carriage(steel: "Steel", t: float) -> Going:
    creeping = steel.lift.creeping or steel.turntable.creeping
    exempt = steel.docked if creeping else None
    if not steel.arms_centred:
        yield CrimeCode.MOVED_WITH_ARMS_OUT, 0
    for place, room in steel.rooms.items():
        if not room.door.locked and place != exempt and not _unforeseen(steel, room.door_forced_s, t):
            yield CrimeCode.MOVED_WITH_DOOR_UNLOCKED, place
    for place in steel.loose:
        if place != exempt:
            yield CrimeCode.MOVED_WITH_LATCH_UNLOCKED, place
    if steel.yard.aboard is not None and not steel.wires.clamp:
        yield CrimeCode.MOVED_WITH_LOAD_LOOSE, 0


def _people(steel: "Steel") -> Going:
    if Cause.PERSON_IN_SHAFT in steel.hazards:
        yield CrimeCode.DRIVEN_NEAR_PERSON, 0
    for place, room in steel.rooms.items():
        if room.persons and not room.door.locked:
            yield CrimeCode.DRIVEN_NEAR_PERSON, place


def _arms(steel: "Steel", t: float) -> Going:
    place = steel.docked
    if steel.arms.driven or steel.comb.driven:
        yield from _people(steel)
    if steel.arms.driven and not (place and _stands(steel)):
        yield CrimeCode.ARMS_OUT_UNDOCKED, place or 0
    if steel.outward and place:
        if not steel.way_open:
            yield CrimeCode.ARMS_INTO_WAY, place
        if Contact.RAISED in steel.comb.inside and place in steel.yard.at:
            yield CrimeCode.ARMS_INTO_CAR, place
    if steel.reach in steel.rooms:
        yield from _arms_in_room(steel, steel.rooms[steel.reach], t)
    elif steel.reach is not None and _let_go(steel, steel.reach):
        yield CrimeCode.LATCH_ON_ARMS, steel.reach


def _let_go(steel: "Steel", place: int) -> bool:
    return steel.docked == place and steel.held and steel.mains and place not in steel.wires.unlatch


def _arms_in_room(steel: "Steel", room: Room, t: float) -> Going:
    if steel.arms.driven and not room.gate.locked and not _unforeseen(steel, room.gate_forced_s, t):
        yield CrimeCode.ARMS_WITH_GATE_UNLOCKED, room.place
    if steel.wires.doors[room.place].close and not room.door.closed and steel.mains:
        yield CrimeCode.DOOR_ON_ARMS, room.place


def _room(steel: "Steel", room: Room, t: float) -> Going:
    door, gate, place = room.door, room.gate, room.place
    if not door.closed and room.door_forced_s is None and not (steel.docked == place and _stands(steel)):
        yield CrimeCode.DOOR_OPEN_UNDOCKED, place
    if door.opening and room.persons and not door.by_hand:
        yield CrimeCode.DOOR_OPENED_ON_PERSON, place
    both_open = (not door.closed and not gate.locked) or (not gate.closed and not door.locked)
    room.gate_forced = room.gate_forced and (gate.by_hand or door.by_hand or both_open)
    if both_open and not room.gate_forced:
        yield CrimeCode.BOTH_WAYS_OPEN, place
    if steel.wires.gates[place].close and not gate.closed and steel.mains:
        if _since(room.gate_blocked_since_s, t):
            yield CrimeCode.GATE_ON_BODY, place
        if gate.closing and _since(room.inhabited_since_s, t):
            yield CrimeCode.GATE_ON_PERSON, place


def _stands(steel: "Steel") -> bool:
    """Held, or brought back to the level of the place it is docked at: until the brakes are on again."""
    return steel.held or steel.lift.levelling or steel.turntable.levelling


def _since(begun_s: float | None, t: float) -> bool:
    return begun_s is not None and t >= begun_s + _REACTION_S
