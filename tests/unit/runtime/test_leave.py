"""Whether somebody may, against what stands at the tower: trips, blocked rooms, drives in error, modes."""

from collections.abc import Iterable

import pytest

from controller.domain.events import Request, UnitCommand
from controller.domain.permits import NotAllowed
from controller.domain.roles import ON_SITE, ROLE, Role
from controller.domain.unit import UnitEvent, UnitMode, UnitState
from controller.runtime.leave import Leave

A, S, P = UnitState.ABORTED, UnitState.STOPPED, UnitMode.PRODUCTION


def rule(leave: Leave, event: UnitEvent, role: Role, *, on_site: bool = False) -> str:
    return refused(leave, UnitCommand("7:kim", event=event, role=role, on_site=on_site))[0]


def refused(leave: Leave, request: Request) -> tuple[str, str]:
    try:
        leave.require(request)
    except NotAllowed as refusal:
        return refusal.rule, refusal.text
    return "granted", ""


def seen(*looks: tuple[Iterable[str], UnitState], mode: UnitMode = P) -> Leave:
    leave = Leave()
    for standing, unit in looks:
        leave.look(standing, unit, mode)
    return leave


def test_a_clear_without_a_trip_is_an_operators_from_anywhere() -> None:
    leave = seen((["STATION_OFFLINE"], UnitState.ABORTING), ([], A))
    assert rule(leave, UnitEvent.CLEAR, Role.OPERATOR) == "granted"
    assert rule(leave, UnitEvent.CLEAR, Role.VIEWER) == ROLE


def test_behind_a_trip_somebody_must_have_looked_even_if_the_chain_is_closed_again() -> None:
    leave = seen((["E_STOP"], UnitState.ABORTING), ([], A))
    assert rule(leave, UnitEvent.CLEAR, Role.OPERATOR) == ON_SITE
    assert rule(leave, UnitEvent.CLEAR, Role.ENGINEER) == ON_SITE, "whoever it is"
    assert rule(leave, UnitEvent.CLEAR, Role.OPERATOR, on_site=True) == "granted"


@pytest.mark.parametrize("cause", ["OVERSPEED", "SLACK_ROPE", "OVER_TRAVEL", "PHASE_LOSS"])
def test_of_several_causes_the_most_demanding_counts(cause: str) -> None:
    leave = seen((["E_STOP"], UnitState.ABORTING), ([cause], A), ([], A))
    assert rule(leave, UnitEvent.CLEAR, Role.OPERATOR, on_site=True) == ROLE
    assert rule(leave, UnitEvent.CLEAR, Role.TECHNICIAN) == ON_SITE
    assert rule(leave, UnitEvent.CLEAR, Role.TECHNICIAN, on_site=True) == "granted"


def test_a_clearing_that_fails_takes_the_same_again_and_one_that_succeeds_forgets() -> None:
    leave = seen((["E_STOP"], A), ([], UnitState.CLEARING), ([], A))
    assert rule(leave, UnitEvent.CLEAR, Role.OPERATOR) == ON_SITE
    leave = seen((["E_STOP"], A), ([], S), (["STATION_OFFLINE"], A))
    assert rule(leave, UnitEvent.CLEAR, Role.OPERATOR) == "granted"


def test_what_trips_in_a_stopped_unit_needs_no_clear_and_its_reset_no_word() -> None:
    leave = seen((["E_STOP"], S), ([], S))
    assert rule(leave, UnitEvent.RESET, Role.OPERATOR) == "granted"


@pytest.mark.parametrize(
    ("standing", "least"), [("ROOM_BLOCKED", Role.OPERATOR), ("AXIS_FAULT", Role.TECHNICIAN)], ids=str
)
def test_a_reset_that_clears_an_alarm_takes_what_the_alarm_takes(standing: str, least: Role) -> None:
    leave = seen(([standing, "JOB_PARKED"], S))
    for role in Role:
        assert rule(leave, UnitEvent.RESET, role, on_site=True) == ("granted" if role >= least else ROLE)
    assert rule(leave, UnitEvent.RESET, least) == ON_SITE
    assert rule(leave, UnitEvent.STOP, Role.OPERATOR) == "granted", "motion is taken away by any operator"
    leave.look([], S, P)
    assert rule(leave, UnitEvent.RESET, Role.OPERATOR) == "granted"


@pytest.mark.parametrize("mode", [UnitMode.MAINTENANCE, UnitMode.MANUAL])
def test_drives_are_switched_on_by_a_technician_where_somebody_works(mode: UnitMode) -> None:
    leave = seen(([], S), mode=mode)
    assert [rule(leave, UnitEvent.RESET, role) for role in Role] == [ROLE, ROLE, "granted", "granted"]
    assert rule(leave, UnitEvent.ABORT, Role.OPERATOR) == "granted"


def test_a_refusal_names_act_cause_role_and_asker() -> None:
    leave = seen((["E_STOP", "OVERSPEED"], A))
    _, text = refused(leave, UnitCommand("1000:ann", event=UnitEvent.CLEAR, role=Role.OPERATOR))
    assert text == "to clear the unit after E_STOP, OVERSPEED takes a technician; 1000:ann is an operator"
    _, text = refused(leave, UnitCommand("1000:ann", event=UnitEvent.CLEAR, role=Role.TECHNICIAN))
    assert text.startswith("to clear the unit after E_STOP, OVERSPEED, somebody must be at the tower and have looked")
    assert "--at-tower" in text
    assert "on_site" in text
