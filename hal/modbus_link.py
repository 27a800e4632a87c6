"""Modbus TCP and RTU as strict links: every answer is checked against its request, nothing is sent twice.

The only importer of pymodbus in this layer, and of its codec alone (PDU encoding and decoding, check sum).
Its client is not used, since it makes some of the link's rules impossible (pymodbus 3.16.1):

* a frame longer than its byte count, or an odd byte count, is accepted, and the caller never sees the frame;
* an undecodable frame closes the connection inside the receiver while the request waits for its full time-out;
* a lost connection does not fail the waiting request;
* reconnection belongs to the library, each further ``connect()`` leaks a socket, and serial devices are opened
  on the event loop;
* requests queue first in first out in a lock, so an urgent one cannot overtake;
* no silence is kept on a serial line, neither between frames nor for an answer that comes late.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pymodbus.framer.rtu import FramerRTU
from pymodbus.pdu import ExceptionResponse, ModbusPDU
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadHoldingRegistersResponse,
    ReadInputRegistersRequest,
    ReadInputRegistersResponse,
    ReadWriteMultipleRegistersRequest,
    ReadWriteMultipleRegistersResponse,
    WriteMultipleRegistersRequest,
    WriteMultipleRegistersResponse,
)

from hal.byte_channel import ByteChannel
from hal.errors import BadAnswer, HalError, LinkDown, NoAnswer, Refused
from hal.line_silence import LineSilence
from hal.modbus_framing import Framing, MbapFraming, OutOfStep, RtuFraming
from hal.serial_port import SerialPort
from hal.statistics import LinkStatistics
from hal.tcp_channel import TcpChannel
from hal.turnstile import Turnstile

MAX_READ: Final = 125
MAX_WRITE: Final = 123
MAX_READ_WRITE: Final = 121
"""Registers of one request (Modbus application protocol V1.1b3, sections 6.3, 6.4, 6.12, 6.17)."""

MAX_UNANSWERED: Final = 3
"""So many requests in a row without a byte from the peer end a TCP connection: it is half open."""


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


@dataclass(frozen=True, slots=True)
class _Request:
    """One request and what its answer must look like."""

    unit: int
    function: int
    pdu: bytes
    answer_head: bytes
    answer_size: int
    answer: type[ModbusPDU]

    def check(self, pdu: bytes) -> tuple[int, ...]:
        """Return the registers of an answer (none for a write).

        Raises:
            Refused: the answer is an exception to this request.
            BadAnswer: it is not an answer to this request.

        """
        if pdu[0] == self.function | 0x80 and len(pdu) == 2:
            refusal = ExceptionResponse(self.function)
            refusal.decode(pdu[1:])
            raise Refused(self.function, refusal.exception_code)
        if pdu[0] != self.function:
            raise BadAnswer(f"unit {self.unit}, function {self.function}: answered {pdu[:8].hex(' ')}")
        if len(pdu) != self.answer_size:
            raise BadAnswer(f"unit {self.unit}, function {self.function}: {len(pdu)} bytes, not {self.answer_size}")
        if not pdu.startswith(self.answer_head):
            raise BadAnswer(f"unit {self.unit}: echoes {pdu[:5].hex(' ')}, not {self.answer_head.hex(' ')}")
        answer = self.answer()
        answer.decode(pdu[1:])
        return tuple(answer.registers)


class ModbusLink:
    """A `hal.link.Link` over one byte channel; see there for what each call promises.

    The peer is asked for one thing at a time. A request that is cancelled or fails leaves the link right: its
    late answer is never taken for another's.
    """

    def __init__(self, channel: ByteChannel, framing: Framing, timing: Timing, units: range) -> None:
        _quieten_pymodbus()
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
        self._lost("closed by this side")

    async def read_input(
        self, unit: int, address: int, count: int, *, urgent: bool = False, patient: bool = False
    ) -> tuple[int, ...]:
        """Read ``count`` (1..125) input registers (FC4). ``patient``: after everything else that waits."""
        _check_span(address, count, MAX_READ)
        pdu = ReadInputRegistersRequest(address=address, count=count)
        return await self._ask(_reading(unit, pdu, count, ReadInputRegistersResponse), urgent=urgent, patient=patient)

    async def read_holding(
        self, unit: int, address: int, count: int, *, urgent: bool = False, patient: bool = False
    ) -> tuple[int, ...]:
        """Read ``count`` (1..125) holding registers (FC3). ``patient``: after everything else that waits."""
        _check_span(address, count, MAX_READ)
        pdu = ReadHoldingRegistersRequest(address=address, count=count)
        return await self._ask(_reading(unit, pdu, count, ReadHoldingRegistersResponse), urgent=urgent, patient=patient)

    async def write(self, unit: int, address: int, words: Sequence[int], *, urgent: bool = False) -> None:
        """Write 1..123 holding registers in one request (FC16)."""
        _check_span(address, len(words), MAX_WRITE)
        _check_words(words)
        pdu = WriteMultipleRegistersRequest(address=address, registers=words)
        echo = _encoded(WriteMultipleRegistersResponse(address=address, count=len(words)))
        request = _Request(unit, 16, _encoded(pdu), echo, len(echo), WriteMultipleRegistersResponse)
        await self._ask(request, urgent=urgent)

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
        _check_span(read_address, read_count, MAX_READ)
        _check_span(write_address, len(words), MAX_READ_WRITE)
        _check_words(words)
        pdu = ReadWriteMultipleRegistersRequest(read_address, read_count, write_address, words)
        request = _reading(unit, pdu, read_count, ReadWriteMultipleRegistersResponse)
        return await self._ask(request, urgent=urgent)

    async def _ask(self, request: _Request, *, urgent: bool, patient: bool = False) -> tuple[int, ...]:
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

    async def _exchange(self, request: _Request) -> tuple[int, ...]:
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
        return request.check(outcome)

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

    def _lost(self, reason: str) -> None:
        """Fail what waits, sent or not."""
        self._settle(LinkDown(f"{self._channel.name}: {reason}"))
        self._turnstile.dismiss()

    def _break(self, reason: str) -> None:
        """Close from this side, since the connection is of no use any more."""
        self._channel.close()
        self._lost(reason)

    def _time_out(self, request: _Request) -> None:
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
    """Modbus TCP to one peer. ``timeout_s`` bounds the wait for an answer; a connection attempt ends within 0.5 s."""

    def __init__(self, host: str, port: int, *, timeout_s: float) -> None:
        super().__init__(
            TcpChannel(host, port),
            MbapFraming(),
            Timing(timeout_s, max_unanswered=MAX_UNANSWERED),
            range(256),
        )


class RtuLink(ModbusLink):
    """Modbus RTU on one serial line.

    ``timeout_s`` counts beyond the time of the characters. ``reply_max_s`` is the longest time that any unit of
    the line may take from a request to the end of its answer: so long the line is kept silent after a failure.
    """

    def __init__(
        self,
        device: str,
        *,
        baud: int,
        parity: Literal["E", "O", "N"],
        stop_bits: Literal[1, 2],
        timeout_s: float,
        reply_max_s: float,
    ) -> None:
        bits = 1 + 8 + (parity != "N") + stop_bits
        character_s = bits / baud
        super().__init__(
            SerialPort(device, baud=baud, parity=parity, stop_bits=stop_bits),
            RtuFraming(FramerRTU.compute_CRC),
            Timing(timeout_s, character_s, _silent_interval_s(baud), reply_max_s),
            # 0 is the broadcast, which nobody answers; 248 and above are reserved.
            range(1, 248),
        )


def _quieten_pymodbus() -> None:
    """Keep its logger from tracing every frame, which doubles the cost of a request."""
    logger = logging.getLogger("pymodbus.logging")
    if logger.level < logging.WARNING:
        logger.setLevel(logging.WARNING)


def _silent_interval_s(baud: int) -> float:
    """T3.5 of an 11-bit character, fixed above 19,200 baud (Modbus over serial line V1.02, section 2.5.1.1)."""
    return 3.5 * 11 / baud if baud <= 19_200 else 0.00175


def _encoded(pdu: ModbusPDU) -> bytes:
    return bytes((pdu.function_code,)) + pdu.encode()


def _reading(unit: int, pdu: ModbusPDU, count: int, answer: type[ModbusPDU]) -> _Request:
    function = pdu.function_code
    return _Request(unit, function, _encoded(pdu), bytes((function, 2 * count)), 2 + 2 * count, answer)


def _check_span(address: int, count: int, most: int) -> None:
    if not 1 <= count <= most:
        raise ValueError(f"{count} registers: one request takes 1..{most}")
    if not 0 <= address <= 0x10000 - count:
        raise ValueError(f"{count} registers from address {address} leave the space of 65536")


def _check_words(words: Sequence[int]) -> None:
    for index, word in enumerate(words):
        if not 0 <= word <= 0xFFFF:
            raise ValueError(f"word {index} is {word}, not in 0..65535")
