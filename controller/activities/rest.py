"""Before a unit is still, and before it begins anything: what runs at the stations comes to its end, whoever began it.

The journal cannot tell: a command whose record was lost with the disk, or one that another master left behind, runs
beside no open intent.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog

from controller.activities.context import Bench
from controller.activities.primitive import StepFailed, halt
from hal.tower import Tower

log = structlog.get_logger(__name__)

END_S: Final = 60.0
"""How long a command of which no record is kept may go on, as one that the journal knows may; then it is stopped."""


def running(tower: Tower) -> Sequence[str]:
    """Return the full names of the mechanisms that execute a command, of stations that are online.

    What is out of sight stops by its own watchdog.
    """
    return [
        f"{name}/{mechanism}"
        for name, station in tower.stations.items()
        if station.online
        for mechanism, status in station.image.mechanisms.items()
        if status.executing != 0
    ]


async def stop_all(bench: Bench) -> None:
    """Stop whatever runs at a station that is online, and wait for standstill, under a deadline of its own."""
    await halt(bench, running(bench.tower))


async def come_to_rest(bench: Bench) -> None:
    """Return once no station executes anything. What goes on for too long is stopped.

    An exchange that runs is let come to its end: cut, it would leave a car between two places. Cancelled: everything
    is stopped and has come to standstill before this raises.

    Raises:
        StepFailed: something goes on all the same.

    """
    tower = bench.tower
    if not running(tower):
        return
    log.warning("waiting_for_rest", mechanisms=running(tower))
    try:
        if await bench.news.until(lambda: not running(tower), END_S):
            return
    except asyncio.CancelledError:
        await stop_all(bench)
        raise
    await stop_all(bench)
    if left := running(tower):
        raise StepFailed("BUSY", f"{', '.join(left)}: a command goes on that nobody here has given")
