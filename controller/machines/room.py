"""The transfer room's table: 15 states x 20 events.

Sensor events are accepted wherever they are plausible, most of them without a change; where one is implausible
(a weight in a vacant room, a gate that opens while the carriage is docked) the room goes BLOCKED. Nothing here
knows time: a person who is present or unknown is never resolved by waiting.

The room knows no direction when it is RESERVED: a docked carriage makes it CAR_COMING, an open gate OPEN_FOR_CAR.
After RELEASE of a BLOCKED room or PUT_BACK it stands UNKNOWN and must be proven like at the start.
RESERVE in CAR_LEAVING (the next car follows at once) is given only after CAR_TAKEN.
"""

from typing import Final

from controller.domain.rooms import RoomEvent as E
from controller.domain.rooms import RoomState as S
from controller.fsm import Rule, StateMachine

RoomRule = Rule[S, E]
RoomMachine = StateMachine[S, E]


def _stay(state: S, *events: E) -> tuple[RoomRule, ...]:
    """Return rules that accept ``events`` without a change."""
    return tuple(Rule(state, event, state) for event in events)


def _block(state: S, *events: E) -> tuple[RoomRule, ...]:
    """Return rules by which ``events`` block the room."""
    return tuple(Rule(state, event, S.BLOCKED) for event in events)


_SENSORS: Final = (
    E.GATE_PROVEN_OPEN,
    E.GATE_PROVEN_CLOSED,
    E.PERSON_IN,
    E.PERSON_OUT,
    E.CROSSING_OUTWARD,
    E.CROSSING_INWARD,
    E.WEIGHT_ON,
    E.WEIGHT_OFF,
)

_UNKNOWN: Final = (
    Rule(S.UNKNOWN, E.PROVEN_CLEAR, S.VACANT),
    Rule(S.UNKNOWN, E.CAR_PLACED, S.CAR_PRESENT),
    *_block(S.UNKNOWN, E.FAULT),
    *_stay(S.UNKNOWN, *_SENSORS),
)

_VACANT: Final = (
    Rule(S.VACANT, E.RESERVE, S.RESERVED),
    Rule(S.VACANT, E.PUT_OUT_OF_SERVICE, S.OUT_OF_SERVICE),
    *_block(S.VACANT, E.FAULT, E.PERSON_IN, E.CROSSING_INWARD, E.WEIGHT_ON, E.GATE_PROVEN_OPEN),
    *_stay(S.VACANT, E.GATE_PROVEN_CLOSED, E.PERSON_OUT, E.CROSSING_OUTWARD, E.WEIGHT_OFF, E.PROVEN_CLEAR),
)

_RESERVED: Final = (
    Rule(S.RESERVED, E.CARRIAGE_DOCKED, S.CAR_COMING),
    Rule(S.RESERVED, E.GATE_PROVEN_OPEN, S.OPEN_FOR_CAR),
    # The gate may be on its way to open for a driver: the room is proven again.
    Rule(S.RESERVED, E.RELEASE, S.CLEARING),
    *_block(S.RESERVED, E.FAULT, E.CROSSING_INWARD, E.WEIGHT_ON),
    # A driver may walk in under an opening gate; the interlocks keep the inner door shut meanwhile.
    *_stay(S.RESERVED, E.PERSON_IN, E.PERSON_OUT),
    *_stay(S.RESERVED, E.GATE_PROVEN_CLOSED, E.CROSSING_OUTWARD, E.WEIGHT_OFF, E.PROVEN_CLEAR),
)

_CAR_COMING: Final = (
    Rule(S.CAR_COMING, E.CAR_PLACED, S.CAR_PRESENT),
    # The car goes elsewhere; the inner door may have been open, so the room is proven again.
    Rule(S.CAR_COMING, E.RELEASE, S.CLEARING),
    *_block(S.CAR_COMING, E.FAULT, E.PERSON_IN, E.GATE_PROVEN_OPEN, E.CROSSING_OUTWARD, E.CROSSING_INWARD),
    *_stay(S.CAR_COMING, E.CARRIAGE_DOCKED, E.WEIGHT_ON, E.WEIGHT_OFF),
    *_stay(S.CAR_COMING, E.GATE_PROVEN_CLOSED, E.PERSON_OUT, E.PROVEN_CLEAR),
)

