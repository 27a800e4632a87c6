"""A pseudo terminal at a path: what a program opens like the device of a serial adapter."""

import asyncio
import os
import termios
import tty
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

SPEEDS: Final[Mapping[int, int]] = {
    9_600: termios.B9600,
    19_200: termios.B19200,
    38_400: termios.B38400,
    57_600: termios.B57600,
    115_200: termios.B115200,
}
_INPUT_SPEED, _OUTPUT_SPEED = 4, 5
"""Indices in what `termios.tcgetattr` returns."""


class PtyDevice:
    """Our end of the device; whoever opens ``path`` has the other.

    Raises:
        ValueError: a baud rate that no line here has.

    """

    def __init__(self, path: Path, *, baud: int, on_bytes: Callable[[bytes], None]) -> None:
        if baud not in SPEEDS:
            raise ValueError(f"{baud} baud is none of {', '.join(map(str, SPEEDS))}")
        self._path = path
        self._speed = SPEEDS[baud]
        self._on_bytes = on_bytes
        self._master: int | None = None
        self._slave = -1

    @property
    def same_speed(self) -> bool:
        """Whether the other end is set to this one's baud rate."""
        return bool(termios.tcgetattr(self._slave)[_OUTPUT_SPEED] == self._speed)

    def open(self) -> None:
        """Make the terminal and put it at its path, in place of whatever link is there.

        Raises:
            OSError: no pseudo terminal, or the path cannot be written.

        """
        self._master, self._slave = os.openpty()
        # It keeps its own slave side open: without any, reading the master fails with EIO each time the
        # program at the other end closes the device, and what it set on the terminal is lost.
        tty.setraw(self._slave)
        attributes = termios.tcgetattr(self._slave)
        attributes[_INPUT_SPEED] = attributes[_OUTPUT_SPEED] = self._speed
        termios.tcsetattr(self._slave, termios.TCSANOW, attributes)
        os.set_blocking(self._master, False)
        _link(os.ttyname(self._slave), self._path)
        asyncio.get_running_loop().add_reader(self._master, self._read)

    def close(self) -> None:
        """Take the terminal away, as if an adapter were unplugged. Idempotent."""
        if self._master is None:
            return
        asyncio.get_running_loop().remove_reader(self._master)
        device = os.ttyname(self._slave)
        if self._path.is_symlink() and str(self._path.readlink()) == device:
            self._path.unlink()
        os.close(self._master)
        os.close(self._slave)
        self._master = None

    def write(self, data: bytes) -> None:
        """Deliver bytes to the other end at once."""
        assert self._master is not None
        try:
            os.write(self._master, data)
        except BlockingIOError:
            # Nobody has read the device for thousands of characters: a line without a listener.
            return

    def _read(self) -> None:
        assert self._master is not None
        self._on_bytes(os.read(self._master, 4096))


def _link(device: str, path: Path) -> None:
    """Make ``path`` a link to ``device`` in one step, so that no reader finds it missing."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(device)
    fresh.replace(path)
