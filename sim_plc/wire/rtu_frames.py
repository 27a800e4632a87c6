"""Frames on a serial line: their check sum, and how they are told apart by silence (V1.02, section 2.5.1)."""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

MIN_FRAME: Final = 4
"""Unit, function, check sum."""
MAX_FRAME: Final = 256

_SLOW_BAUD: Final = 19_200
"""Up to here the silences are counted in characters; above they are fixed (section 2.5.1.1)."""
_FAST_T15_S: Final = 0.000750
_FAST_T35_S: Final = 0.001750


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


def inner_silence_s(baud: int, character_s: float) -> float:
    """T1.5: a longer silence inside a frame spoils it."""
    return 1.5 * character_s if baud <= _SLOW_BAUD else _FAST_T15_S


def outer_silence_s(baud: int, character_s: float) -> float:
    """T3.5: the silence that ends a frame."""
    return 3.5 * character_s if baud <= _SLOW_BAUD else _FAST_T35_S


class Hearer(Protocol):
    """Who is told what was heard."""

    def heard(self, frame: bytes, at: float) -> None:
        """Take a frame with a right check sum, whose last character came at ``at``."""
        ...

    def misheard(self, *, overrun: bool) -> None:
        """Take notice of what was none: noise, a half frame, frames run together, or more than a frame can hold."""
        ...


class Listener:
    """Finds frames in the characters of a line (figure 14 of V1.02), in the running loop's time.

    Characters that arrive at once count as arriving one after another, each in its time. A silence of T1.5 ends the
    reception: what comes after it, but before T3.5, belongs to nothing and spoils the frame. A silence of T3.5 ends
    the frame, good or not, so that the next one is heard whatever came before.
    """

    def __init__(self, hearer: Hearer, *, baud: int, character_s: float) -> None:
        self._hearer = hearer
        self._character_s = character_s
        self._inner_s = inner_silence_s(baud, character_s)
        self._outer_s = outer_silence_s(baud, character_s)
        self._burst = bytearray()
        self._heard_at = 0.0
        self._received = False
        """T1.5 has passed since the last character."""
        self._spoilt = False
        self._silence: asyncio.TimerHandle | None = None

    def hear(self, data: bytes) -> None:
        """Take characters that begin to arrive now."""
        now = asyncio.get_running_loop().time()
        self._spoilt |= self._received
        self._burst += data
        # One byte too many is enough to know that this is no frame: a flood takes neither memory nor line time.
        del self._burst[MAX_FRAME + 1 :]
        heard_at = max(self._heard_at, now) + len(data) * self._character_s
        self._heard_at = min(heard_at, now + MAX_FRAME * self._character_s)
        self._received = False
        self._wait(self._heard_at + self._inner_s, self._end_reception)

    def forget(self) -> None:
        """Drop what was heard so far: the line is taken away."""
        if self._silence is not None:
            self._silence.cancel()
        self._silence = None
        self._burst.clear()
        self._received = self._spoilt = False
        self._heard_at = 0.0

    def _end_reception(self) -> None:
        self._received = True
        self._wait(self._heard_at + self._outer_s, self._end_frame)

    def _end_frame(self) -> None:
        frame, at, spoilt = bytes(self._burst), self._heard_at, self._spoilt
        self.forget()
        if not spoilt and MIN_FRAME <= len(frame) <= MAX_FRAME and crc16(frame) == 0:
            self._hearer.heard(frame, at)
        else:
            self._hearer.misheard(overrun=len(frame) > MAX_FRAME)

    def _wait(self, until: float, then: Callable[[], None]) -> None:
        if self._silence is not None:
            self._silence.cancel()
        self._silence = asyncio.get_running_loop().call_at(until, then)
