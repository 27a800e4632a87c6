"""Which bay a car is put into: where the way to it and on to the next car is the shortest.

Where there is one room, every fetch begins and ends there, so that the car's own fetch is known as well: it is waited
by one customer as the way on is by the next, and counts the same. Without it a pair leaves its car where a later
customer pays for what this one saved. With more rooms the fetch is made for whichever is vacant, and near bays are
scarce while many wait: there nothing was won by it, and at two rooms half a percent lost.
"""

from heapq import nsmallest
from operator import add
from typing import Final, NamedTuple

from controller.domain.dispatch.docket import Docket

Slot = tuple[int, float, float]
"""A bay, the way to it, and the ways behind it: to where the carriage is wanted next, and those of its car's fetch."""

SPARE = 4
"""How many bays beyond those that earlier moves may have taken are kept for a choice."""


NONE: Final = frozenset[int]()


class Bays(NamedTuple):
    """What moves have made of the scene's bays. One that somebody asked for by name is offered to nobody else."""

    spare: int
    """How many are free that nobody asked for."""
    kept: frozenset[int]
    """Those that somebody asked for, and that are free."""
    taken: frozenset[int] = NONE
    freed: frozenset[int] = NONE

    def promised(self) -> "Bays":
        """Return these with one that is spoken for, whichever it will be."""
        return Bays(self.spare - 1, self.kept, self.taken, self.freed)

    def filled(self, bay: int) -> "Bays":
        """Return these with a car in the one that was promised."""
        if bay in self.freed:
            return Bays(self.spare, self.kept, self.taken, self.freed - {bay})
        return Bays(self.spare, self.kept, self.taken | {bay}, self.freed)

    def claimed(self, bay: int) -> "Bays":
        """Return these with a car in one that was asked for."""
        return Bays(self.spare, self.kept - {bay}, self.taken, self.freed)

    def emptied(self, bay: int, wanted: frozenset[int]) -> "Bays":
        """Return these with a car gone from a bay."""
        if bay in wanted:
            return Bays(self.spare, self.kept | {bay}, self.taken, self.freed)
        return Bays(self.spare + 1, self.kept, self.taken, self.freed | {bay})


class Slots:
    """The best bays for each pair of ways: from where a car is picked, to where the next one stands.

    Only a few are kept of each pair: as many as the window can take, and some to choose from.
    """

    def __init__(self, docket: Docket, window: int) -> None:
        """Take what is to be planned, and how many requests are put in order together."""
        self._docket = docket
        self._paired = min(docket.placing, window) + SPARE
        self._fetches = tuple(map(self._fetch_s, docket.bays))
        self._rows: dict[int, tuple[float, ...]] = {}
        self._pairs: dict[tuple[int, int], list[Slot]] = {}
        self._nearest: dict[int, list[Slot]] = {}
        self._soonest: dict[tuple[int, int | None, Bays, int], list[tuple[int, float]]] = {}

    def choose(
        self, source: int, then: int | None, bays: Bays, weights: tuple[float, float], most: int = 1
    ) -> list[tuple[int, float]]:
        """Return the best bays for a car at ``source`` when the carriage is wanted at ``then`` next, the best first.

        ``most`` of them at most, each with the way to it. ``then`` is None if it is wanted nowhere. ``weights`` are
        what a second counts until the car is placed, and until the carriage has gone on. One at least of ``bays`` must
        be free.
        """
        if weights[0] > 0.0:
            return self._best(source, then, bays, weights, most)
        # The shortest way there and on, whatever a second of it counts.
        key = (source, then, bays, most)
        known = self._soonest.get(key)
        if known is None:
            known = self._soonest[key] = self._best(source, then, bays, (0.0, 1.0), most)
        return known

    def _best(
        self, source: int, then: int | None, bays: Bays, weights: tuple[float, float], most: int
    ) -> list[tuple[int, float]]:
        now, later = weights
        offers = self._offers(source, then, bays, max(most, 1 if now == 0.0 else SPARE))
        costs = [((now + later) * way_s + later * on_s, bay, way_s) for bay, way_s, on_s in offers]
        assert costs, "no bay is free"
        best = [min(costs)] if most == 1 else sorted(costs)[:most]
        return [(bay, way_s) for _, bay, way_s in best]

    def _offers(self, source: int, then: int | None, bays: Bays, most: int) -> list[Slot]:
        """Return the first ``most`` of the scene's bays that are left, and those that moves have freed."""
        taken = bays.taken
        kept = self._near(source) if then is None else self._between(source, then)
        offers = kept[:most]
        if taken:
            offers = [slot for slot in kept if slot[0] not in taken][:most]
            if not offers:
                left = (slot[0] for slot in self._near(source) if slot[0] not in taken)
                offers = [self._slot(bay, source, then) for bay in left]
        if bays.freed:
            offers += [self._slot(bay, source, then) for bay in bays.freed if bay != source]
        return offers

    def _slot(self, bay: int, source: int, then: int | None) -> Slot:
        ways_from = self._docket.ways_from
        return bay, ways_from(source)[bay], 0.0 if then is None else ways_from(then)[bay] + self._fetch_s(bay)

    def _fetch_s(self, bay: int) -> float:
        """Return the ways of a later fetch, as far as they are known: to the bay and back, where there is one room."""
        rooms = self._docket.rooms
        return 2.0 * self._docket.ways_from(rooms[0])[bay] if len(rooms) == 1 else 0.0

    def _near(self, source: int) -> list[Slot]:
        """Return the nearest bays of a place, as many as all requests together can take."""
        known = self._nearest.get(source)
        if known is None:
            near = nsmallest(self._docket.placing + SPARE, zip(self._row(source), self._docket.bays, strict=True))
            known = self._nearest[source] = [(bay, way_s, 0.0) for way_s, bay in near]
        return known

    def _between(self, source: int, then: int) -> list[Slot]:
        """Return the bays with the least ways there and on; of two as good, the one where the car is sooner."""
        known = self._pairs.get((source, then))
        if known is None:
            outs, ons = self._row(source), tuple(map(add, self._row(then), self._fetches))
            sums = list(map(add, outs, ons))
            bar_s = max(nsmallest(self._paired, sums), default=0.0)
            ways = zip(sums, outs, self._docket.bays, ons, strict=True)
            best = sorted([way for way in ways if way[0] <= bar_s])[: self._paired]
            known = self._pairs[source, then] = [(bay, out, on) for _, out, bay, on in best]
        return known

    def _row(self, place: int) -> tuple[float, ...]:
        """Return the way from a place to each free bay."""
        known = self._rows.get(place)
        if known is None:
            ways = self._docket.ways_from(place)
            known = self._rows[place] = tuple([ways[bay] for bay in self._docket.bays])
        return known
