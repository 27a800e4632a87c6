"""A TCP connection in virtual time, with a server at its other end that may frame its answers in any wrong way."""

import asyncio
import struct
from collections.abc import Sequence
from typing import Final

from sim_plc.rehearsal.byte_wire import PIECE_S, ByteWire
from sim_plc.rehearsal.memory_link import Fault

_HEADER: Final = struct.Struct(">HHHB")


class StreamWire(ByteWire):
    """Modbus TCP. Whatever was under way on one connection never gets into the next, and no answer into another one.

    A stream keeps the order of bytes, and a server sends one answer after the other, in however many pieces.
    """

    name = "tcp"
    _before = b""
    """The frame sent last."""
    _held = b""
    """A frame that the next one overtakes."""
    _free_s = 0.0
    """Until when an answer is still being sent."""

    def _unpacked(self, data: bytes) -> tuple[int, bytes]:
        return data[6], data[_HEADER.size :]

    def _arrives_s(self, data: bytes) -> float:
        del data
        return self._latency_s

    def _reply(self, number: int, request: bytes, pdu: bytes, fault: Fault) -> None:
        transaction, unit = int.from_bytes(request[:2], "big"), request[6]
        frame = _frame(transaction, unit, pdu)
        if fault is Fault.OVERTAKEN:
            self._held = frame
            return
        if fault is Fault.PIECES:
            self._send_out(number, self._pieces(frame))
        elif fault is Fault.RESET_INSIDE:
            self._send_out(number, [frame[: self._rng.randrange(1, len(frame))]])
            self._free_s += 3 * PIECE_S
            self._later(2 * PIECE_S, self._break_if, number)
        else:
            for after_s, whole in self._sent(frame, transaction, unit, pdu, fault):
                self._send_later(number, after_s, whole)
        if self._held:
            self._send_later(number, PIECE_S, self._held)
        self._before, self._held = frame, b""

    def _send_later(self, number: int, after_s: float, frame: bytes) -> None:
        if after_s > 0:
            self._later(after_s, self._send_out, number, [frame])
        else:
            self._send_out(number, [frame])

    def _send_out(self, number: int, pieces: Sequence[bytes]) -> None:
        """Send the pieces of one answer once the one before is out."""
        now_s = asyncio.get_running_loop().time()
        begin_s = max(now_s, self._free_s)
        for at, piece in enumerate(pieces):
            self._deliver(number, begin_s - now_s + at * PIECE_S, piece)
        self._free_s = begin_s + (len(pieces) - 1) * PIECE_S
        if self._free_s > now_s:
            self._free_s += PIECE_S

    def _sent(  # noqa: PLR0911 - one case a fault
        self, frame: bytes, transaction: int, unit: int, pdu: bytes, fault: Fault
    ) -> list[tuple[float, bytes]]:
        """Return the frames that are sent in place of one, and when."""
        rng = self._rng
        match fault:
            case Fault.SLOW:
                return [(self._weather.slow_s(), frame)]
            case Fault.LATE_ANSWER:
                return [(self._timeout_s + self._weather.late_s(), frame)]
            case Fault.TWICE:
                return [(0.0, frame), (rng.choice((0.0, PIECE_S, self._weather.late_s())), frame)]
            case Fault.WRONG_ID:
                return [(0.0, _frame(transaction ^ rng.choice((0x8000, 1, 0xFF)), unit, pdu))]
            case Fault.WRONG_UNIT:
                return [(0.0, _frame(transaction, unit ^ rng.randrange(1, 256), pdu))]
            case Fault.SHORT:
                return [(0.0, _frame(transaction, unit, pdu, lie=-rng.randint(1, len(pdu))))]
            case Fault.LONG:
                return [(0.0, _frame(transaction, unit, pdu, lie=rng.randint(1, 4)))]
            case Fault.MERGED:
                return [(0.0, self._before + frame)]
            case _:
                return [(0.0, frame)]


def _frame(transaction: int, unit: int, pdu: bytes, *, lie: int = 0) -> bytes:
    """Return a frame; ``lie``: by how much its length field is wrong."""
    return _HEADER.pack(transaction & 0xFFFF, 0, len(pdu) + 1 + lie, unit & 0xFF) + pdu
