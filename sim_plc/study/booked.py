"""Booked cars on a day: brought ahead of their customers by an idle carriage, handed over, sent back for others."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import inf
from typing import Final

from controller.domain.dispatch.course import Course
from controller.domain.dispatch.scene import Move
from controller.domain.dispatch.staging import Ahead, Awaited, Lately, goes_back, staged
from sim_plc.study.draw import Customer
from sim_plc.study.house import House
from sim_plc.study.lived import Served, Trip

LOOK_AHEAD_S: Final = 3600.0
"""Appointments beyond are not looked at yet."""


class Booked:
    """Looks after them.

    ``others_first``: whether somebody who has come is to be served at once instead; ``rests``: lets the carriage stand
    where a move ends.
    """

    def __init__(
        self,
        house: House,
        ahead: Ahead,
        customers: Sequence[Customer],
        others_first: Callable[[], bool],
        rests: Callable[[Move], None],
    ) -> None:
        self._house = house
        self._site = house.site
        self._agenda = house.agenda
        self._ahead = ahead
        self._booked = [each for each in customers if each.booked_s is not None]
        self._others_first = others_first
        self._rests = rests
        self._course: Course = house.site.course(load_ahead=False)
        self._stage_s = inf
        """When a car may be worth bringing ahead, as far as somebody is to look by then."""
        self._crowded_s = -inf
        """When somebody waited for a room last."""
        self._there_s: dict[int, float] = {}
        """By the number of a customer who has not come: when the car that was brought ahead stands in its room."""
        for each in self._booked:
            if each.tells_s < inf:
                self._agenda.look_at(max(0.0, each.tells_s))
        self._sent_back: set[int] = set()
        """Numbers of customers whose cars were sent back since others waited for their rooms: that is done once."""

    def crowded(self) -> None:
        """Take that somebody waits for a room now."""
        self._crowded_s = self._house.now_s

    def look(self) -> None:
        """Make room for those who wait, or bring the next booked car, with a carriage that has nothing else to do."""
        if not (self._there_s and self._house.asked and self._make_room()):
            self._stage()

    def comes(self, customer: Customer) -> bool:
        """Hand the car over to somebody who comes, if it was brought ahead; return whether it was."""
        there_s = self._there_s.pop(customer.number, None)
        if there_s is None:
            return False
        self._hand_over(customer, max(there_s, self._house.now_s))
        return True

    def _stage(self) -> None:
        """Bring the car of the next appointment ahead, if that keeps nobody waiting; else look again in time."""
        house, now_s = self._house, self._house.now_s
        lately = Lately(self._crowded_s, len(self._there_s))
        move, at_s = staged(self._awaited(), house.requests(), house.scene(), self._course, self._ahead, lately)
        if move is not None:
            self._bring(move)
        elif now_s < at_s < self._stage_s or (self._stage_s <= now_s < at_s < inf):
            self._stage_s = at_s
            self._agenda.look_at(at_s)

    def _awaited(self) -> list[Awaited]:
        """Return who is to come soon, and has not."""
        now_s, bay_of = self._house.now_s, self._house.bay_of
        return [
            Awaited(each.number, due_s, bay_of[each.car], told=each.tells_s <= now_s)
            for each in self._booked
            if each.comes_s > now_s
            and self._house.has_the_car(each)
            and (due_s := self._expected_s(each)) - now_s < LOOK_AHEAD_S + self._ahead.most_s
        ]

    def _expected_s(self, customer: Customer) -> float:
        """Return when a customer is expected: when they have said, else at the appointment."""
        assert customer.booked_s is not None
        return customer.said_s if customer.tells_s <= self._house.now_s else customer.booked_s

    def _bring(self, move: Move) -> None:
        """Let the carriage set out to bring a car into a room before its customer comes."""
        house = self._house
        customer = house.served[move.request].customer
        del house.bay_of[customer.car]
        # Nobody's car is fetched ahead for a room that is kept: when its customer comes, nobody knows.
        house.rooms[move.target].take(house.now_s)
        self._there_s[customer.number] = move.end_s
        house.free_bays |= {move.source}
        house.served[customer.number] = Served(customer, inf, move, house.here)
        there_s = move.begin_s + self._site.cycles.go_s(house.here, move.source)
        house.here, house.free_s = move.source, inf
        self._agenda.at(there_s, partial(self._is_at_the_car, move))

    def _is_at_the_car(self, move: Move) -> None:
        """Let the carriage go on to bring a car ahead, or leave it for somebody who has come on its way there."""
        house = self._house
        house.free_s = house.now_s
        if move.request not in self._there_s or not self._others_first():
            self._rests(move)
            return
        del self._there_s[move.request]
        before, room = house.served[move.request], house.rooms[move.target]
        customer = before.customer
        house.beside.append(Trip(move.begin_s, house.now_s, before.here, move.source))
        house.bay_of[customer.car] = move.source
        house.free_bays -= {move.source}
        house.served[customer.number] = Served(customer)
        room.vacant_s = room.expected_s = house.now_s

    def _hand_over(self, customer: Customer, from_s: float) -> None:
        """Open the gate for somebody whose car was brought ahead."""
        house, gate = self._house, self._site.gate
        before = house.served[customer.number]
        assert before.move is not None
        opened_s = from_s + gate.open_s
        house.served[customer.number] = replace(before, opened_s=opened_s)
        house.vacate(before.move.target, opened_s + customer.stays_s + gate.shut_s)
        house.rooms[before.move.target].expected_s = from_s + self._site.served_s

    def _make_room(self) -> bool:
        """Send a car back whose customer is not expected now, if others wait for its room; return whether one goes."""
        house = self._house
        vacant_s = house.vacant_s()
        waiting = sum(each.room is None for each in house.asked.values())
        if not waiting or len(house.free_bays) <= house.stores or min(vacant_s.values()) <= house.now_s:
            return False
        for number in sorted(self._there_s, key=lambda each: -(house.served[each].customer.booked_s or 0.0)):
            served = house.served[number]
            if number not in self._sent_back and self._goes_back(served, waiting, vacant_s):
                self._put_back(served)
                return True
        return False

    def _goes_back(self, served: Served, waiting: int, vacant_s: Mapping[int, float]) -> bool:
        assert served.move is not None
        house, room, cycles = self._house, served.move.target, self._site.cycles
        back_s = min(cycles.single_s(house.here, room, bay) for bay in house.free_bays)
        others = [vacant_s[each] - house.now_s for each in vacant_s if each != room]
        behind_s = (waiting - 1) * self._site.served_s / max(1, len(others))
        due_in_s, told = self._expected_s(served.customer) - house.now_s, served.customer.tells_s <= house.now_s
        return goes_back(due_in_s, back_s, min(others, default=inf) + behind_s, self._ahead, told=told)

    def _put_back(self, served: Served) -> None:
        """Let the carriage bring a car that was brought ahead back into a bay."""
        assert served.move is not None
        house, ahead, customer, single_s = self._house, served.move, served.customer, self._site.cycles.single_s
        room = ahead.target
        bay = min(house.free_bays, key=lambda each: (single_s(house.here, room, each), each))
        end_s = house.now_s + single_s(house.here, room, bay)
        house.beside.append(Trip(ahead.begin_s, ahead.end_s, served.here, ahead.source, room))
        house.beside.append(Trip(house.now_s, end_s, house.here, room, bay))
        del self._there_s[customer.number]
        self._sent_back.add(customer.number)
        house.free_bays -= {bay}
        house.served[customer.number] = Served(customer)
        house.vacate(room, end_s)
        self._agenda.at(end_s, partial(house.stands, customer.car, bay))
        house.here, house.free_s, house.left_bay = bay, end_s, 0
