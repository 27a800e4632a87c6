"""Which activity serves each state of a room."""

from collections.abc import Coroutine, Mapping
from types import MappingProxyType
from typing import Final

from controller.activities import room as doing
from controller.activities.context import Bench
from controller.domain.room_facts import RoomFacts
from controller.domain.rooms import RoomState as S
from hal.plcmap.codes import Signal

Activity = Coroutine[object, object, object]

ITS_OWN_DOING: Final = frozenset(
    {
        (S.RESERVED, S.OPEN_FOR_CAR),
        (S.OPEN_FOR_CAR, S.RESERVED),
        (S.CAR_PRESENT, S.CUSTOMER_ADMITTED),
        (S.DEPARTING, S.CLEARING),
        (S.DEPARTING, S.VACANT),
        (S.CLEARING, S.VACANT),
        (S.REFUSED, S.VACANT),
        (S.UNKNOWN, S.VACANT),
        (S.UNKNOWN, S.CAR_PRESENT),
    }
)
"""What an activity brings about itself: from the state it serves to the one that the sensors then show."""

_FOR_THE_CARRIAGE: Final = frozenset({S.CAR_COMING, S.CAR_LEAVING})
"""States in which the gate stays shut, since the carriage works at the inner door or comes."""

_WAITING: Final = frozenset({S.VACANT, S.RESERVED, S.ACCEPTED})
"""States in which the gate stays shut unless a car is awaited."""


def belongs_shut(state: S, *, awaited: bool, kept: bool = False) -> bool:
    """Return whether nobody is to pass the gate: the room is the carriage's, or will be, or its car is ``kept``."""
    return state in _FOR_THE_CARRIAGE or (state in _WAITING and not awaited) or (state is S.CAR_PRESENT and kept)


_BEHIND_A_SHUT_DOOR: Final = frozenset(
    {
        S.VACANT,
        S.CAR_PRESENT,
        S.CUSTOMER_ADMITTED,
        S.DEPARTING,
        S.CLEARING,
        S.OPEN_FOR_CAR,
        S.MEASURING,
        S.ACCEPTED,
        S.REFUSED,
    }
)
"""States in which the carriage does not work at the inner door, unless a job that was taken up comes."""


def door_belongs_shut(state: S, *, executing: bool) -> bool:
    """Return whether the inner door of a room that no job works at has to be locked.

    Of a room that is UNKNOWN a reset closes it; behind that, nobody does.
    """
    return state in _BEHIND_A_SHUT_DOOR or (executing and state is S.UNKNOWN)


SIGN: Final[Mapping[S, Signal]] = MappingProxyType(
    {
        S.VACANT: Signal.DARK,
        S.RESERVED: Signal.DARK,
        S.CAR_COMING: Signal.DARK,
        S.CUSTOMER_ADMITTED: Signal.TAKE_CAR,
        S.CLEARING: Signal.DARK,
        S.ACCEPTED: Signal.WAIT,
        S.CAR_LEAVING: Signal.WAIT,
        S.UNKNOWN: Signal.OUT_OF_SERVICE,
        S.BLOCKED: Signal.OUT_OF_SERVICE,
        S.OUT_OF_SERVICE: Signal.OUT_OF_SERVICE,
    }
)
"""What the sign says in each state that serves nobody else: a level, restored whenever it shows something else.

In the other states an activity runs from the first to the last moment, and tells people what to do as it goes.
"""

KEPT_SIGN: Final = Signal.DARK
"""What it says beside a car that is kept for a customer who has not come."""


def activity(  # noqa: C901, PLR0911 - one case a state
    bench: Bench, place: int, state: S, facts: RoomFacts, *, awaited: bool, kept: bool = False
) -> Activity | None:
    """Return what a room does in a state, None for nothing.

    ``awaited``: a job waits for a car to come in. ``kept``: the car was brought ahead for a customer who has not come.

    Raises:
        NotOnline: the tower's image may not be trusted.

    """
    match state:
        case S.RESERVED if awaited:
            return doing.admit_car(bench, place)
        case S.OPEN_FOR_CAR:
            return doing.wait_for_driver(bench, place)
        case S.MEASURING:
            return doing.measure(bench, place, kept=kept)
        case S.CAR_PRESENT if awaited:
            return doing.measure(bench, place, kept=kept)
        case S.CAR_PRESENT if not kept:
            return doing.admit_customer(bench, place)
        case S.CUSTOMER_ADMITTED if not facts.gate_open:
            # Somebody else has moved it, or a stop has cut it short: nobody gets a car out through half a gate.
            return doing.admit_customer(bench, place)
        case S.DEPARTING | S.CLEARING if not (facts.shut and facts.empty and not facts.maybe_person):
            return doing.close_when_clear(bench, place)
        case S.REFUSED:
            return doing.let_out(bench, place)
        case _ if not facts.gate_locked and (state is S.UNKNOWN or belongs_shut(state, awaited=awaited, kept=kept)):
            return doing.shut_when_still(bench, place)
        case _ if (sign := _sign(state, kept=kept)) is not None and bench.tower.rooms[place].signal.shown is not sign:
            return doing.show(bench, place, sign)
        case _:
            return None


def _sign(state: S, *, kept: bool) -> Signal | None:
    return KEPT_SIGN if kept else SIGN.get(state)
