"""The wall clock of the tower's computer: it is stepped, it drifts, it forgets; what waits goes by the steady one."""

from collections.abc import Callable


class WallClock:
    """Seconds since 1970, as right as whoever set it last; ``right`` is the right time, whatever is set."""

    def __init__(self, right: Callable[[], float]) -> None:
        self.was_touched = False
        """Whether anybody has ever set it, or it has drifted."""
        self._right = right
        self._wrong_s = 0.0
        """By how much it was ahead when it was touched last."""
        self._rate = 0.0
        self._touched_s = 0.0

    def __call__(self) -> float:
        """Return what it shows."""
        return self._right() + self.wrong_s

    @property
    def wrong_s(self) -> float:
        """By how much it is ahead of the right time."""
        return self._wrong_s + self._rate * (self._right() - self._touched_s) if self._rate else self._wrong_s

    def step(self, by_s: float) -> None:
        """Jump."""
        self._touch(self.wrong_s + by_s, self._rate)

    def drift(self, rate: float) -> None:
        """Gain this share of a second in each second from now on; 0: go as the right time does."""
        self._touch(self.wrong_s, rate)

    def forget(self) -> None:
        """Show the first second of 1970, as behind an empty battery."""
        self._touch(-self._right(), 0.0)

    def correct(self) -> None:
        """Show the right time, and keep it."""
        self._touch(0.0, 0.0)

    def _touch(self, wrong_s: float, rate: float) -> None:
        self._wrong_s, self._rate, self._touched_s, self.was_touched = wrong_s, rate, self._right(), True
