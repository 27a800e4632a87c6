"""The interlock table of the tower PLC, row by row as the contract has it.

Two conditions stand before each row of what moves: the safety chain and the drive's power. "Nobody inside" is
never believed of an unhealthy sensor.
"""

from collections.abc import Callable
from typing import Final

from hal.plcmap.codes import MechanismKind as Kind
from hal.plcmap.codes import Opcode, Reason, SubStep
from sim_plc.program.interlocks import Condition, InterlockSet
from sim_plc.program.tower_scene import TowerScene

Holds = Callable[[TowerScene, int], bool]


def _condition(name: str, reason: Reason, holds: Holds) -> Condition[TowerScene]:
    return Condition(name, reason, holds)


def _at_start(name: str, reason: Reason, holds: Holds) -> Condition[TowerScene]:
    return Condition(name, reason, holds, at_start_only=True)


def _in_room(holds: Holds) -> Holds:
    """Return a condition that only a room must meet."""
    return lambda scene, place: not scene.is_room(place) or holds(scene, place)


def _occupied(scene: TowerScene, place: int) -> bool:
    del place
    return scene.image.carriage.place_occupied_a and scene.image.carriage.place_occupied_b


def _empty(scene: TowerScene, place: int) -> bool:
    del place
    return not (scene.image.carriage.place_occupied_a or scene.image.carriage.place_occupied_b)


def _begins(opcode: Opcode, *, picking: bool, holds: Holds) -> Holds:
    """Return a condition that RESUME or UNDO must meet if it begins a PICK (or PLACE) from the start."""
    first = (picking, SubStep.EXTENDING)
    return lambda scene, place: scene.going_on(opcode) != first or holds(scene, place)


def _in_marks(scene: TowerScene, place: int) -> bool:
    return scene.room(place).in_marks


SAFETY: Final = _condition("safety_chain", Reason.SAFETY, lambda s, _: s.image.safety.chain_closed)
LIFT_POWER: Final = _at_start("lift_power", Reason.POWER, lambda s, _: s.lift_axis.ready)
TURNTABLE_POWER: Final = _at_start("turntable_power", Reason.POWER, lambda s, _: s.turntable_axis.ready)
SHUTTLE_POWER: Final = _at_start("shuttle_power", Reason.POWER, lambda s, _: s.exchange.ready)
DOOR_POWER: Final = _at_start("door_power", Reason.POWER, lambda s, _: s.station.powered)

MANUAL: Final = _condition("mode_manual", Reason.MODE, lambda s, _: s.manual)
LIFT_HOMED: Final = _at_start("lift_homed", Reason.NOT_HOMED, lambda s, _: s.lift_axis.homed)
TURNTABLE_HOMED: Final = _at_start("turntable_homed", Reason.NOT_HOMED, lambda s, _: s.turntable_axis.homed)

CENTRED: Final = _condition("shuttle_centred", Reason.SHUTTLE_NOT_CENTRED, lambda s, _: s.centred)
ARMS_CENTRED: Final = _at_start(
    "arms_centred", Reason.SHUTTLE_NOT_CENTRED, lambda s, _: s.image.carriage.arms_centred
)
LOAD: Final = _condition("load_secured", Reason.LOAD_NOT_SECURED, lambda s, _: s.load_secured_or_absent)
DOORS_LOCKED: Final = _condition(
    "inner_doors_locked",
    Reason.INNER_DOOR_NOT_LOCKED,
    lambda s, _: all(door.locked for door in s.inner_doors.values()),
)
LATCHES_LOCKED: Final = _condition(
    "latches_locked", Reason.LATCH_NOT_LOCKED, lambda s, _: s.image.carriage.all_latches_locked
)

