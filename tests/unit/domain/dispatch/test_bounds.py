"""Bounds of one car, of two and of a batch: never above what can be done, and what can be done where they are exact."""

import random
from collections.abc import Iterator
from itertools import pairwise, permutations
from math import inf
from statistics import fmean

import pytest

from controller.domain.dispatch.bounds import (
    Batch,
    batch_s,
    cars_an_hour,
    dual_s,
    job_s,
    job_to_gate_s,
    makespan_s,
    platform_makespan_s,
    to_given_bays,
    tour_s,
)
from controller.domain.dispatch.bounds_in_line import fifo_max_flow_s, mean_wait_s, nth_served_s
from controller.domain.dispatch.cycles import Cycles
from controller.domain.dispatch.legs import Legs
from controller.domain.dispatch.scene import Request, Scene
from controller.domain.jobs import JobKind
from tests.support.drawn_scenes import TOWER, cycles_at
from tests.support.towers import tower_named

RETRIEVE, STORE, RELOCATE = JobKind.RETRIEVE, JobKind.STORE, JobKind.RELOCATE
SHAPE = tower_named(TOWER).shape
ROOM = SHAPE.rooms[0]
CREEPING_MM_S = 20.0
"""A lift at which ways matter more than visits."""
ONE_ROOM = Scene(0.0, ROOM, 0.0, {ROOM: 0.0}, 106.0, (203, 204))


def cycles() -> Cycles:
    return cycles_at(500.0)


def retrieves(*bays: int) -> tuple[Request, ...]:
    return tuple(Request(number, RETRIEVE, 0.0, bay) for number, bay in enumerate(bays))


# One car, two cars


def test_a_car_is_fetched_no_sooner_than_from_where_the_carriage_stands_at_best() -> None:
    times, legs = cycles(), Legs(cycles())
    for bay in SHAPE.bays:
        singles = [times.single_s(here, bay, room) for here in (bay, *SHAPE.rooms) for room in SHAPE.rooms]
        assert job_s(legs, bay) == pytest.approx(min(singles))
        assert job_to_gate_s(legs, bay) == pytest.approx(min(singles) + times.gate_s())


def test_a_dual_cycle_is_no_shorter_than_its_bound_and_two_bays_in_line_come_close() -> None:
    times, rng = cycles_at(CREEPING_MM_S), random.Random(4)
    legs, shares = Legs(times), []
    for _ in range(300):
        empty, full = rng.sample(SHAPE.bays, 2)
        best = min(times.dual_s(room, empty, full, out) for room in SHAPE.rooms for out in SHAPE.rooms)
        shares.append(dual_s(legs, empty, full) / best)
    assert 0.99 < max(shares) <= 1.0


# Batches


def tours(times: Cycles, start: int | None, batch: Batch) -> Iterator[float]:
    """Yield the machine time of every order and choice of bays at one room; it ends there unless it has a start."""
    for order in set(permutations([*batch.retrieves, *[0] * batch.stores])):
        for chosen in permutations(batch.targets, batch.stores):
            left, here, total_s = list(chosen), ROOM if start is None else start, 0.0
            for car in order:
                source, target = (car, ROOM) if car else (ROOM, left.pop())
                total_s += times.single_s(here, source, target)
                here = target
            yield total_s + (times.go_s(here, ROOM) if start is None else 0.0)


@pytest.mark.parametrize("lift_mm_s", [500.0, CREEPING_MM_S], ids=["quick", "creeping"])
@pytest.mark.parametrize(("stores", "cars"), [(0, 2), (1, 0), (1, 1), (1, 2), (2, 1), (2, 2), (2, 0), (3, 1)])
def test_at_one_room_a_batch_takes_what_the_best_order_takes(stores: int, cars: int, lift_mm_s: float) -> None:
    rng, times = random.Random(stores * 10 + cars), cycles_at(lift_mm_s)
    legs = Legs(times, [ROOM])
    for _ in range(3):
        *bays, start = rng.sample(SHAPE.bays, stores + cars + 2)
        batch = Batch(tuple(bays[:cars]), tuple(bays[cars:]), stores)
        for place in (ROOM, start, *bays[:1]):
            assert tour_s(legs, batch, place) == pytest.approx(min(tours(times, place, batch)))
        assert batch_s(legs, batch) == pytest.approx(min(tours(times, None, batch)))


