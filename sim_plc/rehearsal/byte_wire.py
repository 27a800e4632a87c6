"""Wires that carry bytes in virtual time, for the product's own Modbus link: a stream, and a serial line.

What they do to an answer is what a real peer, adapter or cable does to one. Not so, since nothing on the wire could
tell it from a right answer, and therefore never done: bytes changed inside a frame of a stream, which TCP guards; an
answer on a line later than the longest reply time, since lines have no transaction ids; damage on a line beyond what
CRC-16 is bound to find.
"""

import asyncio
import random
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from contextvars import Context, copy_context
from dataclasses import dataclass
from typing import Final

from hal.errors import LinkDown
from sim_plc.rehearsal.memory_link import Fault, Shut
from sim_plc.unit import Unit
from sim_plc.wire.functions import answer

PIECE_S: Final = 0.0005
"""Between two pieces of one answer."""


@dataclass(frozen=True, slots=True)
class Weather:
    """What befalls the requests of one bus, and how long what is late takes. Times in seconds."""

    decide: Callable[[int, int], Fault]
    """Names the fault of each request by its function code and unit."""
    shut: Callable[[], Shut | None]
    on_cut: Callable[[], None]
    late_s: Callable[[], float]
    slow_s: Callable[[], float]
    rng: random.Random


class ByteWire(ABC):
    """A `hal.byte_channel.ByteChannel` with the stations at its other end.

    What happens there goes on whatever becomes of the daemon's process; what it receives waits while it is frozen.
    """

    name = "wire"

    def __init__(self, units: dict[int, Unit], weather: Weather, *, latency_s: float, timeout_s: float) -> None:
        """Take the stations by unit id. ``timeout_s``: how long the daemon waits for an answer."""
        self.units = units
        self.reachable = True
        self.befallen = Counter[Fault]()
        self.mute = False
        self._weather = weather
        self._rng = weather.rng
        self._latency_s = latency_s
        self._timeout_s = timeout_s
        self._outside = Context()
        self._inside = copy_context()
        self._number = 0
        self._asked = 0
        self.reply: bytes | None = None
        """What the newest request was answered with at its station; None: it has not arrived."""
        self._open = False
        self._on_bytes: Callable[[bytes], None] = _drop
        self._on_lost: Callable[[LinkDown], None] = _ignore

    @property
    def is_open(self) -> bool:
        """Whether bytes can be sent."""
        return self._open

    async def open(self, on_bytes: Callable[[bytes], None], on_lost: Callable[[LinkDown], None]) -> None:
        """Open it; see `hal.byte_channel.ByteChannel`.

        Raises:
            LinkDown: nobody takes it.

        """
        await asyncio.sleep(self._latency_s)
        shut = self._weather.shut()
        if shut is not None:
            await asyncio.sleep(shut.value)
            raise LinkDown(f"{self.name}: no connection: {shut.name.lower()}")
        if not self.reachable:
            raise LinkDown(f"{self.name}: unreachable")
        self._number += 1
        self._open, self.mute = True, False
        self._inside = copy_context()
        self._on_bytes, self._on_lost = on_bytes, on_lost

    def discard(self) -> None:  # noqa: B027 - nothing is held back: what has arrived was handed on
        """Throw nothing away."""

    def close(self) -> None:
        """Close it at once."""
        if self._open:
            self._open = False
            self._weather.on_cut()

    def break_off(self) -> None:
        """Let the connection break now."""
        if self._open:
            self._open = False
            self._on_lost(LinkDown(f"{self.name}: the connection broke"))
            self._weather.on_cut()

    def send(self, data: bytes) -> None:
        """Send a request; see `hal.byte_channel.ByteChannel`."""
        if not self._open:
            raise LinkDown(f"{self.name}: not connected")
        if not self.reachable or self.mute:
            return
        unit, pdu = self._unpacked(data)
        self._asked, self.reply = self._asked + 1, None
        fault = self._weather.decide(pdu[0], unit)
        if fault is not Fault.NONE:
            self.befallen[fault] += 1
        if fault is Fault.LOSE_REQUEST:
            return
        arrives_s = self._arrives_s(data)
        if fault is Fault.CUT:
            self._later(arrives_s, self._break_if, self._number)
        elif fault is Fault.DELAY:
            self._later(self._weather.late_s(), self._arrive, self._number, data, Fault.DELAY)
        else:
            self._later(arrives_s, self._arrive_first, self._number, self._asked, data, fault)
        if fault is Fault.DUPLICATE:
            self._later(self._weather.late_s(), self._arrive, self._number, data, Fault.DELAY)

    @abstractmethod
    def _unpacked(self, data: bytes) -> tuple[int, bytes]:
        """Return unit and PDU of a request."""

    @abstractmethod
    def _arrives_s(self, data: bytes) -> float:
        """Return how long a request takes to its station."""

    @abstractmethod
    def _reply(self, number: int, request: bytes, pdu: bytes, fault: Fault) -> None:
        """Send an answer, or what a fault makes of it."""

    def _arrive_first(self, number: int, asked: int, request: bytes, fault: Fault) -> None:
        """Let a request arrive in its time, and take down what it is rightly answered with."""
        reply = self._arrive(number, request, fault)
        if asked == self._asked:
            self.reply = reply

    def _arrive(self, number: int, request: bytes, fault: Fault) -> bytes | None:
        """Let a station take a request and answer it; return its answer, None if it is not heard."""
        unit, pdu = self._unpacked(request)
        if unit not in self.units:
            return None
        reply = answer(self.units[unit], pdu)
        if fault is Fault.CUT_AFTER:
            self._break_if(number)
        elif fault is not Fault.LOSE_ANSWER:
            self._reply(number, request, reply, fault)
        return reply

    def _break_if(self, number: int) -> None:
        """Break a connection if it still stands."""
        if number == self._number:
            self.break_off()

    def _later(self, delay_s: float, act: Callable[..., object], *args: object) -> None:
        asyncio.get_running_loop().call_later(delay_s, act, *args, context=self._outside)

    def _deliver(self, number: int, delay_s: float, data: bytes) -> None:
        asyncio.get_running_loop().call_later(delay_s, self._hand_on, number, data, context=self._inside)

    def _hand_on(self, number: int, data: bytes) -> None:
        """Give bytes to the daemon, if the connection on which they came still stands."""
        if self._open and number == self._number and self.reachable and not self.mute:
            self._on_bytes(data)

    def _pieces(self, data: bytes) -> list[bytes]:
        """Cut bytes at up to three places."""
        cuts = sorted(self._rng.sample(range(1, len(data)), min(len(data) - 1, self._rng.randint(1, 3))))
        return [data[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]


def _drop(_data: bytes) -> None:
    """Stand in until a connection is open."""


def _ignore(_error: LinkDown) -> None:
    """Stand in until a connection is open."""