HELD: Final = _condition("held", Reason.NOT_HELD, lambda s, _: s.held)
HELD_OR_LEVELLED: Final = _condition(
    "held", Reason.NOT_HELD, lambda s, place: s.held or (s.exchange.levelling and s.others_locked(place))
)
"""What runs at the shuttle may itself have the carriage levelled, with the arms inside again, and not while another
room's inner door stands open.

A bay's latch falls home meanwhile, since the carriage is not held: the way is not needed any more.
"""
DOCKED: Final = _condition("docked", Reason.NOT_DOCKED, lambda s, place: s.docked(place))
WAY_OPEN_OR_LEVELLED: Final = _condition(
    "way_open", Reason.WAY_NOT_OPEN, lambda s, place: s.way_open(place) or s.exchange.levelling
)
GATE_LOCKED_AT_ROOM: Final = _condition(
    "gate_locked_at_room",
    Reason.OUTER_GATE_NOT_LOCKED,
    _in_room(lambda s, place: s.outer_gates[place].locked),
)
SENSOR_AT_ROOM: Final = _condition(
    "person_sensor_at_room", Reason.PERSON_SENSOR, _in_room(lambda s, place: s.room(place).person_sensor_ok)
)
NOBODY_AT_ROOM: Final = _condition(
    "nobody_at_room", Reason.PERSON_INSIDE, _in_room(lambda s, place: s.nobody_inside(place))
)
MARKS_AT_ROOM: Final = _at_start("car_in_marks", Reason.CAR_NOT_IN_MARKS, _in_room(_in_marks))
SOURCE_OCCUPIED: Final = _at_start("source_occupied", Reason.SOURCE_NOT_OCCUPIED, _occupied)
TARGET_EMPTY: Final = _at_start("target_empty", Reason.TARGET_NOT_EMPTY, _empty)
CARRIAGE_EMPTY: Final = _at_start(
    "carriage_empty",
    Reason.CARRIAGE_LOADED,
    lambda s, _: not (s.image.carriage.loaded_a or s.image.carriage.loaded_b),
)
CARRIAGE_LOADED: Final = _at_start(
    "carriage_loaded",
    Reason.CARRIAGE_EMPTY,
    lambda s, _: s.image.carriage.loaded_a and s.image.carriage.loaded_b,
)
CUT_EXCHANGE: Final = _at_start("cut_exchange", Reason.NOTHING_TO_RESUME, lambda s, _: s.exchange.resumable)
WAY_OR_FREE: Final = _condition(
    "way_open_or_free",
    Reason.WAY_NOT_OPEN,
    lambda s, _: s.image.carriage.arms_centred or s.docked_with_way_open(),
)
WAY_TO_JOG: Final = _condition(
    "way_open_to_jog", Reason.WAY_NOT_OPEN, lambda s, _: s.docked_with_way_open()
)
"""Free is not enough: whoever jogs out of the centre would drive the arms against a latch or a door."""
NO_CAR_TO_JOG_INTO: Final = _condition(
    "no_car_to_jog_into",
    Reason.TARGET_NOT_EMPTY,
    lambda s, place: s.image.carriage.comb_down or _empty(s, place),
)
GATE_BEHIND_ARMS: Final = _condition(
    "gate_behind_arms",
    Reason.OUTER_GATE_NOT_LOCKED,
    lambda s, _: s.image.carriage.arms_centred or s.arms_behind_locked_gate(),
)
"""Arms that come in move in the room as those that go out do: whoever opens its gate must not find them moving."""
GATE_BEFORE_JOG: Final = _condition(
    "gate_before_jog", Reason.OUTER_GATE_NOT_LOCKED, lambda s, _: s.arms_behind_locked_gate()
)
COMB_AT_END: Final = _at_start(
    "comb_at_end", Reason.CAR_HALF_WAY, lambda s, _: s.image.carriage.arms_centred or s.comb_at_end
)

GATE_LOCKED: Final = _condition(
    "gate_locked", Reason.OUTER_GATE_NOT_LOCKED, lambda s, place: s.outer_gates[place].locked
)
DOOR_LOCKED: Final = _condition(
    "inner_door_locked", Reason.INNER_DOOR_NOT_LOCKED, lambda s, place: s.inner_doors[place].locked
)
SENSOR: Final = _condition(
    "person_sensor", Reason.PERSON_SENSOR, lambda s, place: s.room(place).person_sensor_ok
)
NOBODY: Final = _condition("nobody_inside", Reason.PERSON_INSIDE, lambda s, place: s.nobody_inside(place))
PLANE_CLEAR: Final = _condition(
    "door_plane_clear", Reason.DOOR_PLANE, lambda s, place: s.room(place).door_plane_clear
)
CURTAIN_CLEAR: Final = _condition(
    "curtain_clear", Reason.LIGHT_CURTAIN, lambda s, place: s.room(place).curtain_clear
)
NO_CAR_HALF_WAY: Final = _condition(
    "no_car_half_way", Reason.CAR_HALF_WAY, lambda s, place: not s.car_half_way(place)
)
NOTHING_RUNS: Final = _at_start("nothing_runs", Reason.BUSY, lambda s, _: not s.something_runs)

