"""One day at a site under a rule, event by event: customers come, rooms are given, the carriage moves.

What a move takes, what it waits for and what it leaves behind is `controller.domain.dispatch.course`'s alone. Here are
the people: a vacant room goes to whoever asked first, a driver or somebody whose car is fetched; how long each stays is
the day's, and nobody knows it before.
"""

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import takewhile
from math import inf
from typing import Final

from controller.domain.dispatch import priority
from controller.domain.dispatch.course import Course, State
from controller.domain.dispatch.room_turns import Asker, Coming, admitted, next_drivers, put_off, spoken_for
from controller.domain.dispatch.scene import Move, Request, Scene
from controller.domain.dispatch.staging import Ahead, Awaited, Lately, goes_back, staged
from controller.domain.jobs import JobKind
from sim_plc.study.draw import Customer, Day
from sim_plc.study.lived import Lived, Served, Use
from sim_plc.study.rules import Others, Rule
from sim_plc.study.site import Site
from sim_plc.study.stand import AS_IT_COMES, DWELL_IDLE_S, Stand, Standing

OVERDUE_S: Final = 15.0
"""Of somebody who has stayed longer than people do on average, each look expects the end so much later."""

SOON_S: Final = 1e-6

LOOK_AHEAD_S: Final = 3600.0
"""Appointments beyond are not looked at yet."""


def live(site: Site, day: Day, rule: Rule, stand: Stand = AS_IT_COMES) -> Lived:
    """Return what becomes of a day at a site under a rule; ``stand``: what is done about where things stand."""
    return _Play(site, day, rule, stand).run()


def rooms_by_nearness(site: Site, bay: int) -> tuple[int, ...]:
    """Return all rooms, the nearest to a bay first, of two as near the lower number."""
    return tuple(sorted(site.rooms, key=lambda room: (site.cycles.go_s(bay, room), room)))


@dataclass(slots=True)
class _Room:
    """A room: from when it is really vacant, and from when it is expected to be."""

    vacant_s: float = 0.0
    expected_s: float = 0.0
    since_s: float = 0.0
    """From when it is in use."""


@dataclass(slots=True)
class _Asked:
    """Somebody who waits: a driver on the street or in a room, or somebody whose car is to come."""

    customer: Customer
    room: int | None = None
    """Of a driver who has been given one."""
    ready_s: float = 0.0
    """When the car is accepted there."""
    expected_s: float = 0.0
    overtaken: int = 0
    let_in: int = 0
    """How many drivers that asked later were let in before."""

    @property
    def waits_outside(self) -> bool:
        """Whether this is a driver who has been given no room yet."""
        return self.customer.kind is JobKind.STORE and self.room is None


