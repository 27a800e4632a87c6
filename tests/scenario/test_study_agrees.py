"""A study's model and a daemon that plans in turn make the same of a day: each job within 1 %, and the mean wait."""

from statistics import mean

import pytest

from controller.domain.jobs import JobKind
from sim_plc.study.draw import Customer, Day
from tests.support.agreement import beside, part
from tests.support.study import day_of, demand_named

FAMILIES = ("quiet", "normal", "saturday", "sale", "returns")

WITHIN = 0.01

TIE = 0.03
"""A mean wait may differ so far on a day on which two rooms or two people came so near each other that milliseconds
decided, and everything behind that was another day."""

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
