"""A day is drawn from demand, tower, seed and number alone, and nobody asks for what cannot be there."""

from collections import Counter
from dataclasses import replace
from math import inf
from statistics import mean, pstdev

import pytest

from controller.domain.jobs import JobKind
from sim_plc.study.draw import draw_day
from tests.support.study import day_of, demand_named, site_named

FAMILIES = ("quiet", "normal", "saturday", "sale", "returns")


def test_the_same_day_is_drawn_again_and_another_seed_draws_another() -> None:
    assert day_of("normal", "guangzhou") == day_of("normal", "guangzhou")
    assert day_of("normal", "guangzhou").customers != day_of("normal", "guangzhou", seed=2).customers
    assert day_of("normal", "guangzhou").customers != day_of("normal", "guangzhou", number=7).customers


@pytest.mark.parametrize("tower", ["small", "guangzhou"])
@pytest.mark.parametrize("family", FAMILIES)
def test_everybody_asks_for_a_car_that_came_before_and_brings_one_that_is_away(family: str, tower: str) -> None:
    day = day_of(family, tower)
    inside, bays = set(day.stock), len(site_named(tower).bays)
    for number, customer in enumerate(day.customers, start=1):
        assert customer.number == number
        assert 0 <= customer.comes_s <= day.length_s
        assert (customer.car in inside) is (customer.kind is JobKind.RETRIEVE)
        inside ^= {customer.car}
        assert len(inside) < bays
    coming = [customer.comes_s for customer in day.customers]
    assert coming == sorted(coming)


def test_as_many_come_as_the_demand_says_and_stay_as_long() -> None:
    demand, site = demand_named("normal"), site_named("guangzhou")
    days = [day_of("normal", "guangzhou", number=number) for number in range(0, 70, 7)]
    wanted = sum(demand.arrivals.of(0)) * site.cars_an_hour
    assert mean(len(day.customers) for day in days) == pytest.approx(wanted, rel=0.06)
    fetched = [each for day in days for each in day.customers if each.kind is JobKind.RETRIEVE]
    assert mean(each.stays_s for each in fetched) == pytest.approx(demand.visits.fetch_s, rel=0.05)
    booked = mean(each.booked_s is not None for each in fetched)
    assert booked == pytest.approx(demand.booked.share, abs=0.06)


def test_as_many_say_that_they_are_on_the_way_as_the_demand_has_and_about_when_they_come() -> None:
    demand, site = demand_named("normal"), site_named("guangzhou")
    days = [day_of("normal", "guangzhou", number=number) for number in range(0, 70, 7)]
    booked = [each for day in days for each in day.customers if each.booked_s is not None]
    told = [each for each in booked if each.tells_s < inf]
    assert len(told) / len(booked) == pytest.approx(demand.booked.tells, abs=0.06)
    assert all(0.5 <= (each.comes_s - each.tells_s) / demand.booked.tells_ahead_s <= 1.5 for each in told)
    off_s = [each.said_s - each.comes_s for each in told]
    assert mean(off_s) == pytest.approx(0.0, abs=10.0)
    assert pstdev(off_s) == pytest.approx(demand.booked.tells_off_s, rel=0.15)
    assert all(each.tells_s == inf for day in days for each in day.customers if each.booked_s is None)
    silent = demand.model_copy(update={"booked": demand.booked.model_copy(update={"tells": 0.0})})
    without = draw_day(silent, site.name, len(site.bays), site.cars_an_hour, 1, 0)
    with_it = draw_day(demand, site.name, len(site.bays), site.cars_an_hour, 1, 0)
    assert without.customers == tuple(replace(each, tells_s=inf, said_s=inf) for each in with_it.customers)


@pytest.mark.parametrize("holds", [0, 1, 3])
def test_no_slot_takes_more_appointments_than_it_holds_and_who_finds_it_full_takes_the_nearest(holds: int) -> None:
    demand, site = demand_named("saturday"), site_named("guangzhou")

    def booked(holds: int | None) -> Counter[float]:
        day = draw_day(demand, site.name, len(site.bays), site.cars_an_hour, 1, 0, holds)
        assert [each.comes_s for each in day.customers] == sorted(each.comes_s for each in day.customers)
        assert all(0 <= each.comes_s <= day.length_s for each in day.customers)
        return Counter(each.booked_s for each in day.customers if each.booked_s is not None)

    asked, given = booked(None), booked(holds)
    assert max(asked.values()) > 3
    assert max(given.values(), default=0) == holds
    full = [slot_s for slot_s, count in asked.items() if count > holds > 0]
    assert all(given[slot_s] >= holds - 1 for slot_s in full)
    if holds == 3:
        assert sum(given.values()) == pytest.approx(sum(asked.values()), rel=0.05)


def test_a_slot_holds_as_many_as_the_tower_offers() -> None:
    site = site_named("small")
    assert 0 <= site.slot_holds(900.0) <= site.slot_holds(1800.0) < 900.0 / site.served_s * len(site.rooms) * 2


def test_a_rush_lets_many_come_at_once() -> None:
    days = [day_of("saturday", "guangzhou", number=number) for number in range(4)]
    begin_s = (11.0 - demand_named("saturday").opens_h) * 3600

    def within(begin_s: float, end_s: float) -> int:
        return sum(begin_s <= each.comes_s < end_s for day in days for each in day.customers)

    assert within(begin_s, begin_s + 1200) > 2 * within(begin_s - 1800, begin_s - 600)


def test_another_room_moves_few_of_the_cars_of_the_morning() -> None:
    day, bays = day_of("normal", "guangzhou"), site_named("guangzhou").bays
    whole, fewer = day.places(bays), day.places(bays[1:])
    assert sorted(whole) == sorted(day.stock)
    assert len(set(whole.values())) == len(whole)
    assert sum(fewer[car] != place for car, place in whole.items()) < len(whole)
    with pytest.raises(ValueError, match="do not stand in"):
        day.places(bays[: len(day.stock) - 1])
