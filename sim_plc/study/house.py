"""The tower of a day as it is now: who waits for what, how the rooms are used, where the carriage and the cars are.

It is told what happens, and tells what a dispatcher could know: how long people stay is nobody's to know before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Final

from controller.domain.dispatch import priority
from controller.domain.dispatch.course import State
from controller.domain.dispatch.room_turns import Asker, Coming, next_drivers, put_off, spoken_for
from controller.domain.dispatch.scene import Request, Scene
from controller.domain.jobs import JobKind
from sim_plc.study.agenda import Agenda
from sim_plc.study.draw import Customer
from sim_plc.study.lived import Served, Trip, Use
from sim_plc.study.rules import Others
from sim_plc.study.site import Site

OVERDUE_S: Final = 15.0
"""Of somebody who has stayed longer than people do on average, each look expects the end so much later."""


def rooms_by_nearness(site: Site, bay: int) -> tuple[int, ...]:
    """Return all rooms, the nearest to a bay first, of two as near the lower number."""
    return tuple(sorted(site.rooms, key=lambda room: (site.cycles.go_s(bay, room), room)))


@dataclass(slots=True)
class Room:
    """A room: from when it is really vacant, and from when it is expected to be."""

    vacant_s: float = 0.0
    expected_s: float = 0.0
    since_s: float = 0.0
    """From when it is in use."""

    def take(self, t: float) -> None:
        """Use it for nobody knows how long."""
        self.since_s, self.vacant_s, self.expected_s = t, inf, inf


@dataclass(slots=True)
class Asked:
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
class House:
    """Cars stand in ``bay_of``, by their id, in the morning."""

    site: Site
    agenda: Agenda
    bay_of: dict[str, int]
    free_bays: frozenset[int]
    served: dict[int, Served]
    """By number: what has become of everybody so far."""
    here: int
    """Where the carriage is, or will be when it is free."""
    free_s: float = 0.0
    """From when the carriage is free."""
    left_bay: int = 0
    """Where the carriage has fetched its car, or fetches it."""
    came: dict[int, Customer] = field(default_factory=dict)
    """By number: who has come and could not ask yet."""
    asked: dict[int, Asked] = field(default_factory=dict)
    """By number, in the order of asking."""
    uses: list[Use] = field(default_factory=list)
    beside: list[Trip] = field(default_factory=list)
    """What the carriage has done beside the moves of those who are ``served``."""

    def __post_init__(self) -> None:
        self.rooms = {room: Room() for room in self.site.rooms}
        self._before = dict[int, int]()
        """By number: who had the same car before."""
        had = dict[str, int]()
        for number, each in self.served.items():
            if each.customer.car in had:
                self._before[number] = had[each.customer.car]
            had[each.customer.car] = number
        self._by_nearness = {bay: rooms_by_nearness(self.site, bay) for bay in self.site.bays}

    @property
    def now_s(self) -> float:
        """What time it is."""
        return self.agenda.now_s

    @property
    def driver_waits(self) -> bool:
        """Whether a driver waits outside."""
        return any(each.waits_outside for each in self.asked.values())

    @property
    def stores(self) -> int:
        """How many of those who have asked bring a car."""
        return sum(each.customer.kind is JobKind.STORE for each in self.asked.values())

    def has_the_car(self, customer: Customer) -> bool:
        """Return whether a customer's car is where they need it: away if they bring it, else in a bay and theirs.

        The day is drawn before anybody knows how long people wait: a car may be still to be fetched by somebody when
        the next one is to bring it.
        """
        before = self.served.get(self._before.get(customer.number, 0))
        if customer.kind is JobKind.RETRIEVE:
            return customer.car in self.bay_of and (before is None or before.move is not None)
        return before is None or before.opened_s + before.customer.stays_s <= self.now_s

    def vacant_rooms(self) -> list[int]:
        """Return the rooms that are vacant now."""
        return [room for room, state in self.rooms.items() if state.vacant_s <= self.now_s]

    def vacant_s(self) -> dict[int, float]:
        """Return from when each room is expected to be vacant."""
        return {room: self._expected(state.vacant_s, state.expected_s) for room, state in self.rooms.items()}

    def _expected(self, truly_s: float, expected_s: float) -> float:
        """Return when something is expected that is known only once it has happened."""
        return truly_s if truly_s <= self.now_s else max(expected_s, self.now_s + OVERDUE_S)

    def _in_use(self) -> dict[int, float]:
        """Return from when each room in use is expected to be vacant, as far as that can be told."""
        return {room: at_s for room, at_s in self.vacant_s().items() if self.now_s < at_s < inf}

    def coming(self) -> Coming:
        """Return which rooms in use are foreseen to be left, and when the carriage is free."""
        free_s = self.free_s if self.free_s < inf else self.now_s
        return Coming(self.site.cycles, self.here, max(self.now_s, free_s), self._in_use())

    def askers(self) -> list[Asker]:
        """Return who waits for a room, in the order of asking."""
        found = list[Asker]()
        for number, asked in self.asked.items():
            bay = self.bay_of.get(asked.customer.car)
            if bay is not None and asked.customer.kind is JobKind.RETRIEVE:
                rooms, passed = self._by_nearness[bay], asked.overtaken + asked.let_in
                found.append(Asker(number, is_driver=False, rooms=rooms, source=bay, passed=passed))
            elif asked.waits_outside:
                found.append(Asker(number, is_driver=True, rooms=self.site.rooms))
        return found

    def others_rooms(self) -> Others:
        """Return, by who waits for a car, the rooms in use that drivers will have who asked before."""
        if not self.driver_waits:
            return {}
        askers, in_use = self.askers(), self._in_use()
        left = sorted(in_use, key=lambda room: (in_use[room], room))
        return {each.number: spoken_for(askers, each.number, left) for each in askers if not each.is_driver}

    def requests(self) -> list[Request]:
        """Return what waits and can be planned, in the order of asking."""
        return [request for each in self.asked.values() if (request := self._request(each)) is not None]

    def _request(self, asked: Asked) -> Request | None:
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

    def scene(self) -> Scene:
        """Return what a planner plans in."""
        bays, vacant_s = tuple(sorted(self.free_bays)), self.vacant_s()
        if self.driver_waits:
            cycles, served_s = self.site.cycles, self.site.served_s
            drivers = next_drivers(self.askers())
            vacant_s = put_off(vacant_s, drivers, lambda room: served_s + cycles.single_s(room, room, bays[0]))
        return Scene(self.now_s, self.here, self.free_s, vacant_s, self.site.served_s, bays)

    def truly(self) -> State:
        """Return the tower with rooms that become vacant when they really do."""
        waiting = tuple(each.room for each in self.asked.values() if each.room is not None)
        vacant_s: Mapping[int, float] = {room: state.vacant_s for room, state in self.rooms.items()}
        return State(self.here, self.now_s, vacant_s, self.free_bays, waiting)

    def vacate(self, room: int, t: float) -> None:
        """Let a room be vacant from a time on."""
        state = self.rooms[room]
        state.vacant_s = state.expected_s = t
        self.uses.append(Use(room, state.since_s, t))
        self.agenda.look_at(t)

    def stands(self, car: str, bay: int) -> None:
        """Let a car stand in its bay: now it can be asked for."""
        self.bay_of[car] = bay
