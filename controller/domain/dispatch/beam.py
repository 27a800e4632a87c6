"""The best order of a few requests: dynamic programming over who is done, with the best few ways to each."""

import sys
from collections.abc import Iterator, Sequence

from controller.domain.dispatch.branches import Branches, Choice, Node, Stand, Try
from controller.domain.dispatch.docket import Docket
from controller.domain.jobs import JobKind

PASSES = ((1, 3), (2, 3), (4, 4), (16, 4), (120, 6))
"""How many ways to each set of requests done are kept, and how many rooms are tried, pass by pass."""

LEVEL = 12
"""How many sets of as many requests are gone on from, for each way that is kept."""


class Beam:
    """Looks for the order of a window in which least is waited.

    Orders in which the same requests are done are compared by what was waited and by when the carriage is free: each
    second of that is waited by all that are left. A way that cannot become better than the best whole order is left
    out.
    """

    def __init__(self, docket: Docket, branches: Branches, window: Sequence[int]) -> None:
        """Take what is to be planned, how to try, and whom to put in order, by index."""
        self._docket = docket
        self._branches = branches
        self._window = tuple(sorted(window))
        self._bits = sum(1 << index for index in window)
        self._sources = tuple(each.source for each in docket.requests)
        self._known: dict[tuple[int, int, int], dict[int, Choice]] = {}
        self._behind_s = sum(docket.requests[index].weight for index in docket.live if index not in self._window)
        self._terms = sorted((self._term(index) for index in window), key=lambda term: (term[3] / term[1], term[0]))
        # Who asked after all of the window is overtaken by none of it.
        self._scope = tuple(index for index in docket.live if index <= self._window[-1])
        self._waits: dict[int, float] = {}

    def passes(self, root: Node, bound: float, evaluations: int) -> Iterator[Node]:
        """Yield the best end of each pass that finds a better one than all before, until the tries are spent.

        Only orders whose worth is below ``bound`` are looked for. The first pass is always ended: it is as long as the
        window is wide. A later one that cannot be ended yields nothing: more tries never lead to something worse.
        """
        last = 0
        for width, rooms in PASSES:
            before = self._branches.tried
            # The next one tries no less than the last one: what cannot be ended is not begun.
            if last and before + last > evaluations:
                return
            best, whole = self._pass(root, width, rooms, bound, evaluations if last else sys.maxsize)
            last = self._branches.tried - before
            if best is not None:
                bound = self.worth(best)
                yield best
            if whole or self._branches.tried >= evaluations:
                return

    def worth(self, node: Node) -> float:
        """Return what is waited in an order that ends here, and by all others until the carriage is free."""
        _, free_s, cost = self._branches.stand(node, None)
        return cost + node.rest * free_s

    def _pass(self, root: Node, width: int, rooms: int, bound: float, evaluations: int) -> tuple[Node | None, bool]:
        """Return the best end below the bound, and whether no way was left out; no end if the tries are spent."""
        level, best, whole = [root], None, rooms >= len(self._docket.rooms)
        for _ in self._window:
            ways: dict[tuple[int, int], list[Try]] = {}
            for node in level:
                if self._branches.tried >= evaluations:
                    return None, False
                for found in self._behind(node, rooms, bound):
                    ways.setdefault((node.done | 1 << found.request, found.counts), []).append(found)
            kept: list[Try] = []
            for way in ways.values():
                whole = whole and len(way) <= width
                kept += sorted(way)[:width] if width > 1 else [min(way)]
            if len(kept) > LEVEL * width:
                whole = False
                kept = sorted(kept, key=self._least_worth)[: LEVEL * width]
            level = [self._branches.behind(found) for found in kept]
        for node in level:
            worth = self.worth(node)
            if worth < bound:
                best, bound = node, worth
        return best, whole

    def _behind(self, node: Node, rooms: int, bound: float) -> list[Try]:
        """Return one more of the window behind a node, each that is allowed and may become better than the bound."""
        found: list[Try] = []
        for choice, stand in self._nexts(node):
            bar = bound - self._waits_of(node.done | 1 << choice[0])
            found += self._branches.tries(node, stand, choice, rooms, bar)
        return found

    def _least_worth(self, found: Try) -> float:
        """Return a bound on the worth of all orders that begin like this."""
        return found.worth + self._waits_of(found.node.done | 1 << found.request)

    def _nexts(self, node: Node) -> list[tuple[Choice, Stand]]:
        """Return who of the window may be next, and where the carriage is then: an open car is where it suits him."""
        nexts: list[tuple[Choice, Stand]] = []
        stand, allowed = self._branches.stand(node, None), None
        for index in self._window:
            if node.done >> index & 1:
                continue
            if node.open >= 0:
                stand, allowed = self._branches.stand(node, self._sources[index]), None
            allowed = allowed or self._allowed(node, stand[1])
            if index in allowed:
                nexts.append((allowed[index], stand))
        return nexts

    def _allowed(self, node: Node, at_s: float) -> dict[int, Choice]:
        """Return who may be next if the carriage is free at a time, by index."""
        key = (node.done, node.counts, self._branches.pattern(node, at_s))
        known = self._known.get(key)
        if known is not None:
            return known
        at_once = self._branches.at_once(node, at_s, self._left(node.done, self._scope))
        if not at_once:
            later = self._branches.choices(node, at_s, self._left(node.done, self._docket.live))
            return {choice[0]: choice for choice in later}
        allowed = {choice[0]: choice for choice in at_once}
        if key[2] >= 0:
            self._known[key] = allowed
        return allowed

    def _left(self, done: int, those: tuple[int, ...]) -> list[int]:
        return [index for index in those if not done >> index & 1]

    def _waits_of(self, done: int) -> float:
        """Return a bound on what is waited from when the carriage is free behind these: least times, no empty way."""
        known = self._waits.get(done)
        if known is None:
            known = self._waits[done] = self._least_waits(done)
        return known

    def _least_waits(self, done: int) -> float:
        """Return what those left in the window wait at least, from when the carriage is free (Smith's rule)."""
        waits = passed_s = 0.0
        for bit, weight, wait_s, whole_s in self._terms:
            if not done & bit:
                waits += weight * (passed_s + wait_s)
                passed_s += whole_s
        return waits + self._behind_s * passed_s

    def _term(self, index: int) -> tuple[int, float, float, float]:
        """Return the bit of a request, its weight, its least wait beside when it is begun, and its least time."""
        served_s, whole_s = self._least_s(index)
        request = self._docket.requests[index]
        return 1 << index, request.weight, served_s - request.since_s, whole_s

    def _least_s(self, index: int) -> tuple[float, float]:
        """Return the least time of a request from the carriage at its source: until served, and until done."""
        docket, request = self._docket, self._docket.requests[index]
        visit_s = docket.visits[request.source]
        if request.kind is JobKind.RETRIEVE:
            rooms = (docket.rooms[room] for room in docket.allowed[index])
            visit_s += min(docket.legs[request.source][room] + docket.visits[room] for room in rooms)
            return visit_s, visit_s
        whole_s = visit_s + docket.bay_visit_s
        return (visit_s if request.kind is JobKind.STORE else whole_s), whole_s
