"""Estimates: nine in ten are kept, whatever the tower is like; a change is told with its reason."""

import random
from collections import Counter

import pytest

from controller.domain.dispatch.eta import FIRST_SPREAD_S, NEWS_S, Forecast, Limit, Outlook, why_changed

ROOMS = frozenset({101, 104})
LIMIT = Limit("level 3 is blocked", "level 3 is in use again")


def lived(forecast: Forecast, count: int, seed: int, *, bias_s: float, spread_s: float) -> tuple[float, float]:
    """Let requests be promised and served, each late by ``bias_s`` on the median; return who kept p50, and p90."""
    rng, kept = random.Random(seed), Counter[str]()
    for request in range(count):
        eta = forecast.tell(0.0, {request: 300.0}, ROOMS)[request]
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
    forecast.tell(0.0, {1: 100.0}, ROOMS)
    forecast.tell(50.0, {1: 400.0}, ROOMS)
    forecast.served(1, 390.0)
    assert (forecast.kept.promises, forecast.kept.within_p90) == (1, 0)
    assert forecast.kept.mean_error_s == pytest.approx(290.0)
    assert forecast.kept.coverage == 0.0


def test_the_further_back_the_wider() -> None:
    told = Forecast().tell(0.0, {1: 80.0, 2: 160.0, 3: 240.0}, ROOMS)
    assert [told[request].ahead for request in (1, 2, 3)] == [0, 1, 2]
    spreads = [told[request].p90_s - told[request].p50_s for request in (1, 2, 3)]
    assert spreads == [FIRST_SPREAD_S, 2 * FIRST_SPREAD_S, 3 * FIRST_SPREAD_S]


def test_nobody_is_promised_the_past() -> None:
    eta = Forecast().tell(1000.0, {1: 80.0}, ROOMS)[1]
    assert eta.p50_s == 1000.0
    assert eta.p90_s >= eta.p50_s


def test_a_request_that_was_given_up_teaches_nothing() -> None:
    forecast = Forecast()
    forecast.tell(0.0, {1: 80.0}, ROOMS)
    forecast.gave_up(1)
    forecast.served(1, 9999.0)
    assert forecast.kept.promises == 0
    assert list(forecast.offsets()) == list(Forecast().offsets())


def test_a_change_is_told_once_and_with_its_reason() -> None:
    forecast = Forecast()
    first = forecast.tell(0.0, {1: 80.0, 2: 160.0}, ROOMS)[2]
    small = forecast.tell(1.0, {1: 80.0, 2: 160.0 + NEWS_S / 2}, ROOMS)[2]
    large = forecast.tell(2.0, {3: 80.0, 1: 160.0, 2: 260.0}, ROOMS)[2]
    again = forecast.tell(3.0, {3: 80.0, 1: 160.0, 2: 261.0}, ROOMS)[2]
    assert (first.because, small.because, again.because) == ("", "", "")
    assert large.because == "100 s later: one move before it that was not"


def test_small_changes_that_add_up_are_told_as_well() -> None:
    forecast = Forecast()
    told = [forecast.tell(0.0, {1: 80.0 + 9.0 * step}, ROOMS)[1].because for step in range(4)]
    assert told == ["", "", "", "27 s later: those before it take longer"]


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
        (Outlook((1,), ROOMS), Outlook((1,), ROOMS), -25.0, "25 s sooner: those before it are quicker"),
    ],
)
def test_the_reason_names_what_is_different(before: Outlook, after: Outlook, later_s: float, text: str) -> None:
    assert why_changed(before, after, later_s) == text
