"""Who commands a station, and whether it still hears the station: epochs and the heartbeat's echo."""

import math
from dataclasses import dataclass

from hal.plcmap.codec import ControllerBlock

DEAD_MAN_S = 0.2
"""JOG runs only while the dead-man counter changes within this time."""

_GRID_SLACK = 1e-6
"""Of a scan: a grid point k x scan_s computed in floating point still counts as scan k."""


@dataclass(slots=True)
class EpochMemory:
    """What survives power: the epoch in force and its owner."""

    epoch: int = 0
    owner: int = 0


class EpochGate:
    """Takes a higher epoch, refuses a lower one and the same one of another owner.

    The heartbeat counts scans by arithmetic (``t / scan_s``), so that it also counts scans that were skipped
    because nothing would have happened in them. An echo counts only with the epoch in force, when it equals a
    heartbeat of the last ``silence_s`` and differs from the last one taken. A station that never heard one is silent.
    """

    def __init__(self, memory: EpochMemory, *, scan_s: float, silence_s: float) -> None:
        self.memory = memory
        self._scan_s = scan_s
        self._silence_s = silence_s
        self._window = round(silence_s / scan_s)
        self._echo: int | None = None
        self._heard_at: float | None = None
        self._dead_man: int | None = None
        self._dead_man_at: float | None = None

    def heartbeat(self, t: float) -> int:
        """Return the count of scans at ``t``, 16 bit."""
        return int(t / self._scan_s + _GRID_SLACK) & 0xFFFF

    def take(self, block: ControllerBlock, t: float) -> bool:
        """Look at the controller block at a scan; return whether it was written by the master in force."""
        memory = self.memory
        if block.epoch > memory.epoch:
            memory.epoch, memory.owner = block.epoch, block.owner
            self._dead_man = self._dead_man_at = None
        elif block.epoch != memory.epoch or block.owner != memory.owner or not block.epoch:
            return False
        self._take_echo(block.heartbeat_echo, t)
        self._take_dead_man(block.dead_man, t)
        return True

    def silent(self, t: float) -> bool:
        """Whether no valid echo came for ``silence_s``."""
        return self._heard_at is None or t >= self._heard_at + self._silence_s

    def silent_from(self) -> float | None:
        """When the station will be silent if nothing more is heard; None: it never heard anything, or always does."""
        return None if self._heard_at in (None, math.inf) else self._heard_at + self._silence_s

    def count_as_heard(self, t: float, *, on: bool) -> None:
        """Count the echo as taken at ``t``; while ``on``, at every scan from then on.

        For polls that a rehearsal leaves out because nothing would come of them.
        """
        self._heard_at = math.inf if on else t

    def dead_man_held(self, t: float) -> bool:
        """Whether the dead-man counter changed within the last 200 ms."""
        return self._dead_man_at is not None and t < self._dead_man_at + DEAD_MAN_S

    def dead_man_until(self) -> float | None:
        """When the dead-man runs out if it is not touched again; None: it is not held."""
        return None if self._dead_man_at is None else self._dead_man_at + DEAD_MAN_S

    def _take_echo(self, echo: int, t: float) -> None:
        age = (self.heartbeat(t) - echo) & 0xFFFF
        if age <= self._window and echo != self._echo:
            self._echo, self._heard_at = echo, t if self._heard_at is None else max(self._heard_at, t)

    def _take_dead_man(self, count: int, t: float) -> None:
        """Take the counter; the first value seen of a master proves no hand: only a change does."""
        if self._dead_man is not None and count != self._dead_man:
            self._dead_man_at = t
        self._dead_man = count
