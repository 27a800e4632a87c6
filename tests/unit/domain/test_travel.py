"""The closed forms against numbers reckoned by hand, and against what any travel time must obey."""

import random
from dataclasses import dataclass, field, replace

import pytest

from controller.domain.travel import (
    Kinematics,
    LeafKinematics,
    LiftKinematics,
    ShuttleKinematics,
    Speeds,
    TurntableKinematics,
    deadline_s,
    latest_s,
    shorter_way_mdeg,
    trapezoid_s,
)

LEAF = LeafKinematics(stroke_mm=2500, speed_mm_s=400, acceleration_mm_s2=400, bolt_s=0.75)
MEDIUM = Kinematics(
    lift=LiftKinematics(1000, 500, 200, levelling_s=2.0, brake_s=0.2),
    turntable=TurntableKinematics(9000, 9000, 4500, brake_s=0.2),
    shuttle=ShuttleKinematics(2800, 500, 500, 190, 50, 50, 200),
    door=LEAF,
    gate=LEAF,
    latch_travel_s=1.5,
)


@dataclass(frozen=True)
class Spot:
    height_mm: int
    angle_mdeg: int


@dataclass(frozen=True)
class Ring:
    poses: dict[int, Spot]
    rooms: frozenset[int] = field(default=frozenset({101}))


PLACES = Ring(
    {
        level * 100 + position: Spot((level - 1) * 2500, (position - 1) * 40_000)
        for level in range(1, 6)
        for position in range(1, 10)
    }
)


@pytest.mark.parametrize(
    ("distance", "speed", "acceleration", "expected"),
    [
        (0, 1000, 500, 0.0),
        (500, 1000, 500, 2.0),  # triangle: 2 * sqrt(500 / 500)
        (2000, 1000, 500, 4.0),  # the border: triangle and trapezoid agree
        (2500, 1000, 500, 4.5),  # 2.5 + 2.0
        (10_000, 1000, 500, 12.0),
        (-10_000, 1000, 500, 12.0),
    ],
)
def test_trapezoid_by_hand(distance: int, speed: int, acceleration: int, expected: float) -> None:
    assert trapezoid_s(distance, speed, acceleration) == pytest.approx(expected)


@pytest.mark.parametrize(("speed", "acceleration"), [(0, 1), (1, 0), (-1, 1), (1, -1)])
def test_a_drive_that_cannot_move_has_no_travel_time(speed: int, acceleration: int) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        trapezoid_s(100, speed, acceleration)


def test_the_reference_machine_exchanges_in_18_s_and_opens_a_door_in_8_s() -> None:
    assert MEDIUM.exchange_s() == 18.0
    assert MEDIUM.door_s() == 8.0
    assert MEDIUM.gate_s() == 8.0


@pytest.mark.parametrize(
    ("from_mm", "to_mm", "expected"),
    [
        (0, 0, 0.0),
        (2500, 2500, 0.0),
        (0, 2500, 0.2 + 4.5 + 2.0 + 0.2),
        (10_000, 0, 0.2 + 12.0 + 2.0 + 0.2),
    ],
)
def test_lift_by_hand(from_mm: int, to_mm: int, expected: float) -> None:
    assert MEDIUM.lift_s(from_mm, to_mm) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("from_mdeg", "to_mdeg", "way", "expected"),
    [
        (0, 0, 0, 0.0),
        (0, 40_000, 40_000, 0.2 + 40 / 9 + 1 + 0.2),
        (40_000, 0, 40_000, 0.2 + 40 / 9 + 1 + 0.2),
        (0, 320_000, 40_000, 0.2 + 40 / 9 + 1 + 0.2),  # the shorter way is across zero
        (320_000, 40_000, 80_000, 0.2 + 80 / 9 + 1 + 0.2),
        (0, 180_000, 180_000, 0.2 + 20 + 1 + 0.2),
        (0, 4000, 4000, 0.2 + 2 * (4 / 9) ** 0.5 + 0.2),  # triangle
    ],
)
def test_turntable_by_hand(from_mdeg: int, to_mdeg: int, way: int, expected: float) -> None:
    assert shorter_way_mdeg(from_mdeg, to_mdeg) == way
    assert MEDIUM.turntable_s(from_mdeg, to_mdeg) == pytest.approx(expected)


