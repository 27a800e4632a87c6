"""Drive, brake, switches of one axis, through a plant's wires."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim_plc.image import Drive
from tests.support.plant_rig import Rig

LIFT = {"speed": 1000, "acceleration": 500}


def test_a_move_waits_for_the_brake_and_ends_within_8_mm() -> None:
    rig = Rig()
    serial = rig.request(rig.image.lift_out, Drive.MOVE, 2500, **LIFT)
    brake = [rig.image.lift_in.brake_on]
    assert rig.until(lambda: rig.image.lift_in.moving) == pytest.approx(0.2)
    brake.append(rig.image.lift_in.brake_on)
    assert brake == [True, False]
    assert rig.until(lambda: not rig.image.lift_in.moving) == pytest.approx(4.5)
    assert rig.image.lift_in.done_serial == serial
    assert 0 < abs(rig.plant.truth().carriage.lift.position - 2500) <= 8


def test_level_takes_the_error_out_in_its_time_but_for_a_millimetre_too_far_or_too_short() -> None:
    ends = []
    for seed in range(1, 9):
        rig = Rig(seed=seed)
        assert rig.lift(2500) == pytest.approx(0.2 + 4.5 + 2.0)
        ends.append(rig.plant.truth().carriage.lift.position - 2500)
    assert -1 <= min(ends) < 0 < max(ends) <= 1


def test_ropes_stretch_with_the_seed() -> None:
    ends = []
    for seed in (1, 1, 2):
        rig = Rig(seed=seed)
        serial = rig.request(rig.image.lift_out, Drive.MOVE, 2500, **LIFT)
        rig.until(lambda rig=rig, serial=serial: rig.image.lift_in.done_serial == serial)  # type: ignore[misc]
        ends.append(rig.plant.truth().carriage.lift.position)
    assert ends[0] == ends[1] != ends[2]


def test_the_brake_sets_after_its_time() -> None:
    rig = Rig()
    rig.lift(2500)
    begun_s = rig.t
    rig.hold()
    assert rig.t - begun_s == pytest.approx(0.2)
    assert rig.plant.truth().carriage.held


def test_a_braked_axis_is_not_driven_and_a_request_without_power_is_lost() -> None:
    rig = Rig()
    out = rig.image.lift_out
    rig.request(out, Drive.MOVE, 2500, **LIFT)
    out.brake_release = False
    rig.act()
    rig.wait(5)
    assert rig.image.lift_in.position == 0
    out.power = False
    rig.act()
    out.power = out.brake_release = True
    rig.act()
    rig.wait(5)
    assert rig.image.lift_in.position == 0
    assert rig.image.lift_in.done_serial == 0


def test_power_lost_in_mid_move_stops_with_the_stop_rate_and_never_resumes() -> None:
    rig = Rig()
    rig.request(rig.image.lift_out, Drive.MOVE, 2500, **LIFT)
    rig.wait(0.2 + 2.0)
    rig.image.lift_out.power = False
    rig.act()
    assert rig.image.lift_in.velocity == pytest.approx(1000, abs=4)  # the stretch scales it
    assert rig.until(lambda: not rig.image.lift_in.moving) == pytest.approx(1.0, abs=4e-3)
    assert rig.image.lift_in.position == pytest.approx(1500, abs=8)
    assert rig.image.lift_in.brake_on
    rig.image.lift_out.power = True
    rig.act()
    rig.wait(10)
    assert not rig.image.lift_in.moving
    assert rig.image.lift_in.done_serial == 0


def test_stop_ramps_down_and_is_done_at_standstill_even_without_power() -> None:
    rig = Rig()
    rig.request(rig.image.lift_out, Drive.MOVE, 2500, **LIFT)
    rig.wait(0.2 + 2.0)
    serial = rig.request(rig.image.lift_out, Drive.STOP, acceleration=1000)
    rig.image.lift_out.power = False
    rig.act()
    assert rig.until(lambda: rig.image.lift_in.done_serial == serial) == pytest.approx(1.0, abs=4e-3)
    assert not rig.image.lift_in.moving


def test_a_request_over_another_is_continuous_and_the_first_is_never_done() -> None:
    rig = Rig()
    first = rig.request(rig.image.lift_out, Drive.MOVE, 2500, **LIFT)
    rig.wait(0.2 + 2.0)
    before = rig.plant.truth().carriage.lift
    second = rig.request(rig.image.lift_out, Drive.MOVE, 0, **LIFT)
    after = rig.plant.truth().carriage.lift
    assert (before.position, before.velocity) == (after.position, after.velocity)
    seen = set()
    while rig.image.lift_in.moving:
        rig.step()
        seen.add(rig.image.lift_in.done_serial)
    assert first not in seen
    assert second in seen


def test_home_ends_at_the_reference_without_stretch() -> None:
    rig = Rig()
    rig.lift(2500)
    serial = rig.request(rig.image.lift_out, Drive.HOME, speed=200, acceleration=200)
    taken_s = rig.until(lambda: rig.image.lift_in.done_serial == serial)
    assert taken_s == pytest.approx(2500 / 200 + 1, abs=0.01)
    assert rig.image.lift_in.at_reference
    assert rig.plant.truth().carriage.lift.position == 0


@pytest.mark.parametrize(
    ("first", "then", "degrees"), [(270_000, 0, 90), (90_000, 270_000, 180), (10_000, 330_000, 40)]
)
def test_the_turntable_takes_the_shorter_way(first: int, then: int, degrees: float) -> None:
    rig = Rig()
    rig.turn(first)
    assert rig.turn(then) == pytest.approx(degrees / 9 + 1)
    assert rig.image.turntable_in.position == then


def test_jog_runs_until_stopped_and_the_limit_switch_ends_it() -> None:
    rig = Rig()
    rig.request(rig.image.lift_out, Drive.JOG, speed=100, acceleration=500)
    rig.wait(10.2)
    assert rig.image.lift_in.velocity == 100
    assert rig.image.lift_in.position == pytest.approx(100 * 10 - 10)
    rig.request(rig.image.lift_out, Drive.JOG, speed=-500, acceleration=500)
    rig.until(lambda: rig.image.lift_in.over_travel)
    assert rig.image.safety.over_travel
    assert not rig.image.safety.chain_closed
    rig.until(lambda: not rig.image.lift_in.moving)
    # At -150 with 500 mm/s and 1000 mm/s2: 125 mm of ramp.
    assert rig.image.lift_in.position == pytest.approx(-275)
    rig.plant.wind_lift(0)
    rig.plant.device_reset()
    rig.plant.sense(rig.t)
    assert rig.image.safety.chain_closed


def test_overspeed_trips_the_governor() -> None:
    rig = Rig("guangzhou")
    rig.request(rig.image.lift_out, Drive.MOVE, 10_000, speed=1500, acceleration=500)
    assert rig.until(lambda: rig.image.safety.overspeed) == pytest.approx(0.2 + 2.4, abs=4e-3)
    rig.until(lambda: not rig.image.lift_in.moving)
    rig.plant.device_reset()
    rig.plant.sense(rig.t)
    assert rig.image.safety.chain_closed


requests = st.tuples(
    st.sampled_from([Drive.MOVE, Drive.HOME, Drive.LEVEL, Drive.JOG, Drive.STOP, Drive.NONE]),
    st.integers(-400_000, 400_000),
    st.integers(-9000, 12_000),
    st.integers(1000, 20_000),
    st.floats(0.01, 6.0),
    st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(requests, min_size=1, max_size=8))
def test_position_and_velocity_stay_continuous_under_any_requests(
    drawn: list[tuple[Drive, int, int, int, float, bool]],
) -> None:
    rig = Rig()
    out = rig.image.turntable_out
    for kind, target, speed, rate, seconds, power in drawn:
        before = rig.plant.truth().carriage.turntable
        rig.request(out, kind, target, speed=speed, acceleration=rate, duration_s=1.5)
        out.power = power
        rig.act()
        after = rig.plant.truth().carriage.turntable
        assert after.position == pytest.approx(before.position, abs=1e-3)
        assert after.velocity == pytest.approx(before.velocity, abs=1e-3)
        last = after
        for _ in range(20):
            rig.wait(seconds / 20)
            now = rig.plant.truth().carriage.turntable
            farthest = (abs(last.velocity) + 20_000 * seconds / 20) * seconds / 20
            assert abs(now.position - last.position) <= farthest + 1e-3
            assert abs(now.velocity - last.velocity) <= 100_000 * seconds / 20 + 1e-3
            last = now
