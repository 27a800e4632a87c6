"""Numbers on the wire: states, opcodes, results, reasons and flag bits.

Both ends of the link use these; a PLC engineer finds them in the register table.
Numbers are stable: a released one is never given another meaning.
"""

from enum import IntEnum, IntFlag
from typing import Final, TypeVar

MAP_ID: Final = 0x4354
"""ASCII ``CT``: a cartower register map."""

MAP_VERSION: Final = 1
"""Raised by every change of addresses, types, units or meanings."""

C = TypeVar("C", bound=IntEnum)


def named(kind: type[C], number: int) -> C | None:
    """Return what a register's number stands for; None where it is in no table: another maker's, or a newer map's."""
    try:
        return kind(number)
    except ValueError:
        return None


def name_of(kind: type[IntEnum], number: int) -> str:
    """Return the name of a register's number; one that is in no table is told as it is, ``15?``."""
    known = named(kind, number)
    return f"{number}?" if known is None else known.name


class StationKind(IntEnum):
    """What a station carries."""

    TOWER = 1
    BAYS = 2


class ProgramState(IntEnum):
    """What the PLC's program does."""

    STOPPED = 0
    RUNNING = 1


class MechanismKind(IntEnum):
    """What stands behind a mailbox."""

    STATION = 1
    LIFT = 2
    TURNTABLE = 3
    SHUTTLE = 4
    INNER_DOOR = 5
    OUTER_GATE = 6
    SIGNAL = 7
    LATCHES = 8


class Mode(IntEnum):
    """Mode of a station (argument 1 of `Opcode.MODE`)."""

    PRODUCTION = 1
    MAINTENANCE = 2
    MANUAL = 3


class State(IntEnum):
    """State of a mechanism; also what a frame may name as expected-from.

    1 to 6 are the axis states of PLCopen motion control part 1, section 2.1.
    """

    ANY = 0
    """Only in a frame: any state will do."""

    DISABLED = 1
    STANDSTILL = 2
    HOMING = 3
    DISCRETE_MOTION = 4
    STOPPING = 5
    ERROR_STOP = 6

    CLOSED = 10
    """A door or gate: closed and bolted, two channels each."""
    OPENING = 11
    OPEN = 12
    CLOSING = 13
    BETWEEN = 14
    """A door or gate that stands neither open nor closed and bolted."""

    SHOWING = 20

    LATCHED = 30
    """Every latch of the level is home."""
    LATCH_MOVING = 31
    UNLATCHED = 32
    """At least one latch of the level is not home, none moves."""

    READY = 40
    FAULTED = 41
    """A station with a latched fault or safety trip: RESET is due."""


class Opcode(IntEnum):
    """Commands of the mailboxes."""

    STOP = 1
    HOME = 2
    MOVE_TO = 3
    JOG = 4
    PICK = 10
    PLACE = 11
    RESUME = 12
    UNDO = 13
    RETRACT = 14
    OPEN = 20
    CLOSE = 21
    SHOW = 30
    UNLATCH = 40
    LATCH = 41
    CLEAR_FAULT = 50
    RESET = 51
    MODE = 52


OPCODES: Final[dict[MechanismKind, frozenset[Opcode]]] = {
    MechanismKind.STATION: frozenset({Opcode.CLEAR_FAULT, Opcode.RESET, Opcode.MODE, Opcode.STOP}),
    MechanismKind.LIFT: frozenset({Opcode.HOME, Opcode.MOVE_TO, Opcode.JOG, Opcode.STOP}),
    MechanismKind.TURNTABLE: frozenset({Opcode.HOME, Opcode.MOVE_TO, Opcode.JOG, Opcode.STOP}),
    MechanismKind.SHUTTLE: frozenset(
        {
            Opcode.HOME,
            Opcode.PICK,
            Opcode.PLACE,
            Opcode.RESUME,
            Opcode.UNDO,
            Opcode.RETRACT,
            Opcode.JOG,
            Opcode.STOP,
        }
    ),
    MechanismKind.INNER_DOOR: frozenset({Opcode.OPEN, Opcode.CLOSE, Opcode.STOP}),
    MechanismKind.OUTER_GATE: frozenset({Opcode.OPEN, Opcode.CLOSE, Opcode.STOP}),
    MechanismKind.SIGNAL: frozenset({Opcode.SHOW, Opcode.STOP}),
    MechanismKind.LATCHES: frozenset({Opcode.UNLATCH, Opcode.LATCH, Opcode.STOP}),
}
"""Opcodes that each kind of mechanism knows; any other is `Reason.UNKNOWN_OPCODE`."""


