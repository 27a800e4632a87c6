"""Whether the carriage reaches every place, and can tell each from its neighbours."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from config.faults import Fault
from config.rules.rule import Rule, Side, clash
from config.rules.topology import TOPOLOGY
from config.schema import Tower
from config.sources import Sources
from hal.plcmap.shape import level_of

MAX_TRAVEL_MM: Final = 200_000
"""The tallest hoistway that one machine serves here."""

_POSES: Final = (*TOPOLOGY, "ring.level_pitch_mm", "calibration")


def hoistway_not_too_tall(tower: Tower, sources: Sources) -> Iterator[Fault]:
    """Demand that one lift can serve all levels."""
    ring = tower.ring
    travel = (ring.levels - 1) * ring.level_pitch_mm
    if travel > MAX_TRAVEL_MM:
        message = f"{ring.levels} levels make a lift travel of {travel} mm"
        allowed = f"at most {MAX_TRAVEL_MM} mm in all"
        yield sources.fault(("ring", "level_pitch_mm"), message, allowed=allowed, value=ring.level_pitch_mm)


def car_fits_between_levels(tower: Tower, sources: Sources) -> Iterator[Fault]:
    """Demand that the tallest car fits below the next level's deck."""
    pitch, height = tower.ring.level_pitch_mm, tower.limits.height_mm
    if pitch <= height:
        yield clash(
            sources,
            Side(
                ("ring", "level_pitch_mm"),
                pitch,
                f"a car of limits.height_mm = {height} does not fit between levels",
                f"more than {height}",
            ),
            Side(
                ("limits", "height_mm"),
                height,
                f"such a car does not fit between levels of ring.level_pitch_mm = {pitch}",
                f"less than {pitch}",
            ),
        )


def levels_apart(tower: Tower, sources: Sources) -> Iterator[Fault]:
    """Demand that the lift can tell levels apart: that no windows of tolerance touch, measured heights included."""
    ring = tower.ring
    by_level: dict[int, list[int]] = {}
    for place, pose in tower.shape.poses.items():
        by_level.setdefault(level_of(place), []).append(pose.height_mm)
    for (level, below), (next_level, above) in pairwise(sorted(by_level.items())):
        gap = min(above) - max(below)
        if gap <= 2 * ring.height_tolerance_mm:
            message = f"places of level {level} and {next_level} are {gap} mm apart"
            path = ("ring", "height_tolerance_mm")
            yield sources.fault(path, message, allowed=f"less than {gap / 2:g}", value=ring.height_tolerance_mm)
            return


def positions_apart(tower: Tower, sources: Sources) -> Iterator[Fault]:
    """Demand that the turntable can tell the places of a level apart: that no windows of tolerance touch."""
    ring = tower.ring
    by_level: dict[int, list[tuple[int, int]]] = {}
    for place, pose in tower.shape.poses.items():
        by_level.setdefault(level_of(place), []).append((pose.angle_mdeg, place))
    for spots in by_level.values():
        ordered = sorted(spots)
        turned = [*ordered, (ordered[0][0] + 360_000, ordered[0][1])]
        for (angle, place), (next_angle, next_place) in pairwise(turned):
            gap = next_angle - angle
            if place != next_place and gap <= 2 * ring.angle_tolerance_mdeg:
                message = f"places {place} and {next_place} are {gap} mdeg apart"
                path = ("ring", "angle_tolerance_mdeg")
                yield sources.fault(path, message, allowed=f"less than {gap / 2:g}", value=ring.angle_tolerance_mdeg)
                return


def limits_inside_travel(tower: Tower, sources: Sources) -> Iterator[Fault]:
    """Demand this order from below: switch, working limit, working limit, switch."""
    way = tower.travel
    if way.highest_mm < way.lowest_mm:
        message = f"lies below the other working limit, {way.lowest_mm}"
        path = ("hoistway", "highest_mm")
        yield sources.fault(path, message, allowed=f"at least {way.lowest_mm}", value=way.highest_mm)
    if way.low_end_mm >= way.lowest_mm:
        message = f"the working limit {way.lowest_mm} lies beyond this switch"
        path = ("hoistway", "low_end_mm")
        yield sources.fault(path, message, allowed=f"less than {way.lowest_mm}", value=way.low_end_mm)
    if way.high_end_mm <= way.highest_mm:
        message = f"the working limit {way.highest_mm} lies beyond this switch"
        path = ("hoistway", "high_end_mm")
        yield sources.fault(path, message, allowed=f"more than {way.highest_mm}", value=way.high_end_mm)


def places_in_reach(tower: Tower, sources: Sources) -> Iterator[Fault]:
    """Demand that the lift reaches each place, and its reference mark at height 0."""
    way = tower.travel
    heights = {"its reference mark": 0}
    heights |= {f"place {place}": pose.height_mm for place, pose in tower.shape.poses.items()}
    lowest, highest = (bound(heights, key=lambda name: heights[name]) for bound in (min, max))
    if heights[lowest] < way.lowest_mm:
        message = f"the lift does not reach {lowest} at {heights[lowest]}"
        path = ("hoistway", "lowest_mm")
        yield sources.fault(path, message, allowed=f"at most {heights[lowest]}", value=way.lowest_mm)
    if heights[highest] > way.highest_mm >= way.lowest_mm:
        message = f"the lift does not reach {highest} at {heights[highest]}"
        path = ("hoistway", "highest_mm")
        yield sources.fault(path, message, allowed=f"at least {heights[highest]}", value=way.highest_mm)


def measured_places_exist(tower: Tower, sources: Sources) -> Iterator[Fault]:
    """Demand that what was measured is a place of this tower."""
    places = {str(place) for place in tower.shape.poses}
    for name in tower.calibration:
        if name not in places:
            yield sources.fault(("calibration", name), "the tower has no such place")


RULES: Final = (
    Rule("hoistway-height", ("ring.levels", "ring.level_pitch_mm"), hoistway_not_too_tall),
    Rule("car-height", ("ring.level_pitch_mm", "limits.height_mm"), car_fits_between_levels),
    Rule("levels-apart", (*_POSES, "ring.height_tolerance_mm"), levels_apart),
    Rule("positions-apart", (*_POSES, "ring.angle_tolerance_mdeg"), positions_apart),
    Rule("travel-limits", (*_POSES, "hoistway"), limits_inside_travel),
    Rule("place-reach", (*_POSES, "hoistway"), places_in_reach),
    Rule("calibration-place", (*TOPOLOGY, "calibration"), measured_places_exist),
)
