"""Who may be next: the rule of fairness.

Constrained position shifting (Dear 1976, Psaraftis 1980, Balakrishnan and Chandran 2010):

- The carriage waits for nobody while it can begin something. Who cannot begin (not ready, no bay, no vacant room)
  blocks nobody, and nobody overtakes him.
- Of those that can begin, each may be overtaken by ``shift`` that asked later, whatever they weigh. Then he is before
  all that asked later.
- A car that is fetched ahead, for a room still in use, overtakes in the same way all that asked before and could begin
  or be fetched ahead. So nobody loses his room to who is only quicker.
"""

from collections.abc import Sequence
from math import inf

from controller.domain.dispatch.docket import BITS, FULL, Docket
from controller.domain.dispatch.node import Choice, Node
from controller.domain.dispatch.scene import Limits


class Turns:
    """Tells who of those that wait may be next behind a node."""

    def __init__(self, docket: Docket, limits: Limits) -> None:
        """Take who waits, and what is allowed."""
        self._docket = docket
        self._shift = limits.shift
        self._load_ahead = limits.load_ahead
        self._known: dict[tuple[int, int, int], dict[int, Choice]] = {}

    def among(self, node: Node, at_s: float, scope: Sequence[int]) -> dict[int, Choice]:
        """Return who may be next if the carriage is free at a time, by index.

        Nobody behind ``scope`` is looked at, as long as one of it can be begun at once.
        """
        pattern = self._pattern(node, at_s)
        key = (node.done, node.counts, pattern)
        known = self._known.get(key)
        if known is not None:
            return known
        done = node.done
        at_once, _ = self._eligible(node, [index for index in scope if not done >> index & 1], at_s, len(scope))
        if not at_once:
            later = self.choices(node, at_s, [index for index in self._docket.live if not done >> index & 1])
            return {choice[0]: choice for choice in later}
        allowed = {choice[0]: choice for choice in at_once}
        if pattern >= 0:
            self._known[key] = allowed
        return allowed

    def choices(self, node: Node, at_s: float, pending: Sequence[int], most: int = 99) -> list[Choice]:
        """Return who of these may be next if the carriage is free at a time, ``most`` of them at most.

        They are in the order of their turn. As long as any can begin, ``most`` counts these alone.
        """
        found, earliest_s = self._eligible(node, pending, at_s, most)
        if found or earliest_s == inf:
            return found
        return self._eligible(node, pending, earliest_s, most)[0]

    def _pattern(self, node: Node, at_s: float) -> int:
        """Return which rooms are vacant at a time, as bits, if everybody is ready; else -1.

        Who may be next at once hangs then on these, and on who was before.
        """
        if at_s < self._docket.all_ready_s:
            return -1
        bits = 0
        for opened_s in node.opens_s:
            bits += bits + (opened_s <= at_s)
        return bits

    def _eligible(self, node: Node, pending: Sequence[int], at_s: float, most: int) -> tuple[list[Choice], float]:
        """Return who may be next at a time, and if nobody, from when somebody may."""
        found: list[Choice] = []
        due, fetched, earliest_s, load_ahead, shift = 0, 0, inf, self._load_ahead, self._shift
        passed, passed_ahead, weights = 0.0, 0.0, self._docket.weights
        now = counts = ahead = node.counts
        opens_s, bays, asks = node.opens_s, node.bays, self._docket.asks
        vacant_s = min(opens_s, default=inf)
        bay_s = 0.0 if bays.spare > 0 else inf
        others = self._docket.others & ~node.done if self._docket.all_ready_s <= at_s else -1
        for index in pending:
            ready_s, to_any, rooms, target = asks[index]
            if to_any:
                due_s = vacant_s if rooms else bay_s
            elif rooms:
                due_s = min([opens_s[room] for room in rooms])
            else:
                due_s = 0.0 if target in bays.kept else inf
            if due_s < ready_s:  # noqa: PLR1730 - asked by the ten thousand, and half the time of a call
                due_s = ready_s
            # What is done has no count: orders of the same requests are the same to those that are left.
            if due_s <= at_s:
                shifted = BITS * index
                overtaken = now >> shifted & FULL
                found.append((index, counts ^ overtaken << shifted, False, passed))
                due += 1
                if due == most or overtaken >= shift:
                    break
                passed += weights[index]
                counts += 1 << shifted
                ahead += 1 << shifted
                continue
            can_s = ready_s if load_ahead and due_s < inf else due_s
            if can_s < earliest_s:  # noqa: PLR1730 - as above
                earliest_s = can_s
            if can_s <= at_s and fetched < most:
                shifted = BITS * index
                overtaken = now >> shifted & FULL
                found.append((index, ahead ^ overtaken << shifted, True, passed + passed_ahead))
                passed_ahead += weights[index]
                fetched = fetched + 1 if overtaken < shift else most
                ahead += 1 << shifted
            elif not others >> index:
                # Those that come now want what this one waits for.
                break
        return found, earliest_s
