"""No rule beats the bound of a day, and alone in a tower nobody waits longer."""

from dataclasses import replace

import pytest

from controller.domain.jobs import JobKind
from sim_plc.study.bound import mean_bound_s
from sim_plc.study.day import live
from sim_plc.study.draw import Customer, Day
from sim_plc.study.figures import figures
from sim_plc.study.rules import FCFS, RULES, STAGED
from tests.support.study import day_of, site_named


@pytest.mark.parametrize(("family", "tower"), [("sale", "small"), ("normal", "guangzhou")])
def test_no_rule_beats_the_bound(family: str, tower: str) -> None:
    site, whole = site_named(tower), day_of(family, tower)
    day = replace(whole, customers=whole.customers[:20])
    bound_s = mean_bound_s(site, [day])
    assert bound_s is not None
    for rule in RULES.values():
        # Who brings booked cars ahead begins with what the bound lets begin when somebody has come.
        if rule.ahead is None:
            assert figures(site, [live(site, day, rule)]).fetch.mean_s >= bound_s > 0


def test_with_cars_brought_ahead_a_day_can_be_better_than_the_bound() -> None:
    site = site_named("guangzhou")
    day = Day(0, 0, 3600.0, ("a",), (Customer(1, JobKind.RETRIEVE, "a", 1800.0, 90.0, 1800.0),), key="booked")
    bound_s = mean_bound_s(site, [day])
    assert bound_s is not None
    assert figures(site, [live(site, day, RULES[STAGED])]).fetch.mean_s < bound_s


def test_whoever_comes_alone_waits_as_long_as_the_bound_says() -> None:
    site = site_named("small")
    day = Day(0, 0, 3600.0, ("a",), (Customer(1, JobKind.RETRIEVE, "a", 100.0, 90.0),), key="alone")
    # Nobody knows of them before they come: the carriage sets out then, or stands at their car by chance.
    approach_s = site.cycles.go_s(site.rooms[0], day.places(site.bays)["a"])
    wait_s = figures(site, [live(site, day, RULES[FCFS])]).fetch.mean_s
    assert mean_bound_s(site, [day]) == pytest.approx(wait_s - approach_s)


def test_where_nobody_fetches_a_car_nothing_is_bounded() -> None:
    day = Day(0, 0, 3600.0, (), (Customer(1, JobKind.STORE, "a", 100.0, 50.0),))
    assert mean_bound_s(site_named("small"), [day]) is None
