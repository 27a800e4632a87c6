"""The four axes of a carriage as a tower's configuration describes them."""

import math
import random
from collections.abc import Hashable
from enum import Enum
from typing import Final

from config.schema import Tower
from sim_plc.plant.axis import Axis, AxisSpec, Mark
from sim_plc.plant.cars import Yard
from sim_plc.plant.track import Track

_OVER_RATED: Final = 1.2
"""The governor trips at this times the rated speed."""


class Contact(Enum):
    """Windows on the tracks of the shuttle."""

    CENTRED = "centred"
    EXTENDED = "extended"
    DOWN = "down"
    UP = "up"
    RAISED = "raised"
    """Above the middle of the stroke: a load rests on the comb."""


def lift_axis(tower: Tower, dice: random.Random, yard: Yard) -> Axis:
    """Height of the carriage above level 1; ropes stretch by chance (``dice``) and load."""
    lift, poses, tolerance = tower.machine.lift, tower.shape.poses, tower.ring.height_tolerance_mm
    windows: dict[Hashable, tuple[float, float]] = {
        place: (pose.height_mm - tolerance, pose.height_mm + tolerance) for place, pose in poses.items()
    }
    windows |= {
        Mark.REFERENCE: (-5, 5),
        Mark.LOW_END: (-math.inf, tower.travel.low_end_mm),
        Mark.HIGH_END: (tower.travel.high_end_mm, math.inf),
    }

    def stretch(way_mm: float) -> float:
        if not lift.levelling_s:
            return 0.0
        load_kg = yard.aboard.weight_kg if yard.aboard else 0
        error_mm = dice.uniform(-4.0, 4.0) - 4.0 * min(load_kg / 2500, 1.0)
        limit_mm = abs(way_mm) / 10
        return max(-limit_mm, min(limit_mm, error_mm))

    return Axis(
        AxisSpec(
            Track(windows),
            stop_rate=lift.stop_mm_s2,
            brake_s=lift.brake_s,
            governor=_OVER_RATED * lift.speed_mm_s,
            stretch=stretch,
        )
    )


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
