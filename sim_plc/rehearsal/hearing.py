"""Who can hear whom in a rehearsal, and since when: what silence and a daemon's answers are judged by."""

import math
from collections.abc import Collection
from typing import Final

NEVER: Final = math.inf


class Hearing:
    """Since when no daemon speaks on each bus, and since when the tower's own runs without a break."""

    def __init__(self, buses: Collection[str], late_s: float) -> None:
        """Take the names of all buses; ``late_s``: how late a request may still come out of a gateway's buffer."""
        self.silent_s: dict[str, float] = dict.fromkeys(buses, 0.0)
        """By bus: since when, in virtual time, nothing that a daemon says can arrive; `NEVER`: it may."""
        self.awake_s = NEVER
        """Since when the daemon runs and is not frozen; `NEVER`: it does not."""
        self.slept_s: list[float] = []
        """How long daemons had run in all, each time that one ended or was frozen."""
        self._lived_s = 0.0
        self.calm_s = 0.0
        """Since when every wire carries and every station shows what is so; `NEVER`: something strikes them."""
        self._late_s = late_s

    def lived_s(self, now_s: float) -> float:
        """Return how long daemons have run so far, one after the other; frozen ones do not."""
        return self._lived_s + (now_s - self.awake_s if self.awake_s != NEVER else 0.0)

    def look(self, now_s: float, *, awake: bool, spoken: bool, cut: Collection[str], noisy: bool) -> None:
        """Take what is so from now on.

        ``awake``: the daemon runs. ``spoken``: it or another one does. ``cut``: buses without a cable. ``noisy``: what
        was sent earlier may arrive at any time.
        """
        if self.awake_s != NEVER and not awake:
            self._lived_s += now_s - self.awake_s
            self.slept_s.append(self._lived_s)
        self.awake_s = min(self.awake_s, now_s) if awake else NEVER
        begins_s = now_s + self._late_s if self.calm_s == NEVER else now_s
        self.calm_s = NEVER if noisy else min(self.calm_s, now_s)
        for bus, since_s in self.silent_s.items():
            silent = not noisy and (not spoken or bus in cut)
            self.silent_s[bus] = min(since_s, begins_s) if silent else NEVER
