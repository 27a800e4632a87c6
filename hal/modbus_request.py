"""Requests of Modbus as bytes, and what the answer to each must be (application protocol V1.1b3). No I/O, no time.

No library's codec is beneath: the one at hand accepts answers whose length, count or echo do not fit, and packs and
unpacks register by register, which takes 20 times as long as one `struct` call (pymodbus 3.16.1). The other end of
the wire uses it, so that each end is the other's witness.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from hal.errors import BadAnswer, Refused

MAX_READ: Final = 125
MAX_WRITE: Final = 123
MAX_READ_WRITE: Final = 121
"""Registers of one request (Modbus application protocol V1.1b3, sections 6.3, 6.4, 6.12, 6.17)."""

WRITING: Final = frozenset({16, 23})
"""Functions that change registers."""

LEAVES_OPEN: Final = frozenset({4, 5, 11})
"""Exception codes behind which a write may have been carried out: a device that failed while it acted, one that goes
on with it, and a gateway that waited in vain for its device's answer (V1.1b3, section 7)."""

_KEPT: Final = 256
"""A tower's polls ask for the same blocks for ever: so many reads are kept ready."""

_SPAN: Final = struct.Struct(">BHH")
_TWO_SPANS: Final = struct.Struct(">BHHHH")
_NOTHING: Final = struct.Struct("")


@dataclass(frozen=True, slots=True)
class Request:
    """One request, and what its answer must look like: ``answer_size`` bytes that begin with ``answer_head``."""

    unit: int
    function: int
    pdu: bytes
    answer_head: bytes
    answer_size: int
    words: struct.Struct
    """What follows the head of the answer: registers, or nothing."""

    def check(self, pdu: bytes) -> tuple[int, ...]:
        """Return the registers of an answer (none for a write).

        Raises:
            Refused: the answer is an exception to this request, which changed nothing.
            BadAnswer: it is not an answer to this request, or an exception that leaves open what a write did.

        """
        if len(pdu) == self.answer_size and pdu.startswith(self.answer_head):
            return self.words.unpack_from(pdu, len(self.answer_head))
        raise self._fault(pdu)

    def _fault(self, pdu: bytes) -> Refused | BadAnswer:
        asked = f"unit {self.unit}, function {self.function}"
        if pdu[0] == self.function | 0x80 and len(pdu) == 2:
            if pdu[1] in LEAVES_OPEN and self.function in WRITING:
                return BadAnswer(f"{asked}: exception code {pdu[1]} leaves open whether it was carried out")
            return Refused(self.function, pdu[1])
        if pdu[0] != self.function:
            return BadAnswer(f"{asked}: answered {pdu[:8].hex(' ')}")
        if len(pdu) != self.answer_size:
            return BadAnswer(f"{asked}: {len(pdu)} bytes, not {self.answer_size}")
        return BadAnswer(f"{asked}: echoes {pdu[:5].hex(' ')}, not {self.answer_head.hex(' ')}")


@lru_cache(_KEPT)
def reading_input(unit: int, address: int, count: int) -> Request:
    """Ask for ``count`` (1..125) input registers (FC4).

    Raises:
        ValueError: no request can ask for this.

    """
    _check_span(address, count, MAX_READ)
    return _reading(unit, _SPAN.pack(4, address, count), count)


@lru_cache(_KEPT)
def reading_holding(unit: int, address: int, count: int) -> Request:
    """Ask for ``count`` (1..125) holding registers (FC3).

    Raises:
        ValueError: no request can ask for this.

    """
    _check_span(address, count, MAX_READ)
    return _reading(unit, _SPAN.pack(3, address, count), count)


def writing(unit: int, address: int, words: Sequence[int]) -> Request:
    """Set 1..123 holding registers (FC16); its answer echoes address and count.

    Raises:
        ValueError: no request can carry this.

    """
    _check_span(address, len(words), MAX_WRITE)
    _check_words(words)
    echo = _SPAN.pack(16, address, len(words))
    return Request(unit, 16, echo + _packed(words), echo, len(echo), _NOTHING)


def reading_and_writing(
    unit: int, read_address: int, read_count: int, write_address: int, words: Sequence[int]
) -> Request:
    """Set 1..121, then ask for 1..125 holding registers (FC23).

    Raises:
        ValueError: no request can carry this.

    """
    _check_span(read_address, read_count, MAX_READ)
    _check_span(write_address, len(words), MAX_READ_WRITE)
    _check_words(words)
    spans = _TWO_SPANS.pack(23, read_address, read_count, write_address, len(words))
    return _reading(unit, spans + _packed(words), read_count)


def _reading(unit: int, pdu: bytes, count: int) -> Request:
    head = bytes((pdu[0], 2 * count))
    return Request(unit, pdu[0], pdu, head, 2 + 2 * count, _registers(count))


def _packed(words: Sequence[int]) -> bytes:
    """Return the byte count and the registers of a request that writes."""
    return bytes((2 * len(words),)) + _registers(len(words)).pack(*words)


@lru_cache(MAX_READ)
def _registers(count: int) -> struct.Struct:
    return struct.Struct(f">{count}H")


def _check_span(address: int, count: int, most: int) -> None:
    if not 1 <= count <= most:
        raise ValueError(f"{count} registers: one request takes 1..{most}")
    if not 0 <= address <= 0x10000 - count:
        raise ValueError(f"{count} registers from address {address} leave the space of 65536")


def _check_words(words: Sequence[int]) -> None:
    if words and not 0 <= min(words) <= max(words) <= 0xFFFF:
        index = next(index for index, word in enumerate(words) if not 0 <= word <= 0xFFFF)
        raise ValueError(f"word {index} is {words[index]}, not in 0..65535")
