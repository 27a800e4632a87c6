"""Whether a key of the terminal is held: terminals tell of presses alone, again and again while a key is down."""

import math
import os
import select
import signal
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, Final

GAP_S: Final = 0.12
"""A held key repeats sooner than this (25 to 30 times a second where nobody has slowed it down)."""

LOOK_S: Final = 0.02
"""How long one look at the keyboard waits."""

_LFLAGS: Final = 3
"""Index of the local modes in what `termios.tcgetattr` returns."""


class Repeats:
    """Judges presses by their times, in seconds: held from the second of two close ones, until none follows."""

    def __init__(self) -> None:
        self._last_s = -math.inf
        self._repeating = False

    def press(self, now_s: float) -> None:
        """Take a press."""
        self._repeating = now_s - self._last_s <= GAP_S
        self._last_s = now_s

    def held(self, now_s: float) -> bool:
        """Whether the key is down."""
        return self._repeating and now_s - self._last_s <= GAP_S


class Keyboard:
    """The keyboard at standard input, taken by `keyboard`."""

    def __init__(self) -> None:
        self._repeats = Repeats()
        self.left = False
        """Whether somebody has pressed q, or the terminal has gone."""

    def look(self) -> bool:
        """Wait `LOOK_S` for presses; return whether a key is held."""
        if not self.left and select.select([sys.stdin], [], [], LOOK_S)[0]:
            pressed = os.read(sys.stdin.fileno(), 1024)
            self.left = not pressed or b"q" in pressed
            # What had piled up came at once: it tells of now, and of nothing before.
            self._repeats.press(time.monotonic())
        return not self.left and self._repeats.held(time.monotonic())


@contextmanager
def keyboard() -> Iterator[Keyboard]:
    """Read single presses without echo while the block runs; Ctrl-C stays what it is.

    SIGTERM and a hang-up end the block like an exit, so that the terminal is always given back.
    """
    handlers = {number: signal.signal(number, _exit) for number in (signal.SIGTERM, signal.SIGHUP)}
    stdin = sys.stdin.fileno()
    before: list[Any] = termios.tcgetattr(stdin)
    quiet = list(before)
    quiet[_LFLAGS] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(stdin, termios.TCSADRAIN, quiet)
    try:
        yield Keyboard()
    finally:
        # Presses that nobody has read are not typed into the shell.
        with suppress(termios.error):  # the terminal itself has gone: nobody to give anything back to
            termios.tcsetattr(stdin, termios.TCSAFLUSH, before)
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _exit(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


def for_seconds(seconds: float) -> Callable[[], bool]:
    """Return what says for so long from now that a button is held, and waits a little each time."""
    end_s = time.monotonic() + seconds

    def held() -> bool:
        time.sleep(LOOK_S)
        return time.monotonic() < end_s

    return held
