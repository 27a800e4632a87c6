"""How far promises of one sort were off the plan, and what is added to it for nine in ten to be kept.

The offset is a quantile of the newest errors, taken with one more than there are, as of a sample that is to cover the
next one too (split conformal prediction: Vovk, Gammerman and Shafer 2005). Its level is what is wanted plus what was
kept too rarely so far: adaptive conformal inference (Gibbs and Candes 2021), whose share of kept promises comes right
in the long run whatever the errors are like, also where they follow one another or their law changes. A part of the
correction is each sort's own, a part is shared by all and learns from first promises alone: these add up to the share
wanted also where each sort has few. What was promised before a sort knew anything corrects nothing.

Seconds behind the planned instant, negative ones before it.
"""

from bisect import insort
from collections import deque
from math import floor
from typing import Final

MIDDLE, LATE = 0.5, 0.9
"""The two quantiles that are told."""

REMEMBERED: Final = 60
"""So many of the newest errors of a sort count."""

SUPPOSED: Final = 9
"""As many errors are supposed before any was seen: the fewest that have a ninth decile. Each that is seen takes the
place of one, the latest first."""

GAIN: Final = 0.02
"""By how much of the level one promise moves each part of the correction, times how far it was off the share wanted."""

MOST: Final = 0.2
"""Neither part goes further: promises that are kept to the second would lower the level for ever."""

BEYOND: Final = 0.3
"""How far behind the largest error the level reaches with each rank that it lies above it, as a share of their range;
at least of 1 s."""


class Correction:
    """What is added to a level because its promises were kept too rarely, or too often."""

    def __init__(self) -> None:
        self.level = 0.0

    def learn(self, kept: bool) -> None:
        """Take that a promise was kept, or broken."""
        self.level = min(MOST, max(-MOST, self.level + GAIN * (LATE - kept)))


class OffPlan:
    """The errors of one sort of promises."""

    def __init__(self, spread_s: float, shared: Correction) -> None:
        """Take how far the ninth decile is supposed to lie behind the plan, and the correction of all sorts."""
        steps = range(1, SUPPOSED + 1)
        self._supposed = [spread_s * (step / (SUPPOSED + 1) - MIDDLE) / (LATE - MIDDLE) for step in steps]
        self._ordered = sorted(self._supposed)
        self._seen: deque[float] = deque()
        self._own, self._shared = Correction(), shared

    @property
    def middle_s(self) -> float:
        """The median."""
        return self._at(MIDDLE)

    @property
    def late_s(self) -> float:
        """What nine in ten do not exceed; never before the median."""
        return max(self.middle_s, self._at(LATE + self._own.level + self._shared.level))

    def learn(self, off_s: float, *, kept: bool, first: bool = True) -> None:
        """Take how far off the plan a promise was, and whether its late time was kept as it was told.

        ``first``: it was the first one that its request was told.
        """
        if self._supposed:
            self._ordered.remove(self._supposed.pop())
        else:
            self._own.learn(kept)
            if first:
                self._shared.learn(kept)
        if len(self._seen) == REMEMBERED:
            self._ordered.remove(self._seen.popleft())
        self._seen.append(off_s)
        insort(self._ordered, off_s)

    def _at(self, level: float) -> float:
        """Return the quantile of a level between 0 and any, beyond the largest error if it reaches there."""
        ordered, last = self._ordered, len(self._ordered) - 1
        rank = max(0.0, level * (len(ordered) + 1) - 1)
        if rank >= last:
            return ordered[last] + (rank - last) * BEYOND * max(1.0, ordered[last] - ordered[0])
        below = floor(rank)
        return ordered[below] + (rank - below) * (ordered[below + 1] - ordered[below])
