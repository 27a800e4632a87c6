"""Which car moves next: the order, the rooms and the bays in which those who wait do so least.

First come, first served is the ground; inside of it a window of the first few is put into the best order that the rule
of fairness allows (`branches`), and those behind it are appended. What is minimised is the sum of weight x wait; each
overtaking is paid for, so that nobody is overtaken for a second's gain.

**Nobody starves.** Let somebody be ready, with ``a`` requests before him that asked earlier; let ``L`` be the longest
cycle (two ways, two visits) and a room's turnover ``served_s``, with customers that keep to it. Moves that begin before
his are (1) those ``a``; (2) those that overtake him, ``shift`` at most; (3) others, made while all rooms that he may
have are in use. Nobody brings a car into one of these as (3): into a vacant room that is (2), since he could begin, and
ahead of time nobody is fetched for a room that is planned for him (`controller.runtime.selection`), whether he may be
fetched ahead or, once put back, may not. So what keeps his rooms is the use at the beginning and (1) and (2);
each keeps the carriage for ``L`` at most, and his rooms for ``served_s``, in which the last of (3) may begin and take
one more cycle. He is served within ``(a + shift + 1) * 2 * L`` of the end of the move that runs. One who needs no room,
the car to be stored above all, is served within ``(a + shift + 1) * L``. Where drivers wait outside, those who are let
into a vacant room before him (`room_turns`) come on top of (2): ``shift`` more at most. Not in it is how long he cannot
be served at all: no bay is free, or another car waits in his room to be stored. Weights change nothing of this: who
weighs more overtakes within the same count.

Deterministic: no clock, no chance; the search is bounded by a count of tries. Ties go to the smaller id, then place.
"""

from collections.abc import Callable, Sequence
from functools import partial
from math import inf

from controller.domain.dispatch.beam import Beam
from controller.domain.dispatch.branches import Branches
from controller.domain.dispatch.course import Course, opening
from controller.domain.dispatch.cycles import Cycles
from controller.domain.dispatch.docket import BITS, FULL, Docket
from controller.domain.dispatch.node import Node, Try
from controller.domain.dispatch.reasons import Reasons, brief
from controller.domain.dispatch.scene import Limits, Move, Plan, Request, Scene
from controller.domain.dispatch.slots import Slots
from controller.domain.dispatch.turns import Turns
from controller.domain.jobs import JobKind

DEFAULT = Limits()

LONG = 4
"""A line of so many windows is long: it is searched with half the tries."""

LOOK = 3
"""How many are compared for each place behind the window."""


def plan(requests: Sequence[Request], scene: Scene, cycles: Cycles, limits: Limits = DEFAULT) -> Plan:
    """Return the moves in the order in which they are to be made, with the least sum of weight x wait that was found.

    It is never worse than `first_come`. Who cannot be served as things are is in ``unplanned``.

    Raises:
        KeyError: a request names a place that the tower has not.

    """
    planner = _Planner(requests, scene, cycles, limits)
    return planner.told(planner.best())


def first_come(requests: Sequence[Request], scene: Scene, cycles: Cycles, limits: Limits = DEFAULT) -> Plan:
    """Return the plan of first come, first served among those that can begin: the soonest room, the nearest bay.

    Raises:
        KeyError: a request names a place that the tower has not.

    """
    planner = _Planner(requests, scene, cycles, limits)
    return planner.told(planner.in_turn())


