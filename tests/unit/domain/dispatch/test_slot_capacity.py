"""How many pick-ups a slot may hold: bounded by physics, kept by the promise, and never fewer with a better tower."""

from functools import cache

import pytest

from controller.domain.dispatch.course import Course, State
from controller.domain.dispatch.cycles import Cycles
from controller.domain.dispatch.slot_capacity import (
    PROMISE_S,
    PROMISED_SHARE,
    SLOTS,
    Capacity,
    Traffic,
    capacity,
    quantile,
    waits_s,
)
from controller.settings import kinematics_of
from tests.support.towers import tower_named

SLOT_S, SERVED_S = 900.0, 111.0


@cache
def morning(name: str, rooms: int, profile: str | None = None) -> tuple[Course, State, tuple[int, ...]]:
    """Return a tower whose first half of bays holds cars, with this many of its rooms in service."""
    tower = tower_named(name, profile)
    shape, half = tower.shape, len(tower.shape.bays) // 2
    course = Course(Cycles(kinematics_of(tower), shape), SERVED_S)
    vacant_s = dict.fromkeys(shape.rooms[:rooms], 0.0)
    return course, State(shape.rooms[0], 0.0, vacant_s, frozenset(shape.bays[half:])), tuple(shape.bays[:half])


@cache
def slot(name: str, rooms: int, profile: str | None = None, unbooked: float = 4.0) -> Capacity:
    return capacity(*morning(name, rooms, profile), Traffic(SLOT_S, 0, unbooked, 4.0))


@pytest.mark.parametrize("rooms", [1, 2, 3])
def test_no_slot_holds_more_than_rooms_and_carriage_can_serve(rooms: int) -> None:
    course, state, cars = morning("guangzhou", rooms)
    room = next(iter(state.vacant_s))
    shortest_s = min(course.cycles.single_s(room, car, room) for car in cars)
    holds_s = SERVED_S + course.cycles.visit_s(room)
    found = slot("guangzhou", rooms)
    assert found.booked <= min(SLOT_S / shortest_s, rooms * SLOT_S / holds_s)


def test_the_promise_holds_at_what_is_offered_and_breaks_one_beyond() -> None:
    course, state, cars = morning("guangzhou", 3)
    found = slot("guangzhou", 3)
    assert found.booked >= 4
    for booked, keeps in ((found.booked, True), (found.booked + 1, False)):
        waits = waits_s(course, state, cars, Traffic(SLOT_S, booked, 4.0, 4.0))
        assert len(waits) >= SLOTS * booked
        assert (sum(wait_s <= PROMISE_S for wait_s in waits) / len(waits) >= PROMISED_SHARE) is keeps
    assert found.p50_s <= found.p99_s <= PROMISE_S
    assert 0.0 < found.within_aim < 1.0


def test_another_room_and_a_faster_machine_never_hold_fewer() -> None:
    assert slot("guangzhou", 1).booked <= slot("guangzhou", 2).booked <= slot("guangzhou", 3).booked
    assert slot("guangzhou", 3, "slow").booked <= slot("guangzhou", 3).booked <= slot("guangzhou", 3, "fast").booked


def test_who_comes_without_a_booking_takes_from_the_slots() -> None:
    assert slot("guangzhou", 2, unbooked=12.0).booked < slot("guangzhou", 2, unbooked=0.0).booked


def test_nobody_waits_less_than_the_machine_takes() -> None:
    course, state, cars = morning("small", 1)
    room = next(iter(state.vacant_s))
    waits = waits_s(course, state, cars, Traffic(3600.0, 1))
    assert min(waits) >= min(course.cycles.carry_s(car, room) for car in cars) - 1e-6
    assert waits == waits_s(course, state, cars, Traffic(3600.0, 1))


@pytest.mark.parametrize(
    ("slot_s", "cars", "rooms"), [(0.0, (201,), {101: 0.0}), (900.0, (), {101: 0.0}), (900.0, (201,), {})]
)
def test_nothing_to_offer_is_said(slot_s: float, cars: tuple[int, ...], rooms: dict[int, float]) -> None:
    course, _, _ = morning("small", 1)
    with pytest.raises(ValueError, match="a slot needs a car, a room in service and a length"):
        capacity(course, State(101, 0.0, rooms, frozenset()), cars, Traffic(slot_s, 0))


@pytest.mark.parametrize(("share", "value"), [(0.5, 2), (0.75, 3), (0.76, 4), (0.99, 4), (1.0, 4), (0.01, 1)])
def test_a_quantile_is_a_value_that_was_there(share: float, value: int) -> None:
    assert quantile([1, 2, 3, 4], share) == value
