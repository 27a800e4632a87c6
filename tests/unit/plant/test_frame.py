"""What the measuring frame reads of a car, and how far that may be from the truth."""

import random

import pytest

from sim_plc.plant.cars import Car
from sim_plc.plant.frame import ERROR_MM, STEP_MM, MeasuringFrame, Reading
from sim_plc.plant.scale import DAY_S, DRIFT_KG, NOISE_KG, STEP_KG


def read(car: Car, seed: int, t: float = 0.0) -> Reading:
    frame = MeasuringFrame(random.Random(seed))
    frame.look(t, car)
    assert frame.reading is not None
    return frame.reading


def test_no_error_is_as_large_as_half_a_step() -> None:
    assert ERROR_MM < STEP_MM / 2
    assert NOISE_KG + DRIFT_KG < STEP_KG / 2


@pytest.mark.parametrize("seed", range(25))
def test_a_car_at_a_limit_never_reads_above_it_and_one_a_step_above_never_at_it(seed: int) -> None:
    at = Car("X", length_mm=5300, width_mm=2300, height_mm=2200, weight_kg=2500)
    above = Car("X", length_mm=5310, width_mm=2310, height_mm=2210, weight_kg=2510)
    for hour in range(0, 24, 6):
        t = hour / 24 * DAY_S
        assert read(at, seed, t) == Reading(5300, 2300, 2200, 2500, 4)
        assert read(above, seed, t) == Reading(5310, 2310, 2210, 2510, 4)


def test_between_two_steps_chance_decides_and_no_reading_is_a_whole_step_off() -> None:
    lengths = {read(Car("X", length_mm=4874, weight_kg=1604), seed).length_mm for seed in range(40)}
    assert lengths == {4870, 4880}
    weights = {read(Car("X", weight_kg=1604), seed).weight_kg for seed in range(40)}
    assert weights == {1600, 1610}


def test_a_reading_is_held_while_the_car_stands_and_taken_anew_when_it_stands_again() -> None:
    frame, car = MeasuringFrame(random.Random(1)), Car("X", length_mm=4875)
    readings = set()
    for _ in range(20):
        frame.look(0.0, car)
        reading = frame.reading
        frame.look(7.0, car)
        assert frame.reading is reading is not None
        readings.add(reading.length_mm)
        frame.look(8.0, None)
        assert frame.reading is None
    assert readings == {4870, 4880}
