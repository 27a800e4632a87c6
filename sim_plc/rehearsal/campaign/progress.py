"""How far a campaign is: one line that is written over at a terminal, a line now and then elsewhere."""

import sys
import time
from collections.abc import Callable
from typing import Final, TextIO

from sim_plc.rehearsal.campaign.verdict import SeedResult, Verdict

BAR: Final = 24
STEP: Final = 0.05
"""Without a terminal a line is written each time that this share more is done."""

HOUR_S: Final = 3600.0


class Progress:
    """Counts what is done; ``clock`` in seconds."""

    def __init__(
        self,
        total: int,
        before: int,
        stream: TextIO = sys.stderr,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with ``before`` of ``total`` seeds done in earlier sessions."""
        self._total = total
        self._before = before
        self._stream = stream
        self._clock = clock
        self._began_s = clock()
        self._done = 0
        self._bad = 0
        self._virtual_s = 0.0
        self._told_at = before / total if total else 1.0
        self._live = stream.isatty()

    def take(self, result: SeedResult) -> None:
        """Count a seed and show it."""
        self._done += 1
        self._virtual_s += result.virtual_s
        if result.verdict is not Verdict.GOOD:
            self._bad += 1
            self._write(f"seed {result.seed}: {result.verdict}: {next(iter(result.violations), '')}", end="\n")
        share = (self._before + self._done) / self._total
        if self._live:
            self._write(self.text(), end="")
        elif share >= self._told_at + STEP or share == 1.0:
            self._told_at = share
            self._write(self.text(), end="\n")

    def text(self) -> str:
        """Return how far it is, how fast, and for how much longer."""
        done, passed_s = self._before + self._done, max(self._clock() - self._began_s, 1e-9)
        pace = self._done / passed_s
        left = f"{_clock_text((self._total - done) / pace)} left" if pace else "no pace yet"
        bar = "#" * int(BAR * done / self._total)
        return (
            f"[{bar:<{BAR}}] {done}/{self._total} seeds, {self._bad} bad, {pace:.2f} seeds/s, "
            f"{self._virtual_s / HOUR_S:.1f} tower-hours, {left}"
        )

    def close(self) -> None:
        """Leave the line."""
        if self._live:
            self._stream.write("\n")

    def _write(self, text: str, *, end: str) -> None:
        # Blank to the line's end: what stood there may have been longer.
        self._stream.write(f"\r{text}\x1b[K{end}" if self._live else text + end)
        self._stream.flush()


def _clock_text(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"
