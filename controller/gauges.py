"""What is measured of the computer and its wires, for the alarms that watch it: part of the composition root."""

import asyncio
import math
import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import structlog

from controller.domain.alarms import Tag
from controller.domain.clock import EARLIEST
from controller.store.writer import Executor
from hal.scan import Station
from hal.statistics import LinkStatistics, UnitStatistics

log = structlog.get_logger(__name__)

MIB: Final = 1 << 20

ERRORS_OVER_S: Final = 120.0
"""A request that failed so long ago counts a third of a new one: LinuxCNC's leaky bucket, as a share."""

LEAST_REQUESTS: Final = 100.0
"""Of fewer no share is told: 1 of 10 may be a plug that somebody has just put in."""

STEPS_OVER_S: Final = 600.0
"""So long a step of the clock is told."""


class DiskSpace:
    """Free space of the disk that ``folder`` lies on, in MiB; one that is read-only has none.

    It is asked in the journal's own thread, between two commits: a disk that does not answer blocks no loop, and holds
    up nothing but commits that wait for the same disk.
    """

    def __init__(self, folder: Path, executor: Executor) -> None:
        self._folder = folder
        self._executor = executor

    async def read(self) -> Mapping[Tag, float]:
        """Ask the disk."""
        try:
            disk = await self._executor(lambda: os.statvfs(self._folder))
        except OSError as error:
            log.warning("not_measured", what="disk", error=str(error))
            return {}
        free = 0 if disk.f_flag & os.ST_RDONLY else disk.f_bavail * disk.f_frsize
        return {Tag("DISK_SPACE_LOW"): free / MIB}


class BusErrors:
    """Share of a bus's requests that failed in the last minutes, in percent.

    Requests to a station count while it is online: one that is lost has an alarm of its own. ``number``: of the bus,
    from 0 in the configuration's order.
    """

    def __init__(self, number: int, statistics: LinkStatistics, stations: Sequence[Station]) -> None:
        self._tag = Tag("BUS_ERRORS", number)
        self._statistics = statistics
        self._stations = stations
        self._at_s: float | None = None
        self._seen: dict[str, tuple[int, int]] = {}
        """Of the stations that were online at the last look: their counts then."""
        self._asked = self._failed = 0.0

    async def read(self) -> Mapping[Tag, float]:
        """Look at the counters."""
        now_s = asyncio.get_running_loop().time()
        kept = 1.0 if self._at_s is None else math.exp((self._at_s - now_s) / ERRORS_OVER_S)
        self._at_s = now_s
        counts = {station.name: self._counts(station) for station in self._stations if station.online}
        news = [(counts[name], self._seen[name]) for name in counts.keys() & self._seen.keys()]
        self._asked = self._asked * kept + sum(now[0] - then[0] for now, then in news)
        self._failed = self._failed * kept + sum(now[1] - then[1] for now, then in news)
        self._seen = counts
        return {self._tag: 100 * self._failed / self._asked} if self._asked >= LEAST_REQUESTS else {}

    def _counts(self, station: Station) -> tuple[int, int]:
        """Return how many requests to a station have ended by now, and how many of them failed."""
        unit = self._statistics.units.get(station.map.unit, UnitStatistics())
        return unit.requests - unit.given_up, unit.unanswered + unit.unfitting + unit.lost


class ClockSteps:
    """By how many seconds the wall clock departed from the steady one in the last minutes, or is known to be wrong."""

    def __init__(self, now: Callable[[], float]) -> None:
        """Take what gives wall time in seconds since the epoch."""
        self._now = now
        self._offsets: deque[tuple[float, float]] = deque()

    async def read(self) -> Mapping[Tag, float]:
        """Look at both clocks."""
        wall, steady_s = self._now(), asyncio.get_running_loop().time()
        self._offsets.append((steady_s, wall - steady_s))
        while self._offsets[0][0] < steady_s - STEPS_OVER_S:
            self._offsets.popleft()
        offsets = [offset for _, offset in self._offsets]
        return {Tag("CLOCK_WRONG"): max(max(offsets) - min(offsets), EARLIEST.timestamp() - wall)}
