"""Where an answer begins and ends in a stream of bytes: MBAP over TCP, and RTU on a line. No I/O, no time."""

import struct
from collections.abc import Callable
from typing import Final, Protocol

from hal.errors import BadAnswer

_MBAP: Final = struct.Struct(">HHHB")
_MAX_LENGTH: Final = 254
"""Unit id and the largest PDU (253 bytes; Modbus application protocol V1.1b3, section 4.1)."""

_ID_STEP: Final = 12_829
"""From one transaction id to the next; odd, so that all are used. A peer whose ids are off by one, by a bit or by the
order of bytes never meets one that is waited for soon, as it would if they were counted."""

_EXCEPTION_BYTES: Final = 5
"""Unit, function, code and check sum of an exception answer on a line."""


class OutOfStep(BadAnswer):
    """Frame boundaries are lost: nothing after this can be read but on a new connection."""


class Framing(Protocol):
    """Frames one request at a time and finds its answer."""

    def begin(self, unit: int, pdu: bytes, answer_head: bytes, answer_size: int) -> bytes:
        """Return the frame to send for a request.

        A right answer's PDU has ``answer_size`` bytes and begins with ``answer_head`` (its function at least).
        """
        ...

    def feed(self, data: bytes) -> bytes | None:
        """Take received bytes; return the PDU of the waiting request's answer once it is whole.

        Raises:
            BadAnswer: the waiting request got an answer that is not its own.
            OutOfStep: frame boundaries are lost.

        """
        ...

    def end(self) -> None:
        """No request waits any more."""
        ...

    @property
    def leftover(self) -> bytes:
        """Bytes received since `begin` that belong to no answer."""
        ...

    @property
    def in_step(self) -> bool:
        """Whether the next byte received begins a frame, or is found to if it does."""
        ...

    @property
    def dropped(self) -> int:
        """How many answers (on a line: bursts of bytes) came that belonged to no waiting request."""
        ...

    def reset(self) -> None:
        """Forget everything received: a new connection stands."""
        ...


class MbapFraming:
    """Modbus TCP. Answers to requests that wait no more are told by their transaction id and dropped."""

    def __init__(self) -> None:
        self._transaction = (1 - _ID_STEP) & 0xFFFF
        self._unit = 0
        self._waiting = False
        self._buffer = bytearray()
        self._dropped = 0

    @property
    def leftover(self) -> bytes:
        """Bytes of a frame that is not whole."""
        return bytes(self._buffer)

    @property
    def in_step(self) -> bool:
        """Whether the next byte begins a frame."""
        return not self._buffer

    @property
    def dropped(self) -> int:
        """How many answers came too late, twice or to nobody."""
        return self._dropped

    def begin(self, unit: int, pdu: bytes, answer_head: bytes, answer_size: int) -> bytes:  # noqa: ARG002 - see Framing
        """Return the frame to send. Id 0 is what broken peers send, so it is never ours."""
        self._transaction = (self._transaction + _ID_STEP) & 0xFFFF or _ID_STEP
        self._unit = unit
        self._waiting = True
        return _MBAP.pack(self._transaction, 0, len(pdu) + 1, unit) + pdu

    def feed(self, data: bytes) -> bytes | None:
        """Take received bytes; see `Framing`."""
        self._buffer += data
        answer = None
        while len(self._buffer) >= _MBAP.size:
            transaction, protocol, length, unit = _MBAP.unpack_from(self._buffer)
            if protocol != 0 or not 2 <= length <= _MAX_LENGTH:
                raise OutOfStep(f"no Modbus header: {self._buffer[:8].hex(' ')}")
            end = _MBAP.size + length - 1
            if len(self._buffer) < end:
                break
            pdu = bytes(self._buffer[_MBAP.size : end])
            del self._buffer[:end]
            if self._waiting and transaction == self._transaction:
                self._waiting = False
                if unit != self._unit:
                    raise BadAnswer(f"asked unit {self._unit}, unit {unit} answered")
                answer = pdu
            else:
                self._dropped += 1
        return answer

    def end(self) -> None:
        """No request waits any more: its answer, should it come, is dropped."""
        self._waiting = False

    def reset(self) -> None:
        """Forget everything received."""
        self._buffer.clear()
        self._waiting = False


class RtuFraming:
    """Modbus RTU, the master's side.

    An answer is known by unit, function, length and check sum, wherever it begins: bytes before it (a line's turn-on
    glitch, the echo of the request by an adapter that always echoes) cost nothing. There is no transaction id, so a
    late answer to another request looks the same: keeping the line silent until none can come is the link's part.

    ``crc`` gives the two bytes of check sum that end a frame.
    """

    def __init__(self, crc: Callable[[bytes], bytes]) -> None:
        self._crc = crc
        self._head = b""
        self._exception_head = b""
        self._sent = b""
        self._echoes = False
        self._echo_comes = False
        self._size = 0
        self._ruled_out = 0
        """So many bytes begin no answer, whatever follows them."""
        self._waiting = False
        self._buffer = bytearray()
        self._dropped = 0
        self._dropping = False

    @property
    def leftover(self) -> bytes:
        """Bytes received since `begin` that belong to no answer."""
        return bytes(self._buffer)

    @property
    def in_step(self) -> bool:
        """Whether the next frame is found: it always is."""
        return True

    @property
    def dropped(self) -> int:
        """How many times bytes came between two requests, whole late answers among them."""
        return self._dropped

    def begin(self, unit: int, pdu: bytes, answer_head: bytes, answer_size: int) -> bytes:
        """Return the frame to send; bytes received before it are dropped."""
        self._buffer.clear()
        self._head = bytes((unit,)) + answer_head
        self._exception_head = bytes((unit, answer_head[0] | 0x80))
        self._size = 1 + answer_size + 2
        self._ruled_out = 0
        # The echo of a write begins as its answer does, and the bytes behind may look like the check sum.
        self._echo_comes = self._echoes
        self._waiting = True
        self._dropping = False
        body = bytes((unit,)) + pdu
        self._sent = body + self._crc(body)
        return self._sent

    def feed(self, data: bytes) -> bytes | None:
        """Take received bytes; see `Framing`. Without a waiting request they are dropped."""
        if not self._waiting:
            self._dropped += not self._dropping
            self._dropping = True
            return None
        self._buffer += data
        for start in range(self._ruled_out, len(self._buffer)):
            size = self._size_at(start)
            if len(self._buffer) < start + size:
                return None
            self._ruled_out = start + 1
            frame = bytes(self._buffer[start : start + size])
            if size and self._crc(frame[:-2]) == frame[-2:]:
                if self._echo_comes and self._sent.startswith(frame):
                    self._echo_comes = False
                    continue
                self._echoes = self._buffer.startswith(self._sent)
                self._waiting = False
                del self._buffer[: start + size]
                return frame[1:-2]
        return None

    def _size_at(self, start: int) -> int:
        """Size of the answer that may begin here, 0 if none does."""
        rest = self._buffer[start : start + len(self._head)]
        if self._head.startswith(rest):
            return self._size
        if self._exception_head.startswith(rest[: len(self._exception_head)]):
            return _EXCEPTION_BYTES
        return 0

    def end(self) -> None:
        """No request waits any more: what comes is dropped."""
        self._waiting = False

    def reset(self) -> None:
        """Forget everything received."""
        self._buffer.clear()
        self._waiting = False
