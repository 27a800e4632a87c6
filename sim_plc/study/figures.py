"""What days were worth: waits, throughput, use of carriage and rooms, and what was lifted."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from math import ceil, isfinite, sqrt
from typing import Final

from controller.domain.jobs import JobKind
from sim_plc.study.lived import Lived, Served, Trip
from sim_plc.study.site import Site

PROMISE_S: Final = 600.0
"""Nobody is to wait longer."""

SLICE_S: Final = 900.0
"""Into slices of this length a day is cut to show its queue."""

STEP_S: Final = 30.0
STEPS: Final = 40
"""Of waiting so many steps are told one by one: twenty minutes."""

CARRIAGE_KG: Final = 3000.0
CAR_KG: Final = 1800.0
GRAVITY_M_S2: Final = 9.81
TRAVEL_J: Final = 20_000.0
"""What each travel takes for itself: brakes drawn, drives on, the masses brought to speed and to rest again."""


@dataclass(frozen=True, slots=True)
class Waits:
    """How long people waited, from coming to gate open, in seconds. Nobody: all zero."""

    people: int
    mean_s: float
    p50_s: float
    p95_s: float
    p99_s: float
    worst_s: float
    in_time: float
    """Which part was served within `PROMISE_S`."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What some days of one site under one rule came to."""

    days: int
    customers: int
    turned_away: int
    """For want of a car, or of a bay."""
    unserved: int
    """Who still waited when nothing moved any more."""
    fetched_an_hour: float
    """Cars given out in an opening hour: not those that were still waited for at closing."""
    overtime_s: float
    """From closing until the last one has gone, the mean of the days."""
    all: Waits
    fetch: Waits
    bring: Waits
    booked: Waits
    unbooked: Waits
    """Of those who fetch a car, those with and those without an appointment."""
    punctual: Waits
    """Of those with one, from coming but not before it: who comes early has not waited yet."""
    carriage: float
    """Which part of the time, from opening to the last one's leaving, the carriage was at work."""
    rooms: float
    """Which part of it the rooms were given to somebody, the mean of all."""
    energy_mj: float
    """A proxy, for each car moved: all masses lifted, none given back, `TRAVEL_J` for each travel. What the carriage
    does of its own accord within the day is shared among them; what it does in the night before is not in it."""
    by_step: tuple[float, ...]
    """Which part waited no longer than 0, 1, 2 .. `STEPS` times `STEP_S`."""
    queue: tuple[float, ...]
    """How many people waited on average, by `SLICE_S` from the opening on."""
    by_hour: tuple[float, ...]
    """How many people came, by hour from the opening on, the mean of the days."""
    waited_s: tuple[float, ...]
    """How long all people of each day waited, together."""

    def body(self) -> dict[str, object]:
        """Return the figures as plain values."""
        return asdict(self)


def figures(site: Site, days: Sequence[Lived]) -> Figures:
    """Return the figures of days that were lived at a site.

    Raises:
        ValueError: no day at all.

    """
    if not days:
        raise ValueError("no day, no figures")
    served = [each for day in days for each in day.served]
    fetch = [each for each in served if each.customer.kind is JobKind.RETRIEVE]
    by_closing = sum(_given_out_by(day, day.day.length_s) for day in days)
    opening_s, lived_s = sum(day.day.length_s for day in days), sum(day.end_s for day in days)
    moves, trips = sum(each.move is not None for each in served), [trip for day in days for trip in day.trips]
    return Figures(
        days=len(days),
        customers=len(served),
        turned_away=sum(day.day.turned_away for day in days),
        unserved=sum(1 for each in served if not isfinite(each.opened_s)),
        fetched_an_hour=by_closing / opening_s * 3600,
        overtime_s=(lived_s - opening_s) / len(days),
        all=waits(served),
        fetch=waits(fetch),
        bring=waits(each for each in served if each.customer.kind is JobKind.STORE),
        booked=waits(each for each in fetch if each.customer.booked_s is not None),
        unbooked=waits(each for each in fetch if each.customer.booked_s is None),
        punctual=_waits(each.late_s for each in fetch if each.customer.booked_s is not None),
        carriage=sum(trip.end_s - trip.begin_s for trip in trips) / lived_s,
        rooms=sum(use.to_s - use.from_s for day in days for use in day.uses) / lived_s / len(site.rooms),
        energy_mj=sum(_energy_j(site, trip) for trip in trips) / 1e6 / max(moves, 1),
        by_step=_by_step(served),
        queue=_queue(days),
        by_hour=_by_hour(days),
        waited_s=tuple(sum(filter(isfinite, (each.wait_s for each in day.served))) for day in days),
    )


