"""Alarms against the standard's table, typed cell by cell from it (ISA-18.2, IEC 62682) and not from the rules.

A row is a state shown, a column an event; a cell holds the state shown next, `.` is a refusal. Cells with a slash: not
latching / latching. A hidden row is the alarm that was NORMAL when it was hidden; what happens beneath is below.
"""

import pytest

from controller.domain.alarms import AlarmEvent, AlarmState, Showing, ShowingEvent, shown_state
from controller.fsm import IllegalTransition, check_complete
from controller.machines.alarm import (
    LATCHING_RULES,
    REFUSED,
    RULES,
    SHOWING_REFUSED,
    SHOWING_RULES,
    alarm_machine,
    showing_machine,
)

NINE = """
       alarm clear       ack    reset shelve unshelve suppress release remove return
NORM   UNACK .           .      .     SHLVD  .        DSUPR    .       OOSRV  .
UNACK  .     RTNUN/LTUNK ACKED  .     SHLVD  .        DSUPR    .       OOSRV  .
ACKED  UNACK NORM/LTACK  .      .     SHLVD  .        DSUPR    .       OOSRV  .
RTNUN  UNACK .           NORM   .     SHLVD  .        DSUPR    .       OOSRV  .
LTUNK  UNACK .           LTACK  .     SHLVD  .        DSUPR    .       OOSRV  .
LTACK  UNACK .           .      NORM  SHLVD  .        DSUPR    .       OOSRV  .
SHLVD  SHLVD .           .      .     .      NORM     .        .       .      .
DSUPR  DSUPR .           .      .     .      .        .        NORM    .      .
OOSRV  OOSRV .           .      .     .      .        .        .       .      NORM
"""

STATES = {
    "NORM": AlarmState.NORMAL,
    "UNACK": AlarmState.UNACKNOWLEDGED,
    "ACKED": AlarmState.ACKNOWLEDGED,
    "RTNUN": AlarmState.RETURNED_UNACKNOWLEDGED,
    "LTUNK": AlarmState.LATCHED_UNACKNOWLEDGED,
    "LTACK": AlarmState.LATCHED_ACKNOWLEDGED,
}
HIDING = {"SHLVD": Showing.SHELVED, "DSUPR": Showing.SUPPRESSED, "OOSRV": Showing.OUT_OF_SERVICE}
EVENTS: dict[str, AlarmEvent | ShowingEvent] = {
    "alarm": AlarmEvent.ALARM,
    "clear": AlarmEvent.CLEAR,
    "ack": AlarmEvent.ACKNOWLEDGE,
    "reset": AlarmEvent.RESET,
    "shelve": ShowingEvent.SHELVE,
    "unshelve": ShowingEvent.UNSHELVE,
    "suppress": ShowingEvent.SUPPRESS,
    "release": ShowingEvent.RELEASE,
    "remove": ShowingEvent.REMOVE,
    "return": ShowingEvent.RETURN,
}
BACK = {
    Showing.SHELVED: ShowingEvent.UNSHELVE,
    Showing.SUPPRESSED: ShowingEvent.RELEASE,
    Showing.OUT_OF_SERVICE: ShowingEvent.RETURN,
}


class Both:
    """An alarm: what is beneath and what is above."""

    def __init__(self, state: AlarmState, showing: Showing, *, latching: bool, safety: bool = False) -> None:
        self.beneath = alarm_machine(state, latching=latching)
        self.above = showing_machine(showing, safety=safety)

    def fire(self, event: AlarmEvent | ShowingEvent) -> None:
        if isinstance(event, AlarmEvent):
            self.beneath.fire(event)
        else:
            self.above.fire(event)

    @property
    def shown(self) -> str:
        return shown_state(self.beneath.state, self.above.state)


def name(short: str) -> str:
    return (STATES | HIDING)[short].value


def cells() -> list[tuple[str, str, str, bool]]:
    header, *rows = NINE.strip().splitlines()
    return [
        (row.split()[0], event, cell.split("/")[-1 if latching else 0], latching)
        for row in rows
        for event, cell in zip(header.split(), row.split()[1:], strict=True)
        for latching in (False, True)
    ]


def test_the_table_has_every_cell() -> None:
    assert len(cells()) == 2 * 9 * len(EVENTS) == 2 * 9 * (len(AlarmEvent) + len(ShowingEvent))
    assert set(STATES.values()) == set(AlarmState)
    assert {Showing.SHOWN, *HIDING.values()} == set(Showing)


@pytest.mark.parametrize(("row", "event", "cell", "latching"), cells())
def test_cell(row: str, event: str, cell: str, latching: bool) -> None:
    both = Both(STATES.get(row, AlarmState.NORMAL), HIDING.get(row, Showing.SHOWN), latching=latching)
    if cell == ".":
        before = (both.beneath.state, both.above.state)
        with pytest.raises(IllegalTransition):
            both.fire(EVENTS[event])
        assert (both.beneath.state, both.above.state) == before
    else:
        both.fire(EVENTS[event])
        assert both.shown == name(cell)


@pytest.mark.parametrize("hiding", HIDING.values())
@pytest.mark.parametrize(
    ("row", "event", "cell", "latching"), [each for each in cells() if each[0] in STATES and each[2] in STATES]
)
def test_what_is_hidden_runs_on_beneath_and_shows_on_the_way_back(
    hiding: Showing, row: str, event: str, cell: str, latching: bool
) -> None:
    both = Both(STATES[row], hiding, latching=latching)
    both.fire(EVENTS[event])
    assert both.shown == hiding.value
    both.fire(BACK[hiding])
    assert both.shown == name(cell)


@pytest.mark.parametrize("state", AlarmState)
@pytest.mark.parametrize("event", ShowingEvent)
def test_nothing_hides_a_safety_alarm(state: AlarmState, event: ShowingEvent) -> None:
    both = Both(state, Showing.SHOWN, latching=True, safety=True)
    with pytest.raises(IllegalTransition):
        both.fire(event)
    assert both.shown == state.value


def test_a_latched_alarm_is_not_reset_before_somebody_has_seen_it() -> None:
    both = Both(AlarmState.NORMAL, Showing.SHOWN, latching=True)
    both.fire(AlarmEvent.ALARM)
    both.fire(AlarmEvent.CLEAR)
    with pytest.raises(IllegalTransition):
        both.fire(AlarmEvent.RESET)
    both.fire(AlarmEvent.ACKNOWLEDGE)
    both.fire(AlarmEvent.RESET)
    assert both.shown == "NORMAL"


def test_every_cell_is_a_rule_or_listed_as_refused() -> None:
    for rules in (RULES, LATCHING_RULES):
        assert check_complete(AlarmState, tuple(AlarmEvent), rules, REFUSED) == ()
        assert len(rules) == 11
    assert check_complete(Showing, tuple(ShowingEvent), SHOWING_RULES, SHOWING_REFUSED) == ()
