"""The job against its state table: every legal edge is typed here from the page, the rest must be refused."""

import itertools

import pytest

from controller.domain.jobs import CARRYING, RETURN, STEPS, TERMINAL, JobEvent, JobState
from controller.fsm import IllegalTransition, check_complete
from controller.machines.job import REFUSED, RULES, job_machine

STRAIGHT = """
QUEUED          SELECTED           ASSIGNED
ASSIGNED        ROOM_FREE          POSITIONING
POSITIONING     DOCKED             OPENING
OPENING         WAY_OPEN           PICKING
PICKING         PICKED             CLOSING
CLOSING         WAY_CLOSED         POSITIONING_TO
POSITIONING_TO  DOCKED             OPENING_TO
OPENING_TO      WAY_OPEN           PLACING
PLACING         PLACED             CLOSING_TO
CLOSING_TO      WAY_CLOSED         CONFIRMING
CONFIRMING      OUTCOME_DURABLE    DONE
CONFIRMING      DIVERSION_DURABLE  DIVERTED
"""

AHEAD = """
ASSIGNED        ROOM_BUSY   POSITIONING
POSITIONING_TO  ROOM_BUSY   WAITING
WAITING         ROOM_FREE   OPENING_TO
WAITING         REDIRECTED  POSITIONING_TO
CONFIRMING      RETURNED    QUEUED
"""

CANCELS = """
QUEUED          CANCEL  CANCELLED
ASSIGNED        CANCEL  CANCELLED
POSITIONING     CANCEL  CANCELLED
OPENING         CANCEL  UNDONE
PICKING         CANCEL  PICKING
CLOSING         CANCEL  CLOSING
POSITIONING_TO  CANCEL  POSITIONING_TO
WAITING         CANCEL  POSITIONING_TO
OPENING_TO      CANCEL  CLOSING
PLACING         CANCEL  PLACING
CLOSING_TO      CANCEL  CLOSING_TO
CONFIRMING      CANCEL  CONFIRMING
"""

OPERATOR = """
PARKED  RESUME         RESUMED
PARKED  DIVERT         RESUMED
PARKED  UNDO           UNDONE
PARKED  CLOSE_BY_HAND  CLOSED_BY_HAND
UNDONE  RETURNED       CANCELLED
UNKNOWN INTERRUPT      INTERRUPTED
INTERRUPTED LINK_LOST  UNKNOWN
INTERRUPTED PARK       PARKED
UNKNOWN     PARK       PARKED
INTERRUPTED TO_UNDONE  UNDONE
UNKNOWN     TO_UNDONE  UNDONE
"""

STEP_NAMES = (
    *("ASSIGNED", "POSITIONING", "OPENING", "PICKING", "CLOSING"),
    *("POSITIONING_TO", "WAITING", "OPENING_TO", "PLACING", "CLOSING_TO", "CONFIRMING"),
)


def legal_cells() -> dict[tuple[JobState, JobEvent], JobState]:
    lines = [line.split() for line in (STRAIGHT + AHEAD + CANCELS + OPERATOR).splitlines() if line]
    for at_work in (*STEP_NAMES, "RESUMED", "UNDONE"):
        lines += [
            [at_work, "INTERRUPT", "INTERRUPTED"],
            [at_work, "LINK_LOST", "UNKNOWN"],
            [at_work, "PARK", "PARKED"],
        ]
    for away, step in itertools.product(("INTERRUPTED", "UNKNOWN", "RESUMED"), STEP_NAMES):
        lines.append([away, f"TO_{step}", step])
    cells = {(JobState(source), JobEvent(event)): JobState(target) for source, event, target in lines}
    assert len(cells) == len(lines)
    return cells


LEGAL = legal_cells()


def test_the_table_is_complete_and_as_large_as_the_page_says() -> None:
    assert check_complete(JobState, tuple(JobEvent), RULES, REFUSED) == ()
    assert len(JobState) * len(JobEvent) == 21 * 32
    assert len(RULES) == len(LEGAL) == 112
    assert sum(map(len, REFUSED.values())) == 672 - 112


@pytest.mark.parametrize("state", JobState)
def test_every_cell_of(state: JobState) -> None:
    for event in JobEvent:
        machine = job_machine(state)
        target = LEGAL.get((state, event))
        assert machine.can(event) == (target is not None), event
        if target is None:
            with pytest.raises(IllegalTransition):
                machine.fire(event)
            assert machine.state is state
        else:
            assert machine.fire(event).target is target


def test_a_job_goes_straight_from_queued_to_done() -> None:
    machine = job_machine()
    for line in STRAIGHT.splitlines():
        if line and "DIVERSION" not in line:
            machine.fire(JobEvent(line.split()[1]))
    assert machine.state is JobState.DONE


def test_a_car_that_was_fetched_ahead_waits_aboard_and_is_put_back_into_the_queue() -> None:
    machine = job_machine()
    for event in (
        *("SELECTED", "ROOM_BUSY", "DOCKED", "WAY_OPEN", "PICKED", "WAY_CLOSED", "ROOM_BUSY", "REDIRECTED"),
        *("DOCKED", "WAY_OPEN", "PLACED", "WAY_CLOSED", "RETURNED"),
    ):
        machine.fire(JobEvent(event))
    assert machine.state is JobState.QUEUED


def test_nothing_leaves_a_terminal_state() -> None:
    assert {state for state in JobState if not job_machine(state).legal()} == TERMINAL
    assert {state.name for state in TERMINAL} == {"DONE", "CANCELLED", "DIVERTED", "CLOSED_BY_HAND"}


def test_every_state_can_end_and_no_cancel_skips_the_closing_of_an_open_way() -> None:
    for start in JobState:
        reached, edge = {start}, {start}
        while edge:
            edge = {rule.target for rule in RULES if rule.source in edge} - reached
            reached |= edge
        assert reached & TERMINAL, start
    open_or_loaded = {JobState.OPENING, *CARRYING, JobState.CLOSING_TO}
    assert not [rule for rule in RULES if rule.source in open_or_loaded and rule.target in TERMINAL]


def test_returns_lead_where_they_say() -> None:
    for state, event in RETURN.items():
        assert job_machine(JobState.INTERRUPTED).fire(event).target is state
        assert job_machine(JobState.UNKNOWN).fire(event).target is state
    assert {step.name for step in STEPS} == set(STEP_NAMES)
    carrying = {step.name for step in CARRYING}
    assert carrying == {"PICKING", "CLOSING", "POSITIONING_TO", "WAITING", "OPENING_TO", "PLACING"}
