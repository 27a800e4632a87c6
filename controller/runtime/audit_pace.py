"""When the next look into a bay may begin: so many a day, and only after the tower was idle for a while.

Wall clocks are set, by people and by servers. Here the wall clock is asked once a start, how long ago the newest visit
was; from then on the loop's clock alone counts.
"""

from collections.abc import Callable
from typing import Final

from controller.activities.context import Rounds

DAY_S: Final = 86_400.0


class Pace:
    """Counts idle time and the time between two visits. ``clock`` is the loop's, ``ago_s`` since the newest visit.

    ``ago_s`` None: there was none. Below zero: the wall clock was wrong, now or then. The visit is due then, and its
    record is right by the clock of now: one visit too many a start, and no tower is left without any for years.
    """

    def __init__(self, rounds: Rounds, clock: Callable[[], float], ago_s: float | None) -> None:
        self._rounds = rounds
        self._clock = clock
        now_s = clock()
        self._needed_s = now_s
        known = ago_s is not None and ago_s >= 0
        self._next_s = now_s + max(0.0, self.interval_s - ago_s) if known and ago_s is not None else now_s

    @property
    def interval_s(self) -> float:
        """Time between the ends of two visits; no visit is made where the rounds name none a day."""
        return DAY_S / max(1, self._rounds.visits_per_day)

    @property
    def due(self) -> bool:
        """Whether a visit may begin now."""
        now_s = self._clock()
        rested = now_s - self._needed_s >= self._rounds.idle_s
        return bool(self._rounds.visits_per_day) and rested and now_s >= self._next_s

    def needed(self) -> None:
        """Take note that somebody needs the tower now."""
        self._needed_s = self._clock()

    def visited(self) -> None:
        """Take note of the end of a visit, whatever came of it."""
        self._next_s = self._clock() + self.interval_s
