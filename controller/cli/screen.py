"""A terminal that is redrawn in place, and given back as it was."""

import re
import shutil
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Final

_ENTER: Final = "\x1b[?1049h\x1b[?25l\x1b[2J"
_LEAVE: Final = "\x1b[?25h\x1b[?1049l"
_HOME: Final = "\x1b[H"
_CLEAR_LINE: Final = "\x1b[K"
_CLEAR_BELOW: Final = "\x1b[J"
_STYLE: Final = re.compile(r"(\x1b\[[0-9;]*m)")
_PLAIN: Final = "\x1b[0m"


@contextmanager
def full_screen() -> Iterator[None]:
    """Take the terminal; SIGTERM ends the block like an exit, so that it is always given back."""
    before = signal.signal(signal.SIGTERM, _exit)
    _write(_ENTER)
    try:
        yield
    finally:
        _write(_LEAVE)
        signal.signal(signal.SIGTERM, before)


def draw(lines: Sequence[str]) -> None:
    """Show lines from the top, cut to the terminal's size, over what was there: nothing flickers."""
    size = shutil.get_terminal_size()
    shown = [clip(line, size.columns) + _CLEAR_LINE for line in lines[: size.lines]]
    _write(_HOME + "\r\n".join(shown) + _CLEAR_BELOW)


def clip(line: str, columns: int) -> str:
    """Return a styled line cut to so many visible characters."""
    left, parts = columns, []
    for part in _STYLE.split(line):
        if _STYLE.fullmatch(part):
            parts.append(part)
        elif left > 0:
            parts.append(part[:left])
            left -= len(part)
    return "".join(parts) + (_PLAIN if left < 0 else "")


def _exit(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
