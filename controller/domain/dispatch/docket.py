"""What is to be planned, in numbers: requests by index in the order of their turn, rooms by index, ways looked up.

A search tries thousands of moves. Everything that it asks of a request, a room or a way is put here once into tuples
and tables, so that trying one is a few sums.
"""

from collections.abc import Sequence
from math import inf, isfinite
from typing import Final

from controller.domain.dispatch.cycles import Cycles
from controller.domain.dispatch.scene import Request, Scene
from controller.domain.jobs import JobKind

BITS: Final = 4
"""A request's count of overtakings has so many bits in the packed counts of a `Node`."""

FULL: Final = (1 << BITS) - 1

Ask = tuple[float, bool, tuple[int, ...], int | None]
"""From when a request is ready, whether any room or bay will do, of a RETRIEVE the rooms by index, and its target."""


class Docket:
    """Requests in the order of their turn, and the scene in which they are served.

    Any request that could ever be begun is in ``live``; the others are kept, since a car to be stored keeps its room.
    """

    def __init__(self, requests: Sequence[Request], scene: Scene, cycles: Cycles) -> None:
        """Take what is wanted, the machine, and its times."""
        self.requests = tuple(sorted(requests, key=lambda each: each.id))
        self.scene = scene
        self.ways_from = cycles.ways_from
        """The time of the carriage from a place to each, the same both ways."""
        self.rooms = tuple(sorted(scene.vacant_s))
        self.number = {room: index for index, room in enumerate(self.rooms)}
        self.visits = tuple(cycles.visit_s(each.source) for each in self.requests)
        """By request, the visit at its source."""
        self.room_visit_s = max((cycles.visit_s(room) for room in self.rooms), default=0.0)
        self.bay_visit_s = max((cycles.visit_s(bay) for bay in self._some_bay(cycles)), default=0.0)
        self._anywhere = tuple(range(len(self.rooms)))
        self.weights = tuple(each.weight for each in self.requests)
        self.asks: tuple[Ask, ...] = tuple(self._ask(each) for each in self.requests)
        self.stores_of = self._stores_of()
        """By room, the bits of the requests that keep it from others until their cars are stored."""
        self.others = sum([1 << index for index, each in enumerate(self.asks) if not (each[1] and each[2])])
        """The bits of all requests but those that any room will do for."""
        self.wanted = frozenset(
            each.target for each in self.requests if each.kind is not JobKind.RETRIEVE and each.target is not None
        )
        self.bays = tuple(sorted(set(scene.free_bays) - self.wanted))
        self.live = tuple(index for index in range(len(self.requests)) if self._can_ever_begin(index))
        self.all_ready_s = max((self.requests[index].ready_s for index in self.live), default=0.0)
        self.bays_matter = any(each.kind is not JobKind.RETRIEVE for each in self.requests)
        self.placing = sum(each.kind is not JobKind.RETRIEVE and each.target is None for each in self.requests)

    def counts(self, shift: int) -> int:
        """Return how often each request was overtaken, packed, `BITS` for each, at most ``shift``."""
        overtaken = [(index, each.overtaken) for index, each in enumerate(self.requests) if each.overtaken]
        return sum(min(count, shift) << BITS * index for index, count in overtaken)

    def opens_s(self) -> tuple[float, ...]:
        """Return from when each room takes a car; infinity as long as one waits in it to be stored."""
        stores = zip(self.rooms, self.stores_of, strict=True)
        return tuple(inf if waiting else self.scene.vacant_s[room] for room, waiting in stores)

    def _some_bay(self, cycles: Cycles) -> list[int]:
        """Return a bay, if any is spoken of: a visit takes equally long at each."""
        named = (place for each in self.requests for place in (each.source, each.target) if place is not None)
        return [bay for bay in (*self.scene.free_bays, *named) if bay not in cycles.rooms][:1]

    def _ask(self, request: Request) -> Ask:
        if request.kind is not JobKind.RETRIEVE:
            return request.ready_s, request.target is None, (), request.target
        if request.target is None:
            return request.ready_s, True, self._anywhere, None
        rooms = (self.number[request.target],) if request.target in self.number else ()
        return request.ready_s, False, rooms, request.target

    def _stores_of(self) -> tuple[int, ...]:
        waiting = [0] * len(self.rooms)
        for index, each in enumerate(self.requests):
            if each.kind is JobKind.STORE and each.source in self.number:
                waiting[self.number[each.source]] |= 1 << index
        return tuple(waiting)

    def _can_ever_begin(self, index: int) -> bool:
        request = self.requests[index]
        if not isfinite(request.ready_s):
            return False
        match request.kind:
            case JobKind.RETRIEVE:
                return bool(self.asks[index][2])
            case JobKind.STORE:
                return request.source in self.number
            case JobKind.RELOCATE:
                return True
