"""Plans are allowed, fair, the same every time, and never worse than first come, first served."""

import random
import re
from dataclasses import replace
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.domain.dispatch.ahead import STANDS_S, sets_out_s
from controller.domain.dispatch.course import Course, opening
from controller.domain.dispatch.planner import first_come, plan
from controller.domain.dispatch.scene import Limits, Request, Scene
from controller.domain.jobs import JobKind
from tests.support.planning import Case, Draw, cycles_of, draw, must_be_a_plan
from tests.support.towers import tower_named

QUICK = Limits(evaluations=60)
S, R, M = JobKind.STORE, JobKind.RETRIEVE, JobKind.RELOCATE


def scene(vacant_s: dict[int, float], free_bays: tuple[int, ...] = (), carriage: int = 101) -> Scene:
    return Scene(1000.0, carriage, 1000.0, vacant_s, 106.0, free_bays)


def order(case: Case, limits: Limits) -> list[int]:
    return [move.request for move in plan(*case, limits).moves]


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    tower=st.sampled_from(["small", "guangzhou", "autostadt"]),
    requests=st.integers(0, 9),
    rooms=st.integers(1, 4),
    free_bays=st.integers(0, 3),
    late=st.sampled_from([0.0, 0.4]),
    shift=st.integers(0, 3),
    load_ahead=st.booleans(),
)
def test_each_plan_is_allowed_move_by_move_and_never_worse_than_first_come(
    seed: int, tower: str, requests: int, rooms: int, free_bays: int, late: float, shift: int, load_ahead: bool
) -> None:
    case = draw(seed, Draw(tower, requests, rooms, free_bays, late, overtaken=True))
    limits = replace(QUICK, shift=shift, load_ahead=load_ahead)
    found, plain = plan(*case, limits), first_come(*case, limits)
    must_be_a_plan(found, case, limits)
    must_be_a_plan(plain, case, limits)
    assert (len(found.unplanned), found.cost) <= (len(plain.unplanned), plain.cost + 1e-6)


def test_more_tries_are_never_worse_and_the_same_scene_has_the_same_plan() -> None:
    case = draw(5, Draw("guangzhou", 12))
    costs = [plan(*case, Limits(evaluations=tries, window=8)).cost for tries in (0, 40, 150, 400)]
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] < first_come(*case).cost
    shuffled = list(case[0])
    random.Random(1).shuffle(shuffled)
    again, found = plan(shuffled, *case[1:], QUICK), plan(*case, QUICK)
    assert again == found
    assert [move.why for move in again.moves] == [move.why for move in found.moves]


def test_nothing_wanted_is_an_empty_plan() -> None:
    empty = plan([], scene({101: 0.0}), cycles_of("guangzhou"))
    assert (empty.moves, empty.cost, empty.unplanned) == ((), 0.0, ())


def test_what_cannot_be_served_is_told_and_blocks_nobody() -> None:
    out, full, never = Request(1, R, 0.0, 302, 107), Request(2, S, 0.0, 104), Request(3, M, 0.0, 402, ready_s=inf)
    case = [out, full, never, Request(4, R, 0.0, 303, 101)], scene({101: 0.0, 104: inf}), cycles_of("guangzhou")
    found = plan(*case, Limits(shift=0))
    # The retrieved car leaves a bay to the one that waits.
    assert [move.request for move in found.moves] == [4, 2]
    assert found.moves[1].target == 303
    assert found.unplanned == (1, 3)
    assert all(not move.overtakes for move in found.moves)


def test_a_bay_that_somebody_asked_for_is_offered_to_nobody_else() -> None:
    wish = Request(2, M, 0.0, 505, 202)
    case = [Request(1, S, 0.0, 101), wish], scene({101: inf}, (202, 508)), cycles_of("guangzhou")
    assert {move.request: move.target for move in plan(*case).moves} == {1: 508, 2: 202}


