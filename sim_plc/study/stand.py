"""Where cars and the empty carriage stand in a study: by what is known of how often each car is asked for.

What a tower learns in weeks a study knows from its demand: how often each model is asked for, and which cars
are booked.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from controller.domain.dispatch import dwell, slotting
from controller.domain.jobs import JobKind
from sim_plc.study.draw import Day
from sim_plc.study.site import Site

DWELL_IDLE_S: Final = 1.0
"""For how long a carriage has had nothing to do before it goes to where it waits."""

DWELL_AT_LEAST_S: Final = 1.0
"""And if that saves so much of the expected way to the next request."""

AT_LEAST_S: Final = 5.0
"""A car is moved in the night if that saves so much."""


@dataclass(frozen=True, slots=True)
class Stand:
    """What is done about where cars and carriage stand. Nothing: the planner's bays, the carriage where it is."""

    by_demand: bool = False
    """A car is stored where its demand says."""
    dwell: bool = False
    """The carriage that has nothing to do goes to where it is likely wanted next."""
    night_moves: int = 0
    """So many cars at most are moved to better bays before the tower opens."""
    dues: bool = False
    """The appointments of the day are known when it begins."""
    models: Mapping[str, float] = field(default_factory=dict)
    """How often each model is asked for, beside the others."""
    brought: float = 0.5
    """Which part of all customers bring a car."""


AS_IT_COMES: Final = Stand()


class Standing:
    """Where things stand best on one day at one site. Seconds from the opening."""

    def __init__(self, site: Site, day: Day, stand: Stand) -> None:
        """Take the day: how many fetch a car on it tells how often each is asked for."""
        self._site = site
        self._day = day
        self._stand = stand

    @cached_property
    def _trips(self) -> dict[int, float]:
        return slotting.trips_s(self._site.cycles, self._site.bays, self._site.rooms)

    @cached_property
    def _each(self) -> float:
        """How often a car with a weight of one is fetched a day."""
        fetches = sum(1 for each in self._day.customers if each.kind is JobKind.RETRIEVE)
        return fetches / max(sum(map(self._weight, self._day.stock)), 1e-9)

    @cached_property
    def _booked_s(self) -> dict[str, float]:
        fetching = (each for each in self._day.customers if each.kind is JobKind.RETRIEVE)
        return {each.car: each.booked_s for each in fetching if each.booked_s is not None}

    def rates(self, cars: Iterable[str], now_s: float) -> dict[str, float]:
        """Return how often each car is fetched, a day."""
        found = {car: self._weight(car) * self._each for car in cars}
        if not self._stand.dues:
            return found
        return slotting.with_dues(found, {car: t for car, t in self._booked_s.items() if t >= now_s}, now_s)

    def by_night(self, stands: Mapping[str, int], free: frozenset[int]) -> tuple[dict[str, int], frozenset[int], int]:
        """Return where cars stand after a night, which bays are free then, and how many cars were moved."""
        bay_of, rates = dict(stands), self.rates(stands, 0.0)
        for moved in range(self._stand.night_moves):
            best = slotting.best_shift(bay_of, free, self._trips, rates)
            if best is None or best.saves_s < AT_LEAST_S:
                return bay_of, free, moved
            bay_of[best.car], free = best.target, free - {best.target} | {best.source}
        return bay_of, free, self._stand.night_moves

    def bay_for(
        self, car: str, room: int, stands: Mapping[str, int], free: Iterable[int], waiting: int, now_s: float
    ) -> int:
        """Return the bay for a car that stands in a room while so many others wait."""
        rates = self.rates([*stands, car], now_s)
        rent = slotting.rents(self._trips, (rates[each] for each in stands))
        ways = {bay: (1 + waiting) * self._site.cycles.go_s(room, bay) for bay in free}
        return slotting.place_for(ways, ways, self._trips, rent, rates[car])

    def dwell_point(self, here: int, stands: Mapping[str, int], now_s: float) -> int | None:
        """Return where the empty carriage goes to wait; None: it stays."""
        site = self._site
        chances = dwell.sources(stands, self.rates(stands, now_s), site.rooms, self._stand.brought)
        return dwell.worth_going(site.cycles, here, (*site.rooms, *site.bays), chances, DWELL_AT_LEAST_S)

    def _weight(self, car: str) -> float:
        return self._stand.models.get(car.rpartition("-")[0], 1.0)
