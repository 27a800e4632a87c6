"""The shape of a tower as the wire sees it: plain numbers, no configuration library."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Final

from hal.plcmap.frame import crc16, split32

BAY_UNIT_BASE: Final = 10
"""Unit id of a bay controller is this plus its level."""

TOWER_UNIT: Final = 1

FULL_TURN_MDEG: Final = 360_000


def place_number(level: int, position: int) -> int:
    """Return the one number of a place: level x 100 + position, both from 1."""
    return level * 100 + position


def level_of(place: int) -> int:
    """Return the level of a place."""
    return place // 100


def position_of(place: int) -> int:
    """Return the position of a place on its level's ring."""
    return place % 100


@dataclass(frozen=True, slots=True)
class PlacePose:
    """Where the carriage must stand to be docked at a place."""

    height_mm: int
    angle_mdeg: int


@dataclass(frozen=True)
class TowerShape:
    """Levels, positions a level, and which places are rooms or left out by the steel.

    ``poses`` has an entry for every bay and room: the place table that the PLC holds too.
    """

    tower_id: int
    levels: int
    positions: int
    rooms: tuple[int, ...]
    poses: Mapping[int, PlacePose]
    height_tolerance_mm: int
    angle_tolerance_mdeg: int

    @cached_property
    def places(self) -> tuple[int, ...]:
        """Every place, bays and rooms, in ascending order."""
        return tuple(sorted(self.poses))

    @cached_property
    def bays(self) -> tuple[int, ...]:
        """Every bay in ascending order."""
        rooms = set(self.rooms)
        return tuple(place for place in self.places if place not in rooms)

    def bays_of(self, level: int) -> tuple[int, ...]:
        """Bays of one level in ascending order."""
        return self._bays_by_level.get(level, ())

    def place_at(self, height_mm: int, angle_mdeg: int) -> int | None:
        """Return the place before which a carriage stands, within the tolerances of both axes; None: before none."""
        for place in self.places:
            pose = self.poses[place]
            if abs(height_mm - pose.height_mm) <= self.height_tolerance_mm:
                ahead_mdeg = (angle_mdeg - pose.angle_mdeg) % FULL_TURN_MDEG
                if min(ahead_mdeg, FULL_TURN_MDEG - ahead_mdeg) <= self.angle_tolerance_mdeg:
                    return place
        return None

    @property
    def bay_levels(self) -> tuple[int, ...]:
        """Levels that have a bay controller, in ascending order."""
        return tuple(self._bays_by_level)

    def table_crc(self) -> int:
        """CRC-16 of the place table: place, height, angle of every place in order, then the tolerances."""
        return crc16(tuple(self._table_words()))

    def _table_words(self) -> Iterator[int]:
        for place in self.places:
            pose = self.poses[place]
            yield place
            yield from split32(pose.height_mm)
            yield from split32(pose.angle_mdeg)
        yield from split32(self.height_tolerance_mm)
        yield from split32(self.angle_tolerance_mdeg)

    @cached_property
    def _bays_by_level(self) -> Mapping[int, tuple[int, ...]]:
        return {level: tuple(bays) for level, bays in groupby(self.bays, level_of)}
