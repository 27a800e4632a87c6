"""One more move behind a sequence of moves: where to, when, and what has then been waited.

The times are those of `course`, without its values: a search has no time for them.
"""

from math import inf

from controller.domain.dispatch.docket import BITS, Docket
from controller.domain.dispatch.node import Choice, Node, Stand, Try
from controller.domain.dispatch.scene import Limits
from controller.domain.dispatch.slots import Bays, Slots
from controller.domain.jobs import JobKind


class Branches:
    """Tries moves behind a node, and counts them in ``tried``."""

    def __init__(self, docket: Docket, slots: Slots, limits: Limits) -> None:
        """Take what is to be planned, where to put cars, and what is allowed."""
        self._docket = docket
        self._slots = slots
        self._shift = limits.shift
        self._overtaking_s = limits.overtaking_s
        requests, rooms, ways_from = docket.requests, docket.rooms, docket.ways_from
        self._kinds = tuple(each.kind for each in requests)
        self._weights = tuple(each.weight for each in requests)
        ways = tuple(ways_from(each.source) for each in requests)
        self._facts = tuple(
            (each.weight, each.weight * each.since_s, each.ready_s, way, visit_s)
            for each, way, visit_s in zip(requests, ways, docket.visits, strict=True)
        )
        self._to_rooms = tuple(
            tuple(sorted([(way[rooms[room]], rooms[room], room) for room in ask[2]]))
            for way, ask in zip(ways, docket.asks, strict=True)
        )
        self.tried = 0

    def root(self) -> Node:
        """Return the node behind no move."""
        docket, scene = self._docket, self._docket.scene
        rest = sum([self._weights[index] for index in docket.live])
        bays = Bays(len(docket.bays), docket.wanted & frozenset(scene.free_bays))
        return Node(0, docket.counts(self._shift), scene.carriage, scene.begin_s, docket.opens_s(), 0.0, rest, bays)

    def stand(self, node: Node, then: int | None) -> Stand:
        """Return where the carriage is behind a node when it is wanted at ``then`` next: an open car goes near it."""
        return (node.at, node.free_s, node.cost) if node.open < 0 else self.stands(node, then, 1)[0]

    def stands(self, node: Node, then: int | None, most: int) -> list[Stand]:
        """Return the ``most`` best places for the carriage, and an open car, when it is wanted at ``then`` next."""
        weight = 0.0 if self._kinds[node.open] is JobKind.STORE else self._weights[node.open]
        bays = self._slots.choose(node.at, then, node.bays, (weight, node.rest), most)
        visited_s, cost = node.free_s + self._docket.bay_visit_s, node.cost
        return [(bay, visited_s + way_s, cost + weight * way_s) for bay, way_s in bays]

    def tries(self, node: Node, stand: Stand, choice: Choice, most: int = 1, bar: float = inf) -> list[Try]:
        """Return one more request behind a node: one try, or one for each of the ``most`` best rooms.

        Those are left out whose worth is not below ``bar``.
        """
        index, _, ahead, overtakes = choice
        self.tried += 1
        at, begin_s, cost = stand
        weight, since, ready_s, ways, visit_s = self._facts[index]
        begin_s = max(begin_s, ready_s)
        picked_s = begin_s + ways[at] + visit_s
        if self._kinds[index] is not JobKind.RETRIEVE:
            return self._placed(node, stand, choice, picked_s, bar)
        rooms, opens_s, found = self._to_rooms[index], node.opens_s, list[Try]()
        number, rest, room_visit_s = self.tried << BITS, node.rest - weight, self._docket.room_visit_s
        cost += overtakes * self._overtaking_s - since
        if ahead:
            ends = [
                (max(picked_s + way_s, opens_s[room]), way_s, place, room)
                for way_s, place, room in rooms
                if opens_s[room] < inf
            ]
            ends.sort()
            rooms, picked_s, begin_s = tuple([(each[0], each[2], each[3]) for each in ends]), 0.0, inf
        else:
            vacant_s = min([opens_s[way[2]] for way in rooms])
            if begin_s < vacant_s:
                # A carriage that waits sets out when the room is vacant.
                begin_s = vacant_s
                picked_s = max(picked_s, vacant_s + ways[at] + visit_s)
        for way_s, place, room in rooms:
            if opens_s[room] > begin_s:
                continue
            end_s = picked_s + way_s + room_visit_s
            brought = cost + weight * end_s
            worth = brought + rest * end_s
            if worth >= bar:
                break
            found.append((worth, number, choice, place, end_s, end_s, brought, node, stand))
            if len(found) == most:
                break
            number += 1
        return found

    def _placed(self, node: Node, stand: Stand, choice: Choice, picked_s: float, bar: float) -> list[Try]:
        """Return the try of a car to be stored or relocated, if its worth is below ``bar``."""
        index, _, _, overtakes = choice
        weight, since, _, ways, _ = self._facts[index]
        target = self._docket.asks[index][3]
        # What is known yet: the way to the bay comes on top as soon as there is one.
        placed_s = picked_s + self._docket.bay_visit_s
        if target is not None:
            placed_s += ways[target]
        served_s = picked_s if self._kinds[index] is JobKind.STORE else placed_s
        cost = stand[2] + overtakes * self._overtaking_s - since + weight * served_s
        worth = cost + (node.rest - weight) * placed_s
        if worth >= bar:
            return []
        end_s = picked_s if target is None else placed_s
        return [(worth, self.tried << BITS, choice, target or 0, served_s, end_s, cost, node, stand)]

    def behind(self, found: Try) -> Node:
        """Return the node behind a move that was tried."""
        _, _, (index, counts, _, _), target, served_s, free_s, cost, node, stand = found
        node = self.settled(node, stand)
        docket, kind, opens_s, bays = self._docket, self._kinds[index], node.opens_s, node.bays
        source = docket.requests[index].source
        done = node.done | 1 << index
        if kind is JobKind.RETRIEVE:
            opens_s = self._opening(opens_s, target, served_s + docket.scene.served_s)
        elif kind is JobKind.STORE and not docket.stores_of[docket.number[source]] & ~done:
            opens_s = self._opening(opens_s, source, served_s)
        if docket.bays_matter and kind is not JobKind.STORE:
            bays = bays.emptied(source, docket.wanted)
        if kind is not JobKind.RETRIEVE:
            bays = bays.claimed(target) if target else bays.promised()
        rest = node.rest - self._weights[index]
        at, opened = (target, -1) if target else (source, index)
        return Node(done, counts, at, free_s, opens_s, cost, rest, bays, opened, index, target, node)

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
