"""Where the empty carriage waits: at the place from which the next request is reached soonest, on average.

The next request begins at a room, where a car is brought, or at a bay, where one stands that is fetched. The expected
way from a place is the sum of chance x way over these (Peters, Smith and Hale, "Closed form models for determining the
optimal dwell point location in automated storage and retrieval systems", International Journal of Production Research
34, 1996, in discrete form). It is worth little: a few seconds at most, and nothing to a tower that is never idle
(Meller and Mungwattana 2005).

Pure. Times in seconds, places by number.
"""

from collections.abc import Collection, Mapping
from heapq import nsmallest
from typing import Final

from controller.domain.dispatch.cycles import Cycles

AROUND: Final = 8
"""How many neighbours of a place are compared at once."""


STARTS: Final = 48
"""So many places, about, are compared before the neighbours of the best."""


def sources(
    stands: Mapping[str, int], rates: Mapping[str, float], rooms: Collection[int], brought: float
) -> dict[int, float]:
    """Return how likely the next request begins at each place.

    ``brought`` is the part of all requests that bring a car, to any of the rooms alike; the others fetch one of those
    that stand in bays, each as often as its rate says. Without cars, or without rooms, all is the other.
    """
    total = sum(rates.get(car, 0.0) for car in stands)
    if not total or not stands:
        return {room: 1.0 / len(rooms) for room in rooms}
    fetched = 1.0 - brought if rooms else 1.0
    found = {room: brought / len(rooms) for room in rooms}
    for car, bay in stands.items():
        found[bay] = found.get(bay, 0.0) + fetched * rates.get(car, 0.0) / total
    return found


def expected_s(cycles: Cycles, here: int, chances: Mapping[int, float]) -> float:
    """Return the expected way from a place to where the next request begins.

    Raises:
        KeyError: a place that the tower has not.

    """
    go_s = cycles.go_s
    return sum(chance * go_s(here, place) for place, chance in chances.items())


def dwell_point(cycles: Cycles, places: Collection[int], chances: Mapping[int, float]) -> int:
    """Return the place with the least expected way, of two the lower.

    Of a tall tower one place in a few is tried, and from the best of these it goes on to the best neighbour as long as
    that is better: 400 places times 400 sources would keep the control task for longer than it may be kept.

    Raises:
        ValueError: no place.

    """

    def cost(place: int) -> tuple[float, int]:
        return round(expected_s(cycles, place, chances), 6), place

    best = min(map(cost, sorted(places)[:: max(1, len(places) // STARTS)]))
    while True:
        here = best[1]
        around = nsmallest(AROUND, (place for place in places if place != here), key=lambda to: cycles.go_s(here, to))
        better = min(map(cost, around), default=best)
        if better >= best:
            return here
        best = better


def worth_going(
    cycles: Cycles,
    here: int,
    places: Collection[int],
    chances: Mapping[int, float],
    least_s: float,
) -> int | None:
    """Return where the carriage that stands at a place should wait; None if that saves less than ``least_s``.

    Raises:
        ValueError: no place.

    """
    there = dwell_point(cycles, places, chances)
    saves_s = expected_s(cycles, here, chances) - expected_s(cycles, there, chances)
    return there if there != here and saves_s >= least_s else None
