"""Kinematics against numbers worked out by hand, and their continuity."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim_plc.plant import profile
from sim_plc.plant.profile import Profile


@pytest.mark.parametrize(
    ("way", "speed", "rate", "seconds"),
    [
        (2500, 1000, 500, 4.5),  # lift, one level: 2 s up, 0.5 s cruise, 2 s down
        (2000, 1000, 500, 4.0),  # exactly a triangle
        (500, 1000, 500, 2.0),  # triangle: 2 sqrt(500/500)
        (10_000, 1000, 500, 12.0),
        (40_000, 9000, 9000, 40 / 9 + 1),  # turntable, one position
        (160_000, 9000, 9000, 160 / 9 + 1),
        (2800, 500, 500, 6.6),  # arms
        (190, 50, 50, 4.8),  # comb
        (2500, 400, 400, 7.25),  # leaf
        (-2500, 1000, 500, 4.5),
        (0, 1000, 500, 0.0),
    ],
)
def test_a_move_takes_the_time_worked_out_by_hand(way: int, speed: int, rate: int, seconds: float) -> None:
    plan = profile.move(10.0, 300.0, 0.0, 300.0 + way, speed, rate)
    assert plan.end_s - 10.0 == pytest.approx(seconds, abs=1e-9)
    assert plan.at(plan.end_s) == (300.0 + way, 0.0)


def test_a_move_away_from_the_motion_brakes_first() -> None:
    plan = profile.move(0.0, 0.0, 1000.0, -1000.0, 1000, 500)
    # 2 s and 1000 mm to stop, then 2000 mm back as a triangle in 4 s.
    assert plan.end_s == pytest.approx(6.0)
    assert list(plan.at(2.0)) == pytest.approx([1000.0, 0.0])


def test_a_target_too_near_to_stop_at_is_overshot_and_come_back_to() -> None:
    plan = profile.move(0.0, 0.0, 1000.0, 500.0, 1000, 500)
    assert plan.end_s == pytest.approx(2.0 + 2.0)  # stop at 1000, then 500 back in 2 s


def test_a_lower_speed_is_reached_first() -> None:
    plan = profile.move(0.0, 0.0, 1000.0, 5000.0, 500, 500)
    # 1 s from 1000 to 500 (750 mm), 1 s from 500 to 0 (250 mm), 4000 mm at 500 mm/s.
    assert plan.end_s == pytest.approx(10.0)


def test_stop_and_creep_and_run() -> None:
    assert profile.stop(0.0, 0.0, -1000.0, 1000).at(9.0) == (-500.0, 0.0)
    creep = profile.creep(1.0, 2507.0, 2500.0, 2.0)
    assert creep.end_s == 3.0
    assert list(creep.at(2.0)) == pytest.approx([2503.5, -7.0])
    run = profile.run(0.0, 0.0, 0.0, -200, 100)
    assert list(run.at(102.0)) == pytest.approx([-200 - 20_000, -200.0])
    assert math.isinf(run.end_s)


positions = st.floats(-20_000, 20_000)
velocities = st.floats(-1500, 1500)
rates = st.floats(50, 2000)
speeds = st.floats(1, 1200)


@st.composite
def plans(draw: st.DrawFn) -> tuple[Profile, float, float]:
    x, v = draw(positions), draw(velocities)
    kind = draw(st.sampled_from(["move", "stop", "run"]))
    if kind == "move":
        return profile.move(3.0, x, v, draw(positions), draw(speeds), draw(rates)), x, v
    if kind == "stop":
        return profile.stop(3.0, x, v, draw(rates)), x, v
    return profile.run(3.0, x, v, draw(st.integers(-1200, 1200)), draw(rates)), x, v


@given(plans())
def test_every_plan_joins_on_and_is_continuous(drawn: tuple[Profile, float, float]) -> None:
    plan, x, v = drawn
    if plan.pieces:
        assert list(plan.at(3.0)) == pytest.approx([x, v])
    for one, two in zip(plan.pieces, plan.pieces[1:], strict=False):
        assert one.end_s == two.start_s
        position, velocity = one.at(one.end_s)
        assert position == pytest.approx(two.position, abs=1e-6)
        assert velocity == pytest.approx(two.velocity, abs=1e-6)
    if plan.pieces and math.isfinite(plan.end_s):
        position, velocity = plan.pieces[-1].at(plan.end_s)
        assert position == pytest.approx(plan.rest, abs=1e-5)
        assert velocity == pytest.approx(0.0, abs=1e-6)


@given(plans(), st.floats(0, 60), st.floats(1, 3000), st.floats(1, 3000))
def test_a_crossing_is_the_first_one(drawn: tuple[Profile, float, float], delay: float, low: float, up: float) -> None:
    plan, _, _ = drawn
    after_s = 3.0 + delay
    position = plan.at(after_s)[0]
    lower, upper = position - low, position + up
    crossing_s, way = plan.next_crossing(lower, upper, after_s)
    end_s = min(crossing_s, plan.end_s if math.isfinite(plan.end_s) else after_s + 200)
    for i in range(50):
        at = after_s + max(end_s - after_s, 0.0) * i / 50
        assert lower - 1e-3 < plan.at(at)[0] < upper + 1e-3
    if way:
        assert plan.at(crossing_s)[0] == pytest.approx(upper if way > 0 else lower, abs=1e-3)


def test_the_instant_of_a_speed() -> None:
    plan = profile.move(1.0, 0.0, 0.0, 9000.0, 1000, 500)
    assert plan.speed_exceeds_at(600) == pytest.approx(1.0 + 1.2)
    assert math.isinf(plan.speed_exceeds_at(1000))
    assert plan.speed_exceeds_at(-1) == 1.0
