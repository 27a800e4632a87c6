"""Polls in virtual time: every one of them, or only those that can show something new."""

import asyncio
import math
from collections.abc import Callable
from contextvars import Context, copy_context
from typing import Final, Protocol

from sim_plc.rehearsal.lull import LULL_S, BeginLull, EndLull

STAGGER_S: Final = 1e-4
"""By how much each station's grid lies behind that of the one before: of two that share a line the same goes first
whenever both are due, whatever came before."""


class Pace(Protocol):
    """How often a daemon polls a station, in seconds: `hal.pace.Pace`."""

    changed_s: float
    """When the period changed last while the daemon waited for a poll, by the loop's clock."""
    before_s: float
    """The period before that."""

    @property
    def period_s(self) -> float:
        """The period of now."""
        ...


class Pulse:
    """Beats when something has happened that a poll of one station could show."""

    def __init__(self) -> None:
        self.beats = 0
        """How many there were."""
        self._listening: list[Callable[[], None]] = []

    def listen(self, hear: Callable[[], None]) -> None:
        """Call ``hear`` at the next beat."""
        self._listening.append(hear)

    def beat(self) -> None:
        """Tell whoever listens."""
        self.beats += 1
        if self._listening:
            listening, self._listening = self._listening, []
            for hear in listening:
                hear()


class PulsedCadence:
    """`hal.cadence.Cadence` on a fixed grid of virtual time; in a lull, points without news are skipped.

    Both ends count as polled then, so that the pause may be longer than either would bear. Whenever no lull can begin,
    as while a station is not online or its wire does not carry, no point is. A kick makes a poll also where there is
    nothing to be seen: whatever is written meanwhile waits for it.
    """

    def __init__(
        self, pulse: Pulse, begin_lull: BeginLull | None, pace: Callable[[], Pace | None], number: int = 0
    ) -> None:
        """Take what beats, and what begins a lull; None: every poll is made.

        ``pace`` is that of the daemon at the moment; None: the period that `next` was given. ``number`` is the
        station's among all.
        """
        self._pulse = pulse
        self._begin = begin_lull
        self._pace = pace
        self._offset_s = number * STAGGER_S
        self._seen = -1
        """How often the pulse had beaten when the last poll began."""
        self._listens = False
        self._kicked = False
        self._sleeping: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._context = Context()
        self._end: EndLull | None = None
        self._began_s = -math.inf
        self._first_s = -math.inf
        self._period_s = 0.0
        self.vouched_s = -math.inf

    async def next(self, period_s: float) -> None:
        """Wait for the next grid point of ``period_s`` seconds (that has news), or until `kick`."""
        if not self._kicked:
            until_s = self._last_point(_now(), period_s, behind=1)
            if self._begin_lull(until_s, period_s):
                until_s = self._last_point(_now() + LULL_S, period_s)
            try:
                await self._sleep(until_s)
            finally:
                self._end_lull()
        self._kicked = False
        self._seen = self._pulse.beats

    def kick(self) -> None:
        """Let the waiting `next` return at once; without a waiter, the next one does."""
        self._kicked = True
        if self._sleeping is not None:
            self._end_lull()
            _wake(self._sleeping)

    def interrupt(self) -> None:
        """End a lull: from now on the polls are made that are due, as soon as its process may."""
        if self._end is None or self._timer is None or self._sleeping is None:
            return
        self._end_lull()
        self._timer.cancel()
        # Also if it is told by another process, or frozen before the time has come: the timer is its own.
        self._timer = self._set_timer(self._due_s(), self._sleeping)

    def _hear(self) -> None:
        self._listens = False
        self.interrupt()

    def _end_lull(self) -> None:
        """Count neither end as polled from now on; the last poll that was left out is that of the grid."""
        if self._end is None:
            return
        end, self._end = self._end, None
        self.vouched_s = max(self._began_s, self._last_point(_now(), self._period_s))
        end(self.vouched_s)

    def _due_s(self) -> float:
        """Return when the first poll from now on is due.

        The first one behind the last that was made was due whatever has come in between, and the first one behind a
        change of period by the period before it; the ones behind them go by the period of now.
        """
        now, pace = _now(), self._pace()
        if now <= self._first_s or pace is None:
            return max(self._first_s, self._point_from(now, self._period_s))
        if pace.changed_s > self._began_s:
            asked_s = self._point_from(max(pace.changed_s, self._first_s), pace.before_s)
            if now <= asked_s:
                return asked_s
        return self._point_from(now, pace.period_s)

    def _begin_lull(self, first_s: float, period_s: float) -> bool:
        """Begin one, unless something has come since the last poll began that it may not have shown."""
        if self._begin is None or self._pulse.beats != self._seen:
            return False
        self._end = self._begin(_now())
        if self._end is None:
            return False
        self._began_s, self._first_s, self._period_s, self.vouched_s = _now(), first_s, period_s, math.inf
        if not self._listens:
            self._listens = True
            self._pulse.listen(self._hear)
        return True

    async def _sleep(self, until_s: float) -> None:
        """Sleep until a time that a beat may bring nearer, or until a kick."""
        self._context = copy_context()
        self._sleeping = asyncio.get_running_loop().create_future()
        self._timer = self._set_timer(until_s, self._sleeping)
        try:
            await self._sleeping
        finally:
            self._timer.cancel()
            self._sleeping = self._timer = None

    def _set_timer(self, at_s: float, future: "asyncio.Future[None]") -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_at(at_s, _wake, future, context=self._context)

    def _last_point(self, at_s: float, grid_s: float, *, behind: int = 0) -> float:
        """Return the last point of a grid up to a time, or the one so many points ``behind`` it."""
        return (math.floor((at_s - self._offset_s) / grid_s + 1e-6) + behind) * grid_s + self._offset_s

    def _point_from(self, at_s: float, grid_s: float) -> float:
        """Return the first point of a grid from a time on."""
        return math.ceil((at_s - self._offset_s) / grid_s - 1e-6) * grid_s + self._offset_s


def _now() -> float:
    return asyncio.get_running_loop().time()


def _wake(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)
