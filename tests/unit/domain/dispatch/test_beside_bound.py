"""A plan is never better than what no order can beat, and with one car it is nearly that."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.domain.dispatch.beside_bound import MOST, beside
from controller.domain.dispatch.planner import plan
from controller.domain.dispatch.scene import Limits, Request, Scene
from controller.domain.jobs import JobKind
from tests.support.planning import Draw, cycles_of, draw

QUICK = Limits(evaluations=40)
NOW_S = 1000.0


def one_car(carriage: int = 101, **changes: float) -> tuple[list[Request], Scene]:
    scene = Scene(NOW_S, carriage, changes.get("free_s", NOW_S), {101: 0.0}, 106.0)
    return [Request(7, JobKind.RETRIEVE, NOW_S - 20.0, 302)], scene


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    tower=st.sampled_from(["small", "guangzhou", "autostadt"]),
    requests=st.integers(1, 9),
    rooms=st.integers(1, 3),
    free_bays=st.integers(0, 2),
    late=st.sampled_from([0.0, 0.4]),
)
def test_no_plan_is_better_than_the_bound(
    seed: int, tower: str, requests: int, rooms: int, free_bays: int, late: float
) -> None:
    asked, scene, cycles = draw(seed, Draw(tower, requests, rooms, free_bays, late))
    found = plan(asked, scene, cycles, QUICK)
    seen = beside(cycles, scene, asked, found.moves)
    if seen is None:
        assert not found.moves
        return
    assert 0.0 < seen.least_done_s <= seen.done_s + 1e-6
    assert seen.least_wait_s <= seen.wait_s + 1e-6
    takes_s = {move.request: move.end_s - move.begin_s for move in found.moves if move.kind is JobKind.RETRIEVE}
    assert seen.job_least_s.keys() == takes_s.keys()
    assert all(seen.job_least_s[number] <= takes_s[number] + 1e-6 for number in takes_s)


def test_of_one_car_from_where_the_carriage_stands_nothing_is_to_be_gained() -> None:
    cycles = cycles_of("guangzhou")
    asked, scene = one_car(carriage=302)
    seen = beside(cycles, scene, asked, plan(asked, scene, cycles).moves)
    assert seen is not None
    assert seen.done_s == pytest.approx(seen.least_done_s)
    assert seen.wait_s == pytest.approx(seen.least_wait_s)
    assert seen.wait_s - 20.0 == pytest.approx(seen.job_least_s[7])


def test_what_the_carriage_does_before_is_in_both() -> None:
    cycles = cycles_of("guangzhou")
    asked, scene = one_car(carriage=302, free_s=NOW_S + 60.0)
    seen = beside(cycles, scene, asked, plan(asked, scene, cycles).moves)
    assert seen is not None
    assert seen.done_s == pytest.approx(seen.least_done_s)
    assert seen.wait_s == pytest.approx(seen.job_least_s[7] + 80.0)


def test_of_nothing_and_of_a_crowd_nothing_is_said() -> None:
    cycles = cycles_of("guangzhou")
    asked, scene = one_car()
    assert beside(cycles, scene, asked, ()) is None
    moves = plan(asked, scene, cycles).moves
    many = [Request(7, JobKind.RETRIEVE, NOW_S, 302)] * (MOST + 1)
    assert beside(cycles, scene, many, moves) is None
