"""Why can't it move? The interlocks as the controller sees them, to explain and never to replace them.

The PLCs and the safety chain decide; this page only says beforehand what they would miss. The rows are those of the
contract's table "Interlocks"; above them stand the safety chain, without which nothing moves, and the power of the
drives. Doubt (None) meets no condition: a load must be proven absent, a place proven empty or occupied. What a PLC
alone sees (the comb between the arms) is listed too, and refuses nothing here.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

PLACES_A_LEVEL: Final = 100
"""A place's number is its level times this, and its position."""


class WishKind(StrEnum):
    """What somebody would like to move."""

    MOVE_LIFT = "MOVE_LIFT"
    MOVE_TURNTABLE = "MOVE_TURNTABLE"
    HOME_LIFT = "HOME_LIFT"
    HOME_TURNTABLE = "HOME_TURNTABLE"
    PICK = "PICK"
    PLACE = "PLACE"
    RESUME = "RESUME"
    UNDO = "UNDO"
    HOME_SHUTTLE = "HOME_SHUTTLE"
    RETRACT = "RETRACT"
    JOG_SHUTTLE = "JOG_SHUTTLE"
    UNLATCH = "UNLATCH"
    LATCH = "LATCH"
    OPEN_INNER_DOOR = "OPEN_INNER_DOOR"
    CLOSE_INNER_DOOR = "CLOSE_INNER_DOOR"
    OPEN_OUTER_GATE = "OPEN_OUTER_GATE"
    CLOSE_OUTER_GATE = "CLOSE_OUTER_GATE"


class CutAt(StrEnum):
    """Where an exchange was cut that the PLC retains."""

    NOWHERE = "NOWHERE"
    EXTENDING = "EXTENDING"
    TRANSFERRING = "TRANSFERRING"
    RETRACTING = "RETRACTING"


@dataclass(frozen=True, slots=True)
class Wish:
    """A motion and the place it concerns (level x 100 + position; 0 where none matters)."""

    kind: WishKind
    place: int = 0


@dataclass(frozen=True, slots=True)
class RoomSituation:
    """What is seen of one transfer room. Each flag is a proof: False is also said when it cannot be told."""

    inner_door_locked: bool
    """Closed and locked, nothing asked of it."""
    inner_door_open: bool
    outer_gate_locked: bool
    person_sensor_ok: bool
    nobody_inside: bool
    """Meaningful only with a healthy sensor."""
    car_in_marks: bool
    door_plane_clear: bool
    curtain_clear: bool
    no_car_half_way: bool