_CAR_PRESENT: Final = (
    Rule(S.CAR_PRESENT, E.GATE_PROVEN_OPEN, S.CUSTOMER_ADMITTED),
    Rule(S.CAR_PRESENT, E.NO_SHOW, S.CLEARING),
    # A car for storing, found in the room after a restart and measured again.
    Rule(S.CAR_PRESENT, E.MEASURED_OK, S.ACCEPTED),
    *_block(S.CAR_PRESENT, E.FAULT, E.CROSSING_OUTWARD, E.CROSSING_INWARD, E.WEIGHT_OFF),
    # A customer may walk in under an opening gate.
    *_stay(S.CAR_PRESENT, E.PERSON_IN, E.PERSON_OUT, E.GATE_PROVEN_CLOSED, E.WEIGHT_ON),
)

_CUSTOMER_ADMITTED: Final = (
    Rule(S.CUSTOMER_ADMITTED, E.WEIGHT_OFF, S.DEPARTING),
    Rule(S.CUSTOMER_ADMITTED, E.CROSSING_OUTWARD, S.DEPARTING),
    Rule(S.CUSTOMER_ADMITTED, E.GATE_PROVEN_CLOSED, S.CAR_PRESENT),
    *_block(S.CUSTOMER_ADMITTED, E.FAULT, E.CROSSING_INWARD),
    *_stay(S.CUSTOMER_ADMITTED, E.PERSON_IN, E.PERSON_OUT, E.GATE_PROVEN_OPEN, E.WEIGHT_ON),
)

_DEPARTING: Final = (
    Rule(S.DEPARTING, E.GATE_PROVEN_CLOSED, S.CLEARING),
    # The car rolled back before it had crossed the gate.
    Rule(S.DEPARTING, E.WEIGHT_ON, S.CUSTOMER_ADMITTED),
    # A car came in from outside: nobody has proven which.
    *_block(S.DEPARTING, E.FAULT, E.CROSSING_INWARD),
    *_stay(S.DEPARTING, E.PERSON_IN, E.PERSON_OUT, E.GATE_PROVEN_OPEN, E.CROSSING_OUTWARD, E.WEIGHT_OFF),
)

_CLEARING: Final = (
    Rule(S.CLEARING, E.PROVEN_CLEAR, S.VACANT),
    Rule(S.CLEARING, E.CARRIAGE_DOCKED, S.CAR_LEAVING),
    # The car that should have gone was never moved, as a person says.
    Rule(S.CLEARING, E.CAR_PLACED, S.CAR_PRESENT),
    # The gate opens again to let somebody out.
    Rule(S.CLEARING, E.GATE_PROVEN_OPEN, S.DEPARTING),
    *_block(S.CLEARING, E.FAULT, E.CROSSING_INWARD, E.WEIGHT_ON),
    *_stay(S.CLEARING, E.PERSON_IN, E.PERSON_OUT, E.GATE_PROVEN_CLOSED, E.CROSSING_OUTWARD, E.WEIGHT_OFF),
)

_CAR_LEAVING: Final = (
    Rule(S.CAR_LEAVING, E.PROVEN_CLEAR, S.VACANT),
    Rule(S.CAR_LEAVING, E.RESERVE, S.CAR_COMING),
    # The car was put back, or never taken.
    Rule(S.CAR_LEAVING, E.CAR_PLACED, S.CAR_PRESENT),
    *_block(S.CAR_LEAVING, E.FAULT, E.PERSON_IN, E.GATE_PROVEN_OPEN, E.CROSSING_OUTWARD, E.CROSSING_INWARD),
    *_stay(S.CAR_LEAVING, E.CARRIAGE_DOCKED, E.CAR_TAKEN, E.WEIGHT_ON, E.WEIGHT_OFF),
    *_stay(S.CAR_LEAVING, E.GATE_PROVEN_CLOSED, E.PERSON_OUT),
)

