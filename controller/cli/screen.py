"""A terminal that is redrawn in place, read without echo, and given back as it was."""

import contextlib
import os
import select
import signal
import sys
import termios
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Any, Final

from controller.cli.cells import clip

_ENTER: Final = "\x1b[?1049h\x1b[?25l\x1b[2J"
_LEAVE: Final = "\x1b[?25h\x1b[?1049l"
_HOME: Final = "\x1b[H"
_CLEAR_LINE: Final = "\x1b[K"
_CLEAR_BELOW: Final = "\x1b[J"

_LFLAGS: Final = 3
"""Index of the local modes in what `termios.tcgetattr` returns."""


class Screen:
    """The terminal at standard output, taken by `full_screen`."""

    def __init__(self) -> None:
        self._keyboard = sys.stdin.fileno() if sys.stdin.isatty() else None
        self._modes: list[Any] | None = None
        self.stale = True
        """Whether what was drawn may be gone: after a pause of the process, or a new size."""
        self._size = self.size

    @property
    def size(self) -> os.terminal_size:
        """Columns and lines of now."""
        try:
            return os.get_terminal_size(sys.stdout.fileno())
        except OSError:
            return os.terminal_size((80, 24))

    def draw(self, lines: Sequence[str]) -> None:
        """Show lines from the top, cut to the terminal's size, over what was there: nothing flickers."""
        size = self.size
        shown = [clip(line, size.columns) + _CLEAR_LINE for line in lines[: size.lines]]
        _write(_HOME + "\r\n".join(shown) + _CLEAR_BELOW)
        self.stale = False

    def resized(self) -> bool:
        """Whether the size has changed since this was asked last."""
        before, self._size = self._size, self.size
        return before != self._size

    def key(self) -> str:
        """Return a key that was pressed, if any."""
        if self._keyboard is None or not select.select([self._keyboard], [], [], 0)[0]:
            return ""
        return os.read(self._keyboard, 1).decode(errors="replace")

    def enter(self) -> None:
        """Take the terminal: the picture lies over what was there, and keys are not echoed."""
        if self._keyboard is not None:
            self._modes = termios.tcgetattr(self._keyboard)
            quiet = list(self._modes)
            quiet[_LFLAGS] &= ~(termios.ECHO | termios.ICANON)
            termios.tcsetattr(self._keyboard, termios.TCSADRAIN, quiet)
        _write(_ENTER)
        self.stale = True

    def leave(self) -> None:
        """Give the terminal back."""
        _write(_LEAVE)
        if self._keyboard is not None and self._modes is not None:
            termios.tcsetattr(self._keyboard, termios.TCSADRAIN, self._modes)

    def pause(self, _signal: int, _frame: FrameType | None) -> None:
        """Stop like any program at Ctrl-Z, with the terminal given back meanwhile."""
        self.leave()
        os.kill(os.getpid(), signal.SIGSTOP)
        self.enter()


@contextlib.contextmanager
def full_screen() -> Iterator[Screen]:
    """Take the terminal; SIGTERM and a hang-up end the block like an exit, so that it is always given back."""
    screen = Screen()
    handlers = {signal.SIGTERM: _exit, signal.SIGHUP: _exit, signal.SIGTSTP: screen.pause}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    screen.enter()
    try:
        yield screen
    finally:
        with contextlib.suppress(OSError):  # the terminal itself has gone: nobody to give anything back to
            screen.leave()
        for number, handler in before.items():
            signal.signal(number, handler)


def _exit(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
