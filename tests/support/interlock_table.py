"""The interlock table, typed from the contract's page: each wish, and each condition that refuses it once broken.

Nothing of ``interlocks`` is read here.
"""

from hal.plcmap.codes import Mode, Opcode, Reason, SubStep
from tests.support.interlock_rig import (
    BAY,
    LOCKED,
    ROOM,
    Change,
    arms_out,
    at_bay_source,
    at_jog,
    at_source,
    at_target,
    comb_up_at_a_car,
    cut,
    door_unlocked,
    gate_unlocked,
    half_seen_load,
    manual,
    no_way,
    not_homed,
    nothing,
    put,
    unpowered,
    unsecured,
    way_open,
)

CHAIN = (put("safety.chain_closed", False), Reason.SAFETY)
NO_POWER = (unpowered, Reason.POWER)
HOISTWAY = [
    CHAIN,
    NO_POWER,
    (put("carriage.arms_centred", False), Reason.SHUTTLE_NOT_CENTRED),
    (unsecured, Reason.LOAD_NOT_SECURED),
    (half_seen_load, Reason.LOAD_NOT_SECURED),
    *((put(f"door.{channel}", False), Reason.INNER_DOOR_NOT_LOCKED) for channel in LOCKED),
    (put("carriage.all_latches_locked", False), Reason.LATCH_NOT_LOCKED),
]
STANDS = [
    (put("lift.brake_on", False), Reason.NOT_HELD),
    (put("turntable.brake_on", False), Reason.NOT_HELD),
    (put("lift.moving", True), Reason.NOT_HELD),
    (put("turntable.moving", True), Reason.NOT_HELD),
]
DOCKED = [
    *STANDS,
    (put("carriage.dock_level", False), Reason.NOT_DOCKED),
    (put("carriage.dock_position", False), Reason.NOT_DOCKED),
    (put("lift.position", 400), Reason.NOT_DOCKED),
    (put("turntable.position", 5_000), Reason.NOT_DOCKED),
]
IN_ROOM = [
    (no_way, Reason.WAY_NOT_OPEN),
    (gate_unlocked, Reason.OUTER_GATE_NOT_LOCKED),
    (put("room.person_sensor_ok", False), Reason.PERSON_SENSOR),
    (put("room.person", True), Reason.PERSON_INSIDE),
]
MARKS = (put("room.in_marks", False), Reason.CAR_NOT_IN_MARKS)
SOURCE = [
    (put("carriage.place_occupied_a", False), Reason.SOURCE_NOT_OCCUPIED),
    (put("carriage.place_occupied_b", False), Reason.SOURCE_NOT_OCCUPIED),
]
TARGET = [
    (put("carriage.place_occupied_a", True), Reason.TARGET_NOT_EMPTY),
    (put("carriage.place_occupied_b", True), Reason.TARGET_NOT_EMPTY),
]
HOMED = (not_homed, Reason.NOT_HOMED)
IN_MANUAL = (lambda bench: setattr(bench.program.station_state, "mode", Mode.PRODUCTION), Reason.MODE)
FREE = [
    CHAIN,
    NO_POWER,
    *STANDS,
    (no_way, Reason.WAY_NOT_OPEN),
    (put("carriage.dock_level", False), Reason.WAY_NOT_OPEN),
    (gate_unlocked, Reason.OUTER_GATE_NOT_LOCKED),
    (put("carriage.comb_down", False), Reason.CAR_HALF_WAY),
]