def test_no_store_more_is_made_to_spare_the_carriage_its_way() -> None:
    times, high = cycles_at(CREEPING_MM_S), SHAPE.bays_of(5)[0]
    car, *targets = SHAPE.bays_of(1)[:3]
    batch = Batch((car,), tuple(targets), 1)
    assert tour_s(Legs(times, [ROOM]), batch, high) == pytest.approx(min(tours(times, high, batch)))


def test_given_bays_are_all_filled_and_a_batch_of_nothing_takes_nothing() -> None:
    legs = Legs(cycles(), [ROOM])
    assert batch_s(legs, to_given_bays([], [203, 506])) == pytest.approx(
        sum(2 * legs.nearest_s(bay) + cycles().visit_s(bay) + cycles().visit_s(ROOM) for bay in (203, 506))
    )
    assert batch_s(legs, Batch()) == tour_s(legs, Batch(), 506) == 0.0


def test_a_slot_that_was_just_emptied_can_only_help() -> None:
    legs, rng = Legs(cycles(), [ROOM]), random.Random(6)
    gains = []
    for _ in range(30):
        bays = rng.sample(SHAPE.bays, 6)
        cars, free = tuple(bays[:3]), tuple(bays[3:])
        gains.append(batch_s(legs, Batch(cars, free, 3)) - batch_s(legs, Batch(cars, free + cars, 3)))
    assert min(gains) >= -1e-9
    assert max(gains) > 1.0


def test_no_car_is_stored_into_the_bay_that_is_emptied_behind_it() -> None:
    legs = Legs(cycles(), [ROOM])
    apart_s = legs.single_s(506) + batch_s(legs, to_given_bays([], [506]))
    assert batch_s(legs, Batch((506,), (506,), 1)) == pytest.approx(apart_s)


def test_more_cars_than_bays_are_no_batch() -> None:
    with pytest.raises(ValueError, match="3 cars for 2 bays"):
        Batch((), (203, 204, 204), 3)


# Emptying the tower


def test_with_one_room_cars_come_no_faster_than_customers_leave() -> None:
    served_s = nth_served_s(cycles(), ONE_ROOM, retrieves(302, 405, 508))
    kept_s = cycles().visit_s(ROOM) + ONE_ROOM.served_s
    assert [after - before for before, after in pairwise(served_s)] == [kept_s, kept_s]
    assert makespan_s(cycles(), ONE_ROOM, retrieves(302, 405, 508)) == served_s[-1] + ONE_ROOM.served_s


def test_with_customers_who_leave_at_once_the_carriage_is_the_limit() -> None:
    hurried = Scene(0.0, ROOM, 0.0, {ROOM: 0.0}, 0.0)
    legs, bays = Legs(cycles(), [ROOM]), (302, 405, 508)
    assert makespan_s(cycles(), hurried, retrieves(*bays)) == pytest.approx(sum(map(legs.single_s, bays)))


@pytest.mark.parametrize("served_s", [0.0, 60.0, 106.0, 300.0])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_emptying_is_bounded_no_worse_than_by_three_plain_sums(count: int, served_s: float) -> None:
    """The carriage with the last customer; the first car with all customers spread over the rooms; one late car."""
    rooms, rng = SHAPE.rooms[:count], random.Random(count)
    legs, scene = Legs(cycles(), rooms), Scene(0.0, ROOM, 0.0, dict.fromkeys(rooms, 0.0), served_s)
    for cars in range(1, 9):
        bays = rng.sample(SHAPE.bays, cars)
        late = Request(99, RETRIEVE, 0.0, bays[-1], ready_s=rng.uniform(0.0, 2000.0))
        singles = [legs.single_s(bay) for bay in bays]
        sums = [sum(singles) + served_s, min(singles) + cars * served_s / count]
        last_s = late.ready_s + job_s(legs, late.source) + served_s
        assert makespan_s(cycles(), scene, (*retrieves(*bays[:-1]), late)) >= max(*sums, last_s) - 1e-6


