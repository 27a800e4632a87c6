"""One move after the other: what each takes, what it waits for, and what it leaves behind."""

from functools import cache
from math import inf

import pytest

from controller.domain.dispatch.course import Course, State, opening
from controller.domain.dispatch.cycles import Cycles
from controller.domain.dispatch.scene import Request, Scene
from controller.domain.jobs import JobKind
from controller.settings import kinematics_of
from tests.support.towers import tower_named

SERVED_S = 106.0


@cache
def course(*, load_ahead: bool = True) -> Course:
    tower = tower_named("guangzhou")
    return Course(Cycles(kinematics_of(tower), tower.shape), SERVED_S, load_ahead)


ROOM, OTHER = sorted(course().cycles.rooms)[:2]
STORE = Request(1, JobKind.STORE, 0.0, source=ROOM)
RETRIEVE = Request(2, JobKind.RETRIEVE, 0.0, source=302)
RELOCATE = Request(3, JobKind.RELOCATE, 0.0, source=402)
QUIET = State(ROOM, 10.0, {ROOM: 0.0, OTHER: 0.0}, frozenset({203, 504}))


def test_a_store_is_served_when_its_room_is_given_back_and_takes_its_bay() -> None:
    cycles, busy = course().cycles, opening(Scene(10.0, OTHER, 5.0, {ROOM: inf}, SERVED_S, (203, 504)), [STORE])
    move, after = course().move(busy, STORE, 203), course().advance(busy, STORE, 203)
    assert busy.opens_s(ROOM) == inf
    assert move.begin_s == 10.0
    assert move.served_s == after.vacant_s[ROOM] == 10.0 + cycles.go_s(OTHER, ROOM) + cycles.visit_s(ROOM)
    assert move.end_s == pytest.approx(10.0 + cycles.single_s(OTHER, ROOM, 203))
    assert after == State(203, move.end_s, {ROOM: move.served_s}, frozenset({504}))


def test_a_retrieve_frees_its_bay_and_takes_its_room_until_the_customer_is_gone() -> None:
    move, after = course().move(QUIET, RETRIEVE, ROOM), course().advance(QUIET, RETRIEVE, ROOM)
    assert move.served_s == move.end_s == pytest.approx(10.0 + course().cycles.single_s(ROOM, 302, ROOM))
    assert after.free_bays == {203, 302, 504}
    assert after.vacant_s == {ROOM: move.served_s + SERVED_S, OTHER: 0.0}


def test_a_relocation_is_served_when_it_is_done_and_swaps_its_bays() -> None:
    move, after = course().move(QUIET, RELOCATE, 504), course().advance(QUIET, RELOCATE, 504)
    assert move.served_s == move.end_s == after.free_s
    assert after.free_bays == {203, 402}


def test_a_car_waits_at_the_door_of_its_room_or_in_its_bay_if_none_is_loaded_ahead() -> None:
    cycles, busy = course().cycles, State(ROOM, 10.0, {ROOM: 500.0}, frozenset())
    ahead, behind = (course(load_ahead=each).move(busy, RETRIEVE, ROOM) for each in (True, False))
    assert (ahead.begin_s, behind.begin_s) == (10.0, 500.0)
    assert ahead.served_s == pytest.approx(500.0 + cycles.visit_s(ROOM))
    assert behind.served_s == pytest.approx(500.0 + cycles.single_s(ROOM, 302, ROOM))


def test_nothing_begins_before_it_is_ready() -> None:
    late = Request(4, JobKind.STORE, 0.0, source=ROOM, ready_s=77.0)
    assert course().move(QUIET, late, 203).begin_s == 77.0


def test_no_car_is_brought_into_a_room_before_all_that_wait_in_it_are_stored() -> None:
    two = State(ROOM, 0.0, {ROOM: inf}, frozenset({203, 504}), (ROOM, ROOM))
    one = course().advance(two, STORE, 203)
    none = course().advance(one, STORE, 504)
    assert [course().possible(state, RETRIEVE, ROOM) for state in (two, one, none)] == [False, False, True]


@pytest.mark.parametrize(
    ("request_", "target"),
    [
        (STORE, 302),
        (STORE, OTHER),
        (Request(8, JobKind.STORE, 0.0, source=103), 203),
        (RETRIEVE, 203),
        (RETRIEVE, 999),
        (RELOCATE, ROOM),
        (Request(5, JobKind.RETRIEVE, 0.0, source=302, target=OTHER), ROOM),
        (Request(6, JobKind.RELOCATE, 0.0, source=402, target=302), 302),
        (Request(7, JobKind.RETRIEVE, 0.0, source=302, ready_s=inf), ROOM),
    ],
)
def test_a_place_that_is_taken_or_not_wanted_is_refused(request_: Request, target: int) -> None:
    with pytest.raises(ValueError, match="cannot go to place"):
        course().advance(QUIET, request_, target)
