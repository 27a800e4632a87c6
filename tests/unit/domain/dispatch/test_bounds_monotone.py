"""A faster lift or one more room never raises a bound."""

import random
from collections.abc import Callable
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.domain.dispatch.bounds import (
    batch_s,
    cars_an_hour,
    dual_s,
    job_to_gate_s,
    makespan_s,
    platform_makespan_s,
    to_given_bays,
)
from controller.domain.dispatch.bounds_in_line import fifo_max_flow_s, mean_wait_s, nth_served_s
from controller.domain.dispatch.legs import Legs
from controller.domain.jobs import JobKind
from tests.support.drawn_scenes import LIFT_SPEEDS_MM_S, TOWER, Drawn, cycles_at, drawn
from tests.support.towers import tower_named

SHAPE = tower_named(TOWER).shape
SEEDS = st.integers(0, 2**32 - 1)
EPSILON_S = 1e-6


def in_line(case: Drawn) -> list[float]:
    """Return every bound of a scene."""
    cycles, scene, requests = case.cycles, case.scene, case.requests
    bounds: tuple[Callable[..., float], ...] = (makespan_s, mean_wait_s, fifo_max_flow_s)
    return [*(bound(cycles, scene, requests) for bound in bounds), *nth_served_s(cycles, scene, requests)]


def of_bays(legs: Legs, seed: int) -> list[float]:
    """Return every bound of a handful of bays, the rate with its sign turned."""
    *cars, one, other = random.Random(seed).sample(SHAPE.bays, 5)
    return [
        job_to_gate_s(legs, one),
        dual_s(legs, one, other),
        batch_s(legs, to_given_bays(cars, (one, other))),
        platform_makespan_s(legs, cars, 106.0),
        -cars_an_hour(legs, cars, 106.0),
    ]


def none_above(better: list[float], worse: list[float]) -> bool:
    return all(after <= before + EPSILON_S for before, after in zip(worse, better, strict=True))


def scene_of(seed: int) -> Drawn:
    rng = random.Random(seed)
    return drawn(rng, rng.randint(1, 5), tuple(JobKind), rooms=2)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_a_faster_lift_raises_no_bound(seed: int) -> None:
    case = scene_of(seed)
    slow, middle, fast = (in_line(replace(case, cycles=cycles_at(speed))) for speed in LIFT_SPEEDS_MM_S)
    assert none_above(middle, slow)
    assert none_above(fast, middle)
    slow, fast = (of_bays(Legs(cycles_at(speed)), seed) for speed in LIFT_SPEEDS_MM_S[:2])
    assert none_above(fast, slow)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_one_more_room_raises_no_bound(seed: int) -> None:
    case = scene_of(seed)
    more = next(room for room in SHAPE.rooms if room not in case.scene.vacant_s)
    vacant_s = {**case.scene.vacant_s, more: random.Random(seed).uniform(0.0, 500.0)}
    assert none_above(in_line(replace(case, scene=replace(case.scene, vacant_s=vacant_s))), in_line(case))
    few, all_of_them = Legs(case.cycles, case.scene.vacant_s.keys()), Legs(case.cycles)
    assert none_above(of_bays(all_of_them, seed), of_bays(few, seed))
