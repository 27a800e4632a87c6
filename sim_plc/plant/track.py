"""Where contacts lie along an axis: zones between edges, and which windows each zone lies in.

An axis keeps the number of its zone and changes it only at the exact instant of a crossing, so a contact never
chatters on a rounding error.
"""

import math
from bisect import bisect_right
from collections.abc import Hashable, Mapping


class Track:
    """Windows ``key -> (low, high)`` along an axis; with ``period`` they repeat endlessly.

    Bounds may be infinite on a track without a period.
    """

    def __init__(self, windows: Mapping[Hashable, tuple[float, float]], period: float | None = None) -> None:
        self._period = period
        bounds = {bound for window in windows.values() for bound in window if math.isfinite(bound)}
        self._edges = sorted({bound % period for bound in bounds} if period else bounds)
        count = len(self._edges)
        zones = range(count) if period else range(count + 1)
        self._inside = tuple(
            frozenset(key for key, window in windows.items() if self._holds(window, self._middle(zone)))
            for zone in zones
        )

    def zone(self, position: float) -> int:
        """Return the zone of a position; zone k lies below edge k."""
        if self._period is None:
            return bisect_right(self._edges, position)
        turns, rest = divmod(position, self._period)
        return int(turns) * len(self._edges) + bisect_right(self._edges, rest)

    def edge(self, number: int) -> float:
        """Return the position of an edge; infinite where there is none."""
        count = len(self._edges)
        if self._period is not None:
            turns, rest = divmod(number, count)
            return self._edges[rest] + turns * self._period
        if number < 0:
            return -math.inf
        return self._edges[number] if number < count else math.inf

    def inside(self, zone: int) -> frozenset[Hashable]:
        """Return the keys of the windows that hold the zone."""
        return self._inside[zone % len(self._inside) if self._period else zone]

    def _middle(self, zone: int) -> float:
        low, high = self.edge(zone - 1), self.edge(zone)
        if not math.isfinite(low):
            return high - 1.0 if math.isfinite(high) else 0.0
        return low + 1.0 if not math.isfinite(high) else (low + high) / 2

    def _holds(self, window: tuple[float, float], position: float) -> bool:
        low, high = window
        if self._period is None:
            return low <= position <= high
        return (position - low) % self._period <= high - low
