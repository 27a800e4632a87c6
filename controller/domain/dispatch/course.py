"""What becomes of the tower when one car after another is moved: the one model of time of planner, bound and study.

One carriage makes one move after the other. A move is: to the source, visit, to the target, visit. Nothing overlaps but
what happens in rooms behind closed inner doors. All of it is pure; times are seconds on the clock of the scene.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf, isfinite

from controller.domain.dispatch.cycles import Cycles
from controller.domain.dispatch.scene import Move, Request, Scene
from controller.domain.jobs import JobKind


@dataclass(frozen=True, slots=True)
class State:
    """The tower between two moves."""

    carriage: int
    free_s: float
    """From when the carriage, at that place, can begin something."""
    vacant_s: Mapping[int, float]
    """From when each room in service takes a car; infinity: nobody can tell. A room out of service is not in it."""
    free_bays: frozenset[int]
    to_store: tuple[int, ...] = ()
    """The rooms of STOREs that have still to be made, one entry each. No car is brought into these before."""

    def opens_s(self, room: int) -> float:
        """Return from when a car can be brought into a room; infinity if that cannot be told."""
        return inf if room in self.to_store else self.vacant_s.get(room, inf)


def opening(scene: Scene, requests: Iterable[Request] = ()) -> State:
    """Return the state in which a scene begins, with the rooms kept that cars are to be stored from."""
    rooms = tuple(each.source for each in requests if each.kind is JobKind.STORE)
    return State(scene.carriage, scene.begin_s, dict(scene.vacant_s), frozenset(scene.free_bays), rooms)


@dataclass(frozen=True, slots=True)
class Course:
    """The rules by which moves follow each other at one tower.

    With ``load_ahead`` a car may be fetched while its room is still in use: the carriage waits with it at the inner
    door. Without, the move begins when the room is vacant. Either way the room is the move's own from when it begins.
    ``served_s`` is how long a room needs from its door closed behind a retrieved car until it is vacant again.
    """

    cycles: Cycles
    served_s: float
    load_ahead: bool = True

    def possible(self, state: State, request: Request, target: int) -> bool:
        """Return whether a request can go to a place next, now or after a wait whose end is known."""
        if not isfinite(request.ready_s) or request.target not in {None, target}:
            return False
        if request.kind is JobKind.RETRIEVE:
            return isfinite(state.opens_s(target))
        in_reach = request.kind is JobKind.RELOCATE or request.source in state.vacant_s
        return in_reach and target in state.free_bays

    def begin_s(self, free_s: float, ready_s: float, opens_s: float) -> float:
        """Return when a move begins; ``opens_s`` is 0 unless a room must be vacant for it."""
        return max(free_s, ready_s, 0.0 if self.load_ahead else opens_s)

    def picked_s(self, begin_s: float, carriage: int, source: int) -> float:
        """Return when the way to the source is closed behind the carriage with its car."""
        return begin_s + self.cycles.go_s(carriage, source) + self.cycles.visit_s(source)

    def placed_s(self, picked_s: float, source: int, target: int, opens_s: float) -> float:
        """Return when the way to the target is closed behind the car. It opens when the room is vacant."""
        return max(picked_s + self.cycles.go_s(source, target), opens_s) + self.cycles.visit_s(target)

    def move(self, state: State, request: Request, target: int) -> Move:
        """Return the move that brings a request's car to a place next.

        Raises:
            ValueError: the request cannot go there next.

        """
        if not self.possible(state, request, target):
            raise ValueError(f"request {request.id} cannot go to place {target} next")
        opens_s = state.opens_s(target) if request.kind is JobKind.RETRIEVE else 0.0
        begin_s = self.begin_s(state.free_s, request.ready_s, opens_s)
        picked_s = self.picked_s(begin_s, state.carriage, request.source)
        end_s = self.placed_s(picked_s, request.source, target, opens_s)
        served_s = picked_s if request.kind is JobKind.STORE else end_s
        return Move(request.id, request.kind, request.source, target, begin_s, served_s, end_s)

    def advance(self, state: State, request: Request, target: int) -> State:
        """Return the tower after that move.

        Raises:
            ValueError: the request cannot go there next.

        """
        return self.after(state, self.move(state, request, target))

    def after(self, state: State, move: Move) -> State:
        """Return the tower after a move of this course: places taken and given back, the carriage at the target."""
        vacant_s, bays, to_store = dict(state.vacant_s), set(state.free_bays), list(state.to_store)
        if move.kind is JobKind.STORE:
            vacant_s[move.source] = move.served_s
            if move.source in to_store:
                to_store.remove(move.source)
        else:
            bays.add(move.source)
        if move.kind is JobKind.RETRIEVE:
            vacant_s[move.target] = move.served_s + self.served_s
        else:
            bays.discard(move.target)
        return State(move.target, move.end_s, vacant_s, frozenset(bays), tuple(to_store))