@dataclass(frozen=True, slots=True)
class Situation:
    """What the daemon sees of the tower; ``rooms`` by place."""

    safety_ok: bool
    powered: bool
    """The drives are enabled: since a reset, until a trip."""
    lift_ready: bool
    """Its drive is energised and not in fault."""
    turntable_ready: bool
    shuttle_ready: bool
    latches_powered: Mapping[int, bool]
    """By level: whether its bay controller was switched on by a reset."""
    lift_homed: bool
    turntable_homed: bool
    lift_held: bool
    """At standstill with its brake on."""
    turntable_held: bool
    docked: int | None
    """The place at which the carriage is proven docked."""
    stands_at: int | None
    """The place at which it stands by contacts and encoders, homed or not: where arms that are out may come in."""
    shuttle_centred: bool
    loaded: bool | None
    """A car on the carriage, on both sensors; None when they disagree."""
    secured: bool
    resumable: bool
    """A cut exchange is retained."""
    picking: bool
    """Direction of the cut exchange: True for a PICK, False for a PLACE."""
    substep: CutAt
    """Where it was cut."""
    all_latches_locked: bool
    latch_open: bool
    """The latch of the bay where the carriage stands is proven open."""
    place_occupied: bool | None
    """A car in the place where the carriage stands, on both sensors; None when they disagree."""
    rooms: Mapping[int, RoomSituation]


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that a wish needs. ``name`` is what a PLC gives as its reason when it is missing."""

    name: str
    met: bool
    text: str
    known: bool = True
    """False: only the PLC sees it, and ``met`` is what is to be expected. Then it refuses nothing here."""

    @property
    def refuses(self) -> bool:
        """Whether it is known to be missing."""
        return self.known and not self.met


def explain(wish: Wish, situation: Situation) -> tuple[Condition, ...]:
    """Return every condition of a wish, met or not, in the order in which they should be looked at.

    Raises:
        ValueError: a door or gate of a place that is no room.

    """
    return (*_above_all(wish, situation), *_ROWS[wish.kind](wish, situation))


def refusal(wish: Wish, situation: Situation) -> Condition | None:
    """Return the first condition that is not met, or None when nothing the controller sees speaks against it.

    Raises:
        ValueError: a door or gate of a place that is no room.

    """
    return next((condition for condition in explain(wish, situation) if condition.refuses), None)


def _above_all(wish: Wish, now: Situation) -> Iterator[Condition]:
    yield Condition("SAFETY", now.safety_ok, "the safety chain must be closed")
    match wish.kind:
        case WishKind.LATCH:
            # It takes energy away: a spring does it.
            return
        case WishKind.UNLATCH:
            level = wish.place // PLACES_A_LEVEL
            powered = now.latches_powered.get(level, False)
            yield Condition("POWER", powered, f"the bay controller of level {level} must be on: reset the unit")
            return
        case _:
            yield Condition("POWER", now.powered, "the drives must be on: reset the unit")
    for name, ready in (("lift", now.lift_ready), ("turntable", now.turntable_ready), ("shuttle", now.shuttle_ready)):
        if wish.kind in _DRIVEN_BY[name]:
            yield Condition("POWER", ready, f"the drive of the {name} must not be in fault: reset the unit")


def _lift(wish: Wish, now: Situation) -> Iterator[Condition]:
    if wish.kind is WishKind.MOVE_LIFT:
        yield Condition("NOT_HOMED", now.lift_homed, "the lift must be homed")
    yield from _travel(now)


def _turntable(wish: Wish, now: Situation) -> Iterator[Condition]:
    if wish.kind is WishKind.MOVE_TURNTABLE:
        yield Condition("NOT_HOMED", now.turntable_homed, "the turntable must be homed")
    yield from _travel(now)


def _travel(now: Situation) -> Iterator[Condition]:
    yield _centred(now)
    secured = now.secured or now.loaded is False
    yield Condition("LOAD_NOT_SECURED", secured, "the car on the carriage must be secured, or the carriage empty")
    for place, room in sorted(now.rooms.items()):
        yield _inner_door_locked(place, room)
    yield Condition("LATCH_NOT_LOCKED", now.all_latches_locked, "every latch of the tower must be locked")


def _exchange(wish: Wish, now: Situation) -> Iterator[Condition]:
    if wish.kind in (WishKind.PICK, WishKind.PLACE):
        yield _centred(now)
    else:
        yield Condition("NOTHING_TO_RESUME", now.resumable, "an exchange must have been cut")
    yield from _docked_and_held(wish.place, now)
    room = now.rooms.get(wish.place)
    if room is None:
        yield Condition("WAY_NOT_OPEN", now.latch_open, f"the latch of bay {wish.place} must be open")
    else:
        yield from _room_for_exchange(wish, room)
    yield from _loads(wish, now, room)


def _room_for_exchange(wish: Wish, room: RoomSituation) -> Iterator[Condition]:
    place = wish.place
    yield Condition("WAY_NOT_OPEN", room.inner_door_open, f"the inner door of room {place} must be open")
    yield _outer_gate_locked(place, room)
    yield from _nobody(place, room)


def _loads(wish: Wish, now: Situation, room: RoomSituation | None) -> Iterator[Condition]:
    empty, full, place = now.loaded is False, now.loaded is True, wish.place
    takes = _takes(wish, now)
    if takes and room is not None:
        # Only a car that stands on the floor has marks to stand in.
        yield Condition("CAR_NOT_IN_MARKS", room.car_in_marks, f"the car in room {place} must stand within its marks")
    if wish.kind is WishKind.PICK:
        yield Condition("CARRIAGE_LOADED", empty, "the carriage must be empty, on both sensors")
    elif wish.kind is WishKind.PLACE:
        yield Condition("CARRIAGE_EMPTY", full, "the carriage must carry a car, on both sensors")
    if takes:
        occupied = now.place_occupied is True
        yield Condition("SOURCE_NOT_OCCUPIED", occupied, f"place {place} must be occupied, on both sensors")
    elif takes is False:
        free = now.place_occupied is False
        yield Condition("TARGET_NOT_EMPTY", free, f"place {place} must be empty, on both sensors")


def _takes(wish: Wish, now: Situation) -> bool | None:
    """Return whether an exchange, with its arms still to go to the place, takes a car there or brings one.

    None: the arms are there already, and the sub-step that the PLC retains stands in for the sensors.
    """
    match wish.kind, now.substep:
        case (WishKind.PICK, _) | (WishKind.PLACE, _):
            return wish.kind is WishKind.PICK
        case (WishKind.RESUME, CutAt.EXTENDING):
            return now.picking
        case (WishKind.UNDO, CutAt.RETRACTING):
            return not now.picking
        case _:
            return None


def _shuttle_back(wish: Wish, now: Situation) -> Iterator[Condition]:
    yield from _held(now)
    way = now.stands_at is not None and _way_open(now.stands_at, now)
    text = "the carriage must be docked with the way open, or the shuttle free"
    yield Condition("WAY_NOT_OPEN", way or now.shuttle_centred, text)
    if not now.shuttle_centred:
        yield from _gate_at_the_arms(now)
    yield _comb_at_an_end(now)
    if wish.kind is WishKind.RETRACT:
        yield Condition("CARRIAGE_LOADED", now.loaded is False, "the carriage must be empty, on both sensors")


def _shuttle_by_hand(_: Wish, now: Situation) -> Iterator[Condition]:
    yield from _held(now)
    way = now.stands_at is not None and _way_open(now.stands_at, now)
    yield Condition("WAY_NOT_OPEN", way, "the carriage must be docked with the way open, or the arms meet it")
    yield from _gate_at_the_arms(now)
    yield _comb_at_an_end(now)
    free = now.place_occupied is False
    text = "the place must be empty, or the comb of the arms down: it would meet the car there"
    yield Condition("TARGET_NOT_EMPTY", free, text, known=free)


def _gate_at_the_arms(now: Situation) -> Iterator[Condition]:
    """Yield what arms in a room need, whichever way they move."""
    room = None if now.stands_at is None else now.rooms.get(now.stands_at)
    if now.stands_at is not None and room is not None:
        yield _outer_gate_locked(now.stands_at, room)


def _comb_at_an_end(now: Situation) -> Condition:
    """Return what the contract's registers do not show: the arms inside need it of no comb."""
    cut_at_it = now.resumable and now.substep is CutAt.TRANSFERRING
    text = "the comb must stand up or down: between them a car hangs half-way"
    return Condition("CAR_HALF_WAY", now.shuttle_centred or not cut_at_it, text, known=now.shuttle_centred)


