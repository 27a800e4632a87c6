"""The four axes of a carriage as a tower's configuration describes them."""

import math
import random
from collections.abc import Hashable
from enum import Enum
from typing import Final

from config.schema import Tower
from sim_plc.plant.axis import Axis, AxisSpec, Mark
from sim_plc.plant.cars import Yard
from sim_plc.plant.ropes import Ropes
from sim_plc.plant.track import Track

_OVER_RATED: Final = 1.2
"""The governor trips at this times the rated speed."""

_DRIVE_ERROR_MM: Final = 4.0
"""How far a lift's drive misses its target at most, before the ropes; LEVEL takes that out."""

_MISS_MM: Final = 8.0
"""How far it misses at most, ropes included."""

_RESIDUE_MM: Final = 1.0
"""How far a LEVEL stops from its target at most: brake wear and the position sensor's step.

A bar code positioning system for hoists repeats to about 1 mm (data sheets of Pepperl+Fuchs PXV and WCS).
"""

_MOUNTING_MM: Final = 1.0
"""How far the two edges of a level's dock contact may be mounted inside the tolerance, each."""


class Contact(Enum):
    """Windows on the tracks of the shuttle."""

    CENTRED = "centred"
    EXTENDED = "extended"
    DOWN = "down"
    UP = "up"
    RAISED = "raised"
    """Above the middle of the stroke: a load rests on the comb."""

    # As `Mark`'s.
    __hash__ = object.__hash__


def lift_axis(tower: Tower, seed: int, yard: Yard, ropes: Ropes) -> Axis:
    """Height of the carriage above level 1. By chance (``seed``): drive errors, and how the contacts are mounted."""
    lift = tower.machine.lift
    dice, end = random.Random(f"{seed} ropes"), random.Random(f"{seed} levelling")
    windows = _dock_windows(tower, random.Random(f"{seed} mounting"))
    windows |= {
        Mark.REFERENCE: (-5, 5),
        Mark.LOW_END: (-math.inf, tower.travel.low_end_mm),
        Mark.HIGH_END: (tower.travel.high_end_mm, math.inf),
    }

    def stretch(start_mm: float, target_mm: float) -> float:
        """Return the drive's own error, and what the ropes give while they pay out or wind up under a load."""
        if not lift.levelling_s:
            return 0.0
        load_kg = yard.aboard.weight_kg if yard.aboard else 0
        sunk_mm = ropes.sag_mm(target_mm, load_kg) - ropes.sag_mm(start_mm, load_kg)
        error_mm = dice.uniform(-_DRIVE_ERROR_MM, _DRIVE_ERROR_MM) - sunk_mm
        limit_mm = min(abs(target_mm - start_mm) / 10, _MISS_MM)
        return max(-limit_mm, min(limit_mm, error_mm))

    return Axis(
        AxisSpec(
            Track(windows),
            stop_rate=lift.stop_mm_s2,
            brake_s=lift.brake_s,
            governor=_OVER_RATED * lift.speed_mm_s,
            stretch=stretch,
            residue=lambda: end.uniform(-_RESIDUE_MM, _RESIDUE_MM) if lift.levelling_s else 0.0,
        )
    )


def _dock_windows(tower: Tower, mounting: random.Random) -> dict[Hashable, tuple[float, float]]:
    """Return where the dock contact of each level is made: within the tolerance, as exactly as it is mounted."""
    tolerance, slack = tower.ring.height_tolerance_mm, min(_MOUNTING_MM, tower.ring.height_tolerance_mm / 10)
    edges = {
        height: (height - tolerance + mounting.uniform(0, slack), height + tolerance - mounting.uniform(0, slack))
        for height in sorted({pose.height_mm for pose in tower.shape.poses.values()})
    }
    return {place: edges[pose.height_mm] for place, pose in tower.shape.poses.items()}


def turntable_axis(tower: Tower) -> Axis:
    """Rotation of the carriage, endless."""
    table, tolerance = tower.machine.turntable, tower.ring.angle_tolerance_mdeg
    windows: dict[Hashable, tuple[float, float]] = {
        place: (pose.angle_mdeg - tolerance, pose.angle_mdeg + tolerance) for place, pose in tower.shape.poses.items()
    }
    windows[Mark.REFERENCE] = (-100, 100)
    return Axis(
        AxisSpec(
            Track(windows, 360_000),
            stop_rate=table.stop_mdeg_s2,
            brake_s=table.brake_s,
            turn=360_000,
            governor=_OVER_RATED * table.speed_mdeg_s,
        )
    )


def arms_axis(tower: Tower) -> Axis:
    """Arms of the shuttle: 0 centred, ``stroke_mm`` extended."""
    shuttle = tower.machine.shuttle
    slack = min(2.0, shuttle.stroke_mm / 20)
    windows: dict[Hashable, tuple[float, float]] = {
        Contact.CENTRED: (-slack, slack),
        Contact.EXTENDED: (shuttle.stroke_mm - slack, math.inf),
        Mark.REFERENCE: (-slack, slack),
        Mark.LOW_END: (-math.inf, -20),
        Mark.HIGH_END: (shuttle.stroke_mm + 20, math.inf),
    }
    return Axis(AxisSpec(Track(windows), stop_rate=shuttle.acceleration_mm_s2, brake_s=None))


def comb_axis(tower: Tower) -> Axis:
    """Comb of the shuttle: 0 down, ``comb_stroke_mm`` up."""
    shuttle = tower.machine.shuttle
    stroke_mm = shuttle.comb_stroke_mm
    slack = min(2.0, stroke_mm / 20)
    windows: dict[Hashable, tuple[float, float]] = {
        Contact.DOWN: (-math.inf, slack),
        Contact.RAISED: (stroke_mm / 2, math.inf),
        Contact.UP: (stroke_mm - slack, math.inf),
        Mark.REFERENCE: (-slack, slack),
        Mark.LOW_END: (-math.inf, -20),
        Mark.HIGH_END: (stroke_mm + 20, math.inf),
    }
    return Axis(AxisSpec(Track(windows), stop_rate=shuttle.comb_acceleration_mm_s2, brake_s=None))
