"""What scenarios of the tower contract are made of: where to go, what to do there, and what is seen then."""

from collections.abc import Callable
from typing import TypeAlias

from hal.interfaces import Prepared
from hal.plcmap.codes import State
from hal.plcmap.shape import TowerShape, level_of
from hal.room import Door
from tests.support.bench import LIMIT_S, Bench

FULL_TURN = 360_000
Prepare: TypeAlias = Callable[[], Prepared]


def homed(bench: Bench) -> tuple[bool, bool, bool]:
    return bench.tower.lift.homed, bench.tower.turntable.homed, bench.tower.shuttle.homed


def stands(door: Door) -> tuple[State | None, bool]:
    return door.state, door.is_locked


def bay_station(place: int) -> str:
    return f"bays{level_of(place)}"


async def later(bench: Bench, name: str) -> None:
    """Wait for a newer image of a station."""
    station = bench.tower.stations[name]
    heartbeat = station.image.heartbeat
    await station.until(lambda image: image.heartbeat != heartbeat, LIMIT_S)


def low(shape: TowerShape) -> int:
    """Return a bay on the lowest level that has one."""
    return shape.bays[0]


def high(shape: TowerShape) -> int:
    """Return a bay on the next level, or on the only one."""
    return shape.bays_of(shape.bay_levels[:2][-1])[-1]


def top(shape: TowerShape) -> int:
    """Return a bay on the highest level: far enough to be cut on the way."""
    return shape.bays[-1]