def _way_open(place: int, now: Situation) -> bool:
    room = now.rooms.get(place)
    return now.latch_open if room is None else room.inner_door_open


def _unlatch(wish: Wish, now: Situation) -> Iterator[Condition]:
    yield _docked(wish.place, now)
    yield from _held(now)


def _latch(_: Wish, now: Situation) -> Iterator[Condition]:
    yield _centred(now)


def _open_inner_door(wish: Wish, now: Situation) -> Iterator[Condition]:
    room = _room(wish, now)
    yield from _docked_and_held(wish.place, now)
    yield _outer_gate_locked(wish.place, room)
    yield from _nobody(wish.place, room)


def _close_inner_door(wish: Wish, now: Situation) -> Iterator[Condition]:
    yield _centred(now)
    clear = _room(wish, now).door_plane_clear
    yield Condition("DOOR_PLANE", clear, f"the plane of the inner door of room {wish.place} must be clear")


def _open_outer_gate(wish: Wish, now: Situation) -> Iterator[Condition]:
    yield _inner_door_locked(wish.place, _room(wish, now))


def _close_outer_gate(wish: Wish, now: Situation) -> Iterator[Condition]:
    room = _room(wish, now)
    yield Condition("LIGHT_CURTAIN", room.curtain_clear, f"the light curtain of room {wish.place} must be clear")
    yield from _nobody(wish.place, room)
    yield Condition("CAR_HALF_WAY", room.no_car_half_way, f"no car may stand half-way in the gate of room {wish.place}")


