"""No order of a few requests, no choice of rooms and bays, beats a bound; and many come close to it."""

import random
from collections.abc import Sequence
from dataclasses import replace
from math import inf
from statistics import fmean

import pytest

from controller.domain.dispatch.bounds import makespan_s
from controller.domain.dispatch.bounds_in_line import fifo_max_flow_s, mean_wait_s, nth_served_s
from controller.domain.dispatch.course import Course, opening
from controller.domain.dispatch.cycles import Cycles
from controller.domain.dispatch.scene import Request, Scene
from controller.domain.jobs import JobKind
from tests.support.drawn_scenes import Drawn, drawn
from tests.support.one_carriage import Outcome, outcomes

CARS = (JobKind.RETRIEVE,)
BOTH_WAYS = (JobKind.RETRIEVE, JobKind.STORE)
KINDS = {"cars out": CARS, "cars in and out": BOTH_WAYS, "cars moved as well": tuple(JobKind)}

EPSILON_S = 1e-6


def shares(case: Drawn) -> list[float]:
    """Return each bound as a share of the best that can be done."""
    return against(case, list(outcomes(*arguments(case))))


def against(case: Drawn, every: Sequence[Outcome]) -> list[float]:
    """Return each bound as a share of the best among outcomes, after failing on one above it."""
    found = [
        compared(makespan_s(*arguments(case)), min(ended_s(case, one) for one in every), case),
        compared(mean_wait_s(*arguments(case)), min(fmean(one.waits_s) for one in every), case),
        compared(fifo_max_flow_s(*arguments(case)), min(max(one.waits_s) for one in every), case),
    ]
    for number, bound_s in enumerate(nth_served_s(*arguments(case))):
        found.append(compared(bound_s, min(one.retrieved_s[number] for one in every), case))
    return found


def arguments(case: Drawn) -> tuple[Cycles, Scene, tuple[Request, ...]]:
    return case.cycles, case.scene, case.requests


def ended_s(case: Drawn, outcome: Outcome) -> float:
    return max(outcome.free_s, outcome.vacant_s) - case.scene.begin_s


def compared(bound_s: float, best_s: float, case: Drawn) -> float:
    assert bound_s <= best_s + EPSILON_S, case
    return bound_s / best_s


@pytest.mark.parametrize("kinds", KINDS.values(), ids=KINDS)
def test_nothing_beats_a_bound_and_the_best_come_close(kinds: tuple[JobKind, ...]) -> None:
    rng = random.Random(5)
    found = [share for _ in range(80) for share in shares(drawn(rng, rng.randint(1, 3), kinds))]
    assert fmean(found) > 0.93
    assert sum(share > 1 - 1e-9 for share in found) > len(found) / 4


def test_with_one_room_in_use_for_long_the_last_car_is_bounded_exactly() -> None:
    rng = random.Random(7)
    for _ in range(20):
        case = drawn(rng, 3, CARS, rooms=1)
        room = next(iter(case.scene.vacant_s))
        late = case.scene.vacant_s[room] + 2000.0
        full = Drawn(case.cycles, replace(case.scene, vacant_s={room: late}, served_s=300.0), case.requests)
        assert shares(full)[0] == pytest.approx(1.0)


def test_a_car_that_is_stored_first_may_be_retrieved_from_where_the_carriage_stands() -> None:
    rng = random.Random(17)
    for _ in range(20):
        case = drawn(rng, 2, CARS, rooms=1)
        bay, [room] = case.scene.free_bays[0], case.scene.vacant_s
        stored, fetched = Request(8, JobKind.STORE, 0.0, room, bay), Request(9, JobKind.RETRIEVE, 0.0, bay)
        scene = replace(case.scene, vacant_s={room: 0.0}, served_s=0.0)
        assert min(shares(Drawn(case.cycles, scene, (*case.requests, stored, fetched)))) > 0


def test_no_plan_in_the_order_of_asking_beats_a_bound() -> None:
    """The model of time that plans are made with allows nothing that the bounds do not allow."""
    rng = random.Random(13)
    for _ in range(40):
        case = drawn(rng, 4, BOTH_WAYS)
        course, state = Course(case.cycles, case.scene.served_s), opening(case.scene, case.requests)
        stores_first = sorted(case.requests, key=lambda each: each.kind is JobKind.RETRIEVE)
        served: list[tuple[Request, float]] = []
        for each in stores_first:
            where = sorted(state.free_bays if each.kind is JobKind.STORE else state.vacant_s)
            target = rng.choice([place for place in where if course.possible(state, each, place)])
            move = course.move(state, each, target)
            state = course.after(state, move)
            served.append((each, move.served_s))
        vacant_s = max([state.free_s, *(at_s for at_s in state.vacant_s.values() if at_s < inf)])
        outcome = Outcome(tuple(served), state.free_s, vacant_s)
        assert min(against(case, [outcome])) > 0


@pytest.mark.campaign
@pytest.mark.parametrize("kinds", KINDS.values(), ids=KINDS)
def test_nothing_beats_a_bound_in_three_thousand_scenes(kinds: tuple[JobKind, ...]) -> None:
    rng = random.Random(11)
    for _ in range(3_000):
        shares(drawn(rng, rng.choice((1, 2, 2, 3, 3, 3, 4)), kinds))
