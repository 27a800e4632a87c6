"""A machine's pace is learned from its moves: what it is, that it changed, and what says nothing about it."""

import random

import pytest

from controller.domain.dispatch.calibration import MEMORY, Calibration, Primitive

TRAVEL = Primitive.TRAVEL


def taught(
    share: float,
    each_s: float,
    count: int,
    seed: int,
    known: Calibration | None = None,
    primitive: Primitive = TRAVEL,
) -> Calibration:
    """Return what ``count`` travels of 4 to 16 s teach, each off by a tenth of a second or so."""
    known, rng = known or Calibration(), random.Random(seed)
    for _ in range(count):
        bound_s = rng.uniform(4.0, 16.0)
        known.learn(primitive, bound_s, share * bound_s + each_s + rng.gauss(0.0, 0.05))
    return known


def test_a_machine_as_built_is_predicted_by_its_bounds() -> None:
    known = Calibration()
    assert all(known.predicted_s(primitive, 7.5) == 7.5 for primitive in Primitive)
    assert known.accuracy(TRAVEL).samples == 0


@pytest.mark.parametrize(("share", "each_s"), [(1.0, 0.2), (1.08, 0.15), (1.2, 0.0)])
def test_share_and_seconds_of_a_travel_are_told_apart(share: float, each_s: float) -> None:
    pace = taught(share, each_s, 150, seed=1).paces.travel
    assert pace.share == pytest.approx(share, abs=0.01)
    assert pace.each_s == pytest.approx(each_s, abs=0.1)


def test_twenty_moves_are_enough_for_one_in_a_hundred() -> None:
    known = taught(1.06, 0.25, 20, seed=2)
    for bound_s in (4.0, 8.0, 16.0):
        assert known.predicted_s(TRAVEL, bound_s) == pytest.approx(1.06 * bound_s + 0.25, rel=0.01)


def test_a_change_of_the_machine_is_followed() -> None:
    known = taught(1.0, 0.2, 3 * MEMORY, seed=3)
    taught(1.1, 0.2, 3 * MEMORY, seed=4, known=known)
    assert known.predicted_s(TRAVEL, 10.0) == pytest.approx(11.2, rel=0.01)


def test_the_same_way_for_a_year_lets_nothing_drift_off() -> None:
    """Forgetting without news makes the doubt of a plain estimator grow until one odd sample throws it anywhere."""
    known = Calibration()
    for _ in range(20_000):
        known.learn(TRAVEL, 8.0, 8.3)
    known.learn(TRAVEL, 16.0, 16.5)
    assert known.predicted_s(TRAVEL, 8.0) == pytest.approx(8.3, rel=0.02)
    assert known.predicted_s(TRAVEL, 16.0) == pytest.approx(16.5, rel=0.03)


@pytest.mark.parametrize("primitive", [Primitive.EXCHANGE, Primitive.DOOR, Primitive.LATCH])
def test_what_has_one_bound_is_known_by_its_share(primitive: Primitive) -> None:
    known = Calibration()
    for measured_s in (8.2, 8.4, 8.2, 8.4):
        known.learn(primitive, 8.0, measured_s)
    assert known.predicted_s(primitive, 8.0) == pytest.approx(8.3)
    assert known.predicted_s(TRAVEL, 8.0) == 8.0


@pytest.mark.parametrize(("bound_s", "measured_s"), [(0.0, 0.3), (8.0, 0.0), (8.0, 60.0), (8.0, -1.0)])
def test_what_had_nothing_to_do_or_was_disturbed_teaches_nothing(bound_s: float, measured_s: float) -> None:
    known = Calibration()
    assert not known.learn(TRAVEL, bound_s, measured_s)
    assert known.predicted_s(TRAVEL, 8.0) == 8.0
    assert known.accuracy(TRAVEL).samples == 0


def test_the_error_is_that_of_predictions_made_before() -> None:
    known = Calibration()
    known.learn(Primitive.DOOR, 8.0, 9.0)
    first = known.accuracy(Primitive.DOOR)
    assert (first.samples, first.bias_s, first.error_s) == (1, 1.0, 1.0)
    assert first.share == pytest.approx(1 / 9)
    assert taught(1.05, 0.2, 400, seed=5).accuracy(TRAVEL).share < 0.01


def test_a_lift_that_became_slower_is_followed_within_six_travels_whatever_was_learned_before() -> None:
    known, rng = taught(1.0, 0.2, 3 * MEMORY, seed=6, primitive=Primitive.LIFT), random.Random(7)
    for bound_s in (9.0, 12.0, 6.0, 10.0, 7.0, 11.0):
        known.learn(Primitive.LIFT, bound_s, 1.25 * bound_s + 0.2 + rng.gauss(0.0, 0.05))
    for bound_s in (5.0, 10.0, 15.0):
        assert known.predicted_s(Primitive.LIFT, bound_s) == pytest.approx(1.25 * bound_s + 0.2, rel=0.03)
    assert known.predicted_s(TRAVEL, 10.0) == 10.0


def test_one_odd_move_in_three_teaches_little() -> None:
    known = taught(1.0, 0.2, 3 * MEMORY, seed=8)
    for odd in range(30):
        known.learn(TRAVEL, 10.0, 13.0 if odd % 3 == 0 else 10.2)
    assert known.predicted_s(TRAVEL, 10.0) < 10.9


def test_an_exchange_that_became_slower_is_followed() -> None:
    known = Calibration()
    for measured_s in [8.1] * MEMORY + [9.6] * 6:
        known.learn(Primitive.EXCHANGE, 8.0, measured_s)
    assert known.predicted_s(Primitive.EXCHANGE, 8.0) == pytest.approx(9.6)


def test_what_was_late_and_got_there_teaches_and_what_was_held_up_does_not() -> None:
    known = Calibration()
    assert not known.learn(Primitive.LIFT, 10.0, 20.0)
    for _ in range(6):
        assert known.learn(Primitive.LIFT, 10.0, 20.0, late=True)
    assert known.predicted_s(Primitive.LIFT, 10.0) == pytest.approx(20.0, rel=0.02)
    assert not known.learn(Primitive.LIFT, 10.0, 44.0, late=True)


@pytest.mark.parametrize("primitive", Primitive)
def test_what_was_forgotten_is_as_built_again(primitive: Primitive) -> None:
    known = taught(1.2, 0.1, 30, seed=9, primitive=primitive)
    taught(1.1, 0.1, 30, seed=10, known=known, primitive=TRAVEL)
    known.forget(primitive)
    assert known.predicted_s(primitive, 8.0) == 8.0
    assert known.accuracy(primitive).samples == 0
    assert (known.predicted_s(TRAVEL, 8.0) > 8.5) is (primitive is not TRAVEL)