_OPEN_FOR_CAR: Final = (
    Rule(S.OPEN_FOR_CAR, E.CROSSING_INWARD, S.MEASURING),
    # Nobody drove in.
    Rule(S.OPEN_FOR_CAR, E.GATE_PROVEN_CLOSED, S.RESERVED),
    # The job was cancelled: a driver who comes all the same finds the way out open.
    Rule(S.OPEN_FOR_CAR, E.RELEASE, S.REFUSED),
    Rule(S.OPEN_FOR_CAR, E.NO_SHOW, S.CLEARING),
    *_block(S.OPEN_FOR_CAR, E.FAULT),
    *_stay(S.OPEN_FOR_CAR, E.PERSON_IN, E.PERSON_OUT, E.GATE_PROVEN_OPEN),
    *_stay(S.OPEN_FOR_CAR, E.CROSSING_OUTWARD, E.WEIGHT_ON, E.WEIGHT_OFF),
)

_MEASURING: Final = (
    Rule(S.MEASURING, E.MEASURED_OK, S.ACCEPTED),
    Rule(S.MEASURING, E.MEASURED_REFUSED, S.REFUSED),
    # The job was cancelled: the car has to go out again.
    Rule(S.MEASURING, E.RELEASE, S.REFUSED),
    # The tower's own way back was given up: the car is kept as before, behind its gate.
    Rule(S.MEASURING, E.CAR_PLACED, S.CAR_PRESENT),
    Rule(S.MEASURING, E.CROSSING_OUTWARD, S.OPEN_FOR_CAR),
    *_block(S.MEASURING, E.FAULT),
    *_stay(S.MEASURING, E.PERSON_IN, E.PERSON_OUT, E.GATE_PROVEN_OPEN, E.GATE_PROVEN_CLOSED),
    *_stay(S.MEASURING, E.CROSSING_INWARD, E.WEIGHT_ON, E.WEIGHT_OFF),
)

_ACCEPTED: Final = (
    Rule(S.ACCEPTED, E.CARRIAGE_DOCKED, S.CAR_LEAVING),
    # The proof is void: it is measured again.
    Rule(S.ACCEPTED, E.PERSON_IN, S.MEASURING),
    Rule(S.ACCEPTED, E.GATE_PROVEN_OPEN, S.MEASURING),
    # The job was cancelled: the customer may take the car out again.
    Rule(S.ACCEPTED, E.RELEASE, S.CAR_PRESENT),
    *_block(S.ACCEPTED, E.FAULT, E.CROSSING_OUTWARD, E.CROSSING_INWARD, E.WEIGHT_OFF),
    *_stay(S.ACCEPTED, E.GATE_PROVEN_CLOSED, E.PERSON_OUT, E.WEIGHT_ON),
)

_REFUSED: Final = (
    Rule(S.REFUSED, E.PROVEN_CLEAR, S.VACANT),
    *_block(S.REFUSED, E.FAULT),
    *_stay(S.REFUSED, *_SENSORS),
)

_BLOCKED: Final = (
    Rule(S.BLOCKED, E.RELEASE, S.UNKNOWN),
    Rule(S.BLOCKED, E.PUT_OUT_OF_SERVICE, S.OUT_OF_SERVICE),
    # What was going on may still end: a PICK or PLACE is never cut.
    *_stay(S.BLOCKED, E.FAULT, E.PROVEN_CLEAR, E.CARRIAGE_DOCKED, E.CAR_PLACED, E.CAR_TAKEN),
    *_stay(S.BLOCKED, *_SENSORS),
)

_OUT_OF_SERVICE: Final = (
    Rule(S.OUT_OF_SERVICE, E.PUT_BACK, S.UNKNOWN),
    *_stay(S.OUT_OF_SERVICE, E.FAULT, E.PROVEN_CLEAR),
    *_stay(S.OUT_OF_SERVICE, *_SENSORS),
)

