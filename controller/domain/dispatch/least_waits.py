"""What those left in a window wait at least, in whichever order: what cuts the search for the best order short.

Each takes the carriage for the visits, the way with its car, and the empty way to it from the nearest room; all that
with its own weight is the shortest-first rule of Smith (1956). A move to a bay is its visits alone here: its ways, with
the way on from there, are no less than the way to the next car from where the carriage was before (triangle
inequality), which is a room but for moves that are made already.
"""

from collections.abc import Sequence

from controller.domain.dispatch.docket import Docket
from controller.domain.jobs import JobKind

Key = int
"""Those of the window that are done, as bits, and `LeastWaits.mark` of the last one."""


class LeastWaits(dict[Key, float]):
    """What is waited at least from when the carriage is free behind those that are done.

    With a car whose bay is open, from when it is exchanged as if the bay were where it comes from.
    """

    def __init__(self, docket: Docket, window: Sequence[int]) -> None:
        """Take what is to be planned, and who is put in order, by index."""
        super().__init__()
        self._docket = docket
        asked = [docket.requests[index] for index in window]
        self._stores = [each.source for each in asked if each.kind is JobKind.STORE]
        inside = set(window)
        self._behind = sum(docket.requests[index].weight for index in docket.live if index not in inside)
        self._approaches = [(1 << index, *self._approach(index)) for index in window]
        self._terms = sorted((self._term(index) for index in window), key=lambda term: (term[3] / term[1], term[0]))

    def mark(self, index: int) -> Key:
        """Return what tells that a request was the last: nothing, unless it leaves the carriage by a bay."""
        return 0 if self._leaves_at(index) is None else index + 1 << len(self._docket.requests)

    def __missing__(self, key: Key) -> float:
        """Reckon it."""
        last = (key >> len(self._docket.requests)) - 1
        waits = self[key] = self._summed(key) - (0.0 if last < 0 else self._sooner(key, last))
        return waits

    def _sooner(self, done: int, last: int) -> float:
        """Return by how much that is less since the carriage stands by a bay, and is with one of those left sooner."""
        place = self._leaves_at(last)
        assert place is not None
        ways = self._docket.ways_from(place)
        sooner_s = max((way_s - ways[source] for bit, source, way_s in self._approaches if not done & bit), default=0.0)
        left = self._behind + sum(weight for bit, weight, _, _ in self._terms if not done & bit)
        return max(0.0, sooner_s) * left

    def _summed(self, done: int) -> float:
        waits = passed_s = 0.0
        for bit, weight, wait_s, whole_s in self._terms:
            if not done & bit:
                waits += weight * (passed_s + wait_s)
                passed_s += whole_s
        return waits + self._behind * passed_s

    def _term(self, index: int) -> tuple[int, float, float, float]:
        """Return the bit of a request, its weight, its least wait beside when it is begun, and its least time."""
        served_s, whole_s = self._least_s(index)
        request = self._docket.requests[index]
        return 1 << index, request.weight, served_s - request.since_s, whole_s

    def _least_s(self, index: int) -> tuple[float, float]:
        """Return the least time of a request from the end of another: until served, and until done."""
        docket, request = self._docket, self._docket.requests[index]
        picked_s = self._approach(index)[1] + docket.visits[index]
        if request.kind is JobKind.RETRIEVE:
            ways = docket.ways_from(request.source)
            served_s = picked_s + min(ways[docket.rooms[room]] for room in docket.asks[index][2]) + docket.room_visit_s
            return served_s, served_s
        whole_s = picked_s + docket.bay_visit_s
        return (picked_s if request.kind is JobKind.STORE else whole_s), whole_s

    def _approach(self, index: int) -> tuple[int, float]:
        """Return where a car stands, and the least empty way to it.

        None is brought into a room from which one waits to be stored.
        """
        request = self._docket.requests[index]
        if request.kind is JobKind.RELOCATE or self._stores.count(request.source) > 1:
            return request.source, 0.0
        ways = self._docket.ways_from(request.source)
        return request.source, min((ways[room] for room in self._docket.rooms if room != request.source), default=0.0)

    def _leaves_at(self, index: int) -> int | None:
        """Return the bay by which the carriage stands behind a request; None if it is a room, or as good as one."""
        request = self._docket.requests[index]
        if request.kind is JobKind.RETRIEVE:
            return None
        return request.source if request.kind is JobKind.RELOCATE and request.target is None else request.target
