"""A TCP connection in virtual time, with a server at its other end that may frame its answers in any wrong way."""

import struct
from typing import Final

from sim_plc.rehearsal.byte_wire import PIECE_S, ByteWire
from sim_plc.rehearsal.memory_link import Fault

_HEADER: Final = struct.Struct(">HHHB")


class StreamWire(ByteWire):
    """Modbus TCP. Whatever was under way on one connection never gets into the next."""

    name = "tcp"
    _before = b""
    """The frame sent last."""
    _held = b""
    """A frame that the next one overtakes."""

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
        for after_s, piece in self._sent(frame, transaction, unit, pdu, fault):
            self._deliver(number, after_s, piece)
        if fault is Fault.RESET_INSIDE:
            self._later(2 * PIECE_S, self._break_if, number)
        if self._held:
            self._deliver(number, PIECE_S, self._held)
        self._before, self._held = frame, b""

    def _sent(  # noqa: C901, PLR0911 - one case a fault
        self, frame: bytes, transaction: int, unit: int, pdu: bytes, fault: Fault
    ) -> list[tuple[float, bytes]]:
        """Return what is sent in place of a frame, and when."""
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
            case Fault.PIECES:
                return [(at * PIECE_S, piece) for at, piece in enumerate(self._pieces(frame))]
            case Fault.MERGED:
                return [(0.0, self._before + frame)]
            case Fault.RESET_INSIDE:
                return [(0.0, frame[: rng.randrange(1, len(frame))])]
            case _:
                return [(0.0, frame)]


def _frame(transaction: int, unit: int, pdu: bytes, *, lie: int = 0) -> bytes:
    """Return a frame; ``lie``: by how much its length field is wrong."""
    return _HEADER.pack(transaction & 0xFFFF, 0, len(pdu) + 1 + lie, unit & 0xFF) + pdu
