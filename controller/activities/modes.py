"""The mode of the unit at the stations, and the key that takes the machine from the daemon."""

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import structlog

from controller.activities.again import tried_again
from controller.activities.context import Bench
from controller.activities.primitive import Errand, StepFailed, carry_out_ok
from controller.domain.unit import UnitMode
from hal.errors import HalError
from hal.plcmap.codes import Mode, Status

log = structlog.get_logger(__name__)

MODE_S: Final = 1.0
"""Bound of a station's MODE: done within one scan."""

ERRAND: Final = Errand(None, "mode")

TOWER: Final = "tower"
"""The station that sees the maintenance key, and that jogs."""

AT_THE_PLC: Final[Mapping[UnitMode, tuple[Mode, Status]]] = MappingProxyType(
    {
        UnitMode.PRODUCTION: (Mode.PRODUCTION, Status.MODE_PRODUCTION),
        UnitMode.MAINTENANCE: (Mode.MAINTENANCE, Status.MODE_MAINTENANCE),
        UnitMode.MANUAL: (Mode.MANUAL, Status.MODE_MANUAL),
    }
)
"""The argument of MODE, and the bit of the status word that shows it."""


def maintenance_key(bench: Bench) -> bool:
    """Return whether the newest image of the tower station, however old, shows the maintenance key on."""
    image = bench.tower.stations[TOWER].last_image
    return image is not None and Status.MAINTENANCE_KEY in image.status


def shows(bench: Bench, station: str, mode: UnitMode) -> bool:
    """Return whether a station is in a mode.

    Raises:
        NotOnline: its image may not be trusted.

    """
    return AT_THE_PLC[mode][1] in bench.tower.stations[station].image.status


def behind(bench: Bench, mode: UnitMode) -> list[str]:
    """Return the stations that do not show a mode, or cannot be relied on."""
    return [name for name, each in bench.tower.stations.items() if not (each.online and shows(bench, name, mode))]


async def set_at(bench: Bench, station: str, mode: UnitMode) -> None:
    """Bring one station to a mode; nothing is written where it shows that already.

    Raises:
        HalError: the station is not online, or must not be written to.
        StepFailed: it refuses, or does not show what it took.

    """
    if shows(bench, station, mode):
        return
    wanted = bench.tower.station_controls[station].set_mode(AT_THE_PLC[mode][0])
    await bench.keeper.commit(*await carry_out_ok(bench, ERRAND, wanted, bound_s=MODE_S))
    try:
        await bench.tower.stations[station].until(lambda _: shows(bench, station, mode), MODE_S)
    except TimeoutError as error:
        raise StepFailed("MODE", f"{station} does not show mode {mode.value.lower()}") from error


async def align(bench: Bench, mode: UnitMode) -> list[str]:
    """Bring every station to a mode, all at once; return those that are not there: the next reset asks them again."""
    async with asyncio.TaskGroup() as group:
        tasks = {name: group.create_task(_follows(bench, name, mode)) for name in bench.tower.stations}
    return [name for name, task in tasks.items() if not task.result()]


async def _follows(bench: Bench, station: str, mode: UnitMode) -> bool:
    try:
        await tried_again(lambda: set_at(bench, station, mode))
    except (HalError, StepFailed) as error:
        log.warning("mode_not_taken", station=station, mode=mode.name, error=str(error))
        return False
    return True