def test_of_two_bays_as_near_the_one_on_the_way_to_the_next_car_is_taken() -> None:
    cycles, shape = cycles_of("guangzhou"), tower_named("guangzhou").shape
    full, free = 505, tuple(bay for bay in shape.bays if bay != 505)
    case = [Request(1, S, 0.0, 101), Request(2, R, 0.0, full)], scene({101: inf, 104: 0.0}, free), cycles
    bay = plan(*case, Limits(shift=0)).moves[0].target
    on_s = cycles.go_s(101, bay) + cycles.go_s(bay, full)
    assert on_s == min(cycles.go_s(101, each) + cycles.go_s(each, full) for each in free)


def test_an_appointment_overtakes_but_not_more_often_than_allowed() -> None:
    plain = Request(1, R, 990.0, 302)
    others = [Request(number, R, 990.0, 302 + number, weight=5.0) for number in range(2, 7)]
    case = [plain, *others], scene({101: 0.0, 104: 0.0, 107: 0.0}), cycles_of("guangzhou")
    assert [order(case, Limits(shift=shift)).index(1) for shift in (0, 1, 2, 3)] == [0, 1, 2, 3]
    begun = [replace(plain, overtaken=2), *others], *case[1:]
    assert order(begun, Limits(shift=3)).index(1) == 1
    assert order(begun, Limits(shift=2)).index(1) == 0


def test_nobody_is_overtaken_for_a_seconds_gain() -> None:
    cycles, free_of_charge = cycles_of("guangzhou"), Limits(overtaking_s=0.0)
    bays = tower_named("guangzhou").shape.bays
    ways = {bay: cycles.go_s(101, bay) for bay in bays}
    pairs = [(far, near) for far in bays for near in bays if 0 < ways[far] - ways[near] < 12][::20]
    cases = [
        ([Request(1, R, 990.0, far), Request(2, R, 990.0, near)], scene({101: 0.0, 104: 0.0}), cycles)
        for far, near in pairs
    ]
    in_turn = [case for case in cases if order(case, Limits()) == [1, 2]]
    overtaken = [case for case in cases if order(case, Limits()) == [2, 1]]
    assert in_turn
    assert overtaken
    assert len(in_turn) + len(overtaken) == len(cases)
    for case in cases:
        saved_s = first_come(*case).cost - plan(*case, free_of_charge).cost
        assert (case in overtaken) == (saved_s > Limits().overtaking_s), saved_s
    assert any(order(case, free_of_charge) == [2, 1] for case in in_turn)


@pytest.mark.parametrize(("others", "stored"), [({}, 109), ({104: 0.0}, 203)])
def test_where_there_is_one_room_a_pair_leaves_its_car_where_its_own_fetch_is_short(
    others: dict[int, float], stored: int
) -> None:
    cycles, brought, wanted = cycles_of("guangzhou"), Request(1, S, 990.0, 101), Request(2, R, 990.0, 103, target=101)
    far = (bay for bay in tower_named("guangzhou").shape.bays if cycles.go_s(101, bay) > 12.0)
    free = (109, 203, *far)
    now_s = {bay: cycles.go_s(101, bay) + cycles.go_s(bay, 103) for bay in free}
    later_s = {bay: 2.0 * cycles.go_s(101, bay) for bay in free}
    assert min(free, key=lambda bay: now_s[bay]) == 203
    assert min(free, key=lambda bay: now_s[bay] + later_s[bay]) == 109
    found = plan([brought, wanted], scene({101: inf, **others}, free), cycles)
    assert [(move.request, move.target) for move in found.moves] == [(1, stored), (2, 101)]


