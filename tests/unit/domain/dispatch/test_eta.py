"""Estimates: nine in ten are kept, whatever the tower is like; a change is told with its reason."""

import random
from collections import Counter
from collections.abc import Mapping

import pytest

from controller.domain.dispatch.eta import (
    FIRST_SPREAD_S,
    NEWS_S,
    Eta,
    Forecast,
    Limit,
    Outlook,
    Planned,
    Sort,
    why_changed,
)
from controller.domain.jobs import JobKind
from controller.domain.rooms import RoomState

ROOMS = frozenset({101, 104})
LIMIT = Limit("level 3 is blocked", "level 3 is in use again")
HALF = Limit("the lift runs at 50 %", "the lift runs at its full speed again")


def told(
    forecast: Forecast, now_s: float, done_s: Mapping[int, float], rooms: frozenset[int] = ROOMS
) -> dict[int, Eta]:
    """Tell of retrievals that are planned to be done at these instants."""
    return forecast.tell(now_s, {each: Planned(at_s, JobKind.RETRIEVE) for each, at_s in done_s.items()}, rooms)


def lived(forecast: Forecast, count: int, seed: int, *, bias_s: float, spread_s: float) -> tuple[float, float]:
    """Let requests be promised and served, each late by ``bias_s`` on the median; return who kept p50, and p90."""
    rng, kept = random.Random(seed), Counter[str]()
    for request in range(count):
        eta = told(forecast, 0.0, {request: 300.0})[request]
        at_s = 300.0 + bias_s + rng.expovariate(1 / spread_s) - 0.69 * spread_s
        kept["p50"] += at_s <= eta.p50_s
        kept["p90"] += at_s <= eta.p90_s
        forecast.served(request, at_s)
    return kept["p50"] / count, kept["p90"] / count


@pytest.mark.parametrize(("bias_s", "spread_s"), [(0.0, 5.0), (40.0, 60.0), (-30.0, 20.0)])
def test_nine_in_ten_keep_what_they_were_told(bias_s: float, spread_s: float) -> None:
    forecast = Forecast()
    lived(forecast, 600, 1, bias_s=bias_s, spread_s=spread_s)
    half, most = lived(forecast, 3000, 2, bias_s=bias_s, spread_s=spread_s)
    assert most == pytest.approx(0.9, abs=0.02)
    assert half == pytest.approx(0.5, abs=0.04)


def test_a_tower_that_becomes_slower_is_followed() -> None:
    forecast = Forecast()
    lived(forecast, 600, 4, bias_s=0.0, spread_s=10.0)
    lived(forecast, 200, 5, bias_s=60.0, spread_s=10.0)
    assert lived(forecast, 800, 6, bias_s=60.0, spread_s=10.0)[1] == pytest.approx(0.9, abs=0.03)


def test_what_was_promised_first_is_what_is_counted() -> None:
    forecast = Forecast()
    told(forecast, 0.0, {1: 100.0})
    told(forecast, 50.0, {1: 400.0})
    forecast.served(1, 390.0)
    assert (forecast.kept.promises, forecast.kept.within_p90) == (1, 0)
    assert forecast.kept.mean_error_s == pytest.approx(290.0)
    assert forecast.kept.coverage == 0.0


def test_the_further_back_the_wider() -> None:
    etas = told(Forecast(), 0.0, {1: 80.0, 2: 160.0, 3: 240.0})
    assert [etas[request].ahead for request in (1, 2, 3)] == [0, 1, 2]
    spreads = [etas[request].p90_s - etas[request].p50_s for request in (1, 2, 3)]
    assert spreads == [FIRST_SPREAD_S, 2 * FIRST_SPREAD_S, 3 * FIRST_SPREAD_S]


def test_nobody_is_promised_the_past() -> None:
    eta = told(Forecast(), 1000.0, {1: 80.0})[1]
    assert eta.p50_s == 1000.0
    assert eta.p90_s >= eta.p50_s


def test_a_request_that_was_given_up_teaches_nothing() -> None:
    forecast = Forecast()
    told(forecast, 0.0, {1: 80.0})
    forecast.gave_up(1)
    forecast.served(1, 9999.0)
    assert forecast.kept.promises == 0
    assert forecast.late_s(Sort(JobKind.RETRIEVE)) == FIRST_SPREAD_S


def test_a_change_is_told_once_and_with_its_reason() -> None:
    forecast = Forecast()
    first = told(forecast, 0.0, {1: 80.0, 2: 160.0})[2]
    small = told(forecast, 1.0, {1: 80.0, 2: 160.0 + NEWS_S / 2})[2]
    large = told(forecast, 2.0, {3: 80.0, 1: 160.0, 2: 260.0})[2]
    again = told(forecast, 3.0, {3: 80.0, 1: 160.0, 2: 261.0})[2]
    assert (first.because, small.because, again.because) == ("", "", "")
    assert large.because == "100 s later: one move before it that was not"


