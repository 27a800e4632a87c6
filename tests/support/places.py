"""Places of the tower under test by the part that they play, so that no scenario hangs on numbers of one tower.

Three bays on the lowest level and three on the highest, each about a quarter of the ring from the one before,
beginning a quarter behind the first room: ways between any two of them are long enough to be met on.
"""

from typing import Final

from config.schema import Tower
from controller.domain.travel import shorter_way_mdeg
from hal.plcmap.registers import latches_station
from hal.plcmap.shape import TowerShape, level_of, position_of
from tests.support.tower_under_test import tower_under_test

QUARTERS: Final = 4


def quarter_bays(shape: TowerShape, level: int) -> tuple[int, int, int]:
    """Return the first bay of a level at or behind each quarter of the ring, the first room's place being 0."""
    bays, start = shape.bays_of(level), position_of(shape.rooms[0])
    first, second, third = (
        next(bay for bay in bays if position_of(bay) >= start + quarter * shape.positions // QUARTERS)
        for quarter in range(1, QUARTERS)
    )
    return first, second, third


def bay_beside(shape: TowerShape, place: int) -> int:
    """Return the bay with the shortest way from a place on its level, the lower number first."""
    angle_mdeg = shape.poses[place].angle_mdeg
    return min(
        shape.bays_of(level_of(place)),
        key=lambda bay: (shorter_way_mdeg(angle_mdeg, shape.poses[bay].angle_mdeg), bay),
    )


def across_in(seconds: float) -> str:
    """Return a speed of the lift, in mm/s, at which the whole height takes this long; at least 1 mm/s."""
    return str(max(1, round(max(pose.height_mm for pose in SHAPE.poses.values()) / seconds)))


def bus_of(tower: Tower, station: str) -> str:
    """Return the name of the bus that a station is on."""
    return next(name for name, bus in tower.bus.items() if station in bus.stations)


TOWER: Final = tower_under_test()
SHAPE: Final = TOWER.shape
ROOM: Final = SHAPE.rooms[0]
LOW1, LOW2, LOW3 = quarter_bays(SHAPE, SHAPE.bay_levels[0])
TOP1, TOP2, TOP3 = quarter_bays(SHAPE, SHAPE.bay_levels[-1])
BESIDE_ROOM: Final = bay_beside(SHAPE, ROOM)
"""Where a car from the room is put while this bay is free: a turn to it is shorter than any other way."""

NOWHERE: Final = SHAPE.levels * 100 + 99
"""A number that no place has."""

LOW_STATION: Final = latches_station(LOW1)
TOP_STATION: Final = latches_station(TOP1)
LOW_BUS: Final = bus_of(TOWER, LOW_STATION)
TOP_BUS: Final = bus_of(TOWER, TOP_STATION)
"""The lines to the lowest and the highest level; one and the same in a tower with a single line."""
