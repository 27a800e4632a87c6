"""The pace of looks into bays: so many a day, over restarts and whatever becomes of the wall clock."""

import itertools

import pytest

from controller.activities.context import Rounds
from controller.runtime.audit_pace import DAY_S, Pace

ROUNDS = Rounds(visits_per_day=4, idle_s=600.0)
INTERVAL_S = DAY_S / 4
DECADE_S = 10 * 365 * DAY_S


class Clock:
    """The loop's."""

    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def first_due_s(pace: Pace, clock: Clock, limit_s: float = 2 * DAY_S) -> float | None:
    """Return after how long a visit is due; None: not within the limit."""
    began_s = clock.now_s
    while clock.now_s - began_s <= limit_s:
        if pace.due:
            return clock.now_s - began_s
        clock.now_s += 60.0
    return None


@pytest.mark.parametrize(
    ("ago_s", "due_s"),
    [
        pytest.param(None, 600.0, id="never: as soon as it is idle"),
        pytest.param(0.0, INTERVAL_S, id="just now"),
        pytest.param(INTERVAL_S - 3600.0, 3600.0, id="an hour is missing"),
        pytest.param(INTERVAL_S - 60.0, 600.0, id="idle takes longer"),
        pytest.param(DECADE_S, 600.0, id="long ago, or the clock is fast"),
        pytest.param(-DECADE_S, 600.0, id="in ten years: one of both clocks is wrong"),
    ],
)
def test_a_start_goes_on_where_the_record_ends(ago_s: float | None, due_s: float) -> None:
    clock = Clock()
    assert first_due_s(Pace(ROUNDS, clock, ago_s), clock) == due_s


def test_behind_a_visit_a_whole_interval_passes() -> None:
    clock = Clock()
    pace = Pace(ROUNDS, clock, None)
    first_due_s(pace, clock)
    pace.visited()
    assert first_due_s(pace, clock) == INTERVAL_S


def test_whoever_needs_the_tower_makes_it_wait_anew_and_loses_no_visit() -> None:
    clock = Clock()
    pace = Pace(ROUNDS, clock, None)
    for _ in range(100):
        clock.now_s += 590.0
        assert not pace.due
        pace.needed()
    assert first_due_s(pace, clock) == 600.0


def test_no_visits_a_day_are_none() -> None:
    clock = Clock()
    assert first_due_s(Pace(Rounds(0, 1.0), clock, None), clock) is None


@pytest.mark.parametrize("up_s", [1800.0, 3 * 3600.0, 5 * 3600.0, 7 * 3600.0])
def test_restarts_lead_neither_to_more_visits_nor_to_none(up_s: float) -> None:
    """Two an hour, or one at the end of each shift, over ten days."""
    clock, visited_at = Clock(), None
    visits = 0
    for start in itertools.takewhile(lambda s: s < 10 * DAY_S, itertools.count(0.0, up_s)):
        clock.now_s = start
        pace = Pace(ROUNDS, clock, None if visited_at is None else start - visited_at)
        while clock.now_s < start + up_s:
            if pace.due:
                visits, visited_at = visits + 1, clock.now_s
                pace.visited()
            clock.now_s += 60.0
    assert 35 <= visits <= 41


@pytest.mark.parametrize("by_s", [DECADE_S, -DECADE_S])
def test_a_wall_clock_that_is_wrong_at_each_start_leads_to_one_visit_a_start_at_most(by_s: float) -> None:
    clock, wall_s, visited_at = Clock(), 0.0, 0.0
    visits = 0
    for _ in range(20):
        wall_s += by_s
        pace = Pace(ROUNDS, clock, wall_s - visited_at)
        for _ in range(30):
            clock.now_s += 60.0
            if pace.due:
                visits, visited_at = visits + 1, wall_s
                pace.visited()
    assert visits == 20