RULES: Final[tuple[RoomRule, ...]] = (
    *(*_UNKNOWN, *_VACANT, *_RESERVED),
    *(*_CAR_COMING, *_CAR_PRESENT, *_CUSTOMER_ADMITTED, *_DEPARTING, *_CLEARING, *_CAR_LEAVING),
    *(*_OPEN_FOR_CAR, *_MEASURING, *_ACCEPTED, *_REFUSED),
    *(*_BLOCKED, *_OUT_OF_SERVICE),
)

_EMPTY: Final = frozenset({S.VACANT, S.RESERVED})
_OUT: Final = frozenset({S.CAR_COMING, S.CAR_PRESENT, S.CUSTOMER_ADMITTED, S.DEPARTING, S.CLEARING})
_IN: Final = frozenset({S.OPEN_FOR_CAR, S.MEASURING, S.ACCEPTED, S.REFUSED})
_SIDE: Final = frozenset({S.UNKNOWN, S.BLOCKED, S.OUT_OF_SERVICE})
_LEAVING: Final = frozenset({S.CAR_LEAVING})
_CLOSED_FOR_CARS: Final = frozenset({S.UNKNOWN, S.OUT_OF_SERVICE})

REFUSED: Final = {
    E.RESERVE: _SIDE | _OUT | _IN | {S.RESERVED},
    E.RELEASE: _CLOSED_FOR_CARS
    | _LEAVING
    | {S.VACANT, S.CAR_PRESENT, S.CUSTOMER_ADMITTED, S.DEPARTING, S.CLEARING, S.REFUSED},
    E.CARRIAGE_DOCKED: _CLOSED_FOR_CARS
    | {S.VACANT, S.CAR_PRESENT, S.CUSTOMER_ADMITTED, S.DEPARTING, S.OPEN_FOR_CAR, S.MEASURING, S.REFUSED},
    E.CAR_PLACED: _EMPTY | (_IN - {S.MEASURING}) | {S.CAR_PRESENT, S.CUSTOMER_ADMITTED, S.DEPARTING, S.OUT_OF_SERVICE},
    E.CAR_TAKEN: _CLOSED_FOR_CARS | _EMPTY | _OUT | _IN,
    E.GATE_PROVEN_OPEN: frozenset(),
    E.GATE_PROVEN_CLOSED: frozenset(),
    E.PERSON_IN: frozenset(),
    E.PERSON_OUT: frozenset(),
    E.CROSSING_OUTWARD: frozenset(),
    E.CROSSING_INWARD: frozenset(),
    E.WEIGHT_ON: frozenset(),
    E.WEIGHT_OFF: frozenset(),
    E.PROVEN_CLEAR: {S.CAR_PRESENT, S.CUSTOMER_ADMITTED, S.DEPARTING, S.OPEN_FOR_CAR, S.MEASURING, S.ACCEPTED},
    E.MEASURED_OK: _SIDE
    | _EMPTY
    | _LEAVING
    | {S.CAR_COMING, S.CUSTOMER_ADMITTED, S.DEPARTING, S.CLEARING, S.OPEN_FOR_CAR, S.ACCEPTED, S.REFUSED},
    E.MEASURED_REFUSED: _SIDE | _EMPTY | _OUT | _LEAVING | {S.OPEN_FOR_CAR, S.ACCEPTED, S.REFUSED},
    E.NO_SHOW: _SIDE
    | _EMPTY
    | _LEAVING
    | {S.CAR_COMING, S.CUSTOMER_ADMITTED, S.DEPARTING, S.CLEARING, S.MEASURING, S.ACCEPTED, S.REFUSED},
    E.FAULT: frozenset(),
    E.PUT_OUT_OF_SERVICE: _CLOSED_FOR_CARS | _OUT | _IN | _LEAVING | {S.RESERVED},
    E.PUT_BACK: _EMPTY | _OUT | _IN | _LEAVING | {S.UNKNOWN, S.BLOCKED},
}
"""Every cell that is no rule. No sensor event is ever refused: facts happen."""


def room_machine(initial: S = S.UNKNOWN) -> RoomMachine:
    """Return a room standing in ``initial``; a room starts UNKNOWN and is left so only by proof."""
    return StateMachine("room", RULES, initial)
