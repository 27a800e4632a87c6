"""What people do at a room, as little scripts: each step waits for a time or for something to be so.

A script yields seconds, or a question that is asked again at every event until it answers yes. People look
before they go: nobody walks or drives through a gate that is not fully open, and a driver stops in front of it.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from hal.plcmap.codes import Signal
from sim_plc.plant.cars import Car
from sim_plc.plant.room import MARKS_MM, Room, Transit

Script: TypeAlias = Iterator[float | Callable[[], bool]]

_LOOKS, _LOOK_S = 15, 2.0
"""How often, and how long between, a driver in the car looks at the sign before getting out."""

_NOT_FOR_CUSTOMERS = (Signal.DRIVE_IN, Signal.FORWARD, Signal.STOP_AND_LEAVE, Signal.REFUSED, Signal.OUT_OF_SERVICE)


@dataclass(frozen=True, slots=True)
class Habits:
    """How long people take, in seconds."""

    notice_s: float = 1.0
    """From a change that invites them to their first step."""
    step_s: float = 1.5
    """Walking through the plane of the gate."""
    drive_s: float = 8.0
    """Driving between the street and the marks; the curtain is broken for the middle half of it."""
    leave_s: float = 15.0
    """From the stop in the marks to the driver being out of the gate."""
    dwell_s: float = 90.0
    """A customer beside the car, from walking in to driving off."""
    overshoot_mm: int = 0
    """How far beyond the middle of the marks a driver stops at first; negative: short of it."""
    heeds: bool = True
    """Whether that driver waits in the car to be told and corrects it, or gets out all the same."""


class Actor:
    """Runs one script."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._until: Callable[[], bool] | None = None
        self.due_s = -math.inf
        self.done = False

    def poll(self, t: float) -> bool:
        """Take the next step if it is due; tell whether it was taken."""
        if self.done or not (self.due_s <= t or (self._until is not None and self._until())):
            return False
        self.due_s, self._until = math.inf, None
        wish = next(self._script, None)
        if wish is None:
            self.done = True
        elif callable(wish):
            self._until = wish
        else:
            self.due_s = t + wish
        return True


class Crowd:
    """Everybody at one room, in the order they came. Of those with or for a car one at a time is engaged."""

    def __init__(self) -> None:
        self._actors: list[Actor] = []

    @property
    def next_s(self) -> float:
        """When the next timed step is due."""
        if not self._actors:
            return math.inf
        return min(actor.due_s for actor in self._actors)

    def join(self, script: Script) -> None:
        """Add somebody."""
        self._actors.append(Actor(script))

    def poll(self, t: float) -> bool:
        """Let everybody take the steps that are due; tell whether anybody did."""
        moved = False
        for actor in tuple(self._actors):
            while actor.poll(t):
                moved = True
            if actor.done:
                self._actors.remove(actor)
        return moved


def car_arrives(room: Room, car: Car, habits: Habits) -> Script:
    """Wait for DRIVE IN and an open gate, drive in, get out and walk away; or drive away, once sent."""

    def waits() -> bool:
        return room.yard.outside.get(car.id) is car

    while True:
        yield from _invited(room, lambda: not waits() or (_free(room) and room.signal == Signal.DRIVE_IN), habits)
        if waits():
            yield 0.25 * habits.drive_s
        if not waits():
            room.engaged = False
            return
        if room.gate.opened and room.standing is None:
            break
        room.engaged = False
    yield from _drive_in(room, car, habits)
    if abs(habits.overshoot_mm) > MARKS_MM and habits.heeds:
        yield from _correct(room, habits)
    yield max(habits.leave_s - habits.step_s, 0.0)
    yield from _walk(room, -1, habits)
    room.engaged = False


def customer_collects(room: Room, habits: Habits, car_id: str | None) -> Script:
    """Wait for the car behind an open gate, walk in, dwell, drive it out."""
    yield from _invited(room, lambda: _there(room, car_id) and room.signal not in _NOT_FOR_CUSTOMERS, habits)
    yield from _walk(room, 1, habits)
    yield habits.dwell_s
    yield from _drive_out(room, habits)
    room.engaged = False


