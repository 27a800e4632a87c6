"""A day's customers, drawn from a demand: a function of demand, tower, seed and number of the day, and of nothing else.

The same day is given to every rule, and to the same tower with another room or another lift.
"""

import math
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf

from config.demand import WEEK, Booked, Demand
from controller.domain.jobs import JobKind

HOUR_S = 3600.0

LOANS = 0.5
"""Cars that are away when the first day begins, as a part of the bays."""

STAY_S = (10.0, 900.0)
"""Nobody is quicker in a room than the first, and somebody is sent for after the second."""


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody who comes to the tower. Seconds from the opening."""

    number: int
    """From 1, in the order of their coming."""
    kind: JobKind
    """RETRIEVE or STORE."""
    car: str
    comes_s: float
    stays_s: float
    """In the room: from gate open to gate clear."""
    booked_s: float | None = None
    """When the appointment is."""
    tells_s: float = inf
    """When they say that they are on the way; infinity: they do not."""
    said_s: float = inf
    """When they say that they will be there."""


@dataclass(frozen=True, slots=True)
class Day:
    """Who comes on one day, and what stands in the tower in the morning."""

    number: int
    weekday: int
    """0 to 6 from Monday on."""
    length_s: float
    """From opening to closing."""
    stock: tuple[str, ...]
    customers: tuple[Customer, ...]
    turned_away: int = 0
    """Who would have come for a car when none was left to give out, nor a bay free to bring one to."""
    key: str = ""
    """What else of the day is drawn by."""

    def places(self, bays: tuple[int, ...]) -> dict[str, int]:
        """Return where the cars of the morning stand; with a bay less, half of them or more stand alike on average.

        Raises:
            ValueError: more cars than bays.

        """
        order = sorted(bays, key=lambda bay: random.Random(f"{self.key} {bay}").random())
        if len(order) < len(self.stock):
            raise ValueError(f"{len(self.stock)} cars do not stand in {len(order)} bays")
        return dict(zip(self.stock, order, strict=False))


@dataclass(frozen=True, slots=True)
class _Wish:
    comes_s: float
    kind: JobKind
    booked_s: float | None


def draw_day(
    demand: Demand, name: str, bays: int, cars_an_hour: float, seed: int, number: int, holds: int | None = None
) -> Day:
    """Return one day.

    ``name`` and ``bays`` are the tower's; ``cars_an_hour`` is what it can give out, and counts where the demand is
    measured by that. ``number`` counts days from 0, a Monday. One bay is kept free. ``holds``: how many appointments a
    slot takes, as the tower offers them; None: as many as are asked for.
    """
    key = f"{seed} {demand.title} {name} {number}"
    rng = random.Random(key)
    weekday, length_s = number % len(WEEK), (demand.closes_h - demand.opens_h) * HOUR_S
    scale = cars_an_hour if demand.measure == "capacity" else 1.0
    asked = list(_wishes(demand, weekday, scale, length_s, rng))
    if holds is not None:
        asked = list(_given(asked, holds, demand.booked.slot_min * 60, length_s))
    wishes = sorted(asked, key=lambda wish: wish.comes_s)
    fleet = _Fleet(demand, bays, rng)
    stock = tuple(fleet.since_s)
    customers: list[Customer] = []
    for wish in wishes:
        customer = fleet.serve(len(customers) + 1, wish)
        if customer is not None:
            customers.append(_telling(customer, demand.booked, key))
    return Day(number, weekday, length_s, stock, tuple(customers), len(wishes) - len(customers), key)


def _wishes(demand: Demand, weekday: int, scale: float, length_s: float, rng: random.Random) -> Iterator[_Wish]:
    for hour, rate in enumerate(demand.arrivals.of(weekday)):
        for _ in range(_poisson(rate * scale, rng)):
            yield _wish(demand, (hour + rng.random()) * HOUR_S, demand.returns.share, length_s, rng)
    for rush in demand.rush:
        share = demand.returns.share if rush.returns is None else rush.returns
        begin_s = (rush.at_h - demand.opens_h) * HOUR_S
        for _ in range(round(rush.customers * scale) if WEEK[weekday] in rush.days else 0):
            yield _wish(demand, begin_s + rng.random() * rush.minutes * 60, share, length_s, rng)


def _given(wishes: Sequence[_Wish], holds: int, slot_s: float, length_s: float) -> Iterator[_Wish]:
    """Yield the wishes with the slots that are given: of a full one the nearest that is not, the later of two.

    Who comes when no slot of the day is left comes without an appointment. How far from it somebody comes is kept.
    """
    slots = range(math.ceil(length_s / slot_s))
    taken = Counter[int]()
    for wish in wishes:
        if wish.booked_s is None:
            yield wish
            continue
        wanted = round(wish.booked_s / slot_s)
        free = (slot for slot in slots if taken[slot] < holds)
        slot = min(free, key=lambda slot: (abs(slot - wanted), -slot), default=None)
        if slot is None:
            yield replace(wish, booked_s=None)
            continue
        taken[slot] += 1
        comes_s = wish.comes_s + (slot - wanted) * slot_s
        yield replace(wish, comes_s=min(max(comes_s, 0.0), length_s), booked_s=slot * slot_s)


def _wish(demand: Demand, at_s: float, returns: float, length_s: float, rng: random.Random) -> _Wish:
    if rng.random() < returns:
        return _Wish(min(at_s, length_s), JobKind.STORE, None)
    if rng.random() >= demand.booked.share:
        return _Wish(min(at_s, length_s), JobKind.RETRIEVE, None)
    slot_s = demand.booked.slot_min * 60
    booked_s = at_s // slot_s * slot_s
    comes_s = rng.gauss(booked_s, demand.booked.spread_s)
    return _Wish(min(max(comes_s, 0.0), length_s), JobKind.RETRIEVE, booked_s)


def _telling(customer: Customer, booked: Booked, key: str) -> Customer:
    """Return somebody who may say that they are on the way; nothing else hangs on what is drawn for it."""
    rng = random.Random(f"{key} {customer.number} on the way")
    if customer.booked_s is None or rng.random() >= booked.tells:
        return customer
    tells_s = customer.comes_s - booked.tells_ahead_s * (0.5 + rng.random())
    return replace(customer, tells_s=tells_s, said_s=rng.gauss(customer.comes_s, booked.tells_off_s))


class _Fleet:
    """Which cars are in the tower, or will be when those who come before have been served, and which are away."""

    def __init__(self, demand: Demand, bays: int, rng: random.Random) -> None:
        self._demand, self._rng = demand, rng
        self._most = max(bays - 1, 1)
        self._models = tuple(demand.models)
        inside = min(round(demand.filling * bays), self._most)
        names = [self._name(number) for number in range(inside + math.ceil(LOANS * bays))]
        self.since_s = dict.fromkeys(names[:inside], 0.0)
        """By car in the tower: from when it may be given out."""
        self._away = names[inside:]
        self._named = len(names)

    def serve(self, number: int, wish: _Wish) -> Customer | None:
        """Return the customer whose wish it is, or the other wish where that cannot be; None if none can."""
        ready = [car for car, since_s in self.since_s.items() if since_s <= wish.comes_s]
        room = len(self.since_s) < self._most
        if wish.kind is JobKind.STORE:
            return self._bring(number, wish) if room else self._fetch(number, wish, ready)
        return self._fetch(number, wish, ready) if ready else (self._bring(number, wish) if room else None)

    def _fetch(self, number: int, wish: _Wish, ready: list[str]) -> Customer | None:
        if not ready:
            return None
        car = self._rng.choices(ready, [self._demand.models[self._model(each)] for each in ready])[0]
        del self.since_s[car]
        self._away.append(car)
        stays_s = self._stay(self._demand.visits.fetch_s)
        return Customer(number, JobKind.RETRIEVE, car, wish.comes_s, stays_s, wish.booked_s)

    def _bring(self, number: int, wish: _Wish) -> Customer:
        if not self._away:
            self._away.append(self._name(self._named))
            self._named += 1
        car = self._away.pop(0)
        self.since_s[car] = wish.comes_s + self._demand.returns.again_min * 60
        return Customer(number, JobKind.STORE, car, wish.comes_s, self._stay(self._demand.visits.bring_s))

    def _stay(self, mean_s: float) -> float:
        """Draw from a log-normal distribution of this mean."""
        square = math.log(1 + self._demand.visits.spread**2)
        drawn_s = self._rng.lognormvariate(math.log(mean_s) - square / 2, math.sqrt(square))
        return min(max(drawn_s, STAY_S[0]), STAY_S[1])

    def _name(self, number: int) -> str:
        return f"{self._models[number % len(self._models)]}-{number + 1:03}"

    def _model(self, car: str) -> str:
        return car.rpartition("-")[0]


def _poisson(mean: float, rng: random.Random) -> int:
    """Count arrivals of a Poisson process in one unit of time (Knuth, TAOCP 2, 3.4.1); sums of small means."""
    count = 0
    while mean > 0:
        part = min(mean, 500.0)
        limit, product = math.exp(-part), rng.random()
        while product > limit:
            count += 1
            product *= rng.random()
        mean -= part
    return count
