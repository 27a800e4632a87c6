"""The ropes that carry the carriage: whoever loads it makes it sink, whoever unloads it lets it rise.

Elastic elongation of a rope is F L / (E A): its tension times its free length over modulus and metallic section
(Feyrer, *Wire Ropes*, elastic elongation; ISO 12076 tells how the modulus is measured). What the carriage itself
weighs stretches the ropes once and for all; what counts here is the car.
"""

import math
from dataclasses import dataclass
from typing import Final

from config.schema import Tower

GRAVITY_M_S2: Final = 9.81

MODULUS_N_MM2: Final = 70_000.0
"""Of a stranded rope of an elevator, run in: far below the 206,000 of its wire, since the strands settle."""

ROPE_MM2: Final = 165.0
"""Metallic section of one 20 mm rope, 0.52 of the circle around it."""

HEADROOM_MM: Final = 3000
"""From the top level's floor up to the sheave."""

SAG_LIMIT_MM: Final = 6.0
"""Ropes are chosen so that the heaviest car moves the carriage by no more than this at the lowest level.

With the drive's residual error and the mounting of the dock contacts it fits into a tolerance of 10 mm, the levelling
accuracy that lifts must keep (EN 81-20, 5.12.1.1.4).
"""


@dataclass(frozen=True, slots=True)
class Ropes:
    """All ropes together. ``count`` 0: the carriage hangs on something rigid."""

    top_mm: float
    """Height of the sheave above level 1."""
    count: int
    stiffness: float = 1.0
    """Of what they had when new."""

    def sag_mm(self, height_mm: float, load_kg: float) -> float:
        """Return by how much a load lowers a carriage that stands at a height; never negative."""
        if not self.count or load_kg <= 0:
            return 0.0
        force_n, length_mm = load_kg * GRAVITY_M_S2, max(self.top_mm - height_mm, 0.0)
        return force_n * length_mm / (MODULUS_N_MM2 * ROPE_MM2 * self.count * self.stiffness)


def ropes_of(tower: Tower) -> Ropes:
    """Return the ropes that a tower of this height and load has; a lift that does not level needs rigid ones."""
    heights = [pose.height_mm for pose in tower.shape.poses.values()]
    top_mm = max(heights) + HEADROOM_MM
    if not tower.machine.lift.levelling_s:
        return Ropes(top_mm, 0)
    one_mm = Ropes(top_mm, 1).sag_mm(min(heights), tower.limits.weight_kg)
    return Ropes(top_mm, math.ceil(one_mm / SAG_LIMIT_MM))
