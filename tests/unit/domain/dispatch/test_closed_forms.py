"""The closed forms say what trying out says: racks by chance, rings by walking to every bay."""

import random
from statistics import fmean

import pytest

from controller.domain.dispatch.closed_forms import rack_dual_s, rack_single_s, ring_single_s, ring_way_s
from controller.domain.dispatch.cycles import Cycles
from controller.settings import kinematics_of
from hal.plcmap.shape import PlacePose
from tests.support.towers import tower_named

Slot = tuple[float, float]


def way(one: Slot, other: Slot) -> float:
    return max(abs(one[0] - other[0]), abs(one[1] - other[1]))


@pytest.mark.parametrize(("shape", "single", "dual"), [(0.5, 1.0833, 1.4542), (1.0, 1.3333, 1.8), (0.0, 1.0, 4 / 3)])
def test_the_rack_of_bozer_and_white_is_met_by_chance(shape: float, single: float, dual: float) -> None:
    assert rack_single_s(1.0, shape, 0.0) == pytest.approx(single, abs=1e-4)
    assert rack_dual_s(1.0, shape, 0.0) == pytest.approx(dual, abs=1e-4)
    rng, corner = random.Random(84), (0.0, 0.0)
    pairs = [((rng.random(), shape * rng.random()), (rng.random(), shape * rng.random())) for _ in range(8_000)]
    assert fmean(2 * way(corner, one) for one, _ in pairs) == pytest.approx(single, abs=0.015)
    tours = (way(corner, one) + way(one, other) + way(other, corner) for one, other in pairs)
    assert fmean(tours) == pytest.approx(dual, abs=0.015)


def test_a_rack_twice_as_slow_takes_twice_as_long_beside_its_exchanges() -> None:
    assert rack_single_s(20.0, 0.7, 3.0) - 6.0 == pytest.approx(2 * rack_single_s(10.0, 0.7, 0.0))
    assert rack_dual_s(20.0, 0.7, 3.0) - 12.0 == pytest.approx(2 * rack_dual_s(10.0, 0.7, 0.0))


@pytest.mark.parametrize(("longer_s", "shape", "exchange_s"), [(1.0, 1.1, 0.0), (1.0, -0.1, 0.0), (-1.0, 0.5, 0.0)])
def test_no_rack_is_refused(longer_s: float, shape: float, exchange_s: float) -> None:
    for form in (rack_single_s, rack_dual_s):
        with pytest.raises(ValueError, match="a rack of"):
            form(longer_s, shape, exchange_s)


@pytest.mark.parametrize("name", ["small", "guangzhou", "autostadt"])
def test_the_ring_is_met_by_going_to_every_bay(name: str) -> None:
    tower = tower_named(name)
    shape, kinematics = tower.shape, kinematics_of(tower)
    cycles, room = Cycles(kinematics, shape), shape.rooms[0]
    heights = sorted({pose.height_mm for pose in shape.poses.values()})
    angles = sorted({pose.angle_mdeg for pose in shape.poses.values()})
    bays = {(shape.poses[bay].height_mm, shape.poses[bay].angle_mdeg) for bay in shape.bays}
    crossings = [PlacePose(height, angle) for height in heights for angle in angles]
    missing = [pose for pose in crossings if (pose.height_mm, pose.angle_mdeg) not in bays]
    way_s = ring_way_s(kinematics, shape.poses[room], heights, angles, missing)
    assert way_s == pytest.approx(fmean(cycles.go_s(room, bay) for bay in shape.bays), abs=1e-9)
    visits_s = cycles.visit_s(room) + cycles.visit_s(shape.bays[0])
    singles = (cycles.single_s(room, bay, room) for bay in shape.bays)
    assert ring_single_s(way_s, visits_s) == pytest.approx(fmean(singles), abs=1e-9)


def test_a_ring_without_a_bay_is_refused() -> None:
    kinematics, room = kinematics_of(tower_named("small")), PlacePose(0, 0)
    with pytest.raises(ValueError, match="1 places missing of 1"):
        ring_way_s(kinematics, room, [0], [0], [room])
