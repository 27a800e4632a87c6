"""Towers in which the times of moves hang on one axis, and the bays between which they do."""

from typing import Final

from config.schema import Tower
from sim_plc.plant.troubles import AxisName
from tests.support.places import LOW1, LOW2, across_in
from tests.support.tower_under_test import tower_under_test

QUARTER_IN_S: Final = 7.5
"""A quarter of a turn takes the turntable so long, where the times hang on it."""

STROKE_IN_S: Final = 6.0

DRIVES: Final[dict[str, tuple[AxisName, ...]]] = {
    "lift": ("lift",),
    "turntable": ("turntable",),
    "shuttle": ("arms", "comb"),
}
"""The drives of each axis."""


def tower_with(axis: str) -> Tower:
    """Return the tower with one axis that is slow as built, so that its speed decides."""
    match axis:
        case "lift":
            speed = across_in(16.0)
            return tower_under_test(machine__lift__speed_mm_s=speed, machine__lift__home_speed_mm_s=speed)
        case "turntable":
            return tower_under_test(machine__turntable__speed_mdeg_s=str(round(90_000 / QUARTER_IN_S)))
        case _:
            stroke_mm = tower_under_test().machine.shuttle.stroke_mm
            return tower_under_test(machine__shuttle__speed_mm_s=str(round(stroke_mm / STROKE_IN_S)))


def ends_of(axis: str, tower: Tower) -> tuple[int, int]:
    """Return two bays between which the times of moves hang on an axis."""
    return (tower.shape.bays_of(tower.shape.levels)[-1], LOW2) if axis == "lift" else (LOW2, LOW1)
