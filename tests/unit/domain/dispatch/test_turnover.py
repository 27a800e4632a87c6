"""When a room takes a car again: reckoned at first, then learned; unknown where a person has to act."""

from math import inf

import pytest

from controller.domain.dispatch.turnover import ARRIVING, NEVER, STEADY, SUPPOSED, Turnover, as_built
from controller.domain.rooms import RoomState as S

ROOM, GATE_S = 101, 8.0
LEFT_S = as_built(GATE_S)
VISIT = (
    (S.CAR_COMING, 0.0),
    (S.CAR_PRESENT, 20.0),
    (S.CUSTOMER_ADMITTED, 30.0),
    (S.DEPARTING, 60.0),
    (S.CLEARING, 80.0),
)


def visited(turnover: Turnover, at_s: float, end_s: float = 95.0) -> float:
    """Let somebody fetch a car; return when the room is vacant."""
    for state, after_s in VISIT:
        turnover.entered(ROOM, state, at_s + after_s)
    turnover.entered(ROOM, S.VACANT, at_s + end_s)
    return at_s + end_s


def test_before_anybody_was_watched_it_is_gates_dwell_and_proof() -> None:
    turnover = Turnover(LEFT_S)
    turnover.entered(ROOM, S.CAR_PRESENT, 100.0)
    assert turnover.served_s == 8.0 + 90.0 + 8.0 + 5.0
    assert turnover.vacant_s(ROOM, 100.0) == turnover.vacant_s(ROOM, 150.0) == 211.0


def test_a_vacant_room_takes_a_car_now() -> None:
    turnover = Turnover(LEFT_S)
    turnover.entered(ROOM, S.VACANT, 5.0)
    assert turnover.vacant_s(ROOM, 700.0) == 700.0


@pytest.mark.parametrize("state", sorted(NEVER | ARRIVING))
def test_where_a_person_or_the_plan_decides_nobody_can_tell(state: S) -> None:
    turnover = Turnover(LEFT_S)
    turnover.entered(ROOM, state, 0.0)
    assert turnover.vacant_s(ROOM, 1.0) == inf


def test_a_room_that_was_never_seen_promises_nothing() -> None:
    assert Turnover(LEFT_S).vacant_s(ROOM, 0.0) == inf


def test_every_state_is_told_of() -> None:
    assert set(LEFT_S) | NEVER | ARRIVING | {S.VACANT} == set(S)


def test_visits_teach_how_long_is_left_in_each_state() -> None:
    turnover, at_s = Turnover(LEFT_S), 0.0
    for _ in range(5 * STEADY):
        at_s = visited(turnover, at_s)
    assert turnover.served_s == pytest.approx(75.0, abs=0.5)
    turnover.entered(ROOM, S.DEPARTING, at_s)
    assert turnover.vacant_s(ROOM, at_s) == pytest.approx(at_s + 35.0, abs=0.5)


def test_one_who_lingers_moves_the_estimate_by_one_visit_in_many() -> None:
    turnover, at_s = Turnover(LEFT_S), 0.0
    for _ in range(5 * STEADY):
        at_s = visited(turnover, at_s)
    visited(turnover, at_s, 135.0)
    assert turnover.served_s == pytest.approx(75.0 + 40.0 / STEADY, abs=0.5)


def test_one_who_stays_for_an_hour_counts_as_one_who_stays_three_times_as_long() -> None:
    turnover, at_s = Turnover(LEFT_S), 0.0
    for _ in range(5 * STEADY):
        at_s = visited(turnover, at_s)
    visited(turnover, at_s, 3600.0)
    assert turnover.served_s == pytest.approx(75.0 + 2 * 75.0 / STEADY, abs=0.5)


def test_an_hour_of_the_first_who_is_watched_is_not_what_everybody_is_taken_for() -> None:
    turnover = Turnover(LEFT_S)
    visited(turnover, 0.0, 3600.0)
    assert turnover.served_s == pytest.approx(111.0 + 2 * 111.0 / (SUPPOSED + 1))


def test_where_people_take_five_times_as_long_from_now_on_that_is_learned() -> None:
    turnover, at_s = Turnover(LEFT_S), 0.0
    for _ in range(5 * STEADY):
        at_s = visited(turnover, at_s)
    for _ in range(5 * STEADY):
        at_s = visited(turnover, at_s, 395.0)
    assert turnover.served_s == pytest.approx(375.0, rel=0.02)


def test_what_a_tower_stands_teaches_nothing_of_people() -> None:
    turnover = Turnover(LEFT_S)
    turnover.entered(ROOM, S.CAR_PRESENT, 0.0)
    turnover.serves(on=False, now_s=10.0)
    turnover.entered(ROOM, S.CUSTOMER_ADMITTED, 20.0)
    turnover.serves(on=True, now_s=3600.0)
    assert turnover.vacant_s(ROOM, 3600.0) == 3600.0 + LEFT_S[S.CUSTOMER_ADMITTED]
    turnover.entered(ROOM, S.DEPARTING, 3700.0)
    turnover.entered(ROOM, S.VACANT, 3700.0 + LEFT_S[S.DEPARTING])
    turnover.entered(ROOM, S.CAR_PRESENT, 4000.0)
    assert turnover.served_s == LEFT_S[S.CAR_PRESENT]
    turnover.entered(ROOM, S.CUSTOMER_ADMITTED, 4000.0)
    assert turnover.vacant_s(ROOM, 4000.0) == 4000.0 + LEFT_S[S.CUSTOMER_ADMITTED]


def test_a_room_that_is_proven_empty_while_the_tower_stands_teaches_nothing() -> None:
    turnover = Turnover(LEFT_S)
    turnover.serves(on=False, now_s=0.0)
    turnover.entered(ROOM, S.CAR_PRESENT, 0.0)
    turnover.entered(ROOM, S.VACANT, 40.0)
    assert turnover.served_s == LEFT_S[S.CAR_PRESENT]


def test_a_visit_that_a_fault_broke_off_teaches_nothing() -> None:
    turnover = Turnover(LEFT_S)
    turnover.entered(ROOM, S.CAR_PRESENT, 0.0)
    turnover.entered(ROOM, S.BLOCKED, 50.0)
    turnover.entered(ROOM, S.UNKNOWN, 4000.0)
    turnover.entered(ROOM, S.VACANT, 4003.0)
    assert turnover.served_s == LEFT_S[S.CAR_PRESENT]


def test_one_who_is_late_is_expected_later_and_later() -> None:
    turnover = Turnover(LEFT_S)
    turnover.entered(ROOM, S.CLEARING, 0.0)
    assert [turnover.vacant_s(ROOM, now_s) for now_s in (0.0, 13.0, 23.0, 113.0)] == [13.0, 13.0, 33.0, 213.0]
