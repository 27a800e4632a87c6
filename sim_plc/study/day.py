"""One day at a site under a rule, event by event: customers come, rooms are given, the carriage moves.

What a move takes, what it waits for and what it leaves behind is `controller.domain.dispatch.course`'s alone. Here are
the people: a vacant room goes to whoever asked first, a driver or somebody whose car is fetched (but where a rule
fetches cars ahead: `room_turns.admitted`); how long each stays is the day's, and nobody knows it before.
"""

from functools import partial
from itertools import takewhile
from math import inf
from typing import Final

from controller.domain.dispatch.course import Course
from controller.domain.dispatch.room_turns import admitted
from controller.domain.dispatch.scene import Move, Request
from controller.domain.jobs import JobKind
from sim_plc.study.agenda import Agenda
from sim_plc.study.booked import Booked
from sim_plc.study.draw import Customer, Day
from sim_plc.study.house import Asked, House
from sim_plc.study.lived import Lived, Served, Trip
from sim_plc.study.rules import Rule
from sim_plc.study.site import Site
from sim_plc.study.stand import AS_IT_COMES, DWELL_IDLE_S, Stand, Standing

SOON_S: Final = 1e-6


def live(site: Site, day: Day, rule: Rule, stand: Stand = AS_IT_COMES) -> Lived:
    """Return what becomes of a day at a site under a rule; ``stand``: what is done about where things stand."""
    return _Play(site, day, rule, stand).run()