def test_lift_and_turntable_move_together_so_the_longer_one_counts() -> None:
    assert MEDIUM.carriage_s(Spot(0, 0), Spot(10_000, 40_000)) == pytest.approx(14.4)  # lift 14.4, turn 5.8
    assert MEDIUM.carriage_s(Spot(0, 0), Spot(2500, 160_000)) == pytest.approx(160 / 9 + 1.4)  # lift 6.9
    assert MEDIUM.carriage_s(Spot(2500, 40_000), Spot(2500, 40_000)) == 0.0


def test_a_retrieve_by_hand() -> None:
    # The carriage stands at room 101; the car comes from 503: four levels up, two positions round.
    travel = 0.2 + 10.0 + 2.0 + 2.0 + 0.2
    at_bay = 1.5 + 18.0 + 1.5
    at_room = 8.0 + 18.0 + 8.0
    assert MEDIUM.move_bound_s(PLACES.poses[101], 503, 101, PLACES) == pytest.approx(2 * travel + at_bay + at_room)


def test_a_store_from_the_room_where_the_carriage_is_docked_has_one_way_only() -> None:
    travel = 0.2 + 4.5 + 2.0 + 0.2
    assert MEDIUM.move_bound_s(PLACES.poses[101], 101, 201, PLACES) == pytest.approx(travel + 34.0 + 21.0)


def test_a_relocation_opens_no_door() -> None:
    slow_door = replace(MEDIUM, door=replace(LEAF, speed_mm_s=1), gate=replace(LEAF, speed_mm_s=1))
    here = PLACES.poses[101]
    assert slow_door.move_bound_s(here, 202, 305, PLACES) == MEDIUM.move_bound_s(here, 202, 305, PLACES)
    assert slow_door.move_bound_s(here, 202, 101, PLACES) > MEDIUM.move_bound_s(here, 202, 101, PLACES)


def test_a_move_to_the_same_place_and_an_unknown_place_are_refused() -> None:
    with pytest.raises(ValueError, match="to itself"):
        MEDIUM.move_bound_s(PLACES.poses[101], 202, 202, PLACES)
    with pytest.raises(KeyError):
        MEDIUM.move_bound_s(PLACES.poses[101], 202, 999, PLACES)


def test_homing_by_hand() -> None:
    assert MEDIUM.lift_home_s(10_000) == pytest.approx(0.4 + 50 + 0.4)
    assert MEDIUM.turntable_home_s() == pytest.approx(0.4 + 80 + 0.5)
    assert MEDIUM.shuttle_home_s() == pytest.approx(14 + 0.4 + 4.8)
    assert MEDIUM.home_s(10_000) == pytest.approx(19.2 + 80.9)


def test_a_deadline_leaves_a_quarter_and_three_seconds() -> None:
    assert deadline_s(0.0) == 3.0
    assert deadline_s(18.0) == 25.5


def test_times_grow_with_distance_and_shrink_with_speed_and_acceleration() -> None:
    dice = random.Random(20)
    for _ in range(2000):
        distance, speed, acceleration = dice.uniform(1, 50_000), dice.uniform(1, 5000), dice.uniform(1, 5000)
        time = trapezoid_s(distance, speed, acceleration)
        assert trapezoid_s(distance * 1.01, speed, acceleration) > time
        assert trapezoid_s(distance, speed * 1.01, acceleration) <= time
        assert trapezoid_s(distance, speed, acceleration * 1.01) < time
        # No profile beats its cruising speed, nor a ramp all the way.
        assert time >= distance / speed
        assert time >= 2 * (distance / acceleration) ** 0.5 * (1 - 1e-12)


