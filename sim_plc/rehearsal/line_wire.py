"""A serial line in virtual time, with its stations: each character takes its time, and may be changed on its way."""

import random

from sim_plc.rehearsal.byte_wire import PIECE_S, ByteWire, Weather
from sim_plc.rehearsal.memory_link import Fault
from sim_plc.unit import Unit
from sim_plc.wire.rtu_frames import crc16, sealed

LATEST = 0.8
"""Of the longest reply time: how late an answer may end that comes behind its time-out."""


class LineWire(ByteWire):
    """Modbus RTU. Stations hear what has a right check sum; a request that comes late has no answer any more."""

    name = "line"

    def __init__(
        self,
        units: dict[int, Unit],
        weather: Weather,
        *,
        latency_s: float,
        timeout_s: float,
        character_s: float,
        reply_max_s: float,
    ) -> None:
        super().__init__(units, weather, latency_s=latency_s, timeout_s=timeout_s)
        self._character_s = character_s
        self._reply_max_s = reply_max_s

    def _unpacked(self, data: bytes) -> tuple[int, bytes]:
        return data[0], data[1:-2]

    def _arrives_s(self, data: bytes) -> float:
        return len(data) * self._character_s + self._latency_s

    def _arrive(self, number: int, request: bytes, fault: Fault) -> bytes | None:
        # As often the request is hurt as the answer.
        if fault in DAMAGES and self._rng.random() < 0.5:
            request = damaged(self._rng, request, fault)
            if crc16(request):
                return None
            fault = Fault.NONE
        return super()._arrive(number, request, fault)

    def _reply(self, number: int, request: bytes, pdu: bytes, fault: Fault) -> None:
        if fault is Fault.DELAY:
            return
        frame = sealed(request[:1] + pdu)
        lasts_s = len(frame) * self._character_s
        match fault:
            case Fault.SLOW:
                self._deliver(number, lasts_s + self._weather.slow_s(), frame)
            case Fault.LATE_ANSWER:
                behind_s = self._timeout_s + 3 * self._character_s - self._latency_s
                self._deliver(number, lasts_s + behind_s + self._rng.uniform(0, LATEST) * self._reply_max_s, frame)
            case Fault.OTHER_SLAVE:
                self._deliver(number, lasts_s, sealed(bytes((request[0] ^ self._rng.randrange(1, 256),)) + pdu))
            case Fault.ECHO:
                self._deliver(number, lasts_s, (b"" if request.startswith(frame) else request) + frame)
            case Fault.PIECES:
                for at, piece in enumerate(self._pieces(frame)):
                    self._deliver(number, lasts_s + at * PIECE_S, piece)
            case Fault.NOISE | Fault.BYTE_LOST | Fault.BYTE_ADDED | Fault.PARITY:
                self._deliver(number, lasts_s, damaged(self._rng, frame, fault))
            case _:
                self._deliver(number, lasts_s, frame)


DAMAGES = frozenset({Fault.NOISE, Fault.BYTE_LOST, Fault.BYTE_ADDED, Fault.PARITY})


def damaged(rng: random.Random, frame: bytes, fault: Fault) -> bytes:
    """Return a frame as a fault of the line changes it: so that the check sum tells, as `byte_wire` promises.

    One added character in 65,536 shifts a frame so that as many bytes as it has have a right check sum again.
    """
    while _tells_nothing(hurt := _hurt(rng, frame, fault), frame):
        pass
    return hurt


def _tells_nothing(hurt: bytes, frame: bytes) -> bool:
    """Return whether what came has a right check sum, or as many bytes of it as were sent, and is another frame."""
    pieces = (hurt, hurt[: len(frame)], hurt[1 : 1 + len(frame)])
    return any(crc16(piece) == 0 and piece != frame for piece in pieces)


def _hurt(rng: random.Random, frame: bytes, fault: Fault) -> bytes:
    """Return a frame with characters lost, added, or changed."""
    hurt = bytearray(frame)
    at = rng.randrange(len(hurt))
    match fault:
        case Fault.BYTE_LOST:
            del hurt[at]
        case Fault.BYTE_ADDED:
            hurt.insert(at, rng.randrange(256))
        case Fault.PARITY:
            hurt[at] ^= 1 << rng.randrange(8)
        case _:
            for bit in rng.sample(range(8 * len(hurt)), rng.randint(1, 3)):
                hurt[bit // 8] ^= 1 << bit % 8
    return bytes(hurt)