class Result(IntEnum):
    """The one outcome of an accepted sequence."""

    NONE = 0
    """Not an outcome: no outcome was set yet."""
    OK = 1
    STOPPED = 2
    STOPPED_SILENCE = 3
    STOPPED_SAFETY = 4
    STOPPED_RESTART = 5
    FAULT = 6
    REFUSED = 7


class Reason(IntEnum):
    """Why a command was refused or failed."""

    NONE = 0
    # The frame
    UNKNOWN_OPCODE = 1
    ARGUMENT = 2
    EXPECTED_FROM = 3
    TABLE = 4
    """Value and place disagree with the place table."""
    BUSY = 5
    # The station
    SILENT = 10
    MAINTENANCE = 11
    MEMORY_LOST = 12
    MODE = 13
    DEAD_MAN = 14
    SAFETY = 15
    POWER = 16
    """The mechanism is disabled or in error stop: RESET is due."""
    # Interlocks
    NOT_HOMED = 20
    SHUTTLE_NOT_CENTRED = 21
    LOAD_NOT_SECURED = 22
    INNER_DOOR_NOT_LOCKED = 23
    LATCH_NOT_LOCKED = 24
    NOT_DOCKED = 25
    NOT_HELD = 26
    """Lift or turntable is not at standstill with its brake on."""
    WAY_NOT_OPEN = 27
    """Latch not open (bay) or inner door not open (room)."""
    OUTER_GATE_NOT_LOCKED = 28
    PERSON_INSIDE = 29
    PERSON_SENSOR = 30
    CAR_NOT_IN_MARKS = 31
    SOURCE_NOT_OCCUPIED = 32
    TARGET_NOT_EMPTY = 33
    CARRIAGE_LOADED = 34
    CARRIAGE_EMPTY = 35
    NOTHING_TO_RESUME = 36
    DOOR_PLANE = 37
    LIGHT_CURTAIN = 38
    CAR_HALF_WAY = 39
    # Faults of the mechanism
    TIMEOUT = 50
    DRIVE = 51
    POSITION = 52
    """At the target by the encoder, but outside the place's tolerance or without its dock contacts."""
    BRAKE = 53
    OBSTRUCTED = 54
    CONTACT = 55
    """A limit, bolt or latch contact did not follow."""
    OVER_TRAVEL = 56
    LOAD = 57
    """The load's sensors do not agree with what the exchange should have done."""


class Untrusted(IntEnum):
    """Why a frame was not trusted: it consumed nothing."""

    NONE = 0
    CHECK_WORD = 1
    BOOT_ID = 2
    EPOCH = 3
    CONTENT = 4
    """The accepted sequence with other content."""
    GAP = 5


class SubStep(IntEnum):
    """Where an exchange of the shuttle stands, in the order of a PICK or PLACE."""

    CENTRED = 0
    EXTENDING = 1
    TRANSFERRING = 2
    """Raising (PICK) or lowering (PLACE) between the combs."""
    RETRACTING = 3


class Safety(IntFlag):
    """The safety word, tower wide: a set bit is a healthy chain or an event latched, as named.

    Only `CHAIN_CLOSED` is good news; every other bit is a cause.
    """

    CHAIN_CLOSED = 1 << 0
    E_STOP = 1 << 1
    E_STOP_LATCHED = 1 << 2
    """Stays until the device reset at the tower, whatever the button does."""
    LIGHT_CURTAIN = 1 << 3
    PERSON_IN_SHAFT = 1 << 4
    OVERSPEED = 1 << 5
    SLACK_ROPE = 1 << 6
    OVER_TRAVEL = 1 << 7
    PHASE_LOSS = 1 << 8
    FIRE = 1 << 9
    GATE_RELEASE = 1 << 10
    """An escape or fire release of a gate was used."""
    PERSON_IN_OPEN_ROOM = 1 << 11
    """A person in a room whose inner door is not closed and locked."""


class Status(IntFlag):
    """The status word of a station."""

    MEMORY_LOST = 1 << 0
    MAINTENANCE_KEY = 1 << 1
    SILENT = 1 << 2
    """No valid echo of the heartbeat for 1.5 s."""
    MODE_PRODUCTION = 1 << 3
    MODE_MAINTENANCE = 1 << 4
    MODE_MANUAL = 1 << 5
    POWERED = 1 << 6
    """Drives are enabled (after RESET, until a trip)."""