def test_cars_an_hour_are_limited_by_the_carriage_or_by_the_rooms() -> None:
    bays, visit_s = SHAPE.bays, cycles().visit_s(ROOM)
    for count in (1, 2, 3):
        legs = Legs(cycles(), SHAPE.rooms[:count])
        assert cars_an_hour(legs, bays, 0.0) == pytest.approx(3600.0 / fmean(map(legs.single_s, bays)))
        assert cars_an_hour(legs, bays, 2000.0) == pytest.approx(count * 3600.0 / (visit_s + 2000.0))
    one = Legs(cycles(), [ROOM])
    kept_s = fmean(map(one.single_s, bays))
    assert cars_an_hour(one, bays, kept_s - visit_s) < 3600.0 / kept_s - 1.0
    with pytest.raises(ValueError, match="no bay"):
        cars_an_hour(one, [], 0.0)


def test_no_long_run_beats_the_cars_an_hour() -> None:
    """The last of all cars out cannot come sooner than the rate allows, but for what stands vacant in the beginning.

    It comes later by what the turns of the rooms cost, of which the rate knows nothing.
    """
    for count in (1, 2, 3):
        rooms = SHAPE.rooms[:count]
        scene = Scene(0.0, ROOM, 0.0, dict.fromkeys(rooms, 0.0), 106.0)
        done_s = makespan_s(cycles(), scene, retrieves(*SHAPE.bays))
        rate = cars_an_hour(Legs(cycles(), rooms), SHAPE.bays, 106.0)
        assert 0.93 * rate < 3600.0 * len(SHAPE.bays) / done_s <= rate


def test_a_platform_that_is_the_room_holds_the_machine_up_for_every_customer() -> None:
    legs, bays = Legs(cycles(), [ROOM]), (302, 405, 508)
    whole_s = sum(legs.single_s(bay) - cycles().visit_s(ROOM) + 106.0 for bay in bays)
    assert platform_makespan_s(legs, bays, 106.0) == pytest.approx(whole_s)


def test_nothing_asked_for_takes_no_time() -> None:
    assert makespan_s(cycles(), ONE_ROOM, ()) == mean_wait_s(cycles(), ONE_ROOM, ()) == 0.0
    assert fifo_max_flow_s(cycles(), ONE_ROOM, ()) == 0.0
    assert nth_served_s(cycles(), ONE_ROOM, ()) == ()


@pytest.mark.parametrize(
    ("request_", "scene", "said"),
    [
        (Request(1, RETRIEVE, 0.0, 302), Scene(0.0, ROOM, 0.0, {}, 1.0), "no room"),
        (Request(1, RETRIEVE, 0.0, 302), Scene(0.0, ROOM, 0.0, {ROOM: inf}, 1.0), "no room"),
        (Request(1, RETRIEVE, 0.0, 302, target=SHAPE.rooms[1]), ONE_ROOM, "no room"),
        (Request(1, STORE, 0.0, SHAPE.rooms[1]), ONE_ROOM, "no room"),
        (Request(1, STORE, 0.0, ROOM, target=508), ONE_ROOM, "no bay"),
        (Request(1, STORE, 0.0, ROOM), Scene(0.0, ROOM, 0.0, {ROOM: inf}, 1.0), "no bay"),
        (Request(1, RELOCATE, 0.0, 302), Scene(0.0, ROOM, 0.0, {ROOM: inf}, 1.0), "no bay"),
        (Request(1, RETRIEVE, 0.0, 302, ready_s=inf), ONE_ROOM, "when it is ready"),
    ],
)
def test_what_nothing_can_be_done_for_is_refused(request_: Request, scene: Scene, said: str) -> None:
    for bound in (makespan_s, mean_wait_s, fifo_max_flow_s, nth_served_s):
        with pytest.raises(ValueError, match=said):
            bound(cycles(), scene, [request_])


def test_more_cars_to_store_than_bays_ever_free_are_refused() -> None:
    three = [Request(number, STORE, 0.0, ROOM) for number in range(3)]
    with pytest.raises(ValueError, match="3 cars to store, 2 free bays and 0 emptied"):
        makespan_s(cycles(), ONE_ROOM, three)


@pytest.mark.parametrize("rooms", [(), (302,)])
def test_legs_need_rooms(rooms: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="rooms in service"):
        Legs(cycles(), rooms)
