"""A bolt or latch that slides home or away at a steady pace."""

import math


class Slide:
    """Position from 0 to 1 at ``1 / travel_s`` per second, reversible anywhere."""

    def __init__(self, travel_s: float, at: float = 0.0) -> None:
        self._travel_s = travel_s
        self._from, self._since_s = at, 0.0
        self._target = at
        self.next_s = math.inf

    @property
    def still(self) -> bool:
        """Not under way."""
        return self.next_s == math.inf

    def stands_at(self, end: float) -> bool:
        """Whether it has arrived at an end (0 or 1)."""
        return self.still and self._target == end

    def at(self, t: float) -> float:
        """Return the position."""
        if self.still:
            return self._target
        part = (t - self._since_s) / self._travel_s if self._travel_s > 0 else 1.0
        way = self._target - self._from
        return self._from + math.copysign(min(part, abs(way)), way)

    def go(self, t: float, end: float) -> None:
        """Set out for an end, unless under way to it or there."""
        if end == self._target:
            return
        self._from, self._since_s = self.at(t), t
        self._target = end
        self.next_s = t + abs(end - self._from) * self._travel_s

    def halt(self, t: float) -> None:
        """Stand where it is."""
        self._target = self.at(t)
        self.next_s = math.inf

    def advance(self, t: float) -> None:
        """Arrive if due."""
        if self.next_s <= t:
            self.next_s = math.inf
