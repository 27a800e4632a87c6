"""When to poll: a port, so that a rehearsal can skip polls that would show nothing new."""

import asyncio
import math
from typing import Protocol

from hal.statistics import Recent


class Cadence(Protocol):
    """Paces one polling loop."""

    async def next(self, period_s: float) -> None:
        """Wait for the next grid point of ``period_s`` seconds, or until `kick`."""
        ...

    def kick(self) -> None:
        """Let the waiting `next` return at once; without a waiter, the next one does."""
        ...

    @property
    def vouched_s(self) -> float:
        """Until when polls that were left out would have shown a living station, in seconds of the loop's clock.

        Minus infinity where none is left out, plus infinity while they are being left out.
        """
        ...


class SteadyCadence:
    """A drift-free period on the loop's clock; cycles that were missed are dropped, never bunched.

    ``overruns`` counts them: the caller took longer than a whole period between two calls. ``lateness`` is how far
    behind its grid point a call returned.
    """

    def __init__(self) -> None:
        self._due = -math.inf
        self._returned = -math.inf
        self._kicked = asyncio.Event()
        self._asked = False
        self.overruns = 0
        self.lateness = Recent()
        self.vouched_s = -math.inf

    async def next(self, period_s: float) -> None:
        """Wait for the next grid point of ``period_s`` seconds, or until `kick`."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        due = self._due + period_s
        if due < now:
            # Behind the grid: after a change of period or a kick nothing was missed, only the grid begins anew.
            due = max(now, self._returned + period_s)
            self.overruns += self._asked and now - self._returned > period_s
        self._asked = True
        try:
            async with asyncio.timeout_at(due):
                await self._kicked.wait()
        except TimeoutError:
            self._due = due
            self.lateness.add(loop.time() - due)
        self._kicked.clear()
        self._returned = loop.time()

    def kick(self) -> None:
        """Let the waiting `next` return at once."""
        self._kicked.set()
