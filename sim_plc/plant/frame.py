"""The measuring frame of a room with the scale in its floor: what they read of a car that stands still.

A reading is taken once, when the car stands alone, and held as long as it does. Lengths come from measuring light
grids with a beam every 10 mm, so that an edge is known to a step of 10 mm. It tells a car at a limit from one that is
a step above it, whatever chance does:

    reading = true value + error, rounded to 10 mm; |error| < 5 mm

A car that reads exactly the limit may in truth be larger by less than a step (error and rounding: 9 mm, and 9.5 kg on
the scale).
"""

import math
import random
from dataclasses import dataclass
from typing import Final

from sim_plc.image import RoomInputs
from sim_plc.plant.cars import Car
from sim_plc.plant.scale import Scale

STEP_MM: Final = 10

ERROR_MM: Final = 4.0
"""Mounting and alignment of the grids, at most."""


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
        self._scale = Scale(dice)
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
        length_mm, width_mm, height_mm = (
            _to_step(size + self._dice.uniform(-ERROR_MM, ERROR_MM))
            for size in (car.length_mm, car.width_mm, car.height_mm)
        )
        return Reading(length_mm, width_mm, height_mm, self._scale.weigh(t, car.weight_kg), car.wheels)


def _to_step(size_mm: float) -> int:
    return STEP_MM * math.floor(size_mm / STEP_MM + 0.5)