Row = tuple[str, Opcode, tuple[int, int], int, Change, list[tuple[Change, Reason]]]
TABLE: list[Row] = [
    ("lift", Opcode.MOVE_TO, (0, 101), ROOM, nothing, [*HOISTWAY, HOMED]),
    ("lift", Opcode.HOME, (0, 0), ROOM, nothing, HOISTWAY),
    ("lift", Opcode.JOG, (1, 0), ROOM, manual, [*HOISTWAY, IN_MANUAL]),
    ("turntable", Opcode.MOVE_TO, (0, 101), ROOM, nothing, [*HOISTWAY, HOMED]),
    ("turntable", Opcode.HOME, (0, 0), ROOM, nothing, HOISTWAY),
    ("turntable", Opcode.JOG, (-1, 0), ROOM, manual, [*HOISTWAY, IN_MANUAL]),
    (
        "shuttle",
        Opcode.PICK,
        (ROOM, 0),
        ROOM,
        at_source,
        [CHAIN, NO_POWER, *DOCKED, *IN_ROOM, MARKS, *SOURCE, (half_seen_load, Reason.CARRIAGE_LOADED)],
    ),
    ("shuttle", Opcode.PICK, (BAY, 0), BAY, at_bay_source, [*SOURCE, (no_way, Reason.WAY_NOT_OPEN)]),
    (
        "shuttle",
        Opcode.PLACE,
        (ROOM, 0),
        ROOM,
        at_target,
        [CHAIN, NO_POWER, *DOCKED, *IN_ROOM, *TARGET, (put("carriage.loaded_b", False), Reason.CARRIAGE_EMPTY)],
    ),
    (
        "shuttle",
        Opcode.RESUME,
        (0, 0),
        ROOM,
        cut(SubStep.EXTENDING, picking=True),
        [CHAIN, NO_POWER, *DOCKED, *IN_ROOM, MARKS, *SOURCE],
    ),
    (
        "shuttle",
        Opcode.RESUME,
        (0, 0),
        ROOM,
        cut(SubStep.EXTENDING, picking=False),
        [CHAIN, NO_POWER, *DOCKED, *IN_ROOM, *TARGET],
    ),
    (
        "shuttle",
        Opcode.UNDO,
        (0, 0),
        ROOM,
        cut(SubStep.TRANSFERRING, picking=True),
        [CHAIN, NO_POWER, *DOCKED, *IN_ROOM],
    ),
    (
        "shuttle",
        Opcode.UNDO,
        (0, 0),
        ROOM,
        cut(SubStep.RETRACTING, picking=False),
        [CHAIN, NO_POWER, *DOCKED, *IN_ROOM, MARKS],
    ),
    ("shuttle", Opcode.HOME, (0, 0), ROOM, arms_out, FREE),
    ("shuttle", Opcode.RETRACT, (0, 0), ROOM, arms_out, [*FREE, (half_seen_load, Reason.CARRIAGE_LOADED)]),
    ("shuttle", Opcode.HOME, (0, 0), ROOM, nothing, [CHAIN, NO_POWER, *STANDS]),
    (
        "shuttle",
        Opcode.JOG,
        (1, 0),
        ROOM,
        at_jog,
        [
            *(CHAIN, NO_POWER, *STANDS, IN_MANUAL),
            *((no_way, Reason.WAY_NOT_OPEN), (gate_unlocked, Reason.OUTER_GATE_NOT_LOCKED)),
            (comb_up_at_a_car, Reason.TARGET_NOT_EMPTY),
        ],
    ),
    (
        "room1.inner_door",
        Opcode.OPEN,
        (0, 0),
        ROOM,
        nothing,
        [
            CHAIN,
            NO_POWER,
            *DOCKED,
            (gate_unlocked, Reason.OUTER_GATE_NOT_LOCKED),
            (put("room.person", True), Reason.PERSON_INSIDE),
            (put("room.person_sensor_ok", False), Reason.PERSON_SENSOR),
        ],
    ),
    (
        "room1.inner_door",
        Opcode.CLOSE,
        (0, 0),
        ROOM,
        way_open,
        [
            CHAIN,
            NO_POWER,
            (put("carriage.arms_centred", False), Reason.SHUTTLE_NOT_CENTRED),
            (put("room.door_plane_clear", False), Reason.DOOR_PLANE),
        ],
    ),
    (
        "room1.outer_gate",
        Opcode.OPEN,
        (0, 0),
        ROOM,
        nothing,
        [CHAIN, NO_POWER, (door_unlocked, Reason.INNER_DOOR_NOT_LOCKED)],
    ),
    (
        "room1.outer_gate",
        Opcode.CLOSE,
        (0, 0),
        ROOM,
        nothing,
        [
            CHAIN,
            NO_POWER,
            (put("room.curtain_clear", False), Reason.LIGHT_CURTAIN),
            (put("room.person", True), Reason.PERSON_INSIDE),
            (put("room.person_sensor_ok", False), Reason.PERSON_SENSOR),
            (put("room.occupied_a", True), Reason.CAR_HALF_WAY),
            (put("room.weight", True), Reason.CAR_HALF_WAY),
        ],
    ),
    ("station", Opcode.RESET, (0, 0), ROOM, nothing, [CHAIN]),
    ("station", Opcode.MODE, (Mode.MANUAL, 0), ROOM, nothing, []),
]
CASES = [(*row[:5], breaks, reason) for row in TABLE for breaks, reason in row[5]]
