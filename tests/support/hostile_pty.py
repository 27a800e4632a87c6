"""A hostile line at the far end of a real pseudo terminal, at the pace of its baud rate."""

import asyncio
import contextlib
import os
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.support.hostile import HostileLine
from tests.support.memory_channel import Burst
from tests.support.modbus_peers import rtu


class PtyLine:
    """Hands whole requests to a slave, and writes each piece of an answer when its last character would arrive."""

    def __init__(self, slave: HostileLine, character_s: float) -> None:
        self._slave = slave
        self._character_s = character_s
        self._free_at = 0.0
        self._request = b""
        self._master, self.device_fd = os.openpty()
        tty.setraw(self.device_fd)
        os.set_blocking(self._master, False)
        asyncio.get_running_loop().add_reader(self._master, self._read)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        os.close(self.device_fd)
        self._master = -1

    def _read(self) -> None:
        self._request += os.read(self._master, 4096)
        x = self._slave.at_hand[self._request[0]]
        if len(self._request) < len(rtu(x.unit, x.request)):
            return
        request, self._request = self._request, b""
        heard_s = len(request) * self._character_s
        for act in self._slave.hear(request):
            assert isinstance(act, Burst)
            asyncio.get_running_loop().call_later(heard_s + act.after_s, self._begin, act)

    def _begin(self, burst: Burst) -> None:
        loop = asyncio.get_running_loop()
        at = max(loop.time(), self._free_at)
        arrives = burst.arrives
        # Timers are too coarse to keep a line busy between two pieces: what must not pause goes at once.
        for piece in (b"".join(burst.pieces),) if burst.gapless else burst.pieces:
            at += len(piece) * self._character_s
            loop.call_at(at, self._write, piece, arrives)
            arrives = None
        self._free_at = at

    def _write(self, piece: bytes, arrives: Callable[[], None] | None) -> None:
        if self._master >= 0:
            if arrives is not None:
                arrives()
            os.write(self._master, piece)


@contextlib.contextmanager
def hostile_pty(slave: HostileLine, character_s: float, folder: Path) -> Iterator[str]:
    """A line that stands while the context is open, and the path of its device."""
    line = PtyLine(slave, character_s)
    path = folder / "hostile.tty"
    path.symlink_to(os.ttyname(line.device_fd))
    try:
        yield str(path)
    finally:
        line.close()
