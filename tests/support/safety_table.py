"""The interlock table, typed by hand from the contract's section "Interlocks", over what is really so.

Neither the controller's table nor the programs' is read here: a mistake that those two share is seen all the same.
Each rule names the words of the contract that it stands for. "Closed and locked" is false from the moment that OPEN
is accepted, and what runs counts as moving, within one station; the other station's commands show in the steel alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from hal.plcmap.codes import MechanismKind as Kind
from hal.plcmap.codes import Mode, Opcode
from hal.plcmap.frame import Content
from tests.support.safety_facts import TOWER, Box, Facts, RoomFacts


@dataclass(frozen=True, slots=True)
class Case:
    """A command at a mechanism. ``place``: that it is about, 0 if none."""

    box: Box
    kind: Kind
    content: Content
    place: int

    @property
    def wish(self) -> tuple[Kind, Opcode]:
        """Mechanism and opcode: a row of the table."""
        return self.kind, Opcode(self.content.opcode)


Holds = Callable[[Facts, Case], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """One condition. ``throughout``: it must hold as long as the motion lasts, not only when it begins.

    ``told_late``: the other station's doing, seen by a PLC through the filter of a contact: a motion that begins in
    that moment must be over before it counts. ``leave``: it is leave that is missing, whether anything moves or not.
    """

    name: str
    holds: Holds
    throughout: bool = True
    told_late: bool = False
    leave: bool = False


def _at_start(name: str, holds: Holds, *, leave: bool = False) -> Rule:
    return Rule(name, holds, throughout=False, leave=leave)


def _room(now: Facts, case: Case) -> RoomFacts:
    return now.rooms[case.place]


def _opens(now: Facts, place: int, part: str) -> bool:
    """Tell whether an inner door or outer gate was asked to open, and has not ended that."""
    return now.asked.runs(f"room{list(now.rooms).index(place) + 1}.{part}", Opcode.OPEN)


def _of_room(holds: Callable[[Facts, RoomFacts, Case], bool]) -> Holds:
    """Return a condition that a room must meet, and that a bay has none of."""
    return lambda now, case: case.place not in now.rooms or holds(now, now.rooms[case.place], case)


def _doors_locked(now: Facts, _: Case) -> bool:
    return all(room.door.locked and not _opens(now, place, "inner_door") for place, room in now.rooms.items())


def _held(now: Facts, case: Case) -> bool:
    asked = case.box[0] == TOWER and (now.asked.runs("lift") or now.asked.runs("turntable"))
    return now.held and not asked


def _gate_locked(now: Facts, room: RoomFacts, case: Case) -> bool:
    return room.gate.locked and not _opens(now, case.place, "outer_gate")


def _gate_locked_where_docked(now: Facts) -> bool:
    place = now.docked
    if place is None or place not in now.rooms:
        return True
    return now.rooms[place].gate.locked and not _opens(now, place, "outer_gate")


def _takes(now: Facts, case: Case) -> bool:
    """Tell whether an exchange is to take a car from a place, and has not yet."""
    onto = case.content.opcode == Opcode.PICK
    if case.content.opcode in (Opcode.RESUME, Opcode.UNDO):
        onto = now.asked.exchange is not None and now.asked.exchange[1]
    return onto and not now.loaded


def _puts(now: Facts, case: Case) -> bool:
    """Tell whether an exchange is to put a car down at a place, and has not yet."""
    off = case.content.opcode == Opcode.PLACE
    if case.content.opcode in (Opcode.RESUME, Opcode.UNDO):
        off = now.asked.exchange is not None and not now.asked.exchange[1]
    return off and now.loaded


CHAIN: Final = Rule("safety OK", lambda now, _: now.chain_closed)
KEY: Final = Rule("maintenance key off", lambda now, _: not now.key)
POWER: Final = _at_start(
    "reset since the last trip", lambda now, case: case.box[0] in now.asked.energised, leave=True
)
MANUAL: Final = Rule("mode Manual", lambda now, case: now.asked.modes.get(case.box[0]) is Mode.MANUAL)
HOMED: Final = _at_start("homed", lambda now, case: case.box[1] in now.asked.homed)
CENTRED: Final = Rule("shuttle centred", lambda now, _: now.arms_centred and not now.asked.runs("shuttle"))
ARMS_CENTRED: Final = _at_start("arms centred", lambda now, _: now.arms_centred)
LOAD: Final = Rule("load secured or absent", lambda now, _: now.clamped or not now.loaded)
DOORS: Final = Rule("every inner door closed and locked", _doors_locked)
LATCHES: Final = Rule("every latch locked", lambda now, _: not now.loose, told_late=True)
HELD: Final = Rule("lift and turntable held", _held)
DOCKED: Final = Rule("docked at that place", lambda now, case: now.docked == case.place)
WAY_OPEN: Final = Rule(
    "latch or inner door open", lambda now, case: now.docked == case.place and now.way_open, told_late=True
)
GATE_LOCKED: Final = Rule("outer gate closed and locked", _of_room(_gate_locked))
SENSOR: Final = Rule("person sensor healthy", _of_room(lambda _now, room, _case: room.sensor_healthy))
NOBODY: Final = Rule("nobody inside", _of_room(lambda _now, room, _case: room.persons == 0))
MARKS: Final = _at_start(
    "car within its marks", _of_room(lambda now, room, case: not _takes(now, case) or room.in_marks)
)
SOURCE: Final = _at_start("source occupied", lambda now, case: not _takes(now, case) or case.place in now.occupied)
TARGET: Final = _at_start("target empty", lambda now, case: not _puts(now, case) or case.place not in now.occupied)
EMPTY: Final = _at_start("carriage empty", lambda now, _: not now.loaded)
FULL: Final = _at_start("carriage loaded", lambda now, _: now.loaded)
CUT: Final = _at_start("an exchange was cut", lambda now, _: now.asked.exchange is not None, leave=True)
FREE: Final = Rule("way open or shuttle free", lambda now, _: now.arms_centred or now.way_open, told_late=True)
GATE_AT_ARMS: Final = Rule(
    "gate locked where the arms are",
    lambda now, _: now.arms_centred or _gate_locked_where_docked(now),
)
JOG_GATE: Final = Rule("gate locked where the arms go", lambda now, _: _gate_locked_where_docked(now))
JOG_WAY: Final = Rule("docked with the way open", lambda now, _: now.way_open, told_late=True)
JOG_CAR: Final = Rule("no car to jog into", lambda now, _: not now.loaded or now.docked not in now.occupied)
COMB: Final = _at_start("comb up or down", lambda now, _: now.arms_centred or now.comb_at_end)
DOOR_LOCKED: Final = Rule(
    "inner door closed and locked",
    lambda now, case: _room(now, case).door.locked and not _opens(now, case.place, "inner_door"),
)
PLANE: Final = Rule("door plane clear", lambda now, case: _room(now, case).plane_clear)
CURTAIN: Final = Rule("light curtain clear", lambda now, case: _room(now, case).bodies_in_gate == 0)
NOT_HALF_WAY: Final = Rule("no car half-way", lambda now, case: not _room(now, case).half_way)
STILL: Final = _at_start(
    "nothing runs",
    lambda now, case: all(box[0] != case.box[0] or box == case.box for box in now.asked.running),
)

_HOISTWAY: Final = (CENTRED, LOAD, DOORS, LATCHES)
_DRIVE: Final = (CHAIN, KEY, POWER)
_AT_PLACE: Final = (HELD, DOCKED, WAY_OPEN, GATE_LOCKED, SENSOR, NOBODY)
_TO_CENTRE: Final = (HELD, FREE, GATE_AT_ARMS, COMB)

TABLE: Final[Mapping[tuple[Kind, Opcode], tuple[Rule, ...]]] = {
    **{
        (kind, opcode): (*_DRIVE, *more, *_HOISTWAY)
        for kind in (Kind.LIFT, Kind.TURNTABLE)
        for opcode, more in ((Opcode.MOVE_TO, (HOMED,)), (Opcode.HOME, ()), (Opcode.JOG, (MANUAL,)))
    },
    (Kind.SHUTTLE, Opcode.PICK): (*_DRIVE, ARMS_CENTRED, *_AT_PLACE, MARKS, EMPTY, SOURCE),
    (Kind.SHUTTLE, Opcode.PLACE): (*_DRIVE, ARMS_CENTRED, *_AT_PLACE, FULL, TARGET),
    (Kind.SHUTTLE, Opcode.RESUME): (*_DRIVE, CUT, *_AT_PLACE, MARKS, SOURCE, TARGET),
    (Kind.SHUTTLE, Opcode.UNDO): (*_DRIVE, CUT, *_AT_PLACE, MARKS, SOURCE, TARGET),
    (Kind.SHUTTLE, Opcode.HOME): (*_DRIVE, *_TO_CENTRE),
    (Kind.SHUTTLE, Opcode.RETRACT): (*_DRIVE, *_TO_CENTRE, EMPTY),
    (Kind.SHUTTLE, Opcode.JOG): (*_DRIVE, MANUAL, HELD, JOG_WAY, JOG_GATE, COMB, JOG_CAR),
    (Kind.INNER_DOOR, Opcode.OPEN): (*_DRIVE, HELD, DOCKED, GATE_LOCKED, SENSOR, NOBODY),
    (Kind.INNER_DOOR, Opcode.CLOSE): (*_DRIVE, CENTRED, PLANE),
    (Kind.OUTER_GATE, Opcode.OPEN): (*_DRIVE, DOOR_LOCKED),
    (Kind.OUTER_GATE, Opcode.CLOSE): (*_DRIVE, CURTAIN, SENSOR, NOBODY, NOT_HALF_WAY),
    (Kind.LATCHES, Opcode.UNLATCH): (POWER, DOCKED, HELD),
    (Kind.LATCHES, Opcode.LATCH): (ARMS_CENTRED,),
    (Kind.STATION, Opcode.MODE): (STILL,),
}
"""By row. A bay controller has no wire from chain and key: loss of "docked" and "held" stands for both (DECISIONS).