def test_carriage_times_are_symmetric_and_no_detour_is_shorter() -> None:
    dice = random.Random(21)
    spots = list(PLACES.poses.values())
    for _ in range(2000):
        a, b, c = dice.choice(spots), dice.choice(spots), dice.choice(spots)
        assert MEDIUM.carriage_s(a, b) == MEDIUM.carriage_s(b, a)
        assert MEDIUM.carriage_s(a, c) <= MEDIUM.carriage_s(a, b) + MEDIUM.carriage_s(b, c) + 1e-9


def test_a_trapezoid_driven_in_small_steps_takes_the_closed_form_s_time() -> None:
    """An independent reckoning: accelerate while the way left is longer than the way to stop."""
    dice = random.Random(22)
    for _ in range(8):
        distance, speed, acceleration = dice.uniform(100, 12_000), dice.uniform(200, 2000), dice.uniform(200, 2000)
        step, at, velocity, time = 1e-4, 0.0, 0.0, 0.0
        while at < distance and (velocity > 0 or time == 0):
            must_brake = distance - at <= velocity * velocity / (2 * acceleration)
            change = -acceleration if must_brake else acceleration
            velocity = max(0.0, min(speed, velocity + change * step))
            at += velocity * step
            time += step
        assert time == pytest.approx(trapezoid_s(distance, speed, acceleration), rel=0.01, abs=0.02)


def test_on_standby_power_lift_and_turntable_add_up() -> None:
    in_turn = replace(MEDIUM, in_turn=True)
    here, there = Spot(0, 0), Spot(10_000, 40_000)
    lift_s, turn_s = MEDIUM.lift_s(0, 10_000), MEDIUM.turntable_s(0, 40_000)
    assert in_turn.carriage_s(here, there) == pytest.approx(lift_s + turn_s)
    assert in_turn.carriage_s(here, here) == 0.0
    assert in_turn.home_s(10_000) > MEDIUM.home_s(10_000)


def test_an_axis_at_a_share_of_its_speed_takes_so_much_longer_on_its_way_and_no_other_does() -> None:
    half = MEDIUM.at(Speeds(lift=0.5))
    assert half.lift_s(0, 10_000) - MEDIUM.lift_s(0, 10_000) == pytest.approx((20.0 + 1.0) - (10.0 + 2.0))
    assert half.turntable_s(0, 90_000) == MEDIUM.turntable_s(0, 90_000)
    assert half.exchange_s() == MEDIUM.exchange_s()
    assert half.lift_home_s(10_000) > 1.9 * MEDIUM.lift_home_s(10_000)
    assert MEDIUM.at(Speeds(turntable=0.5)).turntable_s(0, 90_000) > 1.7 * MEDIUM.turntable_s(0, 90_000)
    assert MEDIUM.at(Speeds(turntable=0.5)).lift_s(0, 2500) == MEDIUM.lift_s(0, 2500)
    assert MEDIUM.at(Speeds(shuttle=0.5)).exchange_s() > 1.6 * MEDIUM.exchange_s()
    assert MEDIUM.at(Speeds(shuttle=0.5)).shuttle_home_s() > 1.6 * MEDIUM.shuttle_home_s()


def test_at_its_rated_speeds_a_machine_is_as_it_was_built() -> None:
    assert MEDIUM.at(Speeds()) is MEDIUM


@pytest.mark.parametrize("axis", ["lift", "turntable", "shuttle"])
def test_no_bound_is_shorter_with_a_slower_axis(axis: str) -> None:
    rng, slower = random.Random(3), 1.0
    bounds_s: list[float] = []
    while slower >= 0.1:
        machine = MEDIUM.at(Speeds(**{axis: slower}))
        bounds_s.append(machine.move_bound_s(PLACES.poses[101], 203, 505, PLACES))
        slower -= rng.uniform(0.05, 0.15)
    assert bounds_s == sorted(bounds_s)
    assert bounds_s[-1] > bounds_s[0]


def test_a_motion_that_gets_on_has_four_times_its_bound_at_most() -> None:
    assert latest_s(10.0) == 43.0
    assert deadline_s(10.0) == 15.5
    assert MEDIUM.still_s() == pytest.approx(0.2 + 2.0 + 0.2 + 3.0)
