"""How many pick-ups a slot may hold: as many as keep the promise, at this tower with its rooms and its machine.

Customers of a slot come whenever they like within it, slot after slot is full, and people without a booking come beside
them. What they wait is reckoned on the model of time that the planner uses, first come, first served: a better order
shortens the mean, and leaves a promise that was given room to breathe.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from random import Random
from typing import Final

from controller.domain.dispatch.course import Course, State
from controller.domain.dispatch.scene import Request
from controller.domain.jobs import JobKind

PROMISE_S, PROMISED_SHARE = 600.0, 0.99
"""From identification to the car in the room: what 99 of 100 are promised."""

AIM_S: Final = 180.0
"""What a booked customer should wait at most; no promise."""

SLOTS: Final = 96
"""Slots in a row that are reckoned, at most."""

PICK_UPS: Final = 960
"""So many pick-ups are enough for the hundredth worst to be no accident: where slots hold many, fewer are reckoned."""

MOST: Final = 60
"""Pick-ups a slot; nothing is tried beyond."""

BESIDE: Final = 0.5
"""For each booked customer so many come for a car without an appointment, and so many bring one: an assumption, which
leaves a tower with one room something to offer."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """Who comes: ``booked`` in each slot of ``slot_s`` seconds, and an hour's worth of others beside them."""

    slot_s: float
    booked: int
    unbooked_an_hour: float = 0.0
    returns_an_hour: float = 0.0


@dataclass(frozen=True, slots=True)
class Capacity:
    """The most pick-ups of a slot that keep the promise, and what they wait then. Seconds."""

    booked: int
    p50_s: float
    p99_s: float
    within_aim: float
    """The share that waits no longer than `AIM_S`."""


def with_others(slot_s: float, booked: int) -> Traffic:
    """Return who comes when each slot holds so many pick-ups: others come beside them in proportion."""
    others_an_hour = BESIDE * booked * 3600 / slot_s
    return Traffic(slot_s, booked, others_an_hour, others_an_hour)


def capacity(course: Course, opening: State, cars: Sequence[int], traffic: Traffic) -> Capacity:
    """Return how many pick-ups a slot may hold, beside the others of ``traffic``; its own ``booked`` is not looked at.

    ``opening`` is the tower in the morning: carriage, rooms in service, free bays. ``cars`` are the bays of the cars.
    0 where even one a slot breaks the promise.

    Raises:
        ValueError: no car, no room or no time at all.

    """

    def per_slot(booked: int) -> Traffic:
        return Traffic(traffic.slot_s, booked, traffic.unbooked_an_hour, traffic.returns_an_hour)

    return most(course, opening, cars, per_slot)


def most(course: Course, opening: State, cars: Sequence[int], per_slot: Callable[[int], Traffic]) -> Capacity:
    """Return what `reckoned` does, at once.

    Raises:
        ValueError: no car, no room or no time at all.

    """
    pieces = reckoned(course, opening, cars, per_slot)
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            found: Capacity = end.value
            return found


def reckoned(
    course: Course, opening: State, cars: Sequence[int], per_slot: Callable[[int], Traffic]
) -> Generator[None, None, Capacity]:
    """Return what `capacity` does, in pieces: it yields after each customer, for whoever has other things to do.

    ``per_slot``: who comes, by the number of pick-ups that each slot holds.

    Raises:
        ValueError: no car, no room or no time at all.

    """
    if not cars or not opening.vacant_s or per_slot(1).slot_s <= 0:
        raise ValueError("a slot needs a car, a room in service and a length above 0 s")
    best, beyond = Capacity(0, 0.0, 0.0, 1.0), MOST + 1
    while beyond - best.booked > 1:
        booked = (best.booked + beyond) // 2
        waits = yield from _kept(course, opening, cars, per_slot(booked))
        if waits is None:
            beyond = booked
        else:
            within = sum(wait_s <= AIM_S for wait_s in waits) / len(waits)
            best = Capacity(booked, quantile(waits, 0.5), quantile(waits, PROMISED_SHARE), within)
    return best


