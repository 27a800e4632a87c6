"""The tables of who may do what: whole, and of one mind with what the project wants of them, typed here once more."""

from collections.abc import Iterator
from itertools import product

import pytest

from controller.api.instruments import LOOKS
from controller.api.requests import METHODS
from controller.domain.alarms import ALARMS, BY_KEY, Of, Tag
from controller.domain.book import CARRIAGE, Book
from controller.domain.clearance import Clearance
from controller.domain.events import AlarmAct, AlarmCommand, Request, Resolve, UnitCommand
from controller.domain.permits import (
    ACTS,
    ALARM_ACTS,
    CHOICE_ACTS,
    CLEARED_BY_CLEAR,
    CLEARED_BY_RESET,
    RESET_ACTS,
    UNIT_ACTS,
    NotAllowed,
    act_of,
    every_act,
)
from controller.domain.places import Place, PlaceStatus
from controller.domain.records import PlaceSet
from controller.domain.roles import NEED_OF, ON_SITE, ROLE, Need, Role
from controller.domain.unit import UnitEvent
from controller.runtime.leave import Leave
from controller.runtime.remedies import choices
from tests.support.calls import CALLS, METHOD_ROLES
from tests.support.past import UNDER_WAY

V, O, T, E = Role.VIEWER, Role.OPERATOR, Role.TECHNICIAN, Role.ENGINEER  # noqa: E741 - a table reads by its letters

RESETS = {
    **dict.fromkeys(("SAFETY", "E_STOP", "LIGHT_CURTAIN", "PERSON_IN_SHAFT", "FIRE", "GATE_RELEASE"), (O, True)),
    **dict.fromkeys(("PERSON_IN_OPEN_ROOM", "MEMORY_LOST", "PLACE_UNVERIFIED", "ROOM_BLOCKED"), (O, True)),
    "CARRIAGE_BARRED": (O, True),
    **dict.fromkeys(("OVERSPEED", "SLACK_ROPE", "OVER_TRAVEL", "PHASE_LOSS"), (T, True)),
    **dict.fromkeys(("STATION_OFFLINE", "LINE_LOST", "JOURNAL_FAILED", "MAINTENANCE"), (T, True)),
    **dict.fromkeys(("PERSON_SENSOR", "AXIS_FAULT", "DISK_SPACE_LOW", "BUS_ERRORS", "CLOCK_WRONG"), (T, True)),
    "SERVICE_DUE": (T, True),
    **dict.fromkeys(("LIFT_SLOW", "TURNTABLE_SLOW"), (T, True)),
    **dict.fromkeys(("UNIT_ABORTED", "JOB_PARKED", "PERSON_INSIDE", "AUDIT_FAILED", "DWELL_FAILED"), (O, False)),
    **dict.fromkeys(("CAR_NOT_PUT_BACK", "CAR_LEFT_STANDING"), (O, False)),
    "FOREIGN_MASTER": (E, True),
}
"""Who takes back each alarm, and whether at the tower."""

OTHER_ACTS = {
    AlarmAct.ACKNOWLEDGE: O,
    AlarmAct.SHELVE: O,
    AlarmAct.UNSHELVE: O,
    AlarmAct.REMOVE: E,
    AlarmAct.RETURN: E,
}


def kinds(of: type[Request] = Request) -> Iterator[str]:
    """Yield the names: a class with slots is made twice, and the first may linger."""
    for kind in of.__subclasses__():
        if kind.__module__.startswith("controller."):
            yield kind.__name__
        yield from kinds(kind)


def test_every_request_has_its_line_and_what_says_more_has_a_table() -> None:
    assert set(kinds()) == {kind.__name__ for kind in (*ACTS, UnitCommand, Resolve, AlarmCommand)}
    assert set(UNIT_ACTS) == set(UnitEvent) - {UnitEvent.DONE}
    assert set(ALARM_ACTS) == set(AlarmAct) - {AlarmAct.RESET}
    assert set(RESET_ACTS) == set(NEED_OF) == set(Clearance)

    book = Book.empty((102, 103))
    book.apply(PlaceSet(Place(CARRIAGE, PlaceStatus.OCCUPIED, "B2")))
    assert set(CHOICE_ACTS) == set(choices(UNDER_WAY, (101,), book)), "all that a job may offer"


def test_every_method_of_the_socket_has_its_role_here_and_a_call_for_the_matrix() -> None:
    served = {*METHODS, *LOOKS}
    assert set(METHOD_ROLES) == served
    assert {call.method for call in CALLS} == served


def test_what_no_table_knows_is_for_engineers() -> None:
    class Novelty(Request):
        pass

    assert act_of(Novelty()).need == Need(E)


def test_an_act_is_told_once_and_the_most_harmless_first() -> None:
    acts = list(every_act())
    assert len({act.words for act in acts}) == len(acts)
    assert [act.need.role for act in acts] == sorted(act.need.role for act in acts)
    assert {each.need.role for each in acts} == set(Role)


def test_an_operator_alone_gets_a_car_out_at_night() -> None:
    unit = {"reset the unit", "start the unit", "clear the unit"}
    jobs = {"bring a car down", "let a parked job go on", "have a parked job undone", "divert a parked job"}
    night = unit | jobs | {"say what stands in a bay", "acknowledge an alarm"}
    assert night <= {act.words for act in every_act() if act.need.role <= O}


def test_what_an_act_clears_is_in_the_catalogue() -> None:
    assert set(BY_KEY) >= CLEARED_BY_CLEAR | CLEARED_BY_RESET
    assert {alarm.key for alarm in ALARMS if alarm.safety} <= CLEARED_BY_CLEAR


def number_of(key: str) -> str:
    alarm = BY_KEY[key]
    return str(Tag(key, None if alarm.of is Of.TOWER else 1))


def outcome(request: Request) -> str:
    try:
        Leave().require(request)
    except NotAllowed as refusal:
        return refusal.rule
    return "granted"


def test_the_table_of_resets_is_of_every_alarm() -> None:
    assert set(RESETS) == set(BY_KEY)


@pytest.mark.parametrize("key", BY_KEY)
def test_each_act_on_each_alarm_by_each_role_with_and_without_a_word(key: str) -> None:
    number = number_of(key)
    for act, role, on_site in product(AlarmAct, Role, (False, True)):
        least, at_tower = RESETS[key] if act is AlarmAct.RESET else (OTHER_ACTS[act], False)
        expected = ROLE if role < least else ON_SITE if at_tower and not on_site else "granted"
        asked = AlarmCommand("7:kim", act=act, number=number, role=role, on_site=on_site)
        assert outcome(asked) == expected, (act, role, on_site)


@pytest.mark.parametrize("number", ["all", "999", "0x", "²", ""])
def test_an_alarm_that_is_not_there_is_not_a_matter_of_roles(number: str) -> None:
    assert outcome(AlarmCommand(act=AlarmAct.RESET, number=number, role=O)) == "granted"
    assert outcome(AlarmCommand(act=AlarmAct.RESET, number=number, role=V)) == ROLE


def test_a_word_that_is_no_choice_is_judged_by_whoever_knows_the_job() -> None:
    assert outcome(Resolve(job=1, choice="nonsense", role=O)) == "granted"
    assert outcome(Resolve(job=1, choice="nonsense", role=V)) == ROLE


@pytest.mark.parametrize("role", Role)
def test_a_role_says_its_name_with_its_article(role: Role) -> None:
    assert str(role) == {V: "a viewer", O: "an operator", T: "a technician", E: "an engineer"}[role]
