"""What the book knows of how soon each car is fetched, and where the next one should stand by that."""

from collections.abc import Callable, Collection, Mapping

from controller.activities.context import Bench
from controller.domain.book import Book
from controller.domain.dispatch import dwell, slotting
from controller.domain.dispatch.cycles import Cycles
from controller.domain.dispatch.slotting import Shift
from controller.domain.places import PlaceStatus
from controller.domain.travel import Kinematics


class Demand:
    """Looks; changes nothing. ``now`` is wall time in seconds since the epoch, in which appointments are."""

    def __init__(self, bench: Bench, book: Book, cycles: Callable[[], Cycles], now: Callable[[], float]) -> None:
        self._bench = bench
        self._book = book
        self._cycles = cycles
        self._now = now
        self._known: dict[Kinematics, dict[int, float]] = {}
        """By the machine: what a trip to each bay takes."""

    def stands(self) -> dict[str, int]:
        """Return the bay of each car that verifiably stands in one."""
        places = (self._book.places[bay] for bay in self._bench.shape.bays)
        return {
            place.car: place.number
            for place in places
            if place.status is PlaceStatus.OCCUPIED and place.car is not None
        }

    def bay_for(self, car: str, room: int, free: Collection[int], waiting: int) -> int:
        """Return the free bay for a car that stands in a room, while so many others wait for the carriage.

        Raises:
            ValueError: no bay is free.

        """
        stands = self.stands()
        rates = self._rates([*stands, car])
        rent = slotting.rents(self._trips, (rates[each] for each in stands))
        ways = {bay: (1 + waiting) * self._cycles().go_s(room, bay) for bay in free}
        return slotting.place_for(free, ways, self._trips, rent, rates[car])

    def best_shift(self, stands: Mapping[str, int], free: Collection[int]) -> Shift | None:
        """Return the move of a car that saves the most, of those that may be moved; None if none saves anything.

        Appointments are not asked: their cars are brought ahead, and the near bays are for who comes without one.
        """
        return slotting.best_shift(stands, free, self._trips, self._rates(list(stands)))

    def dwell_point(self, here: int, least_s: float) -> int | None:
        """Return where the empty carriage should wait; None if that saves less than ``least_s``."""
        shape, stands = self._bench.shape, self.stands()
        dues = {each.car: each.comes for each in self._book.appointments.values()}
        rates = slotting.with_dues(self._rates(list(stands)), dues, self._now())
        brought = self._book.habits.brought_share()
        chances = dwell.sources(stands, rates, shape.rooms, brought)
        return dwell.worth_going(self._cycles(), here, shape.places, chances, least_s)

    @property
    def _trips(self) -> dict[int, float]:
        """At the speeds that were stated: what a pace adds to every way changes no rank."""
        shape, machine = self._bench.shape, self._bench.kinematics
        known = self._known.get(machine)
        if known is None:
            known = self._known[machine] = slotting.trips_s(Cycles(machine, shape), shape.bays, shape.rooms)
        return known

    def _rates(self, cars: Collection[str]) -> dict[str, float]:
        return self._book.habits.rates({car: self._book.model_of(car) for car in cars})
