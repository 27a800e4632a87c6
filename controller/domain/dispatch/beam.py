"""The best order of a few requests: dynamic programming over who is done, with the best few ways to each."""

import sys
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from controller.domain.dispatch.branches import Branches
from controller.domain.dispatch.docket import Docket
from controller.domain.dispatch.least_waits import LeastWaits
from controller.domain.dispatch.node import Node, Try
from controller.domain.dispatch.turns import Turns


class Look(NamedTuple):
    """How far a pass looks."""

    width: int
    """How many ways to each set of requests done are kept."""
    rooms: int
    """How many rooms are tried for a car."""
    bays: int
    """How many bays."""
    most: int
    """How many ways of as many moves are gone on from."""


PASSES = (Look(1, 3, 1, 2), Look(1, 4, 1, 12), Look(4, 4, 2, 48), Look(16, 4, 3, 192), Look(120, 6, 4, 1440))
"""Pass by pass; the first is a glance, so that the others have a bound to cut short by."""

PLENTY = 4
"""So many free bays for each car that wants one are enough for each to have the one that suits it best."""


class Beam:
    """Looks for the order of a window in which least is waited.

    Orders in which the same requests are done are compared by what was waited and by when the carriage is free: each
    second of that is waited by all that are left. A way that cannot become better than the best whole order is left
    out. Where somebody asked for a room by name, ways whose last car went to different rooms are not compared: which
    rooms are left matters more than the seconds.
    """

    def __init__(self, docket: Docket, turns: Turns, branches: Branches, window: Sequence[int]) -> None:
        """Take what is to be planned, who may be next, how to try, and whom to put in order, by index."""
        self._docket = docket
        self._turns = turns
        self._branches = branches
        self._least = LeastWaits(docket, window)
        self._window = tuple(
            (index, 1 << index, 1 << index | self._least.mark(index), docket.requests[index].source)
            for index in sorted(window)
        )
        self._keys = {index: key for index, _, key, _ in self._window}
        self._named = any(docket.requests[index].target is not None for index in window)
        self._scarce = len(docket.bays) < PLENTY * docket.placing
        self._all_bays = len(docket.bays) + len(window) if self._scarce else 1
        # Who asked after all of the window is overtaken by none of it.
        last = max(window)
        self._scope = tuple(index for index in docket.live if index <= last)

    def passes(self, root: Node, bound: float, evaluations: int) -> Iterator[Node]:
        """Yield the best end of each pass that finds a better one than all before, until the tries are spent.

        Only orders whose worth is below ``bound`` are looked for. The first pass is always ended: it is as long as the
        window is wide. A later one that cannot be ended yields nothing: more tries never lead to something worse.
        """
        last = 0
        for look in PASSES:
            before = self._branches.tried
            # The next one tries no less than the last one: what cannot be ended is not begun.
            if last and before + last > evaluations:
                return
            best, whole = self._pass(root, look, bound, evaluations if last else sys.maxsize)
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

    def _pass(self, root: Node, look: Look, bound: float, evaluations: int) -> tuple[Node | None, bool]:
        """Return the best end below the bound, and whether no way was left out; no end if the tries are spent."""
        width, _, _, most = look
        level, best = [root], None
        whole = look.rooms >= len(self._docket.rooms) and look.bays >= self._all_bays
        for _ in self._window:
            ways: dict[tuple[int, int, int], list[Try]] = {}
            for node in level:
                if self._branches.tried >= evaluations:
                    return None, False
                done = node.done
                for found in self._behind(node, look, bound):
                    index, counts, _, _ = found[2]
                    key = (done | 1 << index, counts, found[3] if self._named else 0)
                    if key in ways:
                        ways[key].append(found)
                    else:
                        ways[key] = [found]
            kept: list[Try] = []
            for way in ways.values():
                whole = whole and len(way) <= width
                kept += way if len(way) <= width else sorted(way)[:width] if width > 1 else [min(way)]
            if len(kept) > most:
                whole = False
                kept = sorted(kept, key=self._least_worth)[:most]
            level = [self._branches.behind(found) for found in kept]
        for node in level:
            worth = self.worth(node)
            if worth < bound:
                best, bound = node, worth
        return best, whole

    def _behind(self, node: Node, look: Look, bound: float) -> list[Try]:
        """Return one more of the window behind a node, each that is allowed and may become better than the bound.

        An open car is put where it suits him who is next.
        """
        found: list[Try] = []
        branches, least, done, opened = self._branches, self._least, node.done, node.open >= 0
        stands = [(node.at, node.free_s, node.cost)]
        choices = {} if opened else self._turns.among(node, node.free_s, self._scope)
        for index, bit, key, source in self._window:
            if done & bit:
                continue
            if opened:
                stands = branches.stands(node, source, look.bays if self._scarce else 1)
            for stand in stands:
                if opened:
                    choices = self._turns.among(node, stand[1], self._scope)
                choice = choices.get(index)
                if choice is not None:
                    found += branches.tries(node, stand, choice, look.rooms, bound - least[done | key])
        return found

    def _least_worth(self, found: Try) -> float:
        """Return a bound on the worth of all orders that begin like this."""
        return found[0] + self._least[found[7].done | self._keys[found[2][0]]]
