"""How often to poll a station, and when its image is too old."""

import asyncio
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

STALE_S: Final = 1.0
"""Without a change of its heartbeat for this long, or three polls, a station is stale."""

STALE_POLLS: Final = 3


class Pace:
    """Quick while anything moves or a command is open, else at rest."""

    def __init__(self, *, quick_s: float, resting_s: float) -> None:
        """Take the period of each pace, in seconds."""
        self.resting_s = resting_s
        self.moving = False
        """Whether the newest image shows a mechanism that executes."""
        self.changed_s = -math.inf
        """When the first command was opened or the last one ended that changed the period, by the loop's clock."""
        self.before_s = resting_s
        """The period before that."""
        self._quick_s = quick_s
        self._busy = 0

    @property
    def period_s(self) -> float:
        """The period of now; a rest that is quicker still stays."""
        return min(self._quick_s, self.resting_s) if self._busy or self.moving else self.resting_s

    @property
    def stale_s(self) -> float:
        """How long the heartbeat may stand still."""
        return max(STALE_S, STALE_POLLS * self.period_s)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Be quick inside this context."""
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def _count(self, more: int) -> None:
        before_s = self.period_s
        self._busy += more
        if self.period_s != before_s:
            self.changed_s, self.before_s = asyncio.get_running_loop().time(), before_s
