"""A study's model and a daemon make the same of a day: in turn each job within 1 %, ahead of rooms the mean wait."""

from statistics import mean

import pytest

from controller.domain.dispatch.scene import Limits
from controller.domain.jobs import JobKind
from sim_plc.study.draw import Customer, Day
from tests.support.agreement import beside, part
from tests.support.study import day_of, demand_named

FAMILIES = ("quiet", "normal", "saturday", "sale", "returns")

WITHIN = 0.01

TIE = 0.03
"""A mean wait may differ so far on a day on which two rooms or two people came so near each other that milliseconds
decided, and everything behind that was another day."""

APART = 0.1
"""So far the mean wait of a day may differ on which cars are fetched ahead."""

HOURS = 1.5
DAYS = 20


def test_a_short_day() -> None:
    people = (
        Customer(1, JobKind.RETRIEVE, "a", 5.0, 60.0),
        Customer(2, JobKind.STORE, "b", 20.0, 40.0),
    )
    found = beside("small", "normal", Day(0, 0, 600.0, ("a",), people, key="short"))
    assert found.given.violations == ()
    assert found.alike
    assert found.in_turn
    assert found.worst_move < WITHIN
    assert abs(found.off) < WITHIN


@pytest.mark.campaign
@pytest.mark.parametrize("tower", ["small", "guangzhou"])
@pytest.mark.parametrize("family", FAMILIES)
def test_twenty_days(tower: str, family: str) -> None:
    """Of each day the hour and a half that is busiest in its family."""
    rush = demand_named(family).rush
    begin_s = (rush[0].at_h - demand_named(family).opens_h) * 3600 if rush else 3 * 3600.0
    off, ties = [], 0
    for number in range(DAYS):
        day = part(day_of(family, tower, number=number), begin_s, begin_s + HOURS * 3600)
        if not day.customers:
            continue
        found = beside(tower, family, day)
        assert found.given.violations == ()
        assert found.in_turn
        assert found.worst_move < WITHIN, f"day {number}"
        assert abs(found.off) < (WITHIN if found.alike else TIE), f"day {number}: {found.mean_wait_s}"
        off.append(found.off)
        ties += not found.alike
    worst = max(map(abs, off))
    print(f"{tower} {family}: {len(off)} days, {ties} with a tie; mean wait off {mean(off):+.2%}, at most {worst:.2%}")
    assert abs(mean(off)) < WITHIN


@pytest.mark.campaign
def test_cars_fetched_ahead_are_worth_in_a_tower_what_they_are_on_the_model() -> None:
    """On the busiest hours and a half of Saturdays with one room, where a carriage without them stands still."""
    rush = demand_named("saturday").rush[0]
    begin_s = (rush.at_h - demand_named("saturday").opens_h) * 3600
    ahead, in_turn = [], []
    for number in range(DAYS // 2):
        day = part(day_of("saturday", "small", number=number), begin_s, begin_s + HOURS * 3600)
        found = beside("small", "saturday", day, "planned", Limits())
        assert found.given.violations == ()
        assert found.in_turn
        # The daemon learns how long people stay, which the model knows: their orders may differ here and there.
        assert abs(found.off) < APART, f"day {number}: {found.mean_wait_s}"
        ahead.append(found.mean_wait_s[1])
        in_turn.append(beside("small", "saturday", day).mean_wait_s[0])
    print(f"mean wait {mean(ahead):.1f} s with cars fetched ahead, {mean(in_turn):.1f} s in turn")
    assert mean(ahead) < 0.95 * mean(in_turn)
