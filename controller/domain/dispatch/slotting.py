"""In which bay a car should stand: what a bay costs, whose it should be, and which move of a car saves the most.

Each stay of a car ends with one fetch, so that a second of way to its bay is paid once a stay: a bay does the more the
shorter its cars stay. The best standing of all cars is the one in which the most wanted car has the shortest trip, the
next one the next, and so on (rearrangement inequality; full-turnover storage: Hausman, Schwarz and Graves, "Optimal
storage assignment in automatic warehousing systems", Management Science 22, 1976; by how long each unit stays:
Goetschalckx and Ratliff 1990). Its dual prices are rents: what a bay could save in a unit of time if its like of cars
had it. A car that is stored goes where its own trips and its rent, for as long as it is expected to stay, are the
least. Between the bays of its own rank it is indifferent then, so that the nearest of these is taken; one that stays
for long pays more for a near bay than it gains there, and leaves it.

All of it is pure. Times in seconds; rates are fetches a day; bays and rooms by place number, cars by id.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from math import exp
from statistics import fmean
from typing import Final

from controller.domain.dispatch.cycles import Cycles

DAY_S: Final = 86_400.0

SOON_S: Final = 600.0
"""A car that is due sooner, or overdue, counts as due then."""

LEAST_RATE: Final = 0.01
"""A car that nobody has asked for yet is fetched once in so many days: one in a hundred."""


@dataclass(frozen=True, slots=True)
class Shift:
    """A car that would stand better elsewhere."""

    car: str
    source: int
    target: int
    saves_s: float
    """Expected seconds of waiting, within a day."""


def trips_s(cycles: Cycles, bays: Iterable[int], rooms: Collection[int]) -> dict[int, float]:
    """Return for each bay the expected ways of a fetch: from any of the rooms to it, and on to the nearest.

    Raises:
        ValueError: no room.
        KeyError: a place that the tower has not.

    """
    if not rooms:
        raise ValueError("no room, no trip")
    ways = {bay: [cycles.go_s(room, bay) for room in rooms] for bay in bays}
    return {bay: fmean(each) + min(each) for bay, each in ways.items()}


def with_dues(rates: Mapping[str, float], due_s: Mapping[str, float], now_s: float) -> dict[str, float]:
    """Return the rates of cars, those that are due at a known time by how soon that is."""
    soon = {car: DAY_S / max(t - now_s, SOON_S) for car, t in due_s.items() if car in rates}
    return {**rates, **soon}


def rents(trips: Mapping[int, float], rates: Iterable[float]) -> dict[int, float]:
    """Return what each bay costs a day, in seconds, if the cars of these rates stood as they should.

    The bay next behind the last car costs nothing, and none behind it. The others cost what a car of their rank saves
    there against the next bay, and so on.
    """
    order = sorted(trips, key=lambda bay: (trips[bay], bay))
    wanted = sorted((max(rate, LEAST_RATE) for rate in rates), reverse=True)
    costs = dict.fromkeys(order, 0.0)
    for rank in range(min(len(wanted), len(order) - 1) - 1, -1, -1):
        here, behind = order[rank], order[rank + 1]
        costs[here] = costs[behind] + wanted[rank] * (trips[behind] - trips[here])
    return costs


def place_for(
    free: Iterable[int], way_s: Mapping[int, float], trips: Mapping[int, float], rent: Mapping[int, float], rate: float
) -> int:
    """Return the free bay for a car that is fetched at a rate: the least of way, trip and rent; of two, the lower.

    ``way_s``: what the bay costs now, the way of the store itself times how many wait for it.

    Raises:
        ValueError: no bay is free.

    """
    stay = 1.0 / max(rate, LEAST_RATE)
    return min(free, key=lambda bay: (way_s[bay] + trips[bay] + rent[bay] * stay, bay))


def best_shift(
    stands: Mapping[str, int], free: Iterable[int], trips: Mapping[int, float], rates: Mapping[str, float]
) -> Shift | None:
    """Return the move of one car into a free bay that saves the most within a day; None if none saves anything.

    A car is fetched from a bay once: with a rate of r that is within a day with a probability of 1 - exp(-r). Of two
    moves that save the same, the one of the car that comes first by id.
    """
    target = min(free, key=lambda bay: (trips[bay], bay), default=None)
    if target is None:
        return None
    found = (
        Shift(car, bay, target, chance_of_fetch(rates.get(car, 0.0)) * (trips[bay] - trips[target]))
        for car, bay in sorted(stands.items())
    )
    best = max(found, key=lambda each: each.saves_s, default=None)
    return best if best is not None and best.saves_s > 0 else None


def chance_of_fetch(rate: float) -> float:
    """Return how likely a car of that rate is fetched within a day."""
    return 1.0 - exp(-max(rate, LEAST_RATE))