class Flag(IntFlag):
    """Flags of one mechanism."""

    HOMED = 1 << 0
    BRAKE_ON = 1 << 1
    HELD = 1 << 2
    """At standstill, brake on, closed loop."""
    CENTRED = 1 << 3
    LOADED_A = 1 << 4
    LOADED_B = 1 << 5
    """The two load sensors of the carriage; unequal: the load is neither proven nor excluded."""
    SECURED = 1 << 6
    """The load is held by the carriage's clamps."""
    RESUMABLE = 1 << 7
    """An exchange was cut; `SubStep` and direction are retained."""
    PICKING = 1 << 8
    """Direction of the retained or running exchange: set for a PICK, clear for a PLACE."""
    UNDOING = 1 << 9
    """The exchange is on its way back: as it goes now it is the opposite of what `PICKING` says."""
    CLOSED_A = 1 << 10
    CLOSED_B = 1 << 11
    BOLTED_A = 1 << 12
    BOLTED_B = 1 << 13
    FAULT = 1 << 14


class Carriage(IntFlag):
    """The tower PLC's own inputs at the place where the carriage stands."""

    DOCK_LEVEL = 1 << 0
    DOCK_POSITION = 1 << 1
    LATCH_OPEN = 1 << 2
    LATCH_CLOSED = 1 << 3
    PLACE_OCCUPIED_A = 1 << 4
    PLACE_OCCUPIED_B = 1 << 5
    ALL_LATCHES_LOCKED = 1 << 6
    """Of the whole tower, hard-wired."""


ROOM_CROSSINGS_SHIFT: Final = 12
"""The four highest bits of a room's word count the complete crossings of its gate, modulo 16."""


class Room(IntFlag):
    """Sensors of one transfer room; bits 12 to 15 count the complete crossings of the gate, modulo 16."""

    OCCUPIED_A = 1 << 0
    OCCUPIED_B = 1 << 1
    WEIGHT = 1 << 2
    """The floor scale sees more than 400 kg."""
    PERSON = 1 << 3
    PERSON_SENSOR_OK = 1 << 4
    IN_MARKS = 1 << 5
    """All four wheels within the marks."""
    DOOR_PLANE_CLEAR = 1 << 6
    """Plane of the inner door."""
    CURTAIN_CLEAR = 1 << 7
    """Light curtain in the plane of the outer gate."""
    CROSSING_OUT = 1 << 8
    """Last complete crossing of the gate by a car went outward; stays until the next crossing (see the counter)."""
    CROSSING_IN = 1 << 9
    MEASURED = 1 << 10
    """The measuring frame holds a reading of the car that stands in the room."""
    ESCAPE_USED = 1 << 11


class Bay(IntFlag):
    """Feedback of one bay, at its bay controller."""

    LATCH_OPEN = 1 << 0
    LATCH_CLOSED = 1 << 1
    OCCUPIED_A = 1 << 2
    OCCUPIED_B = 1 << 3
    DOCKED = 1 << 4
    """Hard-wired: the carriage is docked here."""


class BayStation(IntFlag):
    """Hard-wired inputs of a bay controller that hold for its whole level."""

    CARRIAGE_HELD = 1 << 0


class Signal(IntEnum):
    """What a room's signal can show (argument 1 of `Opcode.SHOW`)."""

    DARK = 0
    WAIT = 1
    DRIVE_IN = 2
    FORWARD = 3
    STOP_AND_LEAVE = 4
    TAKE_CAR = 5
    DRIVE_OUT = 6
    REFUSED = 7
    OUT_OF_SERVICE = 8


def serial_next(sequence: int) -> int:
    """Return the sequence after ``sequence``: 16 bit, never 0."""
    return 1 if sequence == 0xFFFF else sequence + 1


def serial_ahead(sequence: int, reference: int) -> int:
    """Return by how many steps ``sequence`` is ahead of ``reference`` (negative: behind).

    16-bit serial arithmetic without 0 (RFC 1982 with a ring of 65,535 numbers). ``reference`` 0 stands
    before 1. Anything farther than half the ring counts as behind.
    """
    if reference == 0:
        return sequence if sequence <= 0x7FFF else sequence - 0x10000
    ring = 0xFFFF
    ahead = (sequence - reference) % ring
    return ahead if ahead <= ring // 2 else ahead - ring
