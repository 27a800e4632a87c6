"""Modbus TCP and RTU as strict links: every answer is checked against its request, nothing is sent twice.

No library's client is beneath, since the one at hand makes some of the link's rules impossible (pymodbus 3.16.1):

* a frame longer than its byte count, or an odd byte count, is accepted, and the caller never sees the frame;
* an undecodable frame closes the connection inside the receiver while the request waits for its full time-out;
* a lost connection does not fail the waiting request;
* reconnection belongs to the library, each further ``connect()`` leaks a socket, and serial devices are opened
  on the event loop;
* requests queue first in first out in a lock, so an urgent one cannot overtake;
* no silence is kept on a serial line, neither between frames nor for an answer that comes late.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from hal.byte_channel import ByteChannel
from hal.crc16 import crc16
from hal.errors import BadAnswer, HalError, LinkDown, NoAnswer, NotAuthorised, Refused
from hal.line_silence import LineSilence
from hal.modbus_framing import Framing, MbapFraming, OutOfStep, RtuFraming
from hal.modbus_request import Request, reading_and_writing, reading_holding, reading_input, writing
from hal.serial_port import SerialPort
from hal.statistics import LinkStatistics
from hal.tcp_channel import TcpChannel
from hal.tls import Security
from hal.turnstile import Turnstile

MAX_UNANSWERED: Final = 3
"""So many requests in a row without a byte from the peer end a TCP connection: it is half open."""

ILLEGAL_FUNCTION: Final = 1
"""Exception code; on a secured link it also says that a role has no right to a function."""

TCP_UNITS: Final = range(256)
LINE_UNITS: Final = range(1, 248)
"""Unit ids that can be asked. On a line 0 is the broadcast, which nobody answers; 248 and above are reserved."""

Tap = Callable[[ByteChannel], ByteChannel]
"""Puts something between a link and its channel that may listen."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a link waits, and how long it keeps silent.

    ``timeout_s`` is the longest wait for an answer beyond the time that the characters take on the wire, each
    ``character_s``. ``gap_s`` of silence precede each request. After a failure nothing is sent for ``drain_s``.
    """

    timeout_s: float
    character_s: float = 0.0
    gap_s: float = 0.0
    drain_s: float = 0.0
    max_unanswered: int | None = None


class ModbusLink:
    """A `hal.link.Link` over one byte channel; see there for what each call promises.

    The peer is asked for one thing at a time. A request that is cancelled or fails leaves the link right: its
    late answer is never taken for another's.
    """

    def __init__(
        self, channel: ByteChannel, framing: Framing, timing: Timing, units: range, *, secured: bool = False
    ) -> None:
        self._secured = secured
        self._channel = channel
        self._framing = framing
        self._timing = timing
        self._units = units
        self._turnstile = Turnstile()
        # Noise may last as long as the longest frame, 256 characters, before it counts as noise.
        self._silence = LineSilence(
            self._turnstile,
            gap_s=timing.gap_s,
            drain_s=timing.drain_s,
            patience_s=timing.gap_s + 256 * timing.character_s,
        )
        self._connecting = asyncio.Lock()
        self._generation = 0
        self._closes = 0
        self._unanswered = 0
        self._waiter: asyncio.Future[bytes | HalError] | None = None
        self.statistics = LinkStatistics()

    @property
    def connected(self) -> bool:
        """Whether a connection stands. It may be half open: only an answer proves the peer."""
        return self._channel.is_open

    @property
    def generation(self) -> int:
        """Rises with each new connection: 0 before the first."""
        return self._generation

    @property
    def dropped(self) -> int:
        """How many answers (on a line: bursts of bytes) came that belonged to no waiting request."""
        return self._framing.dropped

    async def connect(self) -> None:
        """Connect if not connected; see `hal.link.Link`. Calls at the same time make one connection."""
        async with self._connecting:
            if self._channel.is_open:
                return
            closes = self._closes
            self._framing.reset()
            await self._channel.open(self._received, self._lost)
            if self._closes != closes:
                self._channel.close()
                raise LinkDown(f"{self._channel.name}: closed while connecting")
            self._generation += 1
            self._unanswered = 0
            # A program that was here before may have left a question open.
            self._silence.drain()

    async def close(self) -> None:
        """Close the connection; every waiting request fails with `hal.errors.LinkDown`. Idempotent."""
        self._closes += 1
        self._channel.close()
        self._lost(LinkDown(f"{self._channel.name}: closed by this side"))

    async def read_input(
        self, unit: int, address: int, count: int, *, urgent: bool = False, patient: bool = False
    ) -> tuple[int, ...]:
        """Read ``count`` (1..125) input registers (FC4). ``patient``: after everything else that waits."""
        return await self._ask(reading_input(unit, address, count), urgent=urgent, patient=patient)

    async def read_holding(
        self, unit: int, address: int, count: int, *, urgent: bool = False, patient: bool = False
    ) -> tuple[int, ...]:
        """Read ``count`` (1..125) holding registers (FC3). ``patient``: after everything else that waits."""
        return await self._ask(reading_holding(unit, address, count), urgent=urgent, patient=patient)

    async def write(self, unit: int, address: int, words: Sequence[int], *, urgent: bool = False) -> None:
        """Write 1..123 holding registers in one request (FC16)."""
        await self._ask(writing(unit, address, words), urgent=urgent)

    async def read_write(
        self,
        unit: int,
        read_address: int,
        read_count: int,
        write_address: int,
        words: Sequence[int],
        *,
        urgent: bool = False,
    ) -> tuple[int, ...]:
        """Write 1..121, then read 1..125 holding registers in one request (FC23)."""
        request = reading_and_writing(unit, read_address, read_count, write_address, words)
        return await self._ask(request, urgent=urgent)

    async def _ask(self, request: Request, *, urgent: bool, patient: bool = False) -> tuple[int, ...]:
        if request.unit not in self._units:
            raise ValueError(f"unit {request.unit} is not in {self._units.start}..{self._units.stop - 1}")
        generation = self._generation
        self._require_connection(generation)
        loop = asyncio.get_running_loop()
        wished_s = loop.time()
        if not await self._turnstile.enter(urgent=urgent, patient=patient):
            raise LinkDown(f"{self._channel.name}: lost before the request was sent")
        try:
            self._require_connection(generation)
            with self.statistics.exchange(request.unit, loop.time() - wished_s, self._timing.gap_s):
                return await self._exchange(request)
        finally:
            self._silence.give_back()

    def _require_connection(self, generation: int) -> None:
        if not self._channel.is_open:
            raise LinkDown(f"{self._channel.name}: not connected")
        if generation != self._generation:
            raise LinkDown(f"{self._channel.name}: lost before the request was sent")

    async def _exchange(self, request: Request) -> tuple[int, ...]:
        """Send a request and wait for its answer, its time-out or the end of the connection."""
        loop = asyncio.get_running_loop()
        frame = self._framing.begin(request.unit, request.pdu, request.answer_head, request.answer_size)
        characters = len(frame) + request.answer_size + 3
        patience_s = self._timing.timeout_s + characters * self._timing.character_s
        self._waiter = waiter = loop.create_future()
        timer = loop.call_later(patience_s, self._time_out, request)
        answered = False
        try:
            self._channel.discard()
            self._channel.send(frame)
            outcome = await waiter
            answered = isinstance(outcome, bytes) and not self._framing.leftover
        finally:
            timer.cancel()
            self._waiter = None
            self._framing.end()
            if not answered:
                self._silence.drain()
        if isinstance(outcome, HalError):
            raise outcome
        try:
            return request.check(outcome)
        except Refused as refused:
            if self._secured and refused.code == ILLEGAL_FUNCTION:
                raise NotAuthorised(refused.function) from refused
            raise

    def _received(self, data: bytes) -> None:
        self._unanswered = 0
        try:
            answer = self._framing.feed(data)
        except OutOfStep as error:
            self._settle(error)
            self._break(str(error))
        except BadAnswer as error:
            self._settle(error)
        else:
            if answer is not None:
                self._settle(answer)
        self._silence.heard()

    def _lost(self, error: LinkDown) -> None:
        """Fail what waits, sent or not."""
        self._settle(error)
        self._turnstile.dismiss()

    def _break(self, reason: str) -> None:
        """Close from this side, since the connection is of no use any more."""
        self._channel.close()
        self._lost(LinkDown(f"{self._channel.name}: {reason}"))

    def _time_out(self, request: Request) -> None:
        what = f"{self._channel.name}: unit {request.unit}, function {request.function}"
        leftover = self._framing.leftover
        if leftover:
            self._settle(BadAnswer(f"{what}: {len(leftover)} bytes that are no answer: {leftover[:16].hex(' ')}"))
        else:
            self._settle(NoAnswer(f"{what}: no answer within {self._timing.timeout_s} s"))
        self._unanswered += 1
        if self._timing.max_unanswered is not None and self._unanswered >= self._timing.max_unanswered:
            self._break(f"{self._unanswered} requests unanswered")
        elif not self._framing.in_step:
            self._break("half an answer, and no more in time")

    def _settle(self, outcome: bytes | HalError) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(outcome)


class TcpLink(ModbusLink):
    """Modbus TCP, or with ``security`` Modbus/TCP Security, to one peer.

    ``timeout_s`` bounds the wait for an answer; a connection attempt ends within 0.5 s, a secured one within 1.7 s.
    """

    def __init__(
        self, host: str, port: int, *, timeout_s: float, security: Security | None = None, tap: Tap | None = None
    ) -> None:
        channel = _through(tap, TcpChannel(host, port, security))
        secured = security is not None
        super().__init__(channel, MbapFraming(), tcp_timing(timeout_s), TCP_UNITS, secured=secured)


class RtuLink(ModbusLink):
    """Modbus RTU on one serial line; see `line_timing` for its times."""

    def __init__(
        self,
        device: str,
        *,
        baud: int,
        parity: Literal["E", "O", "N"],
        stop_bits: Literal[1, 2],
        timeout_s: float,
        reply_max_s: float,
        tap: Tap | None = None,
    ) -> None:
        bits = 1 + 8 + (parity != "N") + stop_bits
        channel = _through(tap, SerialPort(device, baud=baud, parity=parity, stop_bits=stop_bits))
        timing = line_timing(baud, bits, timeout_s=timeout_s, reply_max_s=reply_max_s)
        super().__init__(channel, RtuFraming(crc16), timing, LINE_UNITS)


def tcp_timing(timeout_s: float) -> Timing:
    """Return the times of Modbus TCP."""
    return Timing(timeout_s, max_unanswered=MAX_UNANSWERED)


def line_timing(baud: int, bits: int, *, timeout_s: float, reply_max_s: float) -> Timing:
    """Return the times of a serial line whose characters have ``bits`` bits.

    ``timeout_s`` counts beyond the time of the characters. ``reply_max_s`` is the longest time that any unit of
    the line may take from a request to the end of its answer: so long the line is kept silent after a failure.
    """
    return Timing(timeout_s, bits / baud, _silent_interval_s(baud), reply_max_s)


def _through(tap: Tap | None, channel: ByteChannel) -> ByteChannel:
    return channel if tap is None else tap(channel)


def _silent_interval_s(baud: int) -> float:
    """T3.5 of an 11-bit character, fixed above 19,200 baud (Modbus over serial line V1.02, section 2.5.1.1)."""
    return 3.5 * 11 / baud if baud <= 19_200 else 0.00175