def _room(wish: Wish, now: Situation) -> RoomSituation:
    if wish.place not in now.rooms:
        raise ValueError(f"place {wish.place} is no transfer room")
    return now.rooms[wish.place]


def _centred(now: Situation) -> Condition:
    return Condition("SHUTTLE_NOT_CENTRED", now.shuttle_centred, "the shuttle must be centred")


def _held(now: Situation) -> Iterator[Condition]:
    yield Condition("NOT_HELD", now.lift_held, "the lift must stand with its brake on")
    yield Condition("NOT_HELD", now.turntable_held, "the turntable must stand with its brake on")


def _docked_and_held(place: int, now: Situation) -> Iterator[Condition]:
    yield from _held(now)
    yield _docked(place, now)


def _docked(place: int, now: Situation) -> Condition:
    return Condition("NOT_DOCKED", now.docked == place, f"the carriage must be docked at place {place}")


def _inner_door_locked(place: int, room: RoomSituation) -> Condition:
    text = f"the inner door of room {place} must be closed and locked"
    return Condition("INNER_DOOR_NOT_LOCKED", room.inner_door_locked, text)


def _outer_gate_locked(place: int, room: RoomSituation) -> Condition:
    text = f"the outer gate of room {place} must be closed and locked"
    return Condition("OUTER_GATE_NOT_LOCKED", room.outer_gate_locked, text)


def _nobody(place: int, room: RoomSituation) -> Iterator[Condition]:
    yield Condition("PERSON_SENSOR", room.person_sensor_ok, f"the person sensor of room {place} must be healthy")
    yield Condition("PERSON_INSIDE", room.nobody_inside, f"nobody may be in room {place}")


_DRIVEN_BY: Final[Mapping[str, frozenset[WishKind]]] = {
    "lift": frozenset({WishKind.MOVE_LIFT, WishKind.HOME_LIFT}),
    "turntable": frozenset({WishKind.MOVE_TURNTABLE, WishKind.HOME_TURNTABLE}),
    "shuttle": frozenset(
        {
            WishKind.PICK,
            WishKind.PLACE,
            WishKind.RESUME,
            WishKind.UNDO,
            WishKind.HOME_SHUTTLE,
            WishKind.RETRACT,
            WishKind.JOG_SHUTTLE,
        }
    ),
}
"""By axis: whose drive must be ready beside the power of them all."""

_Row = Callable[[Wish, Situation], Iterator[Condition]]

_ROWS: Final[Mapping[WishKind, _Row]] = {
    WishKind.MOVE_LIFT: _lift,
    WishKind.HOME_LIFT: _lift,
    WishKind.MOVE_TURNTABLE: _turntable,
    WishKind.HOME_TURNTABLE: _turntable,
    WishKind.PICK: _exchange,
    WishKind.PLACE: _exchange,
    WishKind.RESUME: _exchange,
    WishKind.UNDO: _exchange,
    WishKind.HOME_SHUTTLE: _shuttle_back,
    WishKind.RETRACT: _shuttle_back,
    WishKind.JOG_SHUTTLE: _shuttle_by_hand,
    WishKind.UNLATCH: _unlatch,
    WishKind.LATCH: _latch,
    WishKind.OPEN_INNER_DOOR: _open_inner_door,
    WishKind.CLOSE_INNER_DOOR: _close_inner_door,
    WishKind.OPEN_OUTER_GATE: _open_outer_gate,
    WishKind.CLOSE_OUTER_GATE: _close_outer_gate,
}