@dataclass
class _Play:
    site: Site
    day: Day
    rule: Rule
    stand: Stand = AS_IT_COMES
    now_s: float = 0.0
    free_s: float = 0.0
    """From when the carriage is free."""
    left_bay: int = 0
    """Where the carriage has fetched its car, or fetches it."""
    wake_s: float = inf
    stage_s: float = inf
    """When a car may be worth bringing ahead, as far as somebody is to look by then."""
    crowded_s: float = -inf
    """When somebody waited for a room last."""
    staged: dict[int, float] = field(default_factory=dict)
    """By the number of a customer who has not come: when the car that was brought ahead stands in its room."""
    sent_back: set[int] = field(default_factory=set)
    """Numbers of customers whose cars were sent back since others waited for their rooms: that is done once."""
    came: dict[int, Customer] = field(default_factory=dict)
    """By number: who has come and could not ask yet."""
    asked: dict[int, _Asked] = field(default_factory=dict)
    """By number, in the order of asking."""
    uses: list[Use] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.course: Course = self.site.course(load_ahead=self.rule.load_ahead)
        self.vacant_course = self.site.course(load_ahead=False)
        self.choose = self.rule.at(self.site)
        self.booked = [each for each in self.day.customers if each.booked_s is not None]
        self.here = self.site.rooms[0]
        self.bay_of = self.day.places(self.site.bays)
        self.free_bays = frozenset(self.site.bays) - set(self.bay_of.values())
        self.standing = Standing(self.site, self.day, self.stand)
        self.bay_of, self.free_bays, self.moved_by_night = self.standing.by_night(self.bay_of, self.free_bays)
        self.dwell_moves = 0
        self.rooms = {room: _Room() for room in self.site.rooms}
        self.rooms_by_nearness = {bay: rooms_by_nearness(self.site, bay) for bay in self.site.bays}
        self.served = {each.number: Served(each) for each in self.day.customers}
        self.events: list[tuple[float, int, Callable[[], None]]] = []
        self.turn = 0

    def run(self) -> Lived:
        for each in self.day.customers:
            self._at(each.comes_s, partial(self._comes, each))
        self._at(0.0, self._look)
        while self.events:
            self.now_s = self.events[0][0]
            while self.events and self.events[0][0] <= self.now_s:
                heapq.heappop(self.events)[2]()
            self._ask()
            self._give_rooms()
            if self.asked and all(state.vacant_s > self.now_s for state in self.rooms.values()):
                self.crowded_s = self.now_s
            if self.free_s <= self.now_s and not (self.asked and self._dispatch()) and self.rule.ahead is not None:
                self._look_ahead(self.rule.ahead)
        served, uses = tuple(self.served.values()), tuple(self.uses)
        return Lived(self.day, served, uses, self.moved_by_night, self.dwell_moves)

    def _at(self, t: float, act: Callable[[], None]) -> None:
        self.turn += 1
        heapq.heappush(self.events, (t, self.turn, act))

    def _look(self) -> None:
        """Do nothing: whatever has become possible is found by the look that follows every event."""

    def _comes(self, customer: Customer) -> None:
        there_s = self.staged.pop(customer.number, None)
        if there_s is None:
            self.came[customer.number] = customer
        else:
            self._hand_over(customer, max(there_s, self.now_s))

    def _ask(self) -> None:
        """Let who came ask, in the order of coming: drivers once a bay is left for them, others once their car stands.

        Whoever has to wait for that loses their turn to those who need not, as a tower that is asked refuses them.
        """
        # The bay of a car on its way is kept for it: it might have to come back.
        bays = len(self.free_bays - {self.left_bay} if self.free_s > self.now_s else self.free_bays)
        for number, customer in tuple(self.came.items()):
            if customer.kind is JobKind.STORE:
                may_ask = bays > sum(each.customer.kind is JobKind.STORE for each in self.asked.values())
            else:
                may_ask = customer.car in self.bay_of
            if may_ask:
                self.asked[number] = _Asked(self.came.pop(number))

    def _give_rooms(self) -> None:
        """Give vacant rooms to drivers, in the order of asking."""
        vacant = [room for room, state in self.rooms.items() if state.vacant_s <= self.now_s]
        if vacant and any(each.waits_outside for each in self.asked.values()):
            coming = self._coming() if self.rule.load_ahead else None
            for number, room in admitted(self._askers(), vacant, coming).items():
                self._admit(self.asked[number], room)

    def _coming(self) -> Coming:
        """Return which rooms in use are foreseen to be left, and when the carriage is free."""
        in_use = {room: at_s for room, at_s in self._vacant_s().items() if self.now_s < at_s < inf}
        free_s = self.free_s if self.free_s < inf else self.now_s
        return Coming(self.site.cycles, self.here, max(self.now_s, free_s), in_use)

    def _askers(self) -> list[Asker]:
        """Return who waits for a room, in the order of asking."""
        found = list[Asker]()
        for number, asked in self.asked.items():
            bay = self.bay_of.get(asked.customer.car)
            if bay is not None and asked.customer.kind is JobKind.RETRIEVE:
                rooms, passed = self.rooms_by_nearness[bay], asked.overtaken + asked.let_in
                found.append(Asker(number, is_driver=False, rooms=rooms, source=bay, passed=passed))
            elif asked.waits_outside:
                found.append(Asker(number, is_driver=True, rooms=self.site.rooms))
        return found

    def _others_rooms(self) -> Others:
        """Return, by who waits for a car, the rooms in use that drivers will have who asked before."""
        if not any(each.waits_outside for each in self.asked.values()):
            return {}
        askers, vacant_s = self._askers(), self._vacant_s()
        in_use = (room for room in vacant_s if self.now_s < vacant_s[room] < inf)
        left = sorted(in_use, key=lambda room: (vacant_s[room], room))
        return {each.number: spoken_for(askers, each.number, left) for each in askers if not each.is_driver}

    def _admit(self, asked: _Asked, room: int) -> None:
        """Let a driver in: the gate opens, the car drives in, people leave, the gate closes."""
        customer, gate, state = asked.customer, self.site.gate, self.rooms[room]
        opened_s = self.now_s + gate.open_s
        asked.room, asked.ready_s = room, opened_s + customer.stays_s + gate.measure_s + gate.shut_s
        asked.expected_s = self.now_s + self.site.brought_s
        state.vacant_s = state.expected_s = inf
        state.since_s = self.now_s
        self.served[customer.number] = Served(customer, opened_s)
        for each in takewhile(lambda each: each is not asked, self.asked.values()):
            each.let_in += 1
        self._at(asked.ready_s, self._look)

    def _dispatch(self) -> bool:
        """Let the carriage begin what the rule has next; return whether it does."""
        requests = self._requests()
        move = self.choose(requests, self._scene(), self._others_rooms()) if requests else None
        if move is None:
            return False
        if move.begin_s > self.now_s + SOON_S:
            if move.begin_s < self.wake_s:
                self.wake_s = move.begin_s
                self._at(move.begin_s, self._wake)
            return False
        self._make(move, requests)
        return True

    def _stage(self, ahead: Ahead) -> None:
        """Bring the car of the next appointment ahead, if that keeps nobody waiting; else look again in time."""
        lately = Lately(self.crowded_s, len(self.staged))
        move, at_s = staged(self._awaited(ahead), self._requests(), self._scene(), self.vacant_course, ahead, lately)
        if move is not None:
            self._bring(move)
        elif self.now_s < at_s < self.stage_s or (self.stage_s <= self.now_s < at_s < inf):
            self.stage_s = at_s
            self._at(at_s, self._look)

    def _look_ahead(self, ahead: Ahead) -> None:
        """Make room for those who wait, or bring the next booked car, with a carriage that has nothing else to do."""
        if not (self.staged and self.asked and self._make_room(ahead)):
            self._stage(ahead)

    def _make_room(self, ahead: Ahead) -> bool:
        """Send a car back whose customer is not expected now, if others wait for its room; return whether one goes."""
        vacant_s = self._vacant_s()
        waiting = sum(each.room is None for each in self.asked.values())
        bays = len(self.free_bays) - sum(each.customer.kind is JobKind.STORE for each in self.asked.values())
        if not waiting or bays <= 0 or min(vacant_s.values()) <= self.now_s:
            return False
        for number in sorted(self.staged, key=lambda each: -(self.served[each].customer.booked_s or 0.0)):
            served = self.served[number]
            if number not in self.sent_back and self._goes_back(served, waiting, vacant_s, ahead):
                self._put_back(served)
                return True
        return False

    def _goes_back(self, served: Served, waiting: int, vacant_s: Mapping[int, float], ahead: Ahead) -> bool:
        assert served.move is not None
        assert served.customer.booked_s is not None
        room, cycles = served.move.target, self.site.cycles
        back_s = min(cycles.single_s(self.here, room, bay) for bay in self.free_bays)
        others = [vacant_s[each] - self.now_s for each in vacant_s if each != room]
        behind_s = (waiting - 1) * self.site.served_s / max(1, len(others))
        due_in_s = served.customer.booked_s - self.now_s
        return goes_back(due_in_s, back_s, min(others, default=inf) + behind_s, ahead)

    def _put_back(self, served: Served) -> None:
        """Let the carriage bring a car that was brought ahead back into a bay."""
        assert served.move is not None
        customer, room = served.customer, served.move.target
        bay = min(self.free_bays, key=lambda each: (self.site.cycles.single_s(self.here, room, each), each))
        end_s = self.now_s + self.site.cycles.single_s(self.here, room, bay)
        del self.staged[customer.number]
        self.sent_back.add(customer.number)
        self.free_bays -= {bay}
        self.served[customer.number] = Served(customer)
        self._vacate(room, end_s)
        self._at(end_s, partial(self._stands, customer.car, bay))
        self.here, self.free_s, self.left_bay = bay, end_s, 0

    def _awaited(self, ahead: Ahead) -> list[Awaited]:
        """Return who is to come soon, and has not."""
        return [
            Awaited(each.number, each.booked_s, self.bay_of[each.car])
            for each in self.booked
            if each.booked_s is not None
            and each.comes_s > self.now_s
            and each.car in self.bay_of
            and each.booked_s - self.now_s < LOOK_AHEAD_S + ahead.most_s
        ]

    def _bring(self, move: Move) -> None:
        """Let the carriage set out to bring a car into a room before its customer comes."""
        customer = self.served[move.request].customer
        del self.bay_of[customer.car]
        room = self.rooms[move.target]
        # Nobody's car is fetched ahead for a room that is kept: when its customer comes, nobody knows.
        room.since_s, room.vacant_s, room.expected_s = self.now_s, inf, inf
        self.staged[customer.number] = move.end_s
        self.free_bays |= {move.source}
        self.served[customer.number] = Served(customer, inf, move, self.here)
        there_s = move.begin_s + self.site.cycles.go_s(self.here, move.source)
        self.here, self.free_s = move.source, inf
        self._at(there_s, partial(self._is_at_the_car, move))

    def _is_at_the_car(self, move: Move) -> None:
        """Let the carriage go on to bring a car ahead, or leave it for somebody who has come on its way there."""
        self.free_s = self.now_s
        requests = self._requests()
        others = self._others_rooms()
        other = self.choose(requests, self._scene(), others) if requests and move.request in self.staged else None
        if other is None or other.begin_s > self.now_s + SOON_S:
            self._rests(move)
            return
        del self.staged[move.request]
        customer, room = self.served[move.request].customer, self.rooms[move.target]
        self.bay_of[customer.car] = move.source
        self.free_bays -= {move.source}
        self.served[customer.number] = Served(customer)
        room.vacant_s = room.expected_s = self.now_s

    def _hand_over(self, customer: Customer, from_s: float) -> None:
        """Open the gate for somebody whose car was brought ahead."""
        before = self.served[customer.number]
        assert before.move is not None
        opened_s = from_s + self.site.gate.open_s
        self.served[customer.number] = replace(before, opened_s=opened_s)
        self._vacate(before.move.target, opened_s + customer.stays_s + self.site.gate.shut_s)
        self.rooms[before.move.target].expected_s = from_s + self.site.served_s

    def _wake(self) -> None:
        self.wake_s = inf

    def _requests(self) -> list[Request]:
        return [request for each in self.asked.values() if (request := self._request(each)) is not None]

    def _request(self, asked: _Asked) -> Request | None:
        """Return what somebody waits for, None as long as there is no car to move."""
        customer = asked.customer
        booked_s = customer.booked_s
        weight = priority.CUSTOMER
        if booked_s is not None:
            weight = priority.of_appointment(self.now_s - max(booked_s, customer.comes_s))
        if customer.kind is JobKind.RETRIEVE:
            bay = self.bay_of.get(customer.car)
            if bay is None:
                return None
            return Request(
                customer.number, customer.kind, customer.comes_s, bay, weight=weight, overtaken=asked.overtaken
            )
        if asked.room is None:
            return None
        ready_s = self._expected(asked.ready_s, asked.expected_s)
        return Request(
            customer.number, customer.kind, customer.comes_s, asked.room, ready_s=ready_s, overtaken=asked.overtaken
        )

    def _expected(self, truly_s: float, expected_s: float) -> float:
        """Return when something is expected that is known only once it has happened."""
        return truly_s if truly_s <= self.now_s else max(expected_s, self.now_s + OVERDUE_S)

    def _vacant_s(self) -> dict[int, float]:
        """Return from when each room is expected to be vacant."""
        return {room: self._expected(state.vacant_s, state.expected_s) for room, state in self.rooms.items()}

    def _scene(self) -> Scene:
        bays = tuple(sorted(self.free_bays))
        vacant_s = self._vacant_s()
        if any(each.waits_outside for each in self.asked.values()):
            cycles, served_s = self.site.cycles, self.site.served_s
            drivers = next_drivers(self._askers())
            vacant_s = put_off(vacant_s, drivers, lambda room: served_s + cycles.single_s(room, room, bays[0]))
        return Scene(self.now_s, self.here, self.free_s, vacant_s, self.site.served_s, bays)

    def _make(self, planned: Move, requests: list[Request]) -> None:
        """Let the carriage make a move, with rooms that become vacant when they really do."""
        number, target = planned.request, self._target(planned, len(requests) - 1)
        waiting = tuple(each.room for each in self.asked.values() if each.room is not None)
        vacant_s = {room: state.vacant_s for room, state in self.rooms.items()}
        state = State(self.here, self.now_s, vacant_s, self.free_bays, waiting)
        request = next(each for each in requests if each.id == number)
        move = self.course.move(state, request, target)
        customer = self.asked.pop(number).customer
        for other in planned.overtakes:
            self.asked[other].overtaken += 1
        opened_s = self.served[number].opened_s
        if move.kind is JobKind.STORE:
            # Empty behind the car, the room is the job's until the car stands in its bay: it might have to come back.
            self._vacate(move.source, move.end_s)
            # Until it stands in its bay nobody can ask for it.
            self._at(move.end_s, partial(self._stands, customer.car, target))
        else:
            del self.bay_of[customer.car]
            opened_s = move.served_s + self.site.gate.open_s
            room = self.rooms[target]
            room.since_s = max(self.now_s, room.vacant_s)
            self._vacate(target, opened_s + customer.stays_s + self.site.gate.shut_s)
            room.expected_s = move.served_s + self.site.served_s
        self.free_bays = self.course.after(state, move).free_bays
        self.served[number] = Served(customer, opened_s, move, self.here)
        self._rests(move)

    def _rests(self, move: Move) -> None:
        """Let the carriage stand where a move ends."""
        self.here, self.free_s, self.left_bay = move.target, move.end_s, move.source
        self._at(move.end_s, self._look)
        if self.stand.dwell:
            self._at(move.end_s + DWELL_IDLE_S, partial(self._dwell, move.end_s))

    def _target(self, planned: Move, waiting: int) -> int:
        """Return where the car of a move goes: the bay of a store hangs on its demand, if that is asked for."""
        if planned.kind is not JobKind.STORE or not self.stand.by_demand:
            return planned.target
        car = self.asked[planned.request].customer.car
        return self.standing.bay_for(car, planned.source, self.bay_of, self.free_bays, waiting, self.now_s)

    def _dwell(self, rested_s: float) -> None:
        """Send the empty carriage to where it waits, if it has had nothing to do since."""
        if self.free_s != rested_s or self._requests():
            return
        here = self.standing.dwell_point(self.here, self.bay_of, self.now_s)
        if here is not None:
            self.free_s, self.here = self.now_s + self.site.cycles.go_s(self.here, here), here
            self.dwell_moves += 1
            self._at(self.free_s, self._look)

    def _stands(self, car: str, bay: int) -> None:
        self.bay_of[car] = bay

    def _vacate(self, room: int, t: float) -> None:
        state = self.rooms[room]
        state.vacant_s = state.expected_s = t
        self.uses.append(Use(room, state.since_s, t))
        self._at(t, self._look)
