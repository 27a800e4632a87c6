"""Polls in virtual time: every one of them, or only those that can show something new."""

import asyncio
import math
from typing import Final

COALESCED_S: Final = 0.7
"""The longest pause between two polls of a coalesced run: well inside every watchdog."""

QUICK_S: Final = 0.1
"""A coalesced poll after news comes at the next point of this grid, as a moving machine's would."""


class Pulse:
    """Beats when something has happened that a poll could show."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    @property
    def event(self) -> asyncio.Event:
        """Set at the next beat; a new one for each beat."""
        return self._event

    def beat(self) -> None:
        """Wake every pollster."""
        self._event.set()
        self._event = asyncio.Event()


class PulsedCadence:
    """`hal.cadence.Cadence` on a fixed grid of virtual time; with a pulse, points without news are skipped."""

    def __init__(self, pulse: Pulse | None) -> None:
        self._pulse = pulse
        self._kicked = asyncio.Event()

    async def next(self, period_s: float) -> None:
        """Wait for the next grid point of ``period_s`` seconds (that has news), or until `kick`."""
        if self._pulse is None or period_s < QUICK_S:
            await self._sleep_to(period_s)
        elif not await self._news(self._pulse):
            return
        elif not self._kicked.is_set():
            await self._sleep_to(QUICK_S)
        self._kicked.clear()

    def kick(self) -> None:
        """Let the waiting `next` return at once."""
        self._kicked.set()

    async def _news(self, pulse: Pulse) -> bool:
        """Wait for a beat or a kick; False when the longest pause is over."""
        beat, kick = (asyncio.ensure_future(event.wait()) for event in (pulse.event, self._kicked))
        try:
            done, _ = await asyncio.wait({beat, kick}, timeout=COALESCED_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            beat.cancel()
            kick.cancel()
        return bool(done)

    async def _sleep_to(self, grid_s: float) -> None:
        now = asyncio.get_running_loop().time()
        due = (math.floor(now / grid_s + 1e-6) + 1) * grid_s
        try:
            async with asyncio.timeout_at(due):
                await self._kicked.wait()
        except TimeoutError:
            return