def car_leaves(room: Room, habits: Habits) -> Script:
    """Come back for a refused car and drive it out."""
    invites = (Signal.REFUSED, Signal.DRIVE_OUT)
    yield from _invited(room, lambda: _there(room, None) and room.signal in invites, habits)
    yield from _walk(room, 1, habits)
    yield from _drive_out(room, habits)
    room.engaged = False


def person_enters(room: Room, habits: Habits) -> Script:
    """Walk in as soon as the gate is open."""
    yield lambda: room.gate.opened
    yield from _walk(room, 1, habits)


def person_leaves(room: Room, habits: Habits) -> Script:
    """Walk out as soon as the gate is open and somebody is inside."""
    yield lambda: room.gate.opened and room.persons > 0
    yield from _walk(room, -1, habits)


def stands_in_gate(room: Room, for_s: float) -> Script:
    """Step into the plane of a gate that is not closed, without looking, and step back after a while."""
    if not room.gate.closed:
        room.bodies_in_gate += 1
        yield for_s
        room.bodies_in_gate -= 1


def _free(room: Room) -> bool:
    nobody = not room.persons and not room.bodies_in_gate
    return nobody and room.gate.opened and room.standing is None and room.transit is None


def _there(room: Room, car_id: str | None) -> bool:
    car = room.standing
    return room.gate.opened and car is not None and car_id in (None, car.id)


def _invited(room: Room, ready: Callable[[], bool], habits: Habits) -> Script:
    """Wait until it is ready and nobody else is engaged, and still so after noticing; then be engaged."""

    def turn() -> bool:
        return not room.engaged and ready()

    while True:
        yield turn
        yield habits.notice_s
        if turn():
            room.engaged = True
            return


def _walk(room: Room, people: int, habits: Habits) -> Script:
    yield lambda: room.gate.opened
    room.bodies_in_gate += 1
    yield habits.step_s
    room.bodies_in_gate -= 1
    room.persons += people


def _drive_in(room: Room, car: Car, habits: Habits) -> Script:
    del room.yard.outside[car.id]
    room.transit = transit = Transit(car)
    room.bodies_in_gate += 1
    yield 0.15 * habits.drive_s
    transit.at_gate_end = True
    yield 0.10 * habits.drive_s
    transit.on_scale = True
    room.persons += 1
    yield 0.15 * habits.drive_s
    transit.at_door_end = True
    yield 0.10 * habits.drive_s
    room.bodies_in_gate -= 1
    room.count_crossing("in")
    yield 0.25 * habits.drive_s
    yield lambda: room.standing is None
    room.transit = None
    room.yard.at[room.place], room.off_marks_mm = car, habits.overshoot_mm


def _correct(room: Room, habits: Habits) -> Script:
    """Wait to be told by the sign to move the car, and follow its arrow; whom nobody tells gets out."""
    way_mm = abs(room.off_marks_mm)
    for _ in range(_LOOKS):
        yield _LOOK_S
        if room.signal == Signal.FORWARD:
            yield habits.notice_s + 0.25 * habits.drive_s
            room.off_marks_mm += -way_mm if room.arrow_back else way_mm
            return


def _drive_out(room: Room, habits: Habits) -> Script:
    yield lambda: room.gate.opened and room.standing is not None
    car, room.off_marks_mm = room.yard.at.pop(room.place), 0
    room.transit = transit = Transit(car, at_gate_end=True, at_door_end=True, on_scale=True)
    yield 0.25 * habits.drive_s
    yield lambda: room.gate.opened
    room.bodies_in_gate += 1
    yield 0.15 * habits.drive_s
    transit.at_door_end = False
    yield 0.10 * habits.drive_s
    transit.on_scale = False
    room.persons -= 1
    yield 0.15 * habits.drive_s
    transit.at_gate_end = False
    yield 0.10 * habits.drive_s
    room.bodies_in_gate -= 1
    room.count_crossing("out")
    yield 0.25 * habits.drive_s
    room.transit = None
    room.yard.outside[car.id] = car
