"""What is to be planned, in numbers: requests by index in the order of their turn, rooms by index, legs looked up.

A search tries thousands of moves. Everything that it asks of a request, a room or a way is put here once into tuples
and tables, so that trying one is a few sums.
"""

from collections.abc import Callable, Sequence
from math import inf, isfinite

from controller.domain.dispatch.cycles import Cycles
from controller.domain.dispatch.scene import Request, Scene
from controller.domain.jobs import JobKind

BITS = 4
"""A request's count of overtakings has so many bits in the packed counts of a `Node`."""


class Ways(dict[int, float]):
    """The time of the carriage from one place to each, reckoned when it is asked for first."""

    def __init__(self, here: int, go_s: Callable[[int, int], float]) -> None:
        """Take the place, and how long a way takes."""
        super().__init__()
        self._here = here
        self._go_s = go_s

    def __missing__(self, there: int) -> float:
        """Reckon a way."""
        way_s = self[there] = self._go_s(self._here, there)
        return way_s


class Legs(dict[int, Ways]):
    """The time of the carriage from place to place: ``legs[here][there]``, the same both ways."""

    def __init__(self, cycles: Cycles) -> None:
        """Take the times of the tower."""
        super().__init__()
        self._cycles = cycles

    def __missing__(self, here: int) -> Ways:
        """Begin the ways from a place."""
        ways = self[here] = Ways(here, self._cycles.go_s)
        return ways


class Docket:
    """Requests in the order of their turn, and the scene in which they are served.

    Any request that could ever be begun is in ``live``; the others are kept, since a car to be stored keeps its room.
    """

    def __init__(self, requests: Sequence[Request], scene: Scene, cycles: Cycles) -> None:
        """Take what is wanted, the machine, and its times."""
        self.requests = tuple(sorted(requests, key=lambda each: each.id))
        self.scene = scene
        self.legs = Legs(cycles)
        self.rooms = tuple(sorted(scene.vacant_s))
        self.visits = {place: cycles.visit_s(place) for place in self._named_places()}
        self.bay_visit_s = max((cycles.visit_s(bay) for bay in self._some_bay(cycles)), default=0.0)
        self.number = {room: index for index, room in enumerate(self.rooms)}
        self.allowed = tuple(self._allowed_rooms(each) for each in self.requests)
        self.stores_of = tuple(self._stores_from(room) for room in self.rooms)
        self.wanted = frozenset(
            each.target for each in self.requests if each.kind is not JobKind.RETRIEVE and each.target is not None
        )
        self.bays = tuple(sorted(set(scene.free_bays) - self.wanted))
        self.live = tuple(index for index in range(len(self.requests)) if self._can_ever_begin(index))
        self.all_ready_s = max((self.requests[index].ready_s for index in self.live), default=0.0)
        self.placing = sum(each.kind is not JobKind.RETRIEVE and each.target is None for each in self.requests)

    def counts(self, shift: int) -> int:
        """Return how often each request was overtaken, packed, `BITS` for each, at most ``shift``."""
        return sum(min(each.overtaken, shift) << BITS * index for index, each in enumerate(self.requests))

    def opens_s(self) -> tuple[float, ...]:
        """Return from when each room takes a car; infinity as long as one waits in it to be stored."""
        stores = zip(self.rooms, self.stores_of, strict=True)
        return tuple(inf if waiting else self.scene.vacant_s[room] for room, waiting in stores)

    def _named_places(self) -> set[int]:
        sources = {each.source for each in self.requests}
        return sources | {each.target for each in self.requests if each.target is not None} | set(self.rooms)

    def _some_bay(self, cycles: Cycles) -> list[int]:
        """Return a bay, if any is spoken of: a visit takes equally long at each."""
        return [bay for bay in (*self.scene.free_bays, *self.visits) if bay not in cycles.rooms][:1]

    def _allowed_rooms(self, request: Request) -> tuple[int, ...]:
        if request.kind is not JobKind.RETRIEVE:
            return ()
        wanted = self.rooms if request.target is None else (request.target,)
        return tuple(self.number[room] for room in wanted if room in self.number)

    def _stores_from(self, room: int) -> int:
        """Return the bits of the requests that keep a room from others until their cars are stored."""
        stores = (each.kind is JobKind.STORE and each.source == room for each in self.requests)
        return sum(1 << index for index, store in enumerate(stores) if store)

    def _can_ever_begin(self, index: int) -> bool:
        request = self.requests[index]
        if not isfinite(request.ready_s):
            return False
        match request.kind:
            case JobKind.RETRIEVE:
                return bool(self.allowed[index])
            case JobKind.STORE:
                return request.source in self.number
            case JobKind.RELOCATE:
                return True