class _Planner:
    def __init__(self, requests: Sequence[Request], scene: Scene, cycles: Cycles, limits: Limits) -> None:
        self._docket = Docket(requests, scene, cycles)
        self._turns = Turns(self._docket, limits)
        self._branches = Branches(self._docket, Slots(self._docket, limits.window), limits)
        self._limits = limits
        self._cycles = cycles
        # Behind a long line the order of its first matters less, and appending the others takes its time as well.
        self._tries = limits.evaluations // (2 if len(self._docket.live) > LONG * limits.window else 1)

    def in_turn(self) -> Node:
        """Return the end of first come, first served."""
        return self._appended(self._branches.root(), look=1, paired=False)

    def best(self) -> Node:
        """Return the end of the best order that is found."""
        plain = self.in_turn()
        window = _sequence(plain)[: self._limits.window]
        found = list[Node]()
        if self._limits.evaluations:
            self._branches.tried = 0
            found = self._with_those_left(plain, window) or self._in_order(window)
        # The last one found is the best of a window.
        ends = [plain, *(self._appended(end, LOOK, paired=True) for end in found[-1:])]
        return min(ends, key=lambda end: (-end.done.bit_count(), end.cost))

    def _in_order(self, window: list[Node]) -> list[Node]:
        """Return better and better ends of a window, or that of first come, first served if none is better."""
        if len(window) < 2:
            return window
        beam = self._beam([node.index for node in window])
        bound = beam.worth(window[-1])
        return list(beam.passes(self._branches.root(), bound, self._tries)) or [window[-1]]

    def _with_those_left(self, plain: Node, window: list[Node]) -> list[Node]:
        """Return ends in which those are served too whom first come, first served leaves, if another order does it."""
        left = [index for index in self._docket.live if not plain.done >> index & 1]
        if not left or len(left) + plain.done.bit_count() > self._limits.window:
            return []
        beam = self._beam([*left, *(node.index for node in window)])
        return list(beam.passes(self._branches.root(), inf, self._tries))

    def _beam(self, window: list[int]) -> Beam:
        return Beam(self._docket, self._turns, self._branches, window)

    def told(self, end: Node) -> Plan:
        """Return the plan of an order: its moves, made on the course."""
        requests, scene = self._docket.requests, self._docket.scene
        course = Course(self._cycles, scene.served_s, self._limits.load_ahead)
        moves, cost = list[Move](), 0.0
        weights = {each.id: each.weight for each in requests}
        reasons = Reasons(course, requests, opening(scene, requests), moves)
        for number, node in enumerate(_sequence(end)):
            request, overtakes = requests[node.index], self._overtaken(node)
            told = partial(reasons.why, number) if number < self._limits.window else partial(brief, overtakes)
            move = self._made(course, node, overtakes, told)
            moves.append(move)
            cost += request.weight * (move.served_s - request.since_s)
            cost += self._limits.overtaking_s * sum([weights[other] for other in overtakes])
        unplanned = [each.id for index, each in enumerate(requests) if not end.done >> index & 1]
        return Plan(tuple(moves), cost, tuple(unplanned))

    def _made(self, course: Course, node: Node, overtakes: tuple[int, ...], told: Callable[[], str]) -> Move:
        """Return the move that leads to a node."""
        assert node.before is not None
        before, request, target = node.before, self._docket.requests[node.index], node.target
        fetched = request.kind is JobKind.RETRIEVE
        opens_s = before.opens_s[self._docket.number[target]] if fetched else 0.0
        begin_s = course.begin_s(before.free_s, request.ready_s, opens_s)
        picked_s = course.picked_s(begin_s, before.at, request.source)
        end_s = course.placed_s(picked_s, request.source, target, opens_s)
        served_s = picked_s if request.kind is JobKind.STORE else end_s
        return Move(request.id, request.kind, request.source, target, begin_s, served_s, end_s, overtakes, told)

    def _overtaken(self, node: Node) -> tuple[int, ...]:
        """Return whom the last move of a sequence overtakes."""
        assert node.before is not None
        if node.counts == node.before.counts:
            return ()
        more = (node.counts ^ node.before.counts) & ~(FULL << BITS * node.index)
        found = list[int]()
        while more:
            index = (more.bit_length() - 1) // BITS
            found.append(self._docket.requests[index].id)
            more &= ~(FULL << BITS * index)
        return tuple(reversed(found))

    def _appended(self, node: Node, look: int, *, paired: bool) -> Node:
        """Return the end of an order with all others behind it, one by one.

        Each time the first ``look`` that may be next are compared, and the one that keeps the carriage for the least
        time is taken. With ``paired`` a car goes where the first of them is near.
        """
        docket, branches, turns = self._docket, self._branches, self._turns
        pending = [index for index in docket.live if not node.done >> index & 1]
        while pending:
            stand = branches.stand(node, None)
            choices = turns.choices(node, stand[1], pending, look)
            if paired and choices and node.open >= 0:
                stand = branches.stand(node, docket.requests[choices[0][0]].source)
                choices = turns.choices(node, stand[1], pending, look)
            if not choices:
                break
            # Nobody is fetched ahead as long as somebody can begin.
            choices = [each for each in choices if not each[2]] or choices[:1]
            tries = [found for choice in choices for found in branches.tries(node, stand, choice)]
            node = branches.behind(min(tries, key=self._kept_s))
            pending.remove(node.index)
        return branches.settled(node, branches.stand(node, None))

    def _kept_s(self, found: Try) -> float:
        """Return how long a move keeps the carriage, for each unit of its weight."""
        _, _, (index, _, _, overtakes), target, _, free_s, _, _, stand = found
        bay_s = 0.0 if target else self._docket.bay_visit_s
        return (free_s + bay_s - stand[1] + overtakes * self._limits.overtaking_s) / self._docket.requests[index].weight


def _sequence(end: Node) -> list[Node]:
    """Return the nodes that lead to one, the first move first, without the root."""
    nodes = []
    node = end
    while node.before is not None:
        nodes.append(node)
        node = node.before
    return nodes[::-1]
