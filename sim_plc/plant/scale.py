"""A scale on load cells: in the floor of a room, and under the comb of the carriage.

It has the interval e = 10 kg of class III, whose error at up to 500 e may be half an interval (OIML R 76-1, 3.5.1):

    reading = true weight + noise + drift, rounded to 10 kg; |noise + drift| < 5 kg

So a car at a limit of whole steps never reads above it, and one a step above never at it.
"""

import math
import random
from typing import Final

STEP_KG: Final = 10

NOISE_KG: Final = 2.5
"""Wind, vibration and the place of the wheels on the platform, at most."""

DRIFT_KG: Final = 2.0
"""Zero drift of the load cells with the temperature of the day, at most."""

DAY_S: Final = 86_400.0


class Scale:
    """Weighs what rests on it. ``dice`` draws the errors, and when its day begins."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._hour = dice.random()

    def weigh(self, t: float, load_kg: float) -> int:
        """Return a reading at ``t``; nothing reads nothing, since the scale takes its own zero then."""
        if load_kg <= 0:
            return 0
        drift_kg = DRIFT_KG * math.sin(2 * math.pi * (t / DAY_S + self._hour))
        return STEP_KG * math.floor((load_kg + self._dice.uniform(-NOISE_KG, NOISE_KG) + drift_kg) / STEP_KG + 0.5)
