"""Polls in virtual time: every one of them, or only those that can show something new."""

import asyncio
import math
from collections.abc import Callable
from typing import Final

from sim_plc.rehearsal.lull import LULL_S, EndLull, Lull

COALESCED_S: Final = 0.96
"""The longest pause between two polls of a coalesced run: a station is stale after 1.0 s as soon as one moves."""

QUICK_S: Final = 0.1
"""Shorter periods are no polls but looks at something about to happen: none of them is skipped."""


class Pulse:
    """Beats when something has happened that a poll of one station could show."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[bool]] = []

    def wait(self, future: "asyncio.Future[bool]") -> None:
        """Let the next beat answer True."""
        self._waiting.append(future)

    def beat(self) -> None:
        """Wake whoever polls it."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            for future in waiting:
                _answer(future, told=True)


class PulsedCadence:
    """`hal.cadence.Cadence` on a fixed grid of virtual time; with a pulse, points without news are skipped.

    While the wire is not ``sound`` none is: how long a lost answer blinds the daemon hangs on the polls behind it.
    In a `Lull` both ends count as polled, so that the pause may be longer than either would bear.
    """

    def __init__(
        self,
        pulse: Pulse | None,
        sound: Callable[[], bool] = lambda: True,
        lull: Lull | None = None,
        period: Callable[[], float | None] = lambda: None,
    ) -> None:
        """Take what beats, what tells whether the wire carries, and who ends a lull.

        ``period`` is that of the daemon at the moment, in seconds; None: the one that `next` was given.
        """
        self._pulse = pulse
        self._sound = sound
        self._lull = lull
        self._period = period
        self._kicked = False
        self._sleeping: asyncio.Future[bool] | None = None
        self._end: EndLull | None = None
        self._began_s = -math.inf
        self._period_s = 0.0
        self.vouched_s = -math.inf

    async def next(self, period_s: float) -> None:
        """Wait for the next grid point of ``period_s`` seconds (that has news), or until `kick`."""
        now = asyncio.get_running_loop().time()
        first_s = _grid_point(period_s)
        if self._pulse is None or period_s < QUICK_S or not self._sound():
            await self._sleep(first_s, None)
        elif self._begin_lull(now, period_s):
            try:
                told = await self._sleep(now + LULL_S, self._pulse)
            finally:
                self.end_lull()
            if told:
                await self._sleep(self._poll_after(first_s, period_s), None)
        elif await self._sleep(now + COALESCED_S, self._pulse):
            await self._sleep(min(self._poll_after(first_s, period_s), now + COALESCED_S), None)
        self._kicked = False

    def kick(self) -> None:
        """Let the waiting `next` return at once; without a waiter, the next one does."""
        self._kicked = True
        if self._sleeping is not None:
            _answer(self._sleeping, told=True)

    def interrupt(self) -> None:
        """End a lull and let the waiting `next` go on, as soon as its process may."""
        if self._end is not None:
            self.end_lull()
            if self._sleeping is not None:
                _answer(self._sleeping, told=True)

    def end_lull(self) -> None:
        """Count neither end as polled from now on; the last poll that was left out is that of the grid."""
        if self._end is None:
            return
        now = asyncio.get_running_loop().time()
        last_s = max(self._began_s, math.floor(now / self._period_s + 1e-6) * self._period_s)
        self.vouched_s = last_s
        self._end(last_s)
        self._end = None

    def _poll_after(self, first_s: float, period_s: float) -> float:
        """Return when the first poll from now on is due.

        That at ``first_s`` was due whatever has come in between; the ones behind it go by the period of today.
        """
        now = asyncio.get_running_loop().time()
        return first_s if now <= first_s else _grid_point(self._period() or period_s, at_once=True)

    def _begin_lull(self, now: float, period_s: float) -> bool:
        if self._lull is None or self._kicked:
            return False
        self._end = self._lull.begin(now)
        if self._end is None:
            return False
        self._began_s, self._period_s, self.vouched_s = now, period_s, math.inf
        return True

    async def _sleep(self, until_s: float, pulse: Pulse | None) -> bool:
        """Sleep until a time; return at once, and True, at a kick or a beat."""
        if self._kicked:
            return True
        loop = asyncio.get_running_loop()
        future: asyncio.Future[bool] = loop.create_future()
        self._sleeping = future
        if pulse is not None:
            pulse.wait(future)
        timer = loop.call_at(until_s, _time_is_up, future)
        try:
            return await future
        finally:
            timer.cancel()
            self._sleeping = None


def _grid_point(grid_s: float, *, at_once: bool = False) -> float:
    """Return the next point of a grid; ``at_once``: now counts, if it is one."""
    now = asyncio.get_running_loop().time()
    return (math.ceil(now / grid_s - 1e-6) if at_once else math.floor(now / grid_s + 1e-6) + 1) * grid_s


def _answer(future: "asyncio.Future[bool]", *, told: bool) -> None:
    if not future.done():
        future.set_result(told)


def _time_is_up(future: "asyncio.Future[bool]") -> None:
    _answer(future, told=False)
