"""The best plan by a constraint solver: the rules of planning as constraints, with nothing taken from the planner.

Positions of a sequence have who moves there, where to, and when; rooms and bays are followed from position to position.
It knows scenes in which everybody is ready, all can be served, and no bay is asked for by name. Times are whole
milliseconds, since the solver has integers alone.
"""

from dataclasses import dataclass
from math import isfinite

from ortools.sat.python import cp_model

from controller.domain.dispatch.scene import Limits, Plan, Request
from controller.domain.jobs import JobKind
from tests.support.planning import Case

Var = cp_model.IntVar
Sum = cp_model.LinearExpr | int
Relation = cp_model.BoundedLinearExpression | bool


def ms(time_s: float) -> int:
    return round(time_s * 1000)


@dataclass(frozen=True)
class Optimum:
    cost: float
    """The best that was found."""
    bound: float
    """None is better than this."""
    proven: bool


class Model:
    """The model of one scene."""

    def __init__(self, case: Case, limits: Limits) -> None:
        requests, self.scene, self.cycles = case
        assert limits.load_ahead
        assert all(each.ready_s <= self.scene.begin_s for each in requests)
        assert not any(each.target for each in requests if each.kind is not JobKind.RETRIEVE)
        self.limits = limits
        self.requests = sorted(requests, key=lambda each: each.id)
        self.count = len(requests)
        self.rooms = sorted(self.scene.vacant_s)
        self.bays = [*self.scene.free_bays, *(each.source for each in requests if each.kind is not JobKind.STORE)]
        self.places = [*self.rooms, *self.bays]
        self.model = cp_model.CpModel()
        self.horizon = ms(self.scene.begin_s + self.count * 1000.0)
        self.whos = [self.model.new_int_var(0, self.count - 1, f"who{p}") for p in range(self.count)]
        self.is_who = [self._chosen(who, self.count) for who in self.whos]
        self.ats = [self.model.new_int_var(0, len(self.places) - 1, f"at{p}") for p in range(self.count)]
        self.is_at = [self._chosen(at, len(self.places)) for at in self.ats]
        self.served = [self._time(f"served{i}") for i in range(self.count)]
        for index in range(self.count):
            self.model.add_exactly_one(self.is_who[p][index] for p in range(self.count))
        self.overtakings: list[Sum] = []
        """Each with the weight of who is overtaken."""
        self._follow()
        waited = sum(round(each.weight) * self.served[i] for i, each in enumerate(self.requests))
        self.model.minimize(waited + ms(limits.overtaking_s) * sum(self.overtakings))

    def solve(self, start: Plan, seconds: float) -> Optimum:
        """Solve from a plan to start at; the same result each time: ``seconds`` are of work, not of the clock."""
        number = {each.id: index for index, each in enumerate(self.requests)}
        for position, move in enumerate(start.moves):
            self.model.add_hint(self.whos[position], number[move.request])
            self.model.add_hint(self.ats[position], self.places.index(move.target))
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.max_deterministic_time = seconds
        status = solver.solve(self.model)
        assert status in {cp_model.OPTIMAL, cp_model.FEASIBLE}, solver.status_name(status)
        passed_s = sum(each.weight * each.since_s for each in self.requests)
        cost, bound = solver.objective_value / 1000, solver.best_objective_bound / 1000
        return Optimum(cost - passed_s, bound - passed_s, status == cp_model.OPTIMAL)

    def _time(self, name: str) -> Var:
        return self.model.new_int_var(0, self.horizon, name)

    def _chosen(self, var: Var, size: int) -> list[Var]:
        """Return a boolean for each value of a variable."""
        literals = [self.model.new_bool_var(f"{var.name}={value}") for value in range(size)]
        self.model.add_exactly_one(literals)
        self.model.add(var == sum(value * literal for value, literal in enumerate(literals)))
        return literals

    def _reified(self, holds: Relation, fails: Relation) -> Var:
        literal = self.model.new_bool_var("")
        self.model.add(holds).only_enforce_if(literal)
        self.model.add(fails).only_enforce_if(~literal)
        return literal

    def _any(self, literals: list[Var]) -> Var:
        result = self.model.new_bool_var("")
        self.model.add_max_equality(result, literals)
        return result

    def _all(self, literals: list[Sum]) -> Var:
        result = self.model.new_bool_var("")
        self.model.add_min_equality(result, literals)
        return result

    def _follow(self) -> None:
        begin = self.model.new_constant(ms(self.scene.begin_s))
        at_s = [self.scene.vacant_s[room] for room in self.rooms]
        opens = [self.model.new_constant(ms(each_s) if isfinite(each_s) else 0) for each_s in at_s]
        overtaken: list[list[Var]] = [[] for _ in self.requests]
        for position in range(self.count):
            empty = [self._empty(position, room) for room in self.rooms]
            self._places_are_free(position, empty)
            self._in_turn(position, begin, opens, empty, overtaken)
            begin, opens = self._moved(position, begin, opens)
        for each, times in zip(self.requests, overtaken, strict=True):
            self.model.add(sum(times) <= max(0, self.limits.shift - each.overtaken))

    def _before(self, position: int, index: int) -> Sum:
        """Return whether a request is done before a position: 0 or 1."""
        return sum(self.is_who[p][index] for p in range(position))

    def _empty(self, position: int, room: int) -> Sum:
        """Return whether no car waits in a room to be stored: 0 or 1."""
        stores = [i for i, each in enumerate(self.requests) if each.kind is JobKind.STORE and each.source == room]
        assert len(stores) <= 1
        return self._before(position, stores[0]) if stores else 1

    def _free(self, position: int, bay: int) -> Sum:
        owners = [i for i, each in enumerate(self.requests) if each.source == bay]
        left = sum(self._before(position, owner) for owner in owners) if owners else 1
        place = self.places.index(bay)
        return left - sum(self.is_at[p][place] for p in range(position))

    def _places_are_free(self, position: int, empty: list[Sum]) -> None:
        ways = []
        for index, each in enumerate(self.requests):
            ways += [(index, self.places.index(place)) for place in self._wanted(each)]
        self.model.add_allowed_assignments([self.whos[position], self.ats[position]], ways)
        for place, literal in enumerate(self.is_at[position]):
            free = empty[place] if place < len(self.rooms) else self._free(position, self.places[place])
            self.model.add(free >= 1).only_enforce_if(literal)

    def _wanted(self, request: Request) -> list[int]:
        if request.kind is not JobKind.RETRIEVE:
            return [bay for bay in self.bays if bay != request.source]
        return self.rooms if request.target is None else [request.target]

    def _in_turn(
        self, position: int, begin: Var, opens: list[Var], empty: list[Sum], overtaken: list[list[Var]]
    ) -> None:
        """Say who can begin, who could be fetched ahead, and who is overtaken."""
        in_time = [self._reified(opened <= begin, opened > begin) for opened in opens]
        vacant = [self._all([when, what]) for when, what in zip(in_time, empty, strict=True)]
        could = [self._all([what, 1]) for what in empty]
        bays = cp_model.LinearExpr.sum([self._free(position, bay) for bay in self.bays])
        a_bay = self._reified(bays >= 1, bays < 1)
        due, ahead = [], []
        for each in self.requests:
            rooms = [self.rooms.index(room) for room in self._wanted(each)] if each.kind is JobKind.RETRIEVE else []
            due.append(self._any([vacant[room] for room in rooms]) if rooms else a_bay)
            ahead.append(self._any([could[room] for room in rooms]) if rooms else a_bay)
            for room in rooms:
                here = [self.is_who[position][len(due) - 1], self.is_at[position][room], due[-1]]
                self.model.add_implication(self._all([*here]), vacant[room])
        begun = [self._all([due[i], self.is_who[position][i]]) for i in range(self.count)]
        at_once = self._any(begun)
        for index, times in enumerate(overtaken):
            left = 1 - self._before(position + 1, index)
            later = sum(self.is_who[position][i] for i in range(index + 1, self.count))
            passed = self.model.new_bool_var("")
            self.model.add(passed >= left + later + due[index] - 2)
            self.model.add(passed >= left + later + ahead[index] - at_once - 2)
            times.append(passed)
            self.overtakings.append(round(self.requests[index].weight) * passed)

    def _moved(self, position: int, begin: Var, opens: list[Var]) -> tuple[Var, list[Var]]:
        """Say what a move takes, and return when the next one begins and the rooms open."""
        who, at, time = self.is_who[position], self.is_at[position], self._time
        go, visit = self.cycles.go_s, self.cycles.visit_s
        way, carry, opened, door = time("way"), time("carry"), time("opened"), time("door")
        sources = [each.source for each in self.requests]
        heres = list(enumerate(self.places)) if position else [(0, self.scene.carriage)]
        here = self.ats[position - 1] if position else self.model.new_constant(0)
        legs = [(k, i, ms(go(place, source))) for k, place in heres for i, source in enumerate(sources)]
        self.model.add_allowed_assignments([here, self.whos[position], way], legs)
        legs = [
            (i, k, ms(go(source, place))) for i, source in enumerate(sources) for k, place in enumerate(self.places)
        ]
        self.model.add_allowed_assignments([self.whos[position], self.ats[position], carry], legs)
        picked = begin + way + sum(ms(visit(source)) * who[i] for i, source in enumerate(sources))
        for place, literal in enumerate(at):
            self.model.add(opened == (opens[place] if place < len(self.rooms) else 0)).only_enforce_if(literal)
        self.model.add_max_equality(door, [picked + carry, opened])
        end = time("end")
        self.model.add(end == door + sum(ms(visit(place)) * at[k] for k, place in enumerate(self.places)))
        for i, each in enumerate(self.requests):
            served = picked if each.kind is JobKind.STORE else end
            self.model.add(self.served[i] == served).only_enforce_if(who[i])
        return end, [self._opens(position, room, opens[room], picked, end) for room in range(len(self.rooms))]

    def _opens(self, position: int, room: int, before: Sum, picked: Sum, end: Sum) -> Var:
        after, brought, untouched = self._time("opens"), self.is_at[position][room], []
        for i, each in enumerate(self.requests):
            if each.kind is JobKind.STORE and each.source == self.rooms[room]:
                self.model.add(after == picked).only_enforce_if(self.is_who[position][i])
                untouched.append(~self.is_who[position][i])
        self.model.add(after == end + ms(self.scene.served_s)).only_enforce_if(brought)
        self.model.add(after == before).only_enforce_if(~brought, *untouched)
        return after