def test_reasons_are_told_in_words_and_numbers() -> None:
    late = Request(1, R, 990.0, 505, ready_s=inf)
    requests = [late, Request(2, S, 990.0, 101), Request(3, R, 990.0, 302, weight=4.0)]
    first, second = plan(requests, scene({101: inf, 104: 0.0}, (202,)), cycles_of("guangzhou")).moves
    assert re.fullmatch(r"overtakes 2: it counts 4 times as much, saves \d+ s of weighted waiting", first.why)
    assert second.why == "first in turn of those that can begin (1 is not ready yet)"
    alone = [Request(1, R, 990.0, 505, 107)], scene({107: 1050.0}), cycles_of("guangzhou")
    assert plan(*alone).moves[0].why == "first in turn, its car is fetched ahead: room 107 is vacant in 50 s"
    cycles = cycles_of("guangzhou")
    held = [Request(1, R, 990.0, 505, 107)], scene({107: 1200.0}), cycles
    [move] = plan(*held).moves
    here = held[1].carriage
    ways_s = cycles.go_s(here, 505) + cycles.visit_s(505) + cycles.go_s(505, 107)
    told = f"its car is fetched once room 107 is foreseen to be vacant within {ways_s + STANDS_S:.0f} s"
    assert move.why == f"first in turn, {told}"
    assert sets_out_s(cycles, here, move) == pytest.approx(1200.0 - ways_s - STANDS_S)
    [soon] = plan(*alone).moves
    assert sets_out_s(cycles, here, soon) == soon.begin_s


def test_reasons_tell_ways_and_what_they_save() -> None:
    told = [move.why for seed in range(6) for move in plan(*draw(seed, Draw(requests=8)), Limits(window=8)).moves]
    assert any(re.search(r": the carriage stands \d+ s from it, \d+ s from \d+, saves \d+ s of", why) for why in told)
    assert any(re.search(r": behind it the carriage stands \d+ s from \d+", why) for why in told)
    assert all(told)


@pytest.mark.parametrize(("tower", "rooms", "load_ahead"), [("guangzhou", 1, True), ("guangzhou", 3, False)])
def test_nobody_starves_beside_ever_new_appointments_that_are_near(tower: str, rooms: int, load_ahead: bool) -> None:
    """After every move somebody asks who counts ten times as much: still each is served within the promised time."""
    cycles, shape, rng = cycles_of(tower), tower_named(tower).shape, random.Random(7)
    limits = Limits(evaluations=60, window=4, load_ahead=load_ahead)
    course, places = Course(cycles, 106.0, load_ahead), tuple(sorted(shape.rooms))[:rooms]
    ways = [cycles.go_s(place, bay) for place in places for bay in shape.bays]
    turn_s = 2 * max(ways) + cycles.visit_s(places[0]) + cycles.visit_s(shape.bays[0]) + 106.0
    far, state = sorted(shape.bays, reverse=True), opening(scene(dict.fromkeys(places, 0.0)))
    pending = [Request(number, R, 1000.0, far.pop()) for number in range(1, 5)]
    ahead = {each.id: each.id - 1 for each in pending}
    for number in range(5, 40):
        now = scene(dict(state.vacant_s), tuple(state.free_bays), state.carriage)
        now = replace(now, now_s=state.free_s, free_s=state.free_s)
        move = plan(pending, now, cycles, limits).moves[0]
        request = next(each for each in pending if each.id == move.request)
        bound_s = (ahead[move.request] + limits.shift + 1) * 2 * turn_s
        assert move.served_s - request.since_s <= turn_s + bound_s
        state = course.advance(state, request, move.target)
        pending = [
            replace(each, overtaken=each.overtaken + (each.id in move.overtakes)) for each in pending if each != request
        ]
        assert all(each.overtaken <= limits.shift for each in pending)
        car = rng.choice([bay for bay in shape.bays if bay not in {each.source for each in pending}])
        pending.append(Request(number, R, state.free_s, car, weight=10.0))
        ahead[number] = len(pending) - 1
        state = replace(state, free_bays=state.free_bays - {car})
    assert min(each.id for each in pending) > 30


@pytest.mark.parametrize(
    "wrong", [{"shift": -1}, {"shift": 15}, {"window": 0}, {"evaluations": -1}, {"overtaking_s": -1}]
)
def test_limits_in_which_nothing_can_be_planned_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="limits that nothing can be planned in"):
        Limits(**wrong)  # type: ignore[arg-type]
