"""One RS-485 line on a pseudo terminal, with several stations on it, at the pace of its baud rate.

The bytes of a pty arrive at once; here they count as heard, and answers as sent, only when a real line would have
carried their last character. A frame ends with silence, as it does for a real station: noise, half frames and
frames run together are thrown away whole by their check sum, and the next clean request is heard.
"""

import asyncio
import os
import termios
import tty
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sim_plc.server import answer
from sim_plc.unit import Unit
from sim_plc.wire_faults import NoFaults, WireFaults

CHARACTER_BITS: Final = 11
"""Start, eight data, parity or second stop, stop (Modbus over serial line V1.02, section 2.5.1)."""

_SPEEDS: Final[Mapping[int, int]] = {
    9_600: termios.B9600,
    19_200: termios.B19200,
    38_400: termios.B38400,
    57_600: termios.B57600,
    115_200: termios.B115200,
}
_MIN_FRAME: Final = 4
_MAX_FRAME: Final = 256
_OUTPUT_SPEED: Final = 5
"""Index in what `termios.tcgetattr` returns."""


def _crc_of_byte(value: int) -> int:
    for _ in range(8):
        value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
    return value


_CRC_TABLE: Final = tuple(_crc_of_byte(value) for value in range(256))


def crc16(data: bytes) -> int:
    """CRC-16 of a frame (V1.02, section 6.2.2); it is sent low byte first, so that a whole frame has CRC 0."""
    crc = 0xFFFF
    for byte in data:
        crc = (crc >> 8) ^ _CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc


def sealed(body: bytes) -> bytes:
    """Return a frame: unit and PDU with their check sum."""
    return body + crc16(body).to_bytes(2, "little")


@dataclass(frozen=True, slots=True)
class _Sending:
    """A piece on its way: it occupies the line from ``begin_at`` until its timer delivers it."""

    begin_at: float
    timer: asyncio.TimerHandle


class RtuLine:
    """Stations on one line, by unit id; the master opens ``link_path`` like any serial device.

    Frames for unit ids that nobody has, and broadcasts, are left unanswered and change nothing: these stations take
    no order that they cannot answer. While a station sends, nothing else is heard. A master that set another baud
    rate is heard as noise. ``turnaround_s`` is the silence between a request and its answer, T3.5 at least.
    ``before`` is called before each request: there the machine's time advances.
    """

    def __init__(
        self,
        units: Mapping[int, Unit],
        link_path: Path,
        *,
        baud: int,
        character_bits: int = CHARACTER_BITS,
        turnaround_s: float = 0.003,
        before: Callable[[], None] | None = None,
        faults: WireFaults | None = None,
    ) -> None:
        if baud not in _SPEEDS:
            raise ValueError(f"{baud} baud is none of {', '.join(map(str, _SPEEDS))}")
        self._units = units
        self._link_path = link_path
        self._speed = _SPEEDS[baud]
        self._character_s = character_bits / baud
        self._silence_s = 3.5 * self._character_s if baud <= 19_200 else 0.00175
        self._turnaround_s = turnaround_s
        self._before = before
        self._faults = faults or NoFaults()
        self._master: int | None = None
        self._slave = -1
        self._burst = bytearray()
        self._heard_at = 0.0
        self._silence: asyncio.TimerHandle | None = None
        self._serial = 0
        self._sending: dict[int, _Sending] = {}

    async def start(self) -> None:
        """Open the line and put it at its path, in place of whatever link is there.

        Raises:
            OSError: no pseudo terminal, or the path cannot be written.

        """
        self._master, self._slave = os.openpty()
        # The line keeps its own slave side open: without any, reading the master fails with EIO each time the
        # program at the other end closes the device, and what it set on the terminal is lost.
        tty.setraw(self._slave)
        self._set_speed()
        os.set_blocking(self._master, False)
        _link(os.ttyname(self._slave), self._link_path)
        asyncio.get_running_loop().add_reader(self._master, self._hear)

    async def stop(self) -> None:
        """Take the line away, as if its adapter were unplugged. Idempotent."""
        if self._master is None:
            return
        asyncio.get_running_loop().remove_reader(self._master)
        if self._silence is not None:
            self._silence.cancel()
        for sending in self._sending.values():
            sending.timer.cancel()
        self._sending.clear()
        self._burst.clear()
        device = os.ttyname(self._slave)
        if self._link_path.is_symlink() and str(self._link_path.readlink()) == device:
            self._link_path.unlink()
        os.close(self._master)
        os.close(self._slave)
        self._master = None

    def _set_speed(self) -> None:
        attributes = termios.tcgetattr(self._slave)
        attributes[_OUTPUT_SPEED - 1] = attributes[_OUTPUT_SPEED] = self._speed
        termios.tcsetattr(self._slave, termios.TCSANOW, attributes)

    def _hear(self) -> None:
        """Take bytes from the master; silence after the last of them ends a frame."""
        assert self._master is not None
        data = os.read(self._master, 4096)
        loop = asyncio.get_running_loop()
        now = loop.time()
        if any(sending.begin_at <= now for sending in self._sending.values()):
            return
        if termios.tcgetattr(self._slave)[_OUTPUT_SPEED] != self._speed:
            data = b"\xff" * len(data)
        self._burst += data
        # One byte too many is enough to know that this is no frame: a flood takes neither memory nor line time.
        del self._burst[_MAX_FRAME + 1 :]
        heard_at = max(self._heard_at, now) + len(data) * self._character_s
        self._heard_at = min(heard_at, now + _MAX_FRAME * self._character_s)
        if self._silence is not None:
            self._silence.cancel()
        self._silence = loop.call_at(self._heard_at + self._silence_s, self._end_of_frame)

    def _end_of_frame(self) -> None:
        self._silence = None
        frame = bytes(self._burst)
        self._burst.clear()
        if not _MIN_FRAME <= len(frame) <= _MAX_FRAME or crc16(frame) != 0:
            return
        station = self._units.get(frame[0])
        if station is None:
            return
        if self._before is not None:
            self._before()
        reply = sealed(frame[:1] + answer(station, frame[1:-2]))
        due_at = free_at = self._heard_at + max(self._turnaround_s, self._silence_s)
        for delay_s, piece in self._faults.bend(reply):
            free_at = self._send(max(free_at, due_at + delay_s), piece)

    def _send(self, begin_at: float, piece: bytes) -> float:
        """Deliver ``piece`` when its last character would arrive; return when that is."""
        end_at = begin_at + len(piece) * self._character_s
        self._serial += 1
        timer = asyncio.get_running_loop().call_at(end_at, self._deliver, self._serial, piece)
        self._sending[self._serial] = _Sending(begin_at, timer)
        return end_at

    def _deliver(self, serial: int, piece: bytes) -> None:
        assert self._master is not None
        del self._sending[serial]
        try:
            os.write(self._master, piece)
        except BlockingIOError:
            # Nobody has read the device for thousands of characters: a line without a listener.
            return


def _link(device: str, path: Path) -> None:
    """Make ``path`` a link to ``device`` in one step, so that no reader finds it missing."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(device)
    fresh.replace(path)
