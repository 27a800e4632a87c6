"""When to poll: a port, so that a rehearsal can skip polls that would show nothing new."""

import asyncio
from typing import Protocol


class Cadence(Protocol):
    """Paces one polling loop."""

    async def next(self, period_s: float) -> None:
        """Wait for the next grid point of ``period_s`` seconds, or until `kick`."""
        ...

    def kick(self) -> None:
        """Let the waiting `next` return at once; without a waiter, the next one does."""
        ...


class SteadyCadence:
    """A drift-free period on the loop's clock; late cycles are dropped, never bunched."""

    def __init__(self) -> None:
        self._due: float | None = None
        self._kicked = asyncio.Event()
        self.overruns = 0

    async def next(self, period_s: float) -> None:
        """Wait for the next grid point of ``period_s`` seconds, or until `kick`."""
        now = asyncio.get_running_loop().time()
        due = now if self._due is None else self._due + period_s
        if due < now - period_s:
            self.overruns += 1
            due = now
        try:
            async with asyncio.timeout_at(due):
                await self._kicked.wait()
        except TimeoutError:
            self._due = due
        self._kicked.clear()

    def kick(self) -> None:
        """Let the waiting `next` return at once."""
        self._kicked.set()
