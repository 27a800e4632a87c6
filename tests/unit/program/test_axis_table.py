"""The axis table of PLCopen, typed from STATES' page: every cell is a rule or refused."""

import itertools

import pytest

from hal.plcmap.codes import State
from sim_plc.program.axis import REFUSED, RULES, AxisEvent, AxisState, NotInThisState

AXIS_STATES = [State(number) for number in range(1, 7)]
CELLS = list(itertools.product(AXIS_STATES, AxisEvent))


def expected(state: State, event: AxisEvent) -> State | None:  # noqa: C901, PLR0911 - a table in words
    """Any -> ErrorStop on error; any but ErrorStop -> Disabled without power; ErrorStop left only by reset."""
    moving = (State.HOMING, State.DISCRETE_MOTION)
    match event:
        case AxisEvent.ERROR:
            return State.ERROR_STOP
        case AxisEvent.POWER_OFF if state not in (State.ERROR_STOP, State.DISABLED):
            return State.DISABLED
        case AxisEvent.POWER_ON if state is State.DISABLED:
            return State.STANDSTILL
        case AxisEvent.HOME if state is State.STANDSTILL:
            return State.HOMING
        case AxisEvent.MOVE if state is State.STANDSTILL:
            return State.DISCRETE_MOTION
        case AxisEvent.DONE if state in moving:
            return State.STANDSTILL
        case AxisEvent.STOP if state in (*moving, State.STANDSTILL):
            return State.STOPPING
        case AxisEvent.STOPPED if state is State.STOPPING:
            return State.STANDSTILL
        case AxisEvent.RESET if state is State.ERROR_STOP:
            return State.STANDSTILL
        case AxisEvent.RESET_UNPOWERED if state is State.ERROR_STOP:
            return State.DISABLED
    return None


@pytest.mark.parametrize(("state", "event"), CELLS)
def test_every_cell(state: State, event: AxisEvent) -> None:
    axis = AxisState()
    axis.state = state
    to = expected(state, event)
    assert axis.can(event) == (to is not None)
    if to is None:
        with pytest.raises(NotInThisState):
            axis.fire(event)
        assert axis.state is state
    else:
        axis.fire(event)
        assert axis.state is to


@pytest.mark.parametrize(("state", "event"), CELLS)
def test_what_only_follows_the_table_stays_where_a_cell_is_refused(state: State, event: AxisEvent) -> None:
    axis = AxisState()
    axis.state = state
    axis.follow(event)
    assert axis.state is (expected(state, event) or state)


def test_every_cell_is_listed_once() -> None:
    assert len(CELLS) == 60
    assert sum(expected(*cell) is not None for cell in CELLS) == len(RULES) == 21
    listed = [(rule.state, rule.event) for rule in RULES] + list(REFUSED)
    assert len(listed) == len(set(listed)) == len(CELLS)


def test_an_axis_starts_disabled() -> None:
    assert AxisState().state is State.DISABLED