_CLEAR_HOISTWAY: Final = (CENTRED, LOAD, DOORS_LOCKED, LATCHES_LOCKED)
_LIFT: Final = (SAFETY, LIFT_POWER)
_TURNTABLE: Final = (SAFETY, TURNTABLE_POWER)
_SHUTTLE: Final = (SAFETY, SHUTTLE_POWER)
_DOOR: Final = (SAFETY, DOOR_POWER)
_DOCKED_WITH_WAY_OPEN: Final = (HELD_OR_LEVELLED, DOCKED, WAY_OPEN_OR_LEVELLED)
_AT_PLACE: Final = (*_DOCKED_WITH_WAY_OPEN, GATE_LOCKED_AT_ROOM, SENSOR_AT_ROOM, NOBODY_AT_ROOM)
_TO_CENTRE: Final = (HELD, WAY_OR_FREE, GATE_BEHIND_ARMS, COMB_AT_END)


def _going_on(opcode: Opcode) -> tuple[Condition[TowerScene], ...]:
    """Return what RESUME or UNDO needs if it begins with the arms still on their way to the place."""
    return (
        *_SHUTTLE,
        CUT_EXCHANGE,
        *_AT_PLACE,
        _at_start(
            "car_in_marks", Reason.CAR_NOT_IN_MARKS, _begins(opcode, picking=True, holds=_in_room(_in_marks))
        ),
        _at_start(
            "source_occupied", Reason.SOURCE_NOT_OCCUPIED, _begins(opcode, picking=True, holds=_occupied)
        ),
        _at_start("target_empty", Reason.TARGET_NOT_EMPTY, _begins(opcode, picking=False, holds=_empty)),
    )


TOWER_INTERLOCKS: Final = InterlockSet[TowerScene](
    {
        (Kind.STATION, Opcode.RESET): (SAFETY,),
        (Kind.STATION, Opcode.MODE): (NOTHING_RUNS,),
        (Kind.LIFT, Opcode.MOVE_TO): (*_LIFT, LIFT_HOMED, *_CLEAR_HOISTWAY),
        (Kind.LIFT, Opcode.HOME): (*_LIFT, *_CLEAR_HOISTWAY),
        (Kind.LIFT, Opcode.JOG): (MANUAL, *_LIFT, *_CLEAR_HOISTWAY),
        (Kind.TURNTABLE, Opcode.MOVE_TO): (*_TURNTABLE, TURNTABLE_HOMED, *_CLEAR_HOISTWAY),
        (Kind.TURNTABLE, Opcode.HOME): (*_TURNTABLE, *_CLEAR_HOISTWAY),
        (Kind.TURNTABLE, Opcode.JOG): (MANUAL, *_TURNTABLE, *_CLEAR_HOISTWAY),
        (Kind.SHUTTLE, Opcode.PICK): (
            *_SHUTTLE,
            ARMS_CENTRED,
            *_AT_PLACE,
            MARKS_AT_ROOM,
            CARRIAGE_EMPTY,
            SOURCE_OCCUPIED,
        ),
        (Kind.SHUTTLE, Opcode.PLACE): (*_SHUTTLE, ARMS_CENTRED, *_AT_PLACE, CARRIAGE_LOADED, TARGET_EMPTY),
        (Kind.SHUTTLE, Opcode.RESUME): _going_on(Opcode.RESUME),
        (Kind.SHUTTLE, Opcode.UNDO): _going_on(Opcode.UNDO),
        (Kind.SHUTTLE, Opcode.HOME): (*_SHUTTLE, *_TO_CENTRE),
        (Kind.SHUTTLE, Opcode.RETRACT): (*_SHUTTLE, *_TO_CENTRE, CARRIAGE_EMPTY),
        (Kind.SHUTTLE, Opcode.JOG): (
            MANUAL,
            *_SHUTTLE,
            HELD,
            WAY_TO_JOG,
            GATE_BEFORE_JOG,
            COMB_AT_END,
            NO_CAR_TO_JOG_INTO,
        ),
        (Kind.INNER_DOOR, Opcode.OPEN): (*_DOOR, HELD, DOCKED, GATE_LOCKED, SENSOR, NOBODY),
        (Kind.INNER_DOOR, Opcode.CLOSE): (*_DOOR, CENTRED, PLANE_CLEAR),
        (Kind.OUTER_GATE, Opcode.OPEN): (*_DOOR, DOOR_LOCKED),
        (Kind.OUTER_GATE, Opcode.CLOSE): (*_DOOR, CURTAIN_CLEAR, SENSOR, NOBODY, NO_CAR_HALF_WAY),
    }
)