POWER stands for "clearing the cause restarts nothing", MANUAL for the mailbox table's JOG, STILL for "modes change
only in Stopped, Idle, Aborted". CUT and ARMS_CENTRED are what tells RESUME and UNDO, "from the retained sub-step",
from PICK and PLACE, one whole primitive each. COMB: a car between two combs is half-way, and nothing drives it on.
"""

TOWER_RESET: Final = (CHAIN,)
"""Of the tower's RESET alone."""


def rules_of(case: Case) -> tuple[Rule, ...]:
    """Return what a command needs; nothing moves by an opcode without a row."""
    if case.box == (TOWER, "station") and case.content.opcode == Opcode.RESET:
        return TOWER_RESET
    try:
        return TABLE.get(case.wish, ())
    except ValueError:
        return ()


def broken(now: Facts, case: Case, rules: tuple[Rule, ...]) -> list[Rule]:
    """Return the rules that do not hold."""
    return [rule for rule in rules if not rule.holds(now, case)]


def place_of(box: Box, kind: Kind, content: Content, *, room: int, exchange: tuple[int, bool] | None) -> int:
    """Return the place that a command is about: its room's, its argument's, or that of the exchange that was cut."""
    if kind is Kind.SHUTTLE:
        if content.opcode in (Opcode.RESUME, Opcode.UNDO):
            return exchange[0] if exchange else 0
        return content.argument1 if content.opcode in (Opcode.PICK, Opcode.PLACE) else 0
    if kind is Kind.LATCHES:
        return int(box[0].removeprefix("bays")) * 100 + content.argument1
    return room
