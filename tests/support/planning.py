"""Seeded scenes for planners, and the rules of planning told once more, slowly: what plans are judged by.

Nothing here is taken from the planner: who may be next, what a move takes and what it leaves are worked out anew from
the times of the tower alone.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import inf

from controller.domain.dispatch.cycles import Cycles
from controller.domain.dispatch.scene import DWELL_S, Limits, Plan, Request, Scene
from controller.domain.jobs import JobKind
from controller.settings import kinematics_of
from tests.support.towers import tower_named

KINDS = (JobKind.RETRIEVE, JobKind.STORE, JobKind.RELOCATE)
EPSILON_S = 1e-6

Case = tuple[list[Request], Scene, Cycles]


@cache
def cycles_of(name: str) -> Cycles:
    tower = tower_named(name)
    return Cycles(kinematics_of(tower), tower.shape)


@dataclass(frozen=True)
class Draw:
    """What scenes are drawn from."""

    tower: str = "guangzhou"
    requests: int = 6
    rooms: int = 3
    free_bays: int = 4
    late: float = 0.0
    """The share of requests that are not ready at once."""
    overtaken: bool = False


def draw(seed: int, like: Draw) -> Case:
    """Return a scene with at most so many requests; cars and customers as a seed has it."""
    rng, cycles, shape = random.Random(seed), cycles_of(like.tower), tower_named(like.tower).shape
    bays, rooms = list(shape.bays), rng.sample(sorted(shape.rooms), min(like.rooms, len(shape.rooms)))
    rng.shuffle(bays)
    free, cars = sorted(bays[: like.free_bays]), bays[like.free_bays :]
    vacant_s = {room: 1000.0 + max(0.0, rng.uniform(-100, 100)) for room in rooms}
    requests: list[Request] = []
    for number in range(1, like.requests + 1):
        kind = rng.choices(KINDS, (5, 4, 1))[0]
        entered = [room for room in rooms if vacant_s[room] < inf]
        if kind is JobKind.STORE and len(entered) > (len(rooms) > 1):
            source = rng.choice(entered)
            vacant_s[source] = inf
        elif cars:
            kind = JobKind.RETRIEVE if kind is JobKind.STORE else kind
            source = cars.pop()
        else:
            continue
        target = rng.choice(rooms) if kind is JobKind.RETRIEVE and rng.random() < 0.3 else None
        requests.append(
            Request(
                *(number, kind, 1000.0 - rng.uniform(0, 60), source, target),
                ready_s=1000.0 + rng.uniform(0, 200) if rng.random() < like.late else 0.0,
                weight=3.0 if rng.random() < 0.2 else 1.0,
                overtaken=rng.randrange(3) if like.overtaken else 0,
            )
        )
    served_s = 2 * cycles.gate_s() + DWELL_S
    return requests, Scene(1000.0, rng.choice([*rooms, *free]), 1000.0, vacant_s, served_s, tuple(free)), cycles


@dataclass(frozen=True)
class Option:
    """One move that is allowed next."""

    request: Request
    target: int
    begin_s: float
    served_s: float
    end_s: float
    overtakes: tuple[int, ...]
    passed: float
    """The weight of all whom it overtakes."""


@dataclass(frozen=True)
class Board:
    """The tower between two moves, and who still waits. What may be next, and what becomes of it, by the rules."""

    cycles: Cycles
    limits: Limits
    served_s: float
    pending: tuple[Request, ...]
    at: int
    free_s: float
    vacant_s: dict[int, float]
    free: frozenset[int]

    @classmethod
    def of(cls, case: Case, limits: Limits) -> "Board":
        requests, scene, cycles = case
        pending = tuple(sorted(requests, key=lambda each: each.id))
        begin_s = max(scene.now_s, scene.free_s)
        return cls(
            *(cycles, limits, scene.served_s, pending, scene.carriage, begin_s),
            dict(scene.vacant_s),
            frozenset(scene.free_bays),
        )

    def opens(self, request: Request) -> dict[int, float]:
        """Return from when each room that somebody could be brought to takes his car."""
        waiting = {each.source for each in self.pending if each.kind is JobKind.STORE}
        open_s = {room: at_s for room, at_s in self.vacant_s.items() if at_s < inf and room not in waiting}
        return {room: at_s for room, at_s in open_s.items() if request.target in {None, room}}

    def bays(self, request: Request) -> set[int]:
        """Return the bays that a car could be put into."""
        if request.target is not None:
            return {request.target} & self.free
        named = {each.target for each in self.pending if each.kind is not JobKind.RETRIEVE}
        return set(self.free) - named

    def due_s(self, request: Request) -> float:
        if request.kind is JobKind.RETRIEVE:
            return max(request.ready_s, min(self.opens(request).values(), default=inf))
        out_of_service = request.kind is JobKind.STORE and request.source not in self.vacant_s
        return inf if out_of_service or not self.bays(request) else request.ready_s

    def options(self) -> Iterator[Option]:
        """Yield each move that may be next."""
        due = {each.id: self.due_s(each) for each in self.pending}
        able_s = [self._able_s(each, due[each.id]) for each in self.pending]
        at_s = max(self.free_s, min(able_s, default=inf))
        if at_s == inf:
            return
        now, ahead = self._who(due, at_s)
        for request in self.pending:
            if request.id not in now | ahead:
                continue
            able = now if request.id in now else now | ahead
            passed = tuple(each for each in self.pending if each.id in able and each.id < request.id)
            # Who was overtaken often enough is before all that asked later, also if they are fetched ahead.
            if any(each.overtaken >= self.limits.shift for each in passed):
                continue
            latest_s = at_s if request.id in now else inf
            for target in self._targets(request, latest_s):
                yield self._option(request, target, at_s, passed)

    def _able_s(self, request: Request, due_s: float) -> float:
        """Return from when the carriage could set out for somebody: ahead of his room, if that is allowed."""
        return request.ready_s if self.limits.load_ahead and due_s < inf else due_s

    def _who(self, due: dict[int, float], at_s: float) -> tuple[set[int], set[int]]:
        now = {number for number, due_s in due.items() if due_s <= at_s}
        if not self.limits.load_ahead:
            return now, set()
        ready = {each.id for each in self.pending if each.kind is JobKind.RETRIEVE and each.ready_s <= at_s}
        return now, {number for number in ready - now if due[number] < inf}

    def _targets(self, request: Request, latest_s: float) -> list[int]:
        if request.kind is JobKind.RETRIEVE:
            return sorted(room for room, at_s in self.opens(request).items() if at_s <= latest_s)
        return sorted(self.bays(request))

    def _option(self, request: Request, target: int, at_s: float, passed: tuple[Request, ...]) -> Option:
        cycles = self.cycles
        picked_s = at_s + cycles.go_s(self.at, request.source) + cycles.visit_s(request.source)
        docked_s = picked_s + cycles.go_s(request.source, target)
        if request.kind is JobKind.RETRIEVE:
            docked_s = max(docked_s, self.vacant_s[target])
        end_s = docked_s + cycles.visit_s(target)
        served_s = picked_s if request.kind is JobKind.STORE else end_s
        overtakes, weight = tuple(each.id for each in passed), sum(each.weight for each in passed)
        return Option(request, target, at_s, served_s, end_s, overtakes, weight)

    def behind(self, option: Option) -> "Board":
        """Return the board behind a move."""
        request, vacant_s, free = option.request, dict(self.vacant_s), set(self.free)
        if request.kind is JobKind.STORE:
            vacant_s[request.source] = option.served_s
        else:
            free.add(request.source)
        if request.kind is JobKind.RETRIEVE:
            vacant_s[option.target] = option.served_s + self.served_s
        else:
            free.remove(option.target)
        left = (each for each in self.pending if each.id != request.id)
        pending = tuple(
            replace(each, overtaken=each.overtaken + 1) if each.id in option.overtakes else each for each in left
        )
        at, free_s = option.target, option.end_s
        return replace(self, pending=pending, at=at, free_s=free_s, vacant_s=vacant_s, free=frozenset(free))


def cost_of(option: Option, limits: Limits) -> float:
    """Return what a move costs: its wait, and its overtakings."""
    waited_s = option.served_s - option.request.since_s
    return option.request.weight * waited_s + limits.overtaking_s * option.passed


def must_be_a_plan(plan: Plan, case: Case, limits: Limits) -> Board:
    """Replay a plan move by move: each must be allowed, take what it says, and cost what it says. Return the end."""
    board, cost = Board.of(case, limits), 0.0
    for move in plan.moves:
        options = {(each.request.id, each.target): each for each in board.options()}
        assert (move.request, move.target) in options, (move, sorted(options))
        option = options[move.request, move.target]
        assert (move.kind, move.source) == (option.request.kind, option.request.source)
        for told_s, is_s in (
            (move.begin_s, option.begin_s),
            (move.served_s, option.served_s),
            (move.end_s, option.end_s),
        ):
            assert abs(told_s - is_s) < EPSILON_S, (move, option)
        assert move.overtakes == option.overtakes
        cost += cost_of(option, limits)
        board = board.behind(option)
    assert abs(plan.cost - cost) < EPSILON_S * max(1.0, cost)
    assert plan.unplanned == tuple(each.id for each in board.pending)
    assert not list(board.options()), "somebody could still be served"
    return board


def least(case: Case, limits: Limits) -> tuple[int, float]:
    """Return how many must stay unplanned, and the least cost of all plans that the rules allow: each is tried."""
    best = [(len(case[0]) + 1, inf)]

    def look(board: Board, cost: float) -> None:
        ended = True
        for option in board.options():
            ended = False
            more = cost + cost_of(option, limits)
            if best[0][0] or more < best[0][1]:
                look(board.behind(option), more)
        if ended:
            best[0] = min(best[0], (len(board.pending), cost))

    look(Board.of(case, limits), 0.0)
    return best[0]


def gap(cost: float, optimum: float, requests: Sequence[Request]) -> float:
    """Return by which share a cost is above the optimum, of what is waited from now on."""
    passed = sum(each.weight * (1000.0 - each.since_s) for each in requests)
    return (cost - passed) / (optimum - passed) - 1.0
