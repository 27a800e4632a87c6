"""Where cars and carriage stand changes who waits how long, and nothing of who is served."""

from dataclasses import replace

import pytest

from controller.domain.jobs import JobKind
from sim_plc.study.day import live
from sim_plc.study.draw import Customer, Day
from sim_plc.study.rules import RULES
from sim_plc.study.stand import AS_IT_COMES, Stand
from tests.support.study import day_of, demand_named, site_named

DAY = day_of("normal", "guangzhou")
SITE = site_named("guangzhou")
FIRST = replace(DAY, customers=DAY.customers[:40])
KNOWN = Stand(models=demand_named("normal").models, brought=0.45)


@pytest.mark.parametrize(
    "stand",
    [replace(KNOWN, by_demand=True), replace(KNOWN, dwell=True), replace(KNOWN, night_moves=20, dues=True)],
    ids=["by demand", "dwell", "night"],
)
def test_everybody_is_served_and_each_car_stands_in_a_bay_of_its_own(stand: Stand) -> None:
    lived = live(SITE, FIRST, RULES["planned-vacant"], stand)
    assert all(each.move is not None for each in lived.served)
    ends = [each.move.end_s for each in lived.served if each.move is not None]
    begins = [each.move.begin_s for each in lived.served if each.move is not None]
    assert all(end <= begin + 1e-6 for end, begin in zip(sorted(ends), sorted(begins)[1:], strict=False))


def test_nothing_done_is_the_day_as_it_was() -> None:
    assert live(SITE, FIRST, RULES["fcfs"]) == live(SITE, FIRST, RULES["fcfs"], AS_IT_COMES)


def test_a_night_moves_no_more_cars_than_it_may_and_the_popular_ones_nearer() -> None:
    plain = live(SITE, FIRST, RULES["fcfs"])
    moved = live(SITE, FIRST, RULES["fcfs"], replace(KNOWN, night_moves=3))
    assert (plain.moved_by_night, moved.moved_by_night) == (0, 3)


def test_a_carriage_that_dwells_has_gone_to_the_only_car_that_is_left() -> None:
    people = (Customer(1, JobKind.RETRIEVE, "a", 0.0, 90.0), Customer(2, JobKind.RETRIEVE, "b", 900.0, 90.0))
    day = Day(0, 0, 3600.0, ("a", "b"), people, key="a day")
    plain = live(SITE, day, RULES["fcfs"]).served[1]
    dwelt = live(SITE, day, RULES["fcfs"], Stand(dwell=True))
    assert dwelt.dwell_moves == 1
    bay = day.places(SITE.bays)["b"]
    assert plain.wait_s - dwelt.served[1].wait_s == pytest.approx(SITE.cycles.go_s(plain.here, bay))
