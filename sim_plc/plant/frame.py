"""The measuring frame of a room and the scale in its floor: what they read of a car that stands still.

A reading is taken once, when the car stands alone, and held as long as it does. Lengths come from measuring light
grids with a beam every 10 mm, so that an edge is known to a step of 10 mm; the scale has the interval e = 10 kg of
class III, whose error at up to 500 e may be half an interval (OIML R 76-1, 3.5.1). Both therefore tell a car at a limit
from one that is a step above it, whatever chance and temperature do:

    reading = true value + error, rounded to the step; |error| < step / 2

A car that reads exactly the limit may in truth be larger by less than half a step (5 mm, 5 kg).
"""

import math
import random
from dataclasses import dataclass
from typing import Final

from sim_plc.image import RoomInputs
from sim_plc.plant.cars import Car

STEP_MM: Final = 10
STEP_KG: Final = 10

ERROR_MM: Final = 4.0
"""Mounting and alignment of the grids, at most."""

NOISE_KG: Final = 2.5
"""Wind, vibration and the place of the wheels on the platform, at most."""

DRIFT_KG: Final = 2.0
"""Zero drift of the load cells with the temperature of the day, at most."""

DAY_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Reading:
    """What the frame tells of a car."""

    length_mm: int
    width_mm: int
    height_mm: int
    weight_kg: int
    wheels: int


class MeasuringFrame:
    """Reads a car when it comes to stand alone. ``dice`` draws the errors."""

    def __init__(self, dice: random.Random) -> None:
        self.reading: Reading | None = None
        self._dice = dice
        self._hour = dice.random()
        self._car: Car | None = None

    def look(self, t: float, car: Car | None) -> None:
        """Take a reading of ``car`` if it has just come to stand; None: nothing to measure."""
        if car is not self._car:
            self._car = car
            self.reading = None if car is None else self._read(t, car)

    def fill(self, inputs: RoomInputs) -> None:
        """Fill every input of the frame."""
        reading = self.reading
        inputs.measured = reading is not None
        inputs.length_mm = reading.length_mm if reading else 0
        inputs.width_mm = reading.width_mm if reading else 0
        inputs.height_mm = reading.height_mm if reading else 0
        inputs.weight_kg = reading.weight_kg if reading else 0
        inputs.wheels = reading.wheels if reading else 0

    def _read(self, t: float, car: Car) -> Reading:
        drift_kg = DRIFT_KG * math.sin(2 * math.pi * (t / DAY_S + self._hour))
        length_mm, width_mm, height_mm = (
            _rounded(size + self._dice.uniform(-ERROR_MM, ERROR_MM), STEP_MM)
            for size in (car.length_mm, car.width_mm, car.height_mm)
        )
        weight_kg = _rounded(car.weight_kg + self._dice.uniform(-NOISE_KG, NOISE_KG) + drift_kg, STEP_KG)
        return Reading(length_mm, width_mm, height_mm, weight_kg, car.wheels)


def _rounded(value: float, step: int) -> int:
    return step * math.floor(value / step + 0.5)
