"""Bytes over a serial line: the only importer of pyserial."""

import asyncio
import os
import termios
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import serial

from hal.errors import LinkDown
from hal.spare_thread import SpareThread

OPEN_TIMEOUT_S = 0.8
"""A driver that needs longer than this to open (a dying USB adapter) counts as not there."""

_CHUNK = 4096

_PTY_MAJORS = range(136, 144)
"""Device numbers of pseudo terminals (Linux, Documentation/admin-guide/devices.txt)."""


class SerialPort:
    """A serial device, opened raw, 8 data bits, for this process alone."""

    def __init__(self, device: str, *, baud: int, parity: Literal["E", "O", "N"], stop_bits: Literal[1, 2]) -> None:
        self._device = device
        self._baud = baud
        self._parity = parity
        self._stop_bits = stop_bits
        self._port: serial.Serial | None = None
        self._opener = SpareThread(f"open {device}")
        self._opening: asyncio.Future[serial.Serial] | None = None
        self._unsent = b""
        self._on_bytes: Callable[[bytes], None] = _ignore_bytes
        self._on_lost: Callable[[LinkDown], None] = _ignore_loss

    @property
    def name(self) -> str:
        """Where it leads, for messages."""
        return f"serial {self._device}"

    @property
    def is_open(self) -> bool:
        """Whether bytes can be sent."""
        return self._port is not None

    async def open(self, on_bytes: Callable[[bytes], None], on_lost: Callable[[LinkDown], None]) -> None:
        """Open it; see `hal.byte_channel.ByteChannel`. What lay unread in the driver is thrown away."""
        self.close()
        self._port = await self._open_off_the_loop()
        self._on_bytes, self._on_lost = on_bytes, on_lost
        asyncio.get_running_loop().add_reader(self._port.fileno(), self._read)

    def discard(self) -> None:
        """Throw away what the driver holds unread, and what was not sent: an adapter that hung would send it now."""
        if self._port is None:
            return
        self._unsent = b""
        try:
            termios.tcflush(self._port.fileno(), termios.TCIOFLUSH)
        except termios.error as error:
            self._lose(str(error))

    def send(self, data: bytes) -> None:
        """Send bytes without waiting; see `hal.byte_channel.ByteChannel`."""
        if self._port is None:
            raise LinkDown(f"{self.name}: not open")
        self._unsent += data
        self._write()

    def close(self) -> None:
        """Close it at once; what was not sent yet is dropped."""
        if self._port is None:
            return
        port, self._port, self._unsent = self._port, None, b""
        loop = asyncio.get_running_loop()
        loop.remove_reader(port.fileno())
        loop.remove_writer(port.fileno())
        _shut(port)

    async def _open_off_the_loop(self) -> serial.Serial:
        """Open in a thread: a driver may block, and the loop has other links to serve."""
        if self._opening is not None:
            raise LinkDown(f"{self.name}: the driver still blocks an earlier attempt to open it")
        opening = self._opener(self._open_port)
        self._opening = opening
        opening.add_done_callback(self._opening_ended)
        try:
            async with asyncio.timeout(OPEN_TIMEOUT_S):
                return await asyncio.shield(opening)
        except (TimeoutError, asyncio.CancelledError) as error:
            opening.add_done_callback(_shut_unwanted)
            if isinstance(error, asyncio.CancelledError):
                raise
            raise LinkDown(f"{self.name}: not opened in time") from error
        except (OSError, termios.error) as error:
            raise LinkDown(f"{self.name}: {error}") from error

    def _open_port(self) -> serial.Serial:
        # A pseudo terminal (a serial server's, say) has no parity bit to set, and C libraries differ in whether
        # asking for one is an error.
        has_parity = os.major(Path(self._device).stat().st_rdev) not in _PTY_MAJORS
        return serial.Serial(
            self._device,
            baudrate=self._baud,
            bytesize=serial.EIGHTBITS,
            parity=self._parity if has_parity else serial.PARITY_NONE,
            stopbits=self._stop_bits,
            timeout=0,
            # Sets VMIN to 1: a read that finds nothing then says so, and an empty one means that the device is gone.
            inter_byte_timeout=0,
            exclusive=True,
        )

    def _opening_ended(self, _opening: asyncio.Future[serial.Serial]) -> None:
        self._opening = None

    def _read(self) -> None:
        if self._port is None:
            return
        try:
            data = os.read(self._port.fileno(), _CHUNK)
        except BlockingIOError:
            return
        except OSError as error:
            self._lose(str(error))
            return
        if data:
            self._on_bytes(data)
        else:
            self._lose("the device is gone")

    def _write(self) -> None:
        if self._port is None:
            return
        loop, descriptor = asyncio.get_running_loop(), self._port.fileno()
        try:
            sent = os.write(descriptor, self._unsent)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self._lose(str(error))
            return
        self._unsent = self._unsent[sent:]
        if self._unsent:
            loop.add_writer(descriptor, self._write)
        else:
            loop.remove_writer(descriptor)

    def _lose(self, reason: str) -> None:
        self.close()
        self._on_lost(LinkDown(f"{self.name}: {reason}"))


def _shut(port: serial.Serial) -> None:
    """Close without waiting for the driver to send what it still holds: that may take it 30 s."""
    try:
        port.reset_output_buffer()
    except (OSError, termios.error):
        # The device is gone, so nothing is held; only the descriptor is left to free.
        port.close()
    else:
        port.close()


def _shut_unwanted(opening: asyncio.Future[serial.Serial]) -> None:
    """Close a port that opened after nobody wanted it any more."""
    if not opening.cancelled() and opening.exception() is None:
        _shut(opening.result())


def _ignore_bytes(_data: bytes) -> None:
    """Stand in before the first `SerialPort.open`."""


def _ignore_loss(_error: LinkDown) -> None:
    """Stand in before the first `SerialPort.open`."""
