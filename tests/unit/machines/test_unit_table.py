"""The unit against PackML's matrix, typed cell by cell from the standard's table and not from the rules.

A row is a state, a column an event; a cell holds the short name of the next state, `.` is a refusal.
"""

import pytest

from controller.domain.unit import ACTING, AFTER_POWER_UP, MODE_CHANGE_STATES, UnitEvent, UnitState
from controller.fsm import IllegalTransition, check_complete
from controller.machines.unit import OPTIONAL_HOLDS, REFUSED, RULES, unit_machine

MATRIX = """
              RESET START STOP HOLD UNHOLD SUSPEND UNSUSPEND ABORT CLEAR DONE
CLEARING      .     .     .    .    .      .       .         abg   .     stp
STOPPED       rst   .     .    .    .      .       .         abg   .     .
STARTING      .     .     spg  hdg  .      .       .         abg   .     exe
IDLE          .     stg   spg  .    .      .       .         abg   .     .
SUSPENDED     .     .     spg  hdg  .      .       usp       abg   .     .
EXECUTE       .     .     spg  hdg  .      sus     .         abg   .     cpg
STOPPING      .     .     .    .    .      .       .         abg   .     stp
ABORTING      .     .     .    .    .      .       .         .     .     abd
ABORTED       .     .     .    .    .      .       .         .     clr   .
HOLDING       .     .     spg  .    .      .       .         abg   .     hld
HELD          .     .     spg  .    uhd    .       .         abg   .     .
UNHOLDING     .     .     spg  hdg  .      .       .         abg   .     exe
SUSPENDING    .     .     spg  hdg  .      .       .         abg   .     spd
UNSUSPENDING  .     .     spg  hdg  .      .       .         abg   .     exe
RESETTING     .     .     spg  .    .      .       .         abg   .     idl
COMPLETING    .     .     spg  .    .      .       .         abg   .     cpl
COMPLETE      rst   .     spg  .    .      .       .         abg   .     .
"""

SHORT = {
    "stp": UnitState.STOPPED,
    "rst": UnitState.RESETTING,
    "idl": UnitState.IDLE,
    "stg": UnitState.STARTING,
    "exe": UnitState.EXECUTE,
    "hdg": UnitState.HOLDING,
    "hld": UnitState.HELD,
    "uhd": UnitState.UNHOLDING,
    "sus": UnitState.SUSPENDING,
    "spd": UnitState.SUSPENDED,
    "usp": UnitState.UNSUSPENDING,
    "cpg": UnitState.COMPLETING,
    "cpl": UnitState.COMPLETE,
    "spg": UnitState.STOPPING,
    "abg": UnitState.ABORTING,
    "abd": UnitState.ABORTED,
    "clr": UnitState.CLEARING,
}


def cells() -> list[tuple[UnitState, UnitEvent, UnitState | None]]:
    header, *rows = MATRIX.strip().splitlines()
    events = [UnitEvent(name) for name in header.split()]
    return [
        (UnitState(row.split()[0]), event, SHORT.get(cell))
        for row in rows
        for event, cell in zip(events, row.split()[1:], strict=True)
    ]


def test_the_matrix_has_every_cell() -> None:
    assert len(cells()) == len(UnitState) * len(UnitEvent) == 170
    assert sum(target is not None for *_, target in cells()) == 51


@pytest.mark.parametrize(("state", "event", "target"), cells(), ids=lambda value: getattr(value, "name", "refused"))
def test_cell(state: UnitState, event: UnitEvent, target: UnitState | None) -> None:
    machine = unit_machine(state)
    if target is None:
        with pytest.raises(IllegalTransition):
            machine.fire(event)
        assert machine.state is state
    else:
        assert machine.fire(event).target is target
        assert machine.state is target


def test_every_cell_is_a_rule_or_listed_as_refused() -> None:
    assert check_complete(UnitState, tuple(UnitEvent), RULES, REFUSED) == ()
    assert len(RULES) == 51
    assert len(OPTIONAL_HOLDS) == 5
    assert sum(map(len, REFUSED.values())) == 119


def test_done_ends_exactly_the_acting_states() -> None:
    assert {state for state in UnitState if unit_machine(state).can(UnitEvent.DONE)} == ACTING


def test_after_an_emergency_stop_four_human_acts_lie_before_execute() -> None:
    """The device reset is the first, at the tower; the other three are these."""
    machine = unit_machine(UnitState.EXECUTE)
    machine.fire(UnitEvent.ABORT)
    machine.fire(UnitEvent.DONE)
    taken = []
    while machine.state is not UnitState.EXECUTE:
        human = machine.legal() & {UnitEvent.CLEAR, UnitEvent.RESET, UnitEvent.START}
        event = UnitEvent.DONE if machine.can(UnitEvent.DONE) else min(human)
        taken.append(event)
        machine.fire(event)
    assert [event for event in taken if event is not UnitEvent.DONE] == [
        UnitEvent.CLEAR,
        UnitEvent.RESET,
        UnitEvent.START,
    ]


def test_where_a_start_of_the_daemon_and_a_change_of_mode_may_stand() -> None:
    assert {UnitState.ABORTED, UnitState.STOPPED} == AFTER_POWER_UP
    assert {UnitState.STOPPED, UnitState.IDLE, UnitState.ABORTED} == MODE_CHANGE_STATES
