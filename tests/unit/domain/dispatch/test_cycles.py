"""Cycles are sums of the closed forms, on every tower that ships, and paced as they were measured."""

import random
from functools import cache

import pytest

from controller.domain.dispatch.cycles import Cycles, Pace, Paces
from controller.domain.travel import Kinematics
from controller.settings import kinematics_of
from hal.plcmap.shape import TowerShape
from tests.support.towers import tower_named

TOWERS = ("small", "guangzhou", "autostadt")


@cache
def machine(name: str) -> tuple[Kinematics, TowerShape]:
    tower = tower_named(name)
    return kinematics_of(tower), tower.shape


@pytest.mark.parametrize("name", TOWERS)
def test_a_single_cycle_is_the_bound_of_the_move(name: str) -> None:
    kinematics, shape = machine(name)
    cycles, rng = Cycles(kinematics, shape), random.Random(1)
    places = [*shape.bays, *shape.rooms]
    for _ in range(200):
        here, source, target = rng.choice(places), *rng.sample(places, 2)
        bound = kinematics.move_bound_s(shape.poses[here], source, target, shape)
        assert cycles.single_s(here, source, target) == pytest.approx(bound, abs=1e-9)


@pytest.mark.parametrize("name", TOWERS)
def test_a_way_takes_as_long_back_and_none_is_longer_than_over_another_place(name: str) -> None:
    """The triangle inequality: what the bounds of a dual cycle rest on."""
    kinematics, shape = machine(name)
    cycles, rng = Cycles(kinematics, shape), random.Random(2)
    places = [*shape.bays, *shape.rooms]
    for _ in range(500):
        one, other, between = (rng.choice(places) for _ in range(3))
        assert cycles.go_s(one, other) == cycles.go_s(other, one)
        assert cycles.go_s(one, other) <= cycles.go_s(one, between) + cycles.go_s(between, other) + 1e-9
    assert all(cycles.go_s(place, place) == 0.0 for place in places)


def test_a_dual_cycle_saves_the_empty_way_to_the_room_and_back() -> None:
    kinematics, shape = machine("guangzhou")
    cycles = Cycles(kinematics, shape)
    room, empty, full = shape.rooms[0], 503, 404
    apart = cycles.single_s(room, room, empty) + cycles.go_s(empty, room) + cycles.single_s(room, full, room)
    saved = cycles.go_s(empty, room) + cycles.go_s(room, full) - cycles.go_s(empty, full)
    assert cycles.dual_s(room, empty, full, room) == pytest.approx(apart - saved)
    assert saved > 0


def test_what_was_measured_paces_each_primitive_by_itself() -> None:
    kinematics, shape = machine("guangzhou")
    built = Cycles(kinematics, shape)
    paced = Cycles(kinematics, shape, Paces(Pace(1.1, 0.2), Pace(1.0, 0.1), Pace(1.2), Pace(1.0, 0.3)))
    room, bay = shape.rooms[0], 505
    assert paced.go_s(room, bay) == pytest.approx(1.1 * built.go_s(room, bay) + 0.2)
    assert paced.go_s(bay, bay) == 0.0
    assert paced.visit_s(bay) == pytest.approx(built.visit_s(bay) + 0.1 + 2 * 0.3)
    assert paced.visit_s(room) == pytest.approx(built.visit_s(room) + 0.1 + 2 * 0.2 * built.way_s(room))
    assert paced.gate_s() == pytest.approx(1.2 * built.gate_s())


@pytest.mark.parametrize(("share", "each_s"), [(0.0, 0.0), (-1.0, 0.0), (1.0, -0.1)])
def test_a_pace_that_takes_no_time_is_refused(share: float, each_s: float) -> None:
    with pytest.raises(ValueError, match="nothing takes no time"):
        Pace(share, each_s)


def test_a_place_that_the_tower_has_not_is_refused() -> None:
    cycles = Cycles(*machine("small"))
    with pytest.raises(KeyError):
        cycles.go_s(101, 999)
