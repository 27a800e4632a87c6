"""Popular cars stand near and lasting ones do not keep the near bays; only a move that saves something is made."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.domain.dispatch.slotting import (
    DAY_S,
    SOON_S,
    Shift,
    best_shift,
    chance_of_fetch,
    place_for,
    rents,
    trips_s,
    with_dues,
)
from tests.support.study import site_named

TRIPS = {1: 10.0, 2: 14.0, 3: 20.0, 4: 30.0}
NO_WAY = dict.fromkeys(TRIPS, 0.0)


def test_a_trip_is_from_any_room_and_on_to_the_nearest() -> None:
    site = site_named("guangzhou")
    go_s, bay = site.cycles.go_s, site.bays[0]
    ways = [go_s(room, bay) for room in site.rooms]
    assert trips_s(site.cycles, [bay], site.rooms) == {bay: pytest.approx(sum(ways) / len(ways) + min(ways))}
    with pytest.raises(ValueError, match="no room"):
        trips_s(site.cycles, [bay], ())


def test_a_bay_costs_what_the_car_of_its_rank_saves_there_and_one_behind_the_last_car_nothing() -> None:
    assert rents(TRIPS, [1.0, 3.0]) == {1: 3.0 * 4.0 + 1.0 * 6.0, 2: 6.0, 3: 0.0, 4: 0.0}
    assert rents(TRIPS, []) == dict.fromkeys(TRIPS, 0.0)


@settings(max_examples=25)
@given(st.lists(st.floats(0.05, 5.0), min_size=2, max_size=4))
def test_with_its_rents_each_car_is_best_off_where_the_best_standing_of_all_has_it(rates: list[float]) -> None:
    """The rents are dual prices: whoever pays them chooses the standing that no other beats (tried, all of them)."""
    order = sorted(TRIPS, key=TRIPS.__getitem__)
    costs = rents(TRIPS, rates)
    for bay, rate in zip(order, sorted(rates, reverse=True), strict=False):
        own = TRIPS[bay] + costs[bay] / rate
        assert own <= min(TRIPS[other] + costs[other] / rate for other in TRIPS) + 1e-6
    best = min(sum(r * TRIPS[b] for r, b in zip(rates, each, strict=False)) for each in permutations(order))
    in_rank = sum(r * TRIPS[b] for r, b in zip(sorted(rates, reverse=True), order, strict=False))
    assert in_rank == pytest.approx(best)


def test_a_popular_car_is_stored_near_and_a_lasting_one_leaves_the_near_bay() -> None:
    costs = rents(TRIPS, [4.0, 1.0, 0.1])
    assert place_for(TRIPS, NO_WAY, TRIPS, costs, 4.0) == 1
    assert place_for(TRIPS, NO_WAY, TRIPS, costs, 0.1) == 3
    assert place_for([3, 4], NO_WAY, TRIPS, costs, 4.0) == 3
    assert place_for(TRIPS, NO_WAY, TRIPS, rents(TRIPS, []), 0.1) == 1, "a tower without cars has no rents"


def test_who_waits_counts_more_than_where_the_car_will_be_wanted() -> None:
    costs = rents(TRIPS, [4.0, 1.0, 0.1])
    five_wait = {bay: 5 * trip for bay, trip in TRIPS.items()}
    assert place_for(TRIPS, five_wait, TRIPS, costs, 1.0) == 1


def test_a_car_that_is_due_counts_by_how_soon_and_one_that_is_not_here_not_at_all() -> None:
    rates = with_dues({"a": 1.0, "b": 1.0}, {"a": 3600.0, "gone": 10.0}, 0.0)
    assert rates == {"a": 24.0, "b": 1.0}
    assert with_dues({"a": 1.0}, {"a": 5.0}, 100.0) == {"a": DAY_S / SOON_S}


def test_the_move_is_the_one_that_saves_the_most_expected_seconds() -> None:
    stands, rates = {"often": 3, "seldom": 4}, {"often": 2.0, "seldom": 0.2}
    assert best_shift(stands, [1, 2], TRIPS, rates) == Shift("often", 3, 1, chance_of_fetch(2.0) * 10.0)
    alike = {"often": 1.0, "seldom": 1.0}
    best = best_shift(stands, [1], TRIPS, alike)
    assert best is not None
    assert best.car == "seldom", "of two as wanted the farther one"


def test_no_move_without_a_free_bay_or_without_anything_to_save() -> None:
    assert best_shift({"a": 1}, [], TRIPS, {"a": 1.0}) is None
    assert best_shift({"a": 1}, [2, 3], TRIPS, {"a": 1.0}) is None
    assert best_shift({}, [1], TRIPS, {}) is None