def test_small_changes_that_add_up_are_told_as_well() -> None:
    forecast = Forecast()
    because = [told(forecast, 0.0, {1: 80.0 + 9.0 * step})[1].because for step in range(4)]
    assert because == ["", "", "", "27 s later: those before it take longer"]


def test_each_sort_of_promises_has_offsets_of_its_own() -> None:
    forecast = Forecast()
    coming, bay = Planned(100.0, JobKind.STORE, RoomState.RESERVED), Planned(200.0, JobKind.RETRIEVE)
    for request in range(0, 200, 2):
        forecast.tell(0.0, {request: coming, request + 1: bay}, ROOMS)
        forecast.served(request, 160.0)
        forecast.served(request + 1, 205.0)
    etas = forecast.tell(0.0, {-1: coming, -2: bay}, ROOMS)
    assert (etas[-1].p50_s, etas[-2].p50_s) == (160.0, 205.0)
    [ready] = forecast.tell(0.0, {-3: Planned(100.0, JobKind.STORE, RoomState.ACCEPTED)}, ROOMS).values()
    assert ready.p50_s == 100.0


def test_what_is_told_as_another_sort_is_learned_of_both() -> None:
    forecast = Forecast()
    coming, there = (Planned(100.0, JobKind.STORE, state) for state in (RoomState.RESERVED, RoomState.ACCEPTED))
    for request in range(100):
        forecast.tell(0.0, {request: coming}, ROOMS)
        forecast.tell(30.0, {request: there}, ROOMS)
        forecast.served(request, 102.0)
    assert forecast.kept.promises == 100
    sorts = [Sort(JobKind.STORE, state) for state in (RoomState.RESERVED, RoomState.ACCEPTED)]
    assert [forecast.late_s(sort) for sort in sorts] == [2.0, 2.0]


def test_a_promise_that_a_standing_tower_made_void_teaches_nothing_and_the_next_one_says_why_it_is_another() -> None:
    forecast = Forecast()
    told(forecast, 0.0, {1: 80.0})
    for why in ("the tower is held", "the tower is stopped"):
        forecast.stood(Limit(why, "the tower goes on"))
    [anew] = told(forecast, 600.0, {1: 680.0}).values()
    assert anew.because == "600 s later: the tower goes on"
    forecast.stood(Limit("the tower is held", "the tower goes on"))
    forecast.served(1, 9000.0)
    assert forecast.kept.promises == 0
    assert forecast.late_s(Sort(JobKind.RETRIEVE)) == FIRST_SPREAD_S


def test_what_is_promised_behind_a_stop_counts() -> None:
    forecast = Forecast()
    told(forecast, 0.0, {1: 80.0})
    forecast.stood(Limit("the tower is held", "the tower goes on"))
    told(forecast, 600.0, {1: 680.0})
    forecast.served(1, 685.0)
    assert (forecast.kept.promises, forecast.kept.within_p90) == (1, 1)


@pytest.mark.parametrize(
    ("before", "after", "later_s", "text"),
    [
        (Outlook((1,), ROOMS), Outlook((1,), frozenset({101})), 62.0, "62 s later: room 104 no longer in service"),
        (Outlook((1,), frozenset()), Outlook((1,), ROOMS), -62.0, "62 s sooner: rooms 101, 104 in service again"),
        (Outlook((1, 2), ROOMS), Outlook((2,), ROOMS), -80.0, "80 s sooner: one move fewer before it"),
        (Outlook((1,), ROOMS), Outlook((5, 1, 6), ROOMS), 90.0, "90 s later: 2 moves before it that were not"),
        (
            Outlook((1,), ROOMS, frozenset({LIMIT})),
            Outlook((1,), ROOMS),
            -30.0,
            "30 s sooner: level 3 is in use again",
        ),
        (Outlook((1,), ROOMS), Outlook((1,), ROOMS, frozenset({LIMIT})), 30.0, "30 s later: level 3 is blocked"),
        (
            Outlook((1,), ROOMS, frozenset({HALF})),
            Outlook((1,), ROOMS, frozenset({Limit("the lift runs at 70 %", HALF.over)})),
            -30.0,
            "30 s sooner: the lift runs at 70 %",
        ),
        (Outlook((1,), ROOMS), Outlook((1,), ROOMS), -25.0, "25 s sooner: those before it are quicker"),
    ],
)
def test_the_reason_names_what_is_different(before: Outlook, after: Outlook, later_s: float, text: str) -> None:
    assert why_changed(before, after, later_s) == text
