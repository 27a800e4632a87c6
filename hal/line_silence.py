"""Silence on a line without transaction ids: between frames, and until no late answer can come any more."""

import asyncio

from hal.turnstile import Turnstile


class LineSilence:
    """Gives turns back to a turnstile only when the line is silent.

    ``gap_s`` of silence precede each frame. After `drain` nothing is sent for ``drain_s``. A line that never falls
    silent must fail requests, not hold them: noise delays a turn by ``patience_s`` at most. With all three 0, as on
    TCP, turns come back at once.
    """

    def __init__(self, turnstile: Turnstile, *, gap_s: float, drain_s: float, patience_s: float) -> None:
        self._turnstile = turnstile
        self._gap_s = gap_s
        self._drain_s = drain_s
        self._patience_s = patience_s
        self._drained_at = 0.0
        self._heard_at = 0.0
        self._give_up_at = 0.0
        self._kept = gap_s > 0 or drain_s > 0

    def heard(self) -> None:
        """Note that bytes came, asked for or not: no request follows them before the gap."""
        if not self._kept:
            return
        self._heard_at = asyncio.get_running_loop().time()
        if self._gap_s and self._turnstile.try_enter():
            self.give_back()

    def drain(self) -> None:
        """Start the silence after a failure, for whoever has the turn; without a holder, the line takes it."""
        if not self._kept:
            return
        self._drained_at = asyncio.get_running_loop().time() + self._drain_s
        if self._drain_s and self._turnstile.try_enter():
            self.give_back()

    def give_back(self) -> None:
        """Give the turn back once the line is drained and has been silent for the gap."""
        if not self._kept:
            self._turnstile.leave()
            return
        now = asyncio.get_running_loop().time()
        self._give_up_at = max(now, self._drained_at) + self._patience_s
        self._leave_when_silent()

    def _leave_when_silent(self) -> None:
        loop = asyncio.get_running_loop()
        silent_at = min(self._heard_at + self._gap_s, self._give_up_at)
        wait_s = max(self._drained_at, silent_at) - loop.time()
        if wait_s > 0:
            loop.call_later(wait_s, self._leave_when_silent)
        else:
            self._turnstile.leave()
