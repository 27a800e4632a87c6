"""The late time of a sort of promises is kept nine in ten times, whatever the errors are like."""

import random
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from statistics import median

import pytest

from controller.domain.dispatch.off_plan import MOST, REMEMBERED, SUPPOSED, Correction, OffPlan

SPREAD_S = 20.0

Series = Callable[[random.Random], Iterator[float]]


def quick(rng: random.Random) -> Iterator[float]:
    while True:
        yield rng.gauss(0.0, 2.0)


def late_and_skewed(rng: random.Random) -> Iterator[float]:
    while True:
        yield 40.0 + rng.expovariate(1 / 60.0)


def early_with_two_humps(rng: random.Random) -> Iterator[float]:
    while True:
        yield rng.gauss(-50.0, 5.0) if rng.random() < 0.8 else rng.gauss(30.0, 20.0)


def one_like_the_last(rng: random.Random) -> Iterator[float]:
    """Errors that follow one another, as on a crowded afternoon."""
    off_s = 0.0
    while True:
        off_s = 0.95 * off_s + rng.gauss(0.0, 10.0)
        yield off_s


def ever_worse(rng: random.Random) -> Iterator[float]:
    """A law that moves all the time: an empirical quantile alone would lag behind it."""
    middle_s = 0.0
    while True:
        middle_s += 0.3
        yield rng.gauss(middle_s, 10.0)


SERIES: Sequence[Series] = (quick, late_and_skewed, early_with_two_humps, one_like_the_last, ever_worse)


def share_kept(off: OffPlan, errors: Iterator[float], count: int) -> float:
    """Tell and learn so many promises; return the share whose late time was kept."""
    return sum(kept_each(off, islice(errors, count))) / count


def kept_each(off: OffPlan, errors: Iterator[float]) -> Iterator[bool]:
    for off_s in errors:
        kept = off_s <= off.late_s
        off.learn(off_s, kept=kept)
        yield kept


@pytest.mark.parametrize("series", SERIES)
def test_in_the_long_run_nine_in_ten_are_kept(series: Series) -> None:
    assert share_kept(OffPlan(SPREAD_S, Correction()), series(random.Random(1)), 2000) == pytest.approx(0.9, abs=0.01)


def share_kept_once_known(off: OffPlan, errors: Iterator[float], count: int) -> float:
    """Return what `share_kept` does once nothing that was only supposed counts any more."""
    share_kept(off, errors, SUPPOSED)
    return share_kept(off, errors, count)


@pytest.mark.parametrize("series", [quick, late_and_skewed, early_with_two_humps])
def test_few_promises_are_kept_as_well_however_wrong_they_were_at_first(series: Series) -> None:
    days = [
        share_kept_once_known(OffPlan(SPREAD_S, Correction()), series(random.Random(seed)), 30) for seed in range(60)
    ]
    assert sum(days) / len(days) == pytest.approx(0.9, abs=0.02)


def test_many_sorts_with_few_promises_each_add_up_to_nine_in_ten() -> None:
    rng, shared = random.Random(3), Correction()
    sorts = [series(rng) for _ in range(8) for series in SERIES]
    shares = [share_kept_once_known(OffPlan(SPREAD_S, shared), errors, 20) for errors in sorts]
    assert sum(shares) / len(shares) == pytest.approx(0.9, abs=0.02)


@pytest.mark.parametrize(("before", "after"), [(quick, late_and_skewed), (late_and_skewed, quick)])
def test_a_tower_that_becomes_another_one_is_followed(before: Series, after: Series) -> None:
    off, rng = OffPlan(SPREAD_S, Correction()), random.Random(4)
    share_kept(off, before(rng), 300)
    share_kept(off, after(rng), REMEMBERED)
    assert share_kept(off, after(rng), 400) == pytest.approx(0.9, abs=0.02)


def test_the_middle_is_that_of_what_came() -> None:
    off, errors = OffPlan(SPREAD_S, Correction()), list(islice(late_and_skewed(random.Random(5)), 200))
    share_kept(off, iter(errors), len(errors))
    assert off.middle_s == pytest.approx(median(errors[-REMEMBERED:]))


def test_before_anything_came_the_spread_is_what_was_supposed() -> None:
    off = OffPlan(SPREAD_S, Correction())
    assert (off.middle_s, off.late_s) == pytest.approx((0.0, SPREAD_S))


def test_what_was_supposed_is_forgotten_once_as_much_was_seen() -> None:
    off = OffPlan(1000.0, Correction())
    for _ in range(SUPPOSED):
        off.learn(3.0, kept=False)
    assert off.middle_s == 3.0
    assert off.late_s < 10.0


def test_promises_that_are_kept_to_the_second_spoil_nothing_for_later_ones() -> None:
    shared = Correction()
    off = OffPlan(SPREAD_S, shared)
    for _ in range(3000):
        off.learn(0.0, kept=True)
    assert shared.level == -MOST
    assert share_kept(off, quick(random.Random(6)), 300) == pytest.approx(0.9, abs=0.06)


def test_only_first_promises_of_sorts_that_know_something_teach_all() -> None:
    shared = Correction()
    off = OffPlan(SPREAD_S, shared)
    for _ in range(SUPPOSED):
        off.learn(99.0, kept=False)
    off.learn(99.0, kept=False, first=False)
    assert shared.level == 0.0
    off.learn(99.0, kept=False)
    assert shared.level > 0.0