@dataclass(frozen=True, slots=True)
class Change:
    """How the mean wait of the same days is another elsewhere, as a share of what it was; 0.1: a tenth longer."""

    share: float
    error: float | None
    """Its standard error over the days, which are drawn apart from each other; None: one day does not tell."""


def change(before: Figures, after: Figures) -> Change:
    """Return how waits change, day by day: the ratio estimator of survey sampling (Cochran 1977, 6.4).

    Days are compared with themselves, so that what a crowded one is longer by is no part of the error.

    Raises:
        ValueError: other days, or none on which anybody waited.

    """
    count, all_s = len(before.waited_s), sum(before.waited_s)
    if count != len(after.waited_s) or not all_s:
        raise ValueError("no waits of the same days to compare")
    ratio = sum(after.waited_s) / all_s
    if count < 2:
        return Change(ratio - 1, None)
    off_s = (mine - ratio * theirs for mine, theirs in zip(after.waited_s, before.waited_s, strict=True))
    return Change(ratio - 1, sqrt(count / (count - 1) * sum(each * each for each in off_s)) / all_s)


def _given_out_by(day: Lived, t: float) -> int:
    return sum(1 for each in day.served if each.customer.kind is JobKind.RETRIEVE and each.opened_s <= t)


def waits(served: Iterable[Served]) -> Waits:
    """Return the waits of those who were served at all."""
    return _waits(each.wait_s for each in served)


def _waits(seconds: Iterable[float]) -> Waits:
    all_s = sorted(filter(isfinite, seconds))
    if not all_s:
        return Waits(0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    in_time = sum(1 for wait_s in all_s if wait_s <= PROMISE_S) / len(all_s)
    p50_s, p95_s, p99_s = (all_s[ceil(share * len(all_s)) - 1] for share in (0.5, 0.95, 0.99))
    return Waits(len(all_s), sum(all_s) / len(all_s), p50_s, p95_s, p99_s, all_s[-1], in_time)


def _energy_j(site: Site, trip: Trip) -> float:
    height_mm, legs = site.heights_mm, [(trip.here, trip.source, CARRIAGE_KG)]
    if trip.target is not None:
        legs.append((trip.source, trip.target, CARRIAGE_KG + CAR_KG))
    lifted = sum(kg * max(height_mm[to] - height_mm[begin], 0) / 1000 for begin, to, kg in legs)
    return lifted * GRAVITY_M_S2 + sum(TRAVEL_J for begin, to, _ in legs if begin != to)


def _by_step(served: Sequence[Served]) -> tuple[float, ...]:
    """Count also those who were never served: they waited longer than anybody."""
    counts = (sum(1 for each in served if each.wait_s <= step * STEP_S) for step in range(STEPS + 1))
    return tuple(count / max(len(served), 1) for count in counts)


def _queue(days: Sequence[Lived]) -> tuple[float, ...]:
    slices = ceil(max(day.day.length_s for day in days) / SLICE_S)
    waited_s = [0.0] * slices
    for each in (each for day in days for each in day.served):
        for number, part_s in _cut(each.customer.comes_s, min(each.opened_s, slices * SLICE_S)):
            waited_s[number] += part_s
    return tuple(total_s / SLICE_S / len(days) for total_s in waited_s)


def _cut(begin_s: float, end_s: float) -> Iterator[tuple[int, float]]:
    """Cut a time into the slices of the day; yield the number of each with how much of it lies there."""
    while begin_s < end_s:
        number = int(begin_s // SLICE_S)
        until_s = min((number + 1) * SLICE_S, end_s)
        yield number, until_s - begin_s
        begin_s = until_s


def _by_hour(days: Sequence[Lived]) -> tuple[float, ...]:
    hours = ceil(max(day.day.length_s for day in days) / 3600)
    came = [0] * hours
    for each in (each for day in days for each in day.day.customers):
        came[min(int(each.comes_s // 3600), hours - 1)] += 1
    return tuple(count / len(days) for count in came)