class _Play:
    def __init__(self, site: Site, day: Day, rule: Rule, stand: Stand) -> None:
        self.site, self.day, self.rule, self.stand = site, day, rule, stand
        self.course: Course = site.course(load_ahead=rule.load_ahead)
        self.choose = rule.at(site)
        self.standing = Standing(site, day, stand)
        stood = day.places(site.bays)
        empty = frozenset(site.bays) - set(stood.values())
        bay_of, free_bays, self.moved_by_night = self.standing.by_night(stood, empty)
        self.agenda = Agenda()
        served = {each.number: Served(each) for each in day.customers}
        self.house = House(site, self.agenda, bay_of, free_bays, served, here=site.rooms[0])
        self.booked: Booked | None = None
        if rule.ahead is not None:
            self.booked = Booked(self.house, rule.ahead, day.customers, self._somebody_can_be_served, self._rests)
        self.dwell_moves = 0
        self.wake_s = inf

    def run(self) -> Lived:
        house = self.house
        for each in self.day.customers:
            self.agenda.at(each.comes_s, partial(self._comes, each))
        self.agenda.look_at(0.0)
        while self.agenda.go_on():
            self._ask()
            self._give_rooms()
            if self.booked is not None and house.asked and not house.vacant_rooms():
                self.booked.crowded()
            busy = house.free_s > house.now_s or (house.asked and self._dispatch())
            if not busy and self.booked is not None:
                self.booked.look()
        served, uses, beside = tuple(house.served.values()), tuple(house.uses), tuple(house.beside)
        return Lived(self.day, served, uses, self.moved_by_night, self.dwell_moves, beside)

    def _comes(self, customer: Customer) -> None:
        if self.booked is None or not self.booked.comes(customer):
            self.house.came[customer.number] = customer

    def _ask(self) -> None:
        """Let who came ask, in the order of coming: drivers once a bay is left for them, others once their car stands.

        Nobody asks before whoever had the same car earlier is done with it.

        Whoever has to wait for that loses their turn to those who need not, as a tower that is asked refuses them.
        """
        house = self.house
        # The bay of a car on its way is kept for it: it might have to come back.
        bays = len(house.free_bays - {house.left_bay} if house.free_s > house.now_s else house.free_bays)
        for number, customer in tuple(house.came.items()):
            if house.has_the_car(customer) and (bays > house.stores or customer.kind is not JobKind.STORE):
                house.asked[number] = Asked(house.came.pop(number))

    def _give_rooms(self) -> None:
        """Give vacant rooms to drivers, in the order of asking."""
        vacant = self.house.vacant_rooms()
        if vacant and self.house.driver_waits:
            coming = self.house.coming() if self.rule.load_ahead else None
            for number, room in admitted(self.house.askers(), vacant, coming).items():
                self._admit(self.house.asked[number], room)

    def _admit(self, asked: Asked, room: int) -> None:
        """Let a driver in: the gate opens, the car drives in, people leave, the gate closes."""
        house, customer, gate = self.house, asked.customer, self.site.gate
        opened_s = house.now_s + gate.open_s
        asked.room, asked.ready_s = room, opened_s + customer.stays_s + gate.measure_s + gate.shut_s
        asked.expected_s = house.now_s + self.site.brought_s
        house.rooms[room].take(house.now_s)
        house.served[customer.number] = Served(customer, opened_s)
        for each in takewhile(lambda each: each is not asked, house.asked.values()):
            each.let_in += 1
        self.agenda.look_at(asked.ready_s)

    def _dispatch(self) -> bool:
        """Let the carriage begin what the rule has next; return whether it does."""
        requests = self.house.requests()
        move = self._chosen(requests)
        if move is None:
            return False
        if move.begin_s > self.house.now_s + SOON_S:
            if move.begin_s < self.wake_s:
                self.wake_s = move.begin_s
                self.agenda.at(move.begin_s, self._wake)
            return False
        self._make(move, requests)
        return True

    def _chosen(self, requests: list[Request]) -> Move | None:
        return self.choose(requests, self.house.scene(), self.house.others_rooms()) if requests else None

    def _somebody_can_be_served(self) -> bool:
        """Return whether the rule has a move that begins now."""
        move = self._chosen(self.house.requests())
        return move is not None and move.begin_s <= self.house.now_s + SOON_S

    def _wake(self) -> None:
        self.wake_s = inf

    def _make(self, planned: Move, requests: list[Request]) -> None:
        """Let the carriage make a move, with rooms that become vacant when they really do."""
        house, number, target = self.house, planned.request, self._target(planned, len(requests) - 1)
        state = house.truly()
        move = self.course.move(state, next(each for each in requests if each.id == number), target)
        customer = house.asked.pop(number).customer
        for other in planned.overtakes:
            house.asked[other].overtaken += 1
        opened_s = house.served[number].opened_s
        if move.kind is JobKind.STORE:
            # Empty behind the car, the room is the job's until the car stands in its bay: it might have to come back.
            house.vacate(move.source, move.end_s)
            # Until it stands in its bay nobody can ask for it.
            self.agenda.at(move.end_s, partial(house.stands, customer.car, target))
        else:
            del house.bay_of[customer.car]
            opened_s = move.served_s + self.site.gate.open_s
            room = house.rooms[target]
            room.since_s = max(house.now_s, room.vacant_s)
            house.vacate(target, opened_s + customer.stays_s + self.site.gate.shut_s)
            room.expected_s = move.served_s + self.site.served_s
        house.free_bays = self.course.after(state, move).free_bays
        house.served[number] = Served(customer, opened_s, move, house.here)
        self._rests(move)

    def _target(self, planned: Move, waiting: int) -> int:
        """Return where the car of a move goes: the bay of a store hangs on its demand, if that is asked for."""
        if planned.kind is not JobKind.STORE or not self.stand.by_demand:
            return planned.target
        house = self.house
        car = house.asked[planned.request].customer.car
        return self.standing.bay_for(car, planned.source, house.bay_of, house.free_bays, waiting, house.now_s)

    def _rests(self, move: Move) -> None:
        """Let the carriage stand where a move ends."""
        house = self.house
        house.here, house.free_s, house.left_bay = move.target, move.end_s, move.source
        self.agenda.look_at(move.end_s)
        if self.stand.dwell:
            self.agenda.at(move.end_s + DWELL_IDLE_S, partial(self._dwell, move.end_s))

    def _dwell(self, rested_s: float) -> None:
        """Send the empty carriage to where it waits, if it has had nothing to do since."""
        house = self.house
        if house.free_s != rested_s or house.requests():
            return
        here = self.standing.dwell_point(house.here, house.bay_of, house.now_s)
        if here is not None:
            house.free_s = house.now_s + self.site.cycles.go_s(house.here, here)
            house.beside.append(Trip(house.now_s, house.free_s, house.here, here))
            house.here = here
            self.dwell_moves += 1
            self.agenda.look_at(house.free_s)
