"""The product's own Modbus link over wires of a rehearsal: framing, checks, silences and turns are the real ones."""

import struct
from collections import Counter
from collections.abc import Awaitable, Sequence
from typing import TypeVar

from config.budget import character_s, line_loads
from config.schema import RtuBus, Tower
from hal.crc16 import crc16
from hal.errors import HalError, LinkDown, NoAnswer
from hal.modbus_framing import MbapFraming, RtuFraming
from hal.modbus_link import LINE_UNITS, TCP_UNITS, ModbusLink, line_timing, tcp_timing
from sim_plc.rehearsal.byte_wire import ByteWire, Weather
from sim_plc.rehearsal.line_wire import LineWire
from sim_plc.rehearsal.memory_link import Fault
from sim_plc.rehearsal.stream_wire import StreamWire
from sim_plc.unit import Unit

T = TypeVar("T")


class WrongAnswer(AssertionError):
    """The link has taken an answer that is not its request's."""


class ByteLink:
    """`sim_plc.rehearsal.wired.Wired` over a `hal.modbus_link.ModbusLink` and its wire."""

    def __init__(self, link: ModbusLink, wire: ByteWire) -> None:
        self.failed = Counter[str]()
        self.units: dict[int, Unit] = wire.units
        self.befallen: Counter[Fault] = wire.befallen
        self._link = link
        self._wire = wire
        self._answered = True

    @property
    def connected(self) -> bool:
        """Whether a connection stands."""
        return self._link.connected

    @property
    def generation(self) -> int:
        """Rises with each new connection."""
        return self._link.generation

    @property
    def dropped(self) -> int:
        """How many answers, or bursts of bytes, came that belonged to no waiting request."""
        return self._link.dropped

    @property
    def reachable(self) -> bool:
        """Whether the cable is in."""
        return self._wire.reachable

    @reachable.setter
    def reachable(self, reachable: bool) -> None:
        self._wire.reachable = reachable

    @property
    def sound(self) -> bool:
        """Whether the cable is in, somebody is at the other end, and the newest request was answered."""
        return self._wire.reachable and self._answered and not self._wire.mute

    def cut(self) -> None:
        """Break the connection now."""
        self._wire.break_off()

    def fall_mute(self) -> None:
        """Let the connection stand with nobody at its other end."""
        self._wire.mute = self._wire.is_open

    async def connect(self) -> None:
        """Connect if not connected; see `hal.link.Link`."""
        await self._noted(self._link.connect())

    async def close(self) -> None:
        """Close the connection."""
        await self._link.close()

    async def read_input(self, unit: int, address: int, count: int, *, urgent: bool = False) -> tuple[int, ...]:
        """Read input registers."""
        return await self._held_to_truth(self._link.read_input(unit, address, count, urgent=urgent))

    async def read_holding(self, unit: int, address: int, count: int, *, urgent: bool = False) -> tuple[int, ...]:
        """Read holding registers."""
        return await self._held_to_truth(self._link.read_holding(unit, address, count, urgent=urgent))

    async def write(self, unit: int, address: int, words: Sequence[int], *, urgent: bool = False) -> None:
        """Write holding registers."""
        await self._noted(self._link.write(unit, address, words, urgent=urgent))

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
        """Write, then read holding registers."""
        return await self._held_to_truth(
            self._link.read_write(unit, read_address, read_count, write_address, words, urgent=urgent)
        )

    async def _held_to_truth(self, asked: Awaitable[tuple[int, ...]]) -> tuple[int, ...]:
        """Return the registers that were read, if they are what the station has answered to this very request.

        Raises:
            WrongAnswer: they are not.

        """
        words = await self._noted(asked)
        reply = self._wire.reply
        # Function and byte count stand before the registers.
        if reply is None or reply[2:] != struct.pack(f">{len(words)}H", *words):
            answered = "nothing" if reply is None else reply[:18].hex(" ")
            raise WrongAnswer(f"read {words[:8]}, the station answered {answered}")
        return words

    async def _noted(self, asked: Awaitable[T]) -> T:
        try:
            answer = await asked
        except HalError as error:
            self.failed[type(error).__name__] += 1
            self._answered &= not isinstance(error, NoAnswer | LinkDown)
            raise
        self._answered = True
        return answer


def byte_link(tower: Tower, name: str, units: dict[int, Unit], weather: Weather, *, latency_s: float) -> ByteLink:
    """Return the link of a bus, timed as its real one is."""
    bus = tower.bus[name]
    if not isinstance(bus, RtuBus):
        stream = StreamWire(units, weather, latency_s=latency_s, timeout_s=bus.timeout_s)
        return ByteLink(ModbusLink(stream, MbapFraming(), tcp_timing(bus.timeout_s), TCP_UNITS), stream)
    reply_max_s = max(load.longest_s for load in line_loads(tower) if load.bus == name)
    line = LineWire(
        units,
        weather,
        latency_s=bus.turnaround_s,
        timeout_s=bus.timeout_s,
        character_s=character_s(bus),
        reply_max_s=reply_max_s,
    )
    bits = round(character_s(bus) * bus.baud)
    timing = line_timing(bus.baud, bits, timeout_s=bus.timeout_s, reply_max_s=reply_max_s)
    return ByteLink(ModbusLink(line, RtuFraming(crc16), timing, LINE_UNITS), line)