def _kept(
    course: Course, opening: State, cars: Sequence[int], traffic: Traffic
) -> Generator[None, None, list[float] | None]:
    """Return the ascending waits of a traffic, or None as soon as more wait too long than the promise bears with."""
    turns = _turns(course, traffic)
    fetching = sum(not returns for _, returns in turns)
    may_be_late = fetching - ceil(PROMISED_SHARE * fetching)
    waits = list[float]()
    for wait_s in _waits(course, opening, cars, traffic, turns):
        if wait_s is not None:
            waits.append(wait_s)
            may_be_late -= wait_s > PROMISE_S
            if may_be_late < 0:
                return None
        yield
    return sorted(waits)


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share of ascending values does not exceed."""
    index = max(0, -int(-share * len(ordered) // 1) - 1)
    return ordered[index]


def waits_s(course: Course, opening: State, cars: Sequence[int], traffic: Traffic) -> list[float]:
    """Return how long each pick-up waits over `SLOTS` slots in a row, in seconds, or over fewer that hold many.

    The same traffic gives the same waits: who comes when, and for which car, is drawn with a fixed seed.
    """
    waits = _waits(course, opening, cars, traffic, _turns(course, traffic))
    return [wait_s for wait_s in waits if wait_s is not None]


def _turns(course: Course, traffic: Traffic) -> list[tuple[float, bool]]:
    """Return when each customer is served at the earliest and whether they bring a car, in turn."""
    # Who brings a car drives in and leaves first: as long as a room is in use for somebody who gets one.
    arrivals = _arrivals(traffic, Random(f"{traffic}"))
    return sorted((at_s + course.served_s * returns, returns) for at_s, returns in arrivals)


def _waits(
    course: Course, opening: State, cars: Sequence[int], traffic: Traffic, turns: Sequence[tuple[float, bool]]
) -> Iterator[float | None]:
    """Yield for each customer in turn how long they wait, None for one who brings a car."""
    rng, state = Random(f"cars of {traffic}"), opening
    for number, (at_s, returns) in enumerate(turns):
        if returns:
            state = _store(course, state, number, at_s)
            yield None
        else:
            state, served_s = _retrieve(course, state, number, at_s, rng.choice(cars))
            yield served_s - at_s


def _arrivals(traffic: Traffic, rng: Random) -> Iterator[tuple[float, bool]]:
    """Yield when somebody is identified and whether they bring a car, in no order."""
    slots = min(SLOTS, -(-PICK_UPS // max(traffic.booked, 1)))
    end_s = slots * traffic.slot_s
    for slot in range(slots):
        for _ in range(traffic.booked):
            yield (slot + rng.random()) * traffic.slot_s, False
    for an_hour, returns in ((traffic.unbooked_an_hour, False), (traffic.returns_an_hour, True)):
        at_s = rng.expovariate(an_hour / 3600) if an_hour else end_s
        while at_s < end_s:
            yield at_s, returns
            at_s += rng.expovariate(an_hour / 3600)


def _retrieve(course: Course, state: State, number: int, at_s: float, car: int) -> tuple[State, float]:
    request = Request(number, JobKind.RETRIEVE, at_s, car, ready_s=at_s)
    first = min((course.move(state, request, room) for room in sorted(state.vacant_s)), key=lambda move: move.end_s)
    return _as_full(course.after(state, first), state), first.served_s


def _store(course: Course, state: State, number: int, at_s: float) -> State:
    """Let a car that was driven in be put into the nearest bay."""
    room = min(state.vacant_s, key=lambda each: (state.vacant_s[each], each))
    bay = min(state.free_bays, key=lambda each: (course.cycles.go_s(room, each), each), default=None)
    if bay is None:
        return state
    ready_s = max(at_s, state.vacant_s[room] + course.served_s)
    return _as_full(course.advance(state, Request(number, JobKind.STORE, at_s, room, bay, ready_s), bay), state)


def _as_full(after: State, before: State) -> State:
    """Return a tower as full as before: who comes is asked of every slot alike, and none begins with it emptied."""
    return State(after.carriage, after.free_s, after.vacant_s, before.free_bays, after.to_store)
