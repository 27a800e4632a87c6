"""Why each move of a plan comes when it does, in plain words and numbers."""

from collections.abc import Sequence
from math import isfinite

from controller.domain.dispatch.ahead import put_off_s, stands_s
from controller.domain.dispatch.course import Course, State
from controller.domain.dispatch.scene import Move, Request
from controller.domain.jobs import JobKind

FAR = 12
"""How many moves are made again in another order, at most, to see what an overtaking saves."""


class Reasons:
    """Tells the reasons of one plan."""

    def __init__(self, course: Course, requests: Sequence[Request], begin: State, moves: Sequence[Move]) -> None:
        """Take the rules that the moves follow, who waits, the state in which it all begins, and the moves."""
        self._course = course
        self._requests = {each.id: each for each in requests}
        self._begin = begin
        self._moves = moves

    def why(self, number: int) -> str:
        """Return why the move of this number comes then."""
        moves, state = self._moves, self._begin
        for move in moves[:number]:
            state = self._course.after(state, move)
        move = moves[number]
        request, begun = self._requests[move.request], {each.request for each in moves[: number + 1]}
        told = [self._overtaking(state, move)] if move.overtakes else [self._turn(state, move, begun)]
        if request.kind is JobKind.RETRIEVE and state.opens_s(move.target) > move.begin_s:
            told.append(self._ahead(state, move))
        saved_s = self._saved_s(state, moves[number : number + FAR]) if move.overtakes else 0.0
        if saved_s >= 0.5:
            even = all(each.weight == 1.0 for each in self._requests.values())
            told.append(f"saves {saved_s:.0f} s of {'' if even else 'weighted '}waiting")
        return ", ".join(told)

    def _ahead(self, state: State, move: Move) -> str:
        """Return when a car is fetched whose room is in use when the carriage could set out for it."""
        due_s = state.opens_s(move.target) - move.begin_s
        held_s = put_off_s(stands_s(self._course.cycles, state.carriage, move.source, move.target, due_s))
        if held_s:
            return f"its car is fetched once room {move.target} is foreseen to be vacant within {due_s - held_s:.0f} s"
        return f"its car is fetched ahead: room {move.target} is vacant in {due_s:.0f} s"

    def _turn(self, state: State, move: Move, begun: set[int]) -> str:
        """Return what to say of one who overtakes nobody."""
        before = [each for each in self._requests.values() if each.id < move.request and each.id not in begun]
        if not before:
            return "first in turn"
        held = "; ".join(f"{each.id} {self._hindrance(state, each, move.begin_s)}" for each in before[:3])
        more = f"; {len(before) - 3} more cannot either" if len(before) > 3 else ""
        return f"first in turn of those that can begin ({held}{more})"

    def _hindrance(self, state: State, request: Request, at_s: float) -> str:
        if request.ready_s > at_s:
            ready = f"for {request.ready_s - at_s:.0f} s" if isfinite(request.ready_s) else "yet"
            return f"is not ready {ready}"
        if request.kind is not JobKind.RETRIEVE:
            return (
                "has no free bay"
                if request.source in state.vacant_s or request.kind is JobKind.RELOCATE
                else "has no room"
            )
        wanted = state.vacant_s if request.target is None else (request.target,)
        opens_s = min((state.opens_s(room) for room in wanted), default=float("inf"))
        return f"has no vacant room for {opens_s - at_s:.0f} s" if isfinite(opens_s) else "has no vacant room"

    def _overtaking(self, state: State, move: Move) -> str:
        """Return whom a move overtakes, and what speaks for it first: its weight, the way, or what it leaves behind."""
        own, first = self._requests[move.request], self._requests[move.overtakes[0]]
        whom = _listed(move.overtakes)
        if own.weight > first.weight:
            return f"overtakes {whom}: it counts {own.weight / first.weight:.3g} times as much"
        go_s = self._course.cycles.go_s
        here_s, there_s = go_s(state.carriage, own.source), go_s(state.carriage, first.source)
        if here_s < there_s:
            return f"overtakes {whom}: the carriage stands {here_s:.0f} s from it, {there_s:.0f} s from {first.id}"
        on_s = go_s(move.target, first.source)
        return f"overtakes {whom}: behind it the carriage stands {on_s:.0f} s from {first.id}"

    def _saved_s(self, state: State, moves: Sequence[Move]) -> float:
        """Return what less is waited than if the first of these moves came behind all whom it overtakes; 0 unknown."""
        places = [place for place, each in enumerate(moves) if each.request in moves[0].overtakes]
        if len(places) < len(moves[0].overtakes):
            return 0.0
        last = places[-1]
        other = [*moves[1 : last + 1], moves[0], *moves[last + 1 :]]
        return self._waited_s(state, other) - self._waited_s(state, moves)

    def _waited_s(self, state: State, moves: Sequence[Move]) -> float:
        waited_s = 0.0
        for each in moves:
            request = self._requests[each.request]
            if not self._course.possible(state, request, each.target):
                return 0.0
            move = self._course.move(state, request, each.target)
            waited_s += request.weight * move.served_s
            state = self._course.after(state, move)
        return waited_s


def brief(overtakes: Sequence[int]) -> str:
    """Return why a move comes that is far ahead: nobody acts by it, and each plan orders it anew."""
    return f"overtakes {_listed(overtakes)}" if overtakes else "in turn, behind those that were put in order"


def _listed(numbers: Sequence[int]) -> str:
    *others, last = (str(each) for each in numbers)
    return f"{', '.join(others)} and {last}" if others else last
