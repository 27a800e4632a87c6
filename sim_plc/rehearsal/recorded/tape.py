"""The time of a recording: it runs with the loop's, and waits for whatever the daemon did then and has not done now."""

import asyncio
import math
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Final

TOLERANCE_S: Final = 2.0
"""How much earlier or later than then the daemon may do the same: polls and looks of a second have another phase."""

_SLACK_S: Final = 1e-6


@dataclass(slots=True)
class Deed:
    """Something that the daemon did when it was recorded.

    ``channel`` is what has an order of its own: a mailbox, the unit, a job, a room, the answer to a request. ``said``
    is what counts of it, in words.
    """

    t: float
    channel: str
    said: str
    done: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a run departs from its recording; ``t`` is the recording's time in seconds."""

    t: float
    channel: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"at {self.t:.2f} s, {self.channel}: expected {self.expected}, got {self.got}"


class Tape:
    """What was done then, in its order, and how far the daemon of now has come.

    ``now`` never passes a deed that is still to be done, so that nothing which followed from it is shown before it.
    """

    def __init__(self, deeds: Iterable[Deed], end_s: float, tolerance_s: float = TOLERANCE_S) -> None:
        """Take the deeds, and when the recording ended; use inside a loop whose time began with the recording's.

        What is done more within the tolerance before the end may have been about to come: it is borne.
        """
        self._deeds = deque(sorted(deeds, key=lambda deed: deed.t))
        self._channels: dict[str, deque[Deed]] = {}
        for deed in self._deeds:
            self._channels.setdefault(deed.channel, deque()).append(deed)
        self._end_s = end_s
        self._tolerance_s = tolerance_s
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[asyncio.Future[None], None] = {}
        self.differs: asyncio.Future[Difference] = self._loop.create_future()
        """Known as soon as the run departs from the recording."""
        self.matched = 0
        self._over = False

    @property
    def now(self) -> float:
        """Where the recording stands, in seconds since its beginning."""
        return min(self._loop.time(), self._held_s)

    @property
    def behind_s(self) -> float:
        """For how long it has been waiting for a deed."""
        return max(self._loop.time() - self._held_s, 0.0)

    @property
    def _held_s(self) -> float:
        return self._deeds[0].t if self._deeds else math.inf

    def stop(self) -> None:
        """Compare nothing any more: the recording is over."""
        self._over = True

    def do(self, channel: str, said: str) -> bool:
        """Take what the daemon does now; return whether it did so then."""
        if self._over:
            return True
        left = self._channels.get(channel)
        if not left:
            about_to_come = self._loop.time() > self._end_s - self._tolerance_s
            return about_to_come or self._depart(self.now, channel, "nothing more", said)
        deed = left[0]
        if deed.said != said:
            return self._depart(deed.t, channel, deed.said, said)
        early_s = deed.t - self._loop.time()
        if early_s > self._tolerance_s:
            return self._depart(deed.t, channel, said, f"the same {early_s:.2f} s earlier")
        left.popleft().done = True
        self.matched += 1
        while self._deeds and self._deeds[0].done:
            self._deeds.popleft()
        self._move()
        return True

    async def reach(self, t: float) -> None:
        """Wait until the recording stands at ``t``."""
        while self.now < t - _SLACK_S:
            await self.nap(t)

    async def nap(
        self, t: float, until_s: float = math.inf, hold: Callable[[Callable[[], None]], None] = lambda _wake: None
    ) -> None:
        """Sleep until the recording may stand at ``t``, or the loop's time is ``until_s``; perhaps shorter.

        ``hold`` is given what ends the sleep.
        """
        future = self._loop.create_future()
        hold(partial(_wake, future))
        held = self._held_s <= self._loop.time()
        wake_s = until_s if held else min(until_s, t, self._held_s)
        timer = None if wake_s == math.inf else self._loop.call_at(wake_s, _wake, future)
        self._waiting[future] = None
        try:
            await future
        finally:
            if timer is not None:
                timer.cancel()
            self._waiting.pop(future, None)

    async def watch(self) -> None:
        """Wait for each deed for as long as it may be late; return when all are done."""
        while self._deeds:
            first = self._deeds[0]
            await asyncio.sleep(max(first.t + self._tolerance_s - self._loop.time(), 0.0))
            if not first.done:
                self._depart(first.t, first.channel, first.said, f"nothing within {self._tolerance_s:g} s")
                return

    def depart(self, channel: str, expected: str, got: str) -> None:
        """Take a departure that somebody else has seen; what the recording waits for counts as the cause."""
        if self.behind_s > 0.0:
            first = self._deeds[0]
            self._depart(first.t, first.channel, first.said, f"{got} ({channel})")
        else:
            self._depart(self.now, channel, expected, got)

    def _depart(self, t: float, channel: str, expected: str, got: str) -> bool:
        if not (self.differs.done() or self._over):
            self.differs.set_result(Difference(t, channel, expected, got))
        return False

    def _move(self) -> None:
        for future in tuple(self._waiting):
            _wake(future)


def _wake(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)
