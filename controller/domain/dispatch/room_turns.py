"""Whose turn a room is: rooms go round in the order of asking, to drivers and to those whose cars are fetched alike.

A driver who finds no room vacant waits outside. A room that is vacant is given to drivers in turn, before the carriage
sets out for anybody, but for as many rooms as there are cars to be fetched that were asked for before; and no car is
fetched ahead for a room in use that a driver will have who asked before. So only cars overtake a driver that overtake
another car as well, whose number is bounded (`turns`).

A car whose room will be left by the time that it can be there needs no vacant room yet: a driver may have that one,
unless the customer has been passed as often as is allowed. Nobody is foreseen to have their car later by that.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from math import inf, isfinite
from typing import Final

from controller.domain.dispatch.cycles import Cycles
from controller.domain.dispatch.scene import Limits, Move
from controller.domain.jobs import JobKind

PASSED: Final = Limits().shift
"""So many that asked later may be let in before somebody whose car is to be fetched."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody who waits for a room."""

    number: int
    """Of their job."""
    is_driver: bool
    """They bring a car and wait outside; else their car is to be fetched."""
    rooms: tuple[int, ...]
    """Those that they may have, the best first."""
    source: int | None = None
    """Where a car stands that any room will do for, and that may be fetched ahead of it."""
    passed: int = 0
    """How many that asked later were begun or let in before."""


@dataclass(frozen=True, slots=True)
class Coming:
    """Where the carriage is free next, from when, and from when rooms in use are foreseen to take a car."""

    cycles: Cycles
    carriage: int
    free_s: float
    vacant_s: Mapping[int, float]


def admitted(askers: Sequence[Asker], vacant: Collection[int], coming: Coming | None = None) -> dict[int, int]:
    """Return the room of each driver who may drive in now; ``askers`` in the order of asking.

    A vacant room is for whoever asked first. Who waits for a car keeps the best of those left for them, but where
    another one is ``coming`` in time.
    """
    left, found = set(vacant), dict[int, int]()
    rooms = None if coming is None else _InUse(coming)
    for each in askers:
        if rooms is not None and not each.is_driver and rooms.serve(each):
            continue
        room = next((room for room in each.rooms if room in left), None)
        if room is not None:
            left.remove(room)
            if each.is_driver:
                found[each.number] = room
        elif rooms is not None and each.is_driver:
            rooms.leave_first()
    return found


class _InUse:
    """Rooms in use, given to those who wait in turn, while the carriage fetches one car after the other."""

    def __init__(self, coming: Coming) -> None:
        self._cycles = coming.cycles
        self._left_s = dict(coming.vacant_s)
        self._at, self._free_s = coming.carriage, coming.free_s

    def leave_first(self) -> None:
        """Give the one that is left first to a driver."""
        if self._left_s:
            del self._left_s[min(self._left_s, key=lambda room: (self._left_s[room], room))]

    def serve(self, asker: Asker) -> bool:
        """Fetch a car, and give it the room that is left last of those in time; return whether there is one."""
        if asker.source is None or not asker.rooms:
            return False
        go_s, visit_s = self._cycles.go_s, self._cycles.visit_s
        picked_s = self._free_s + go_s(self._at, asker.source) + visit_s(asker.source)
        in_time = [room for room, at_s in self._left_s.items() if at_s <= picked_s + go_s(asker.source, room)]
        if asker.passed >= PASSED:
            in_time = []
        room = max(in_time, key=lambda room: (self._left_s[room], room), default=asker.rooms[0])
        if in_time:
            del self._left_s[room]
        self._at, self._free_s = room, picked_s + go_s(asker.source, room) + visit_s(room)
        return bool(in_time)


def spoken_for(askers: Sequence[Asker], number: int, rooms: Sequence[int]) -> frozenset[int]:
    """Return which of the rooms are for drivers who asked before somebody.

    ``rooms``: rooms in use, in the order in which they will be left.
    """
    left = list(rooms)
    for each in askers:
        if each.number == number:
            break
        room = next((room for room in left if room in each.rooms), None)
        if each.is_driver and room is not None:
            left.remove(room)
    return frozenset(rooms) - frozenset(left)


def next_drivers(askers: Iterable[Asker]) -> int:
    """Return how many drivers asked before all who wait for a car."""
    return sum(1 for _ in takewhile(lambda each: each.is_driver, askers))


def put_off(vacant_s: Mapping[int, float], drivers: int, visit_s: Callable[[int], float]) -> dict[int, float]:
    """Return from when rooms are foreseen to take a car that is brought, behind as many drivers who have them first.

    ``visit_s``: for how long a driver has a room, until the car is fetched out of it, in seconds.
    """
    found = dict(vacant_s)
    for _ in range(drivers if found else 0):
        soonest = min(found, key=lambda room: (found[room], room))
        found[soonest] += visit_s(soonest)
    return found


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What is foreseen of the rooms. Seconds on one clock."""

    vacant_s: Mapping[int, float]
    """From when each takes a car that is brought; infinity: nobody can tell."""
    served_s: float
    """How long a room needs from its door closed behind a car that was brought until it is vacant again."""
    visit_s: Callable[[int], float]
    """For how long a driver has a room, until the car is fetched out of it."""


@dataclass(frozen=True, slots=True)
class LetIn:
    """When a driver who waits outside is foreseen to drive in."""

    at_s: float
    before: tuple[int, ...]
    """The jobs of those who asked before."""


def let_in(askers: Sequence[Asker], moves: Iterable[Move], rooms: Foreseen) -> dict[int, LetIn]:
    """Return when each driver is foreseen to drive in, while the moves are made that were planned.

    Each has the room that is vacant first, behind those who asked before; which rooms are somebody's meanwhile does not
    matter. A driver for whom nobody can tell is left out.
    """
    planned = {move.request: move for move in moves}
    fetched = {move.source: move.served_s for move in planned.values() if move.kind is JobKind.STORE}
    left_s = {**rooms.vacant_s, **fetched}
    found: dict[int, LetIn] = {}
    before: tuple[int, ...] = ()
    for each in askers:
        move = planned.get(each.number)
        if each.is_driver:
            at_s, room = min(((at_s, room) for room, at_s in left_s.items()), default=(inf, 0))
            if isfinite(at_s):
                found[each.number] = LetIn(at_s, before)
                left_s[room] = at_s + rooms.visit_s(room)
        elif move is not None:
            left_s[move.target] = max(left_s.get(move.target, 0.0), move.served_s + rooms.served_s)
        before = (*before, each.number)
    return found
