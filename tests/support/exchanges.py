"""Exchanges that know their right answer: each answer tells which request it belongs to."""

import random
import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hal.modbus_link import ModbusLink

UNITS = (1, 2, 3)
COUNTS = (1, 2, 2, 3, 5, 5, 10, 40)
"""Mostly the same few lengths, so that a length tells no answer from another."""

ADDRESSES = (0, 1, 0x100, 768, 0xFF00)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request, by its number in a run."""

    number: int
    function: int
    unit: int
    address: int
    count: int
    written: tuple[int, ...] = ()
    """FC16 and FC23; the latter writes behind the span that it reads."""

    @property
    def words(self) -> tuple[int, ...]:
        """What a read must give: a function of the number, its low 16 bits first."""
        first = self.number & 0xFFFF
        return (first, *((self.number * 40_503 + i * 257) & 0xFFFF for i in range(1, self.count)))

    @property
    def result(self) -> tuple[int, ...] | None:
        """What the port must return."""
        return None if self.function == 16 else self.words

    @property
    def request(self) -> bytes:
        """The PDU that must be heard."""
        span = struct.pack(">BHH", self.function, self.address, self.count)
        if self.function == 23:
            span += struct.pack(">HH", self.address + self.count, len(self.written))
        words = struct.pack(f">{len(self.written)}H", *self.written)
        return span + (bytes((len(words),)) + words if words else b"")

    @property
    def answer(self) -> bytes:
        """The PDU of the right answer."""
        if self.function == 16:
            return struct.pack(">BHH", 16, self.address, self.count)
        return bytes((self.function, 2 * self.count)) + struct.pack(f">{self.count}H", *self.words)

    async def ask(self, link: ModbusLink, *, urgent: bool = False) -> Sequence[int] | None:
        """Ask it over a port."""
        match self.function:
            case 3:
                return await link.read_holding(self.unit, self.address, self.count, urgent=urgent)
            case 4:
                return await link.read_input(self.unit, self.address, self.count, urgent=urgent)
            case 16:
                await link.write(self.unit, self.address, self.written, urgent=urgent)
                return None
            case _:
                end = self.address + self.count
                return await link.read_write(
                    self.unit, self.address, self.count, end, self.written, urgent=urgent
                )


def draw(rng: random.Random, number: int, unit: int, last: Exchange | None) -> Exchange:
    """Draw one exchange with a unit; half of them ask for the same as the last, as polls do."""
    if last is not None and rng.random() < 0.5:
        return replace(last, number=number, written=tuple((number + i) & 0xFFFF for i in range(len(last.written))))
    function, count = rng.choice((3, 4, 4, 16, 23)), rng.choice(COUNTS)
    size = {16: count, 23: rng.choice(COUNTS)}.get(function, 0)
    written = tuple((number + i) & 0xFFFF for i in range(size))
    return Exchange(number, function, unit, rng.choice(ADDRESSES), count, written)
