"""One more move behind a sequence of moves: who may be next, where to, and what has then been waited.

The times are those of `course`, without its values: a search has no time for them. Who may be next is the rule of
fairness (constrained position shifting: Dear 1976, Psaraftis 1980, Balakrishnan and Chandran 2010):

- The carriage waits for nobody while it can begin something. Who cannot begin (not ready, no bay, no vacant room)
  blocks nobody, and nobody overtakes him.
- Of those that can begin, each may be overtaken by ``shift`` that asked later, whatever they weigh. Then he is before
  all that asked later.
- A car that is fetched ahead, for a room still in use, overtakes in the same way all that asked before and could begin
  or be fetched ahead. So nobody loses his room to who is only quicker.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

from controller.domain.dispatch.docket import BITS, Docket
from controller.domain.dispatch.scene import Limits
from controller.domain.dispatch.slots import Bays, Slots
from controller.domain.jobs import JobKind

FULL = (1 << BITS) - 1


@dataclass(slots=True)
class Node:
    """The tower behind a sequence of moves.

    The bay of a car to be stored is chosen when it is known where the carriage is wanted next: until then ``open`` is
    the index of its request, and the carriage stands at the source, with the car.
    """

    done: int
    """The requests of the sequence, as bits."""
    counts: int
    """How often each was overtaken, `BITS` for each."""
    at: int
    free_s: float
    opens_s: tuple[float, ...]
    """From when each room takes a car, by index; infinity as long as one waits in it to be stored."""
    cost: float
    rest: float
    """The weight of all that are not in the sequence."""
    bays: Bays
    open: int = -1
    index: int = -1
    """The request of the last move."""
    target: int = 0
    before: "Node | None" = None


Choice = tuple[int, int, bool]
"""The index of who may be next, the counts of overtakings behind him, and whether his car is fetched ahead."""

Stand = tuple[int, float, float]
"""Where the carriage begins the next move, from when, and what was waited: an open car is in its bay."""


class Try(NamedTuple):
    """One more move, not yet made into a node: most of them never are. They sort by their worth."""

    worth: float
    """What is waited behind it, and by all others until the carriage is free."""
    number: int
    request: int
    counts: int
    target: int
    """0: a bay, open."""
    served_s: float
    free_s: float
    cost: float
    node: Node
    stand: Stand


class Branches:
    """Tries moves behind a node, and counts them in ``tried``."""

    def __init__(self, docket: Docket, slots: Slots, limits: Limits) -> None:
        """Take what is to be planned, where to put cars, and what is allowed."""
        self._docket = docket
        self._slots = slots
        self._shift = limits.shift
        self._load_ahead = limits.load_ahead
        requests = docket.requests
        self._kinds = tuple(each.kind for each in requests)
        self._weights = tuple(each.weight for each in requests)
        self._since_s = tuple(each.since_s for each in requests)
        self._ready_s = tuple(each.ready_s for each in requests)
        self._targets = tuple(each.target for each in requests)
        self._legs = tuple(docket.legs[each.source] for each in requests)
        self._visits = tuple(docket.visits[each.source] for each in requests)
        self._ways = tuple(
            tuple((room, docket.rooms[room], legs[docket.rooms[room]]) for room in allowed)
            for legs, allowed in zip(self._legs, docket.allowed, strict=True)
        )
        self._room_visit_s = max((docket.visits[room] for room in docket.rooms), default=0.0)
        self.tried = 0

    def root(self) -> Node:
        """Return the node behind no move."""
        docket, scene = self._docket, self._docket.scene
        rest = sum(self._weights[index] for index in docket.live)
        bays = Bays(len(docket.bays), docket.wanted & frozenset(scene.free_bays))
        return Node(0, docket.counts(self._shift), scene.carriage, scene.begin_s, docket.opens_s(), 0.0, rest, bays)

    def pattern(self, node: Node, at_s: float) -> int:
        """Return which rooms are vacant at a time, as bits, if everybody is ready; else -1.

        Who may be next at once hangs then on these, and on who was before.
        """
        if at_s < self._docket.all_ready_s:
            return -1
        bits = 0
        for opened_s in node.opens_s:
            bits += bits + (opened_s <= at_s)
        return bits

    def choices(self, node: Node, at_s: float, pending: Sequence[int], most: int = 99) -> list[Choice]:
        """Return who of these may be next if the carriage is free at a time, ``most`` of them at most.

        They are in the order of their turn. As long as any can begin, ``most`` counts these alone.
        """
        found, earliest_s = self._eligible(node, pending, at_s, most)
        if found or earliest_s == inf:
            return found
        return self._eligible(node, pending, earliest_s, most)[0]

    def at_once(self, node: Node, at_s: float, pending: Sequence[int]) -> list[Choice]:
        """Return who of these may be next at a time; nobody if all of them would have to be waited for."""
        return self._eligible(node, pending, at_s, len(pending))[0]

    def _eligible(self, node: Node, pending: Sequence[int], at_s: float, most: int) -> tuple[list[Choice], float]:
        """Return who may be next at a time, and if nobody, from when somebody may."""
        found: list[Choice] = []
        due, earliest_s, keep_ahead = 0, inf, self._load_ahead
        counts = ahead = node.counts
        for index in pending:
            due_s = self._due_s(node, index)
            shifted = BITS * index
            overtaken = node.counts >> shifted & FULL
            # What is done has no count: orders of the same requests are the same to those that are left.
            if due_s <= at_s:
                found.append((index, counts ^ overtaken << shifted, False))
                due += 1
                if due == most or overtaken >= self._shift:
                    break
                counts += 1 << shifted
                ahead += 1 << shifted
                continue
            can_s = self._ready_s[index] if self._load_ahead and due_s < inf else due_s
            earliest_s = min(earliest_s, can_s)
            if keep_ahead and can_s <= at_s:
                found.append((index, ahead ^ overtaken << shifted, True))
                keep_ahead = overtaken < self._shift
                ahead += 1 << shifted
        return found, earliest_s

    def _due_s(self, node: Node, index: int) -> float:
        """Return from when a request can begin; infinity if not as things are."""
        if self._kinds[index] is not JobKind.RETRIEVE:
            target = self._targets[index]
            room = node.bays.spare > 0 if target is None else target in node.bays.kept
            return self._ready_s[index] if room else inf
        return max(self._ready_s[index], min([node.opens_s[room] for room in self._docket.allowed[index]]))

    def stand(self, node: Node, then: int | None) -> Stand:
        """Return where the carriage is behind a node when it is wanted at ``then`` next: an open car goes near it."""
        index = node.open
        if index < 0:
            return node.at, node.free_s, node.cost
        weight = 0.0 if self._kinds[index] is JobKind.STORE else self._weights[index]
        bay, way_s = self._slots.choose(node.at, then, node.bays, (weight, node.rest))
        return bay, node.free_s + way_s + self._docket.bay_visit_s, node.cost + weight * way_s

    def tries(self, node: Node, stand: Stand, choice: Choice, most: int = 1, bar: float = inf) -> list[Try]:
        """Return one more request behind a node: one try, or one for each of the ``most`` best rooms.

        Those are left out whose worth is not below ``bar``.
        """
        index, counts, ahead = choice
        self.tried += 1
        at, free_s, cost = stand
        begin_s = max(free_s, self._ready_s[index])
        weight = self._weights[index]
        rest = node.rest - weight
        kind, target = self._kinds[index], self._targets[index]
        if kind is JobKind.RETRIEVE:
            found = []
            ends = self._ends(node, index, begin_s, at, ahead=ahead)
            for number, (end_s, _, place) in enumerate(ends[:most], self.tried << BITS):
                brought = cost + weight * (end_s - self._since_s[index])
                worth = brought + rest * end_s
                if worth >= bar:
                    break
                found.append(Try(worth, number, index, counts, place, end_s, end_s, brought, node, stand))
            return found
        picked_s = begin_s + self._legs[index][at] + self._visits[index]
        # What is known yet: the way to the bay comes on top as soon as there is one.
        placed_s = picked_s + self._docket.bay_visit_s
        if target is not None:
            placed_s += self._legs[index][target]
        served_s = picked_s if kind is JobKind.STORE else placed_s
        cost += weight * (served_s - self._since_s[index])
        worth = cost + rest * placed_s
        if worth >= bar:
            return []
        end_s = picked_s if target is None else placed_s
        return [Try(worth, self.tried << BITS, index, counts, target or 0, served_s, end_s, cost, node, stand)]

    def _ends(self, node: Node, index: int, begin_s: float, at: int, *, ahead: bool) -> list[tuple[float, float, int]]:
        """Return when a car can be in each room, the way there, and the room: the best first."""
        opens_s, ways, latest_s = node.opens_s, self._ways[index], inf
        if not ahead:
            latest_s = begin_s = max(begin_s, min([opens_s[way[0]] for way in ways]))
        picked_s = begin_s + self._legs[index][at] + self._visits[index]
        visit_s = self._room_visit_s
        ends = []
        for room, place, way_s in ways:
            opened_s = opens_s[room]
            if opened_s < inf and opened_s <= latest_s:
                ends.append((max(picked_s + way_s, opened_s) + visit_s, way_s, place))
        ends.sort()
        return ends

    def behind(self, found: Try) -> Node:
        """Return the node behind a move that was tried."""
        node, index = self.settled(found.node, found.stand), found.request
        kind, source, opens_s, bays = self._kinds[index], self._docket.requests[index].source, node.opens_s, node.bays
        done = node.done | 1 << index
        if kind is JobKind.RETRIEVE:
            opens_s = self._opening(opens_s, found.target, found.served_s + self._docket.scene.served_s)
        elif kind is JobKind.STORE and not self._docket.stores_of[self._docket.number[source]] & ~done:
            opens_s = self._opening(opens_s, source, found.served_s)
        if kind is not JobKind.STORE:
            bays = bays.emptied(source, self._docket.wanted)
        if kind is not JobKind.RETRIEVE:
            bays = bays.claimed(found.target) if found.target else bays.promised()
        rest = node.rest - self._weights[index]
        at, target, opened = (found.target, found.target, -1) if found.target else (source, 0, index)
        return Node(
            *(done, found.counts, at, found.free_s, opens_s, found.cost, rest, bays), opened, index, target, node
        )

    def settled(self, node: Node, stand: Stand) -> Node:
        """Return a node with its open car in the bay where the carriage stands; itself if there is none."""
        if node.open < 0:
            return node
        at, free_s, cost = stand
        bays = node.bays.filled(at)
        return Node(
            *(node.done, node.counts, at, free_s, node.opens_s, cost, node.rest, bays), -1, node.open, at, node.before
        )

    def _opening(self, opens_s: tuple[float, ...], place: int, at_s: float) -> tuple[float, ...]:
        room = self._docket.number[place]
        return (*opens_s[:room], at_s, *opens_s[room + 1 :])
