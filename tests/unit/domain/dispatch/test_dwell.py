"""The empty carriage waits where the next request is nearest on average, and goes there only if that is worth it."""

import random

import pytest

from controller.domain.dispatch.dwell import dwell_point, expected_s, sources, worth_going
from tests.support.study import site_named

SITE = site_named("guangzhou")
PLACES = (*SITE.rooms, *SITE.bays)


def test_the_next_request_begins_at_a_room_or_where_a_car_stands_as_often_as_it_is_fetched() -> None:
    found = sources({"a": 205, "b": 309}, {"a": 3.0, "b": 1.0}, (101, 104), 0.4)
    assert found == {101: 0.2, 104: 0.2, 205: pytest.approx(0.45), 309: pytest.approx(0.15)}
    assert sources({}, {}, (101, 104), 0.4) == {101: 0.5, 104: 0.5}
    assert sources({"a": 205}, {"a": 1.0}, (), 0.4) == {205: 1.0}


def test_one_source_is_waited_for_where_it_is() -> None:
    assert dwell_point(SITE.cycles, PLACES, {507: 1.0}) == 507


def test_going_from_neighbour_to_neighbour_ends_at_the_best_place_or_within_a_tenth_of_a_second() -> None:
    rng = random.Random(7)
    for _ in range(12):
        cars = {f"c{number}": bay for number, bay in enumerate(rng.sample(SITE.bays, 30))}
        chances = sources(cars, {car: rng.choice((1.0, 2.0, 6.0)) for car in cars}, SITE.rooms, 0.4)
        found = expected_s(SITE.cycles, dwell_point(SITE.cycles, PLACES, chances), chances)
        best = min(expected_s(SITE.cycles, place, chances) for place in PLACES)
        assert best <= found + 1e-6 <= best + 0.1


def test_a_room_that_is_often_asked_for_does_not_hold_the_carriage_of_a_tall_tower() -> None:
    """Going on from rooms alone it stayed at the first of them: any step away from there seems a loss."""
    site = site_named("autostadt")
    cars = {f"c{bay}": bay for bay in site.bays[::2]}
    chances = sources(cars, dict.fromkeys(cars, 1.0), site.rooms, 0.45)
    found = expected_s(site.cycles, dwell_point(site.cycles, (*site.rooms, *site.bays), chances), chances)
    assert found < min(expected_s(site.cycles, room, chances) for room in site.rooms) - 0.2


def test_the_carriage_stays_where_it_is_near_enough() -> None:
    chances = {101: 1.0}
    way_s = SITE.cycles.go_s(501, 101)
    assert worth_going(SITE.cycles, 501, PLACES, chances, way_s - 0.1) == 101
    assert worth_going(SITE.cycles, 501, PLACES, chances, way_s + 0.1) is None
    assert worth_going(SITE.cycles, 101, PLACES, chances, 0.0) is None
