"""The tables of an alarm: six states beneath (ISA-18.2, IEC 62682), and what hides them above.

Hiding keeps the machine beneath running, latch included: on the way back the state beneath shows. Nothing hides a
safety alarm.
"""

from typing import Final

from controller.domain.alarms import AlarmEvent as E
from controller.domain.alarms import AlarmState as S
from controller.domain.alarms import Showing, ShowingEvent
from controller.fsm import Rule, StateMachine

AlarmRule = Rule[S, E]
AlarmMachine = StateMachine[S, E]
ShowingRule = Rule[Showing, ShowingEvent]
ShowingMachine = StateMachine[Showing, ShowingEvent]

_COMMON: Final = (
    Rule(S.NORMAL, E.ALARM, S.UNACKNOWLEDGED),
    Rule(S.UNACKNOWLEDGED, E.ACKNOWLEDGE, S.ACKNOWLEDGED),
    Rule(S.ACKNOWLEDGED, E.ALARM, S.UNACKNOWLEDGED),
    Rule(S.RETURNED_UNACKNOWLEDGED, E.ACKNOWLEDGE, S.NORMAL),
    Rule(S.RETURNED_UNACKNOWLEDGED, E.ALARM, S.UNACKNOWLEDGED),
    Rule(S.LATCHED_UNACKNOWLEDGED, E.ACKNOWLEDGE, S.LATCHED_ACKNOWLEDGED),
    Rule(S.LATCHED_UNACKNOWLEDGED, E.ALARM, S.UNACKNOWLEDGED),
    Rule(S.LATCHED_ACKNOWLEDGED, E.RESET, S.NORMAL),
    Rule(S.LATCHED_ACKNOWLEDGED, E.ALARM, S.UNACKNOWLEDGED),
)
"""An alarm that latched once is left by its reset, even if a later release does not latch it."""

RULES: Final[tuple[AlarmRule, ...]] = (
    *_COMMON,
    Rule(S.UNACKNOWLEDGED, E.CLEAR, S.RETURNED_UNACKNOWLEDGED),
    Rule(S.ACKNOWLEDGED, E.CLEAR, S.NORMAL),
)

LATCHING_RULES: Final[tuple[AlarmRule, ...]] = (
    *_COMMON,
    Rule(S.UNACKNOWLEDGED, E.CLEAR, S.LATCHED_UNACKNOWLEDGED),
    Rule(S.ACKNOWLEDGED, E.CLEAR, S.LATCHED_ACKNOWLEDGED),
)

REFUSED: Final = {
    E.ALARM: frozenset({S.UNACKNOWLEDGED}),
    E.CLEAR: frozenset(
        {S.NORMAL, S.RETURNED_UNACKNOWLEDGED, S.LATCHED_UNACKNOWLEDGED, S.LATCHED_ACKNOWLEDGED}
    ),
    E.ACKNOWLEDGE: frozenset({S.NORMAL, S.ACKNOWLEDGED, S.LATCHED_ACKNOWLEDGED}),
    E.RESET: frozenset(
        {S.NORMAL, S.UNACKNOWLEDGED, S.ACKNOWLEDGED, S.RETURNED_UNACKNOWLEDGED, S.LATCHED_UNACKNOWLEDGED}
    ),
}
"""Every cell that is no rule, latching or not: nothing is reset before somebody has seen it, or while it stands."""

SHOWING_RULES: Final[tuple[ShowingRule, ...]] = (
    Rule(Showing.SHOWN, ShowingEvent.SHELVE, Showing.SHELVED),
    Rule(Showing.SHELVED, ShowingEvent.UNSHELVE, Showing.SHOWN),
    Rule(Showing.SHOWN, ShowingEvent.SUPPRESS, Showing.SUPPRESSED),
    Rule(Showing.SUPPRESSED, ShowingEvent.RELEASE, Showing.SHOWN),
    Rule(Showing.SHOWN, ShowingEvent.REMOVE, Showing.OUT_OF_SERVICE),
    Rule(Showing.OUT_OF_SERVICE, ShowingEvent.RETURN, Showing.SHOWN),
)

_HIDDEN: Final = frozenset({Showing.SHELVED, Showing.SUPPRESSED, Showing.OUT_OF_SERVICE})

SHOWING_REFUSED: Final = {
    ShowingEvent.SHELVE: _HIDDEN,
    ShowingEvent.UNSHELVE: frozenset({Showing.SHOWN, Showing.SUPPRESSED, Showing.OUT_OF_SERVICE}),
    ShowingEvent.SUPPRESS: _HIDDEN,
    ShowingEvent.RELEASE: frozenset({Showing.SHOWN, Showing.SHELVED, Showing.OUT_OF_SERVICE}),
    ShowingEvent.REMOVE: _HIDDEN,
    ShowingEvent.RETURN: frozenset({Showing.SHOWN, Showing.SHELVED, Showing.SUPPRESSED}),
}
"""Every cell that is no rule: one thing at a time hides an alarm."""


def alarm_machine(state: S, *, latching: bool) -> AlarmMachine:
    """Return what is beneath, standing in ``state``."""
    return StateMachine("alarm", LATCHING_RULES if latching else RULES, state)


def showing_machine(showing: Showing, *, safety: bool) -> ShowingMachine:
    """Return what is above, standing in ``showing``; a safety alarm's refuses everything."""
    return StateMachine("alarm", () if safety else SHOWING_RULES, showing)
