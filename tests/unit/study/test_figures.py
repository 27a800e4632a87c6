"""Figures are what a pencil makes of the same day."""

import random
from dataclasses import replace
from math import inf, sqrt

import pytest

from controller.domain.dispatch.scene import Move
from controller.domain.jobs import JobKind
from sim_plc.study.day import live
from sim_plc.study.draw import Customer, Day
from sim_plc.study.figures import (
    CAR_KG,
    CARRIAGE_KG,
    GRAVITY_M_S2,
    SLICE_S,
    TRAVEL_J,
    Change,
    Figures,
    change,
    figures,
    waits,
)
from sim_plc.study.lived import Lived, Served, Use
from sim_plc.study.rules import FCFS, RULES
from tests.support.study import day_of, site_named

SMALL = site_named("small")
ROOM = SMALL.rooms[0]


def served(wait_s: float, comes_s: float = 0.0) -> Served:
    return Served(Customer(1, JobKind.RETRIEVE, "a", comes_s, 90.0), comes_s + wait_s)


def test_waits_are_ranked_and_the_promise_includes_its_last_second() -> None:
    found = waits([served(float(wait_s)) for wait_s in range(1, 101)])
    assert (found.p50_s, found.p95_s, found.p99_s, found.worst_s) == (50.0, 95.0, 99.0, 100.0)
    assert found.mean_s == 50.5
    assert waits([served(600.0), served(600.1)]).in_time == 0.5


def test_nobody_waits_for_nothing_and_who_was_never_served_has_no_wait() -> None:
    assert waits([]).people == waits([served(inf)]).people == 0


def test_a_day_of_one_customer_by_hand() -> None:
    customer = Customer(1, JobKind.RETRIEVE, "a", 800.0, 90.0, booked_s=900.0)
    move = Move(1, JobKind.RETRIEVE, 202, ROOM, 800.0, 950.0, 950.0)
    one = Lived(
        Day(0, 0, 3600.0, ("a",), (customer,)), (Served(customer, 1000.0, move, ROOM),), (Use(ROOM, 800.0, 1700.0),)
    )
    found = figures(SMALL, [one])
    assert found.carriage == pytest.approx(150 / 3600)
    assert found.rooms == pytest.approx(900 / 3600)
    assert found.fetched_an_hour == pytest.approx(1.0)
    assert found.booked.mean_s == found.fetch.mean_s == found.all.mean_s == 200.0
    assert found.unbooked.people == found.bring.people == 0
    assert found.punctual.mean_s == 100.0, "who comes before an appointment has not waited yet"
    assert list(found.queue) == pytest.approx([100 / SLICE_S, 100 / SLICE_S, 0.0, 0.0])
    # Up the empty carriage is lifted one level; down nothing is.
    assert found.energy_mj == pytest.approx((CARRIAGE_KG * GRAVITY_M_S2 * 2.5 + 2 * TRAVEL_J) / 1e6)


def test_a_car_that_goes_up_is_lifted_with_the_carriage() -> None:
    customer = Customer(1, JobKind.STORE, "a", 0.0, 50.0)
    move = Move(1, JobKind.STORE, ROOM, 202, 100.0, 150.0, 200.0)
    found = figures(SMALL, [Lived(Day(0, 0, 3600.0, (), (customer,)), (Served(customer, 8.0, move, ROOM),), ())])
    assert found.energy_mj == pytest.approx(((CARRIAGE_KG + CAR_KG) * GRAVITY_M_S2 * 2.5 + TRAVEL_J) / 1e6)


def test_who_is_served_after_closing_is_in_no_opening_hour_but_in_the_overtime() -> None:
    early, late = (Customer(number, JobKind.RETRIEVE, car, 100.0, 90.0) for number, car in ((1, "a"), (2, "b")))
    opened = (Served(early, 3600.0), Served(late, 3601.0))
    crowded = Lived(Day(0, 0, 3600.0, ("a", "b"), (early, late)), opened, (Use(ROOM, 3601.0, 4200.0),))
    idle = Lived(Day(1, 1, 3600.0, (), ()), (), ())
    assert figures(SMALL, [crowded]).fetched_an_hour == pytest.approx(1.0)
    assert figures(SMALL, [crowded, idle]).fetched_an_hour == pytest.approx(0.5)
    assert figures(SMALL, [crowded, idle]).overtime_s == pytest.approx(300.0)
    assert figures(SMALL, [crowded]).all.people == 2


def test_the_queue_holds_every_second_that_was_waited_before_closing() -> None:
    result = live(site_named("guangzhou"), day_of("normal", "guangzhou"), RULES[FCFS])
    found = figures(site_named("guangzhou"), [result])
    waited_s = sum(min(each.opened_s, result.day.length_s) - each.customer.comes_s for each in result.served)
    assert sum(found.queue) * SLICE_S == pytest.approx(waited_s)
    assert sum(found.by_hour) == len(result.day.customers)


def days_of(*waits_s: tuple[float, ...]) -> Figures:
    """Return the figures of days, each with customers who waited so long."""
    return figures(
        SMALL, [Lived(Day(at, at, 3600.0, (), ()), tuple(map(served, day)), ()) for at, day in enumerate(waits_s)]
    )


def test_a_change_has_the_error_of_its_days_and_none_where_each_changes_alike() -> None:
    before = days_of((100.0, 300.0), (50.0,), ())
    alike = change(before, days_of((50.0, 150.0), (25.0,), ()))
    assert (alike.share, alike.error) == pytest.approx((-0.5, 0.0))
    # 400 and 50 s become 400 and 140: a ratio of 1.2, off by -80 and +80 s.
    found = change(before, days_of((100.0, 300.0), (140.0,), ()))
    assert found.share == pytest.approx(0.2)
    assert found.error == pytest.approx(sqrt(3 / 2 * 2 * 80**2) / 450)


def test_one_day_does_not_tell_what_is_chance_and_other_days_are_not_compared() -> None:
    assert change(days_of((100.0,)), days_of((90.0,))).error is None
    for before, after in ((days_of((1.0,)), days_of((1.0,), (1.0,))), (days_of(()), days_of(()))):
        with pytest.raises(ValueError, match="same days"):
            change(before, after)


def test_the_error_of_a_change_is_how_far_it_spreads_between_samples() -> None:
    """A crowded day waits longer in both; the changes of 2,000 samples of thirty days spread as their errors say."""
    rng, found = random.Random(1), list[Change]()
    empty = days_of(())
    for _ in range(2000):
        crowd = [rng.uniform(100.0, 4000.0) for _ in range(30)]
        before = replace(empty, waited_s=tuple(crowd))
        after = replace(empty, waited_s=tuple(each * rng.gauss(0.9, 0.2) for each in crowd))
        found.append(change(before, after))
    covered = sum(abs(each.share + 0.1) <= 2 * (each.error or 0.0) for each in found)
    assert 0.92 <= covered / len(found) <= 0.97


def test_no_day_has_no_figures() -> None:
    with pytest.raises(ValueError, match="no day"):
        figures(SMALL, [])
