"""Dispatch rules: which waiting car the carriage moves next, and where to.

A rule is asked whenever the carriage is free and something has changed. It answers with a move that begins at once,
with one that begins later (it is asked again by then), or with nothing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from types import MappingProxyType
from typing import Final

from controller.domain.dispatch.ahead import STANDS_S, stands_s
from controller.domain.dispatch.course import Course, State, opening
from controller.domain.dispatch.cycles import Cycles
from controller.domain.dispatch.planner import plan
from controller.domain.dispatch.scene import Limits, Move, Request, Scene
from controller.domain.dispatch.staging import DEFAULT, Ahead
from controller.domain.jobs import JobKind
from sim_plc.study.site import Site

Others = Mapping[int, frozenset[int]]
"""By request: the rooms in use that drivers who asked before will have."""

Choose = Callable[[Sequence[Request], Scene, Others], Move | None]
"""Takes who waits, in the order of their turns, the machine as it is now, and whose turn the rooms are."""

Score = Callable[[Course, int, Request, int], tuple[float, ...]]
"""Takes the course, where the carriage is, a request and its target; the smallest score goes first."""

_Scored = tuple[tuple[float, ...], Request, int]


@dataclass(frozen=True, slots=True)
class Rule:
    """A dispatch rule: how it chooses at a site, and by which rules of the course its moves are made."""

    title: str
    load_ahead: bool
    at: Callable[[Site], Choose]
    ahead: Ahead | None = None
    """How booked cars are brought before their customers come; None: none is."""


def first_come(_course: Course, _here: int, request: Request, _target: int) -> tuple[float, ...]:
    """Score by turn."""
    return (request.id,)


def nearest(course: Course, here: int, request: Request, _target: int) -> tuple[float, ...]:
    """Score by the empty way to the car."""
    return (course.cycles.go_s(here, request.source), request.id)


def shortest(course: Course, here: int, request: Request, target: int) -> tuple[float, ...]:
    """Score by the whole move."""
    return (course.cycles.single_s(here, request.source, target), request.id)


def nearest_of(cycles: Cycles, bay: int, rooms: Sequence[int]) -> int:
    """Return the room nearest to a bay, of two as near the lower number, as the daemon chooses it.

    Raises:
        ValueError: no room.

    """
    return min(rooms, key=lambda room: (cycles.go_s(bay, room), room))


@dataclass(frozen=True)
class Simple:
    """Chooses among the requests that can begin now: to a vacant room, or from an accepted car to a free bay."""

    site: Site
    course: Course
    score: Score

    def __call__(self, requests: Sequence[Request], scene: Scene, _others: Others) -> Move | None:
        """Return the move with the smallest score."""
        state = opening(scene, requests)
        best = min(self._ready(requests, scene, state), default=None)
        return None if best is None else self.course.move(state, best[1], best[2])

    def _ready(self, requests: Sequence[Request], scene: Scene, state: State) -> Iterator[_Scored]:
        """Yield what can begin now; the scores differ, since each holds the turn."""
        for request in requests:
            target = self._target(request, scene, state) if request.ready_s <= scene.begin_s else None
            if target is not None:
                yield self.score(self.course, scene.carriage, request, target), request, target
                if self.score is first_come:
                    return

    def _target(self, request: Request, scene: Scene, state: State) -> int | None:
        """Return the nearest place that takes the car now, as the daemon chooses it."""
        if request.kind is JobKind.STORE:
            bays = self.site.by_nearness[request.source]
            return next((bay for bay in bays if bay in state.free_bays), None)
        vacant = [room for room in scene.vacant_s if state.opens_s(room) <= scene.begin_s]
        return nearest_of(self.site.cycles, request.source, vacant) if vacant else None


@dataclass(frozen=True)
class Planned:
    """Plans for everybody who waits, and makes the first move of the plan that may begin now, as the daemon does.

    A car is fetched for a room in use as far ahead as `controller.domain.dispatch.ahead` lets the carriage stand before
    it; without ``load_ahead`` never. Who cannot begin yet keeps the carriage from those alone who are planned behind
    them into the same room.
    """

    site: Site
    limits: Limits

    def __call__(self, requests: Sequence[Request], scene: Scene, others: Others) -> Move | None:
        """Return that move, or if none may begin yet, the one that may first, when it may."""
        moves = plan(requests, scene, self.site.cycles, self.limits).moves
        state, by_id = opening(scene, requests), {each.id: each for each in requests}
        best: Move | None = None
        spoken_for: set[int] = set()
        for move in moves:
            if move.target in others.get(move.request, ()) or move.target in spoken_for:
                continue
            spoken_for.add(move.target)
            begin_s = self._may_begin_s(by_id[move.request], move.target, state)
            if begin_s <= scene.begin_s:
                return replace(move, begin_s=scene.begin_s, target=self._to(move, state))
            if begin_s < (inf if best is None else best.begin_s):
                best = replace(move, begin_s=begin_s, target=self._to(move, state))
        return best

    def _to(self, move: Move, state: State) -> int:
        """Return where a move goes as things are: a bay may be free only behind a move that is not made yet."""
        if move.kind is JobKind.RETRIEVE or move.target in state.free_bays:
            return move.target
        return next(bay for bay in self.site.by_nearness[move.source] if bay in state.free_bays)

    def _may_begin_s(self, request: Request, target: int, state: State) -> float:
        """Return from when a move may begin; infinity: nobody can tell."""
        if request.kind is not JobKind.RETRIEVE:
            return request.ready_s
        opens_s = state.opens_s(target)
        if opens_s <= state.free_s or not self.limits.load_ahead:
            return max(request.ready_s, opens_s)
        standing_s = stands_s(self.site.cycles, state.carriage, request.source, target, opens_s - state.free_s)
        return max(request.ready_s, state.free_s + standing_s - STANDS_S)


def _planned(title: str, limits: Limits, ahead: Ahead | None = None) -> Rule:
    return Rule(title, load_ahead=limits.load_ahead, at=lambda site: Planned(site, limits), ahead=ahead)


def _simple(title: str, score: Score) -> Rule:
    return Rule(title, load_ahead=False, at=lambda site: Simple(site, site.course(load_ahead=False), score))


FCFS: Final = "fcfs"
STAGED: Final = "staged"
TOWER: Final = "tower"

RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        FCFS: _simple("first come, first served", first_come),
        "nearest": _simple("nearest car first", nearest),
        "shortest": _simple("shortest move first", shortest),
        "planned": _planned("the planner", Limits()),
        "planned-vacant": _planned("the planner, none fetched ahead", Limits(load_ahead=False)),
        STAGED: _planned("the same, booked cars brought ahead", Limits(load_ahead=False), DEFAULT),
        TOWER: _planned("as a tower does: the planner, booked cars brought ahead", Limits(), DEFAULT),
    }
)
"""By short name; the first is what the others are compared with. The daemon does what "tower" does; it also learns how
long people stay, and puts a car back whose room is not left in time: that nobody does here."""
