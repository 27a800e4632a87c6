"""Ways in which what a station shows may be wrong while its PLC is well.

Not in the model, since the contract gives no way to tell them, and no second signal limits their harm: a wrong word in
a block whose two snapshot counters are equal, other than a sensor's bit, the order of words in a long value, and a
value beyond what the machine has. Modbus guards its frames by check sums or TCP's; the PLC's program guards its blocks.
"""

import random
from collections.abc import Sequence
from typing import Final

from hal.plcmap.codes import Bay, Carriage, Flag, Room
from hal.plcmap.frame import split32
from hal.plcmap.registers import Block, StationMap
from sim_plc.rehearsal.bent_unit import Bend

HEADER: Final = 3
SNAPSHOT: Final = 2

TORN_SHARE: Final = 0.5

_SENSORS: Final[tuple[tuple[str, int], ...]] = (
    ("sensors", int(Room.OCCUPIED_A | Room.OCCUPIED_B | Room.WEIGHT | Room.PERSON_SENSOR_OK | Room.IN_MARKS)),
    ("flags", int(Flag.LOADED_A | Flag.LOADED_B | Flag.CLOSED_A | Flag.CLOSED_B | Flag.BOLTED_A | Flag.BOLTED_B)),
    ("carriage", int(Carriage.DOCK_LEVEL | Carriage.DOCK_POSITION | Carriage.PLACE_OCCUPIED_A)),
    ("bay", int(Bay.LATCH_OPEN | Bay.LATCH_CLOSED | Bay.OCCUPIED_A | Bay.OCCUPIED_B)),
)
"""By the end or beginning of a field's name: its bits that have a second signal beside them."""


class Torn(Bend):
    """Serves a share of the reads from two scans: the head of one, the rest of the other."""

    def __init__(self, rng: random.Random) -> None:
        self.torn = 0
        """How many reads were seen to be from two scans."""
        self._rng = rng
        self._before: dict[int, Sequence[int]] = {}

    def read(self, address: int, words: Sequence[int]) -> Sequence[int]:
        """Return registers of now and of the read before."""
        before, self._before[address] = self._before.get(address), words
        if before is None or len(before) != len(words) or len(words) <= HEADER:
            return words
        if before[SNAPSHOT] == words[SNAPSHOT] or self._rng.random() >= TORN_SHARE:
            return words
        self.torn += 1
        at = self._rng.randrange(HEADER, len(words))
        head, rest = (before, words) if self._rng.random() < 0.5 else (words, before)
        return [*head[:at], *rest[at:]]


class Frozen(Bend):
    """Shows each block as it was read first: a copy that nobody renews, while writes get through."""

    def __init__(self) -> None:
        self._first: dict[tuple[int, int], Sequence[int]] = {}

    def read(self, address: int, words: Sequence[int]) -> Sequence[int]:
        """Return what was read first, of as many registers."""
        return self._first.setdefault((address, len(words)), words)


class Swapped(Bend):
    """Shows the words of every 32-bit value in the other order."""

    def __init__(self, station: StationMap) -> None:
        self._pairs = {
            block.address: [field.offset for field in block.fields if field.words == 2] for block in station.blocks
        }

    def read(self, address: int, words: Sequence[int]) -> Sequence[int]:
        """Return the block with its pairs swapped."""
        shown = list(words)
        for at in self._pairs.get(address, ()):
            if at + 1 < len(shown):
                shown[at], shown[at + 1] = shown[at + 1], shown[at]
        return shown


class Stuck(Bend):
    """Shows one bit of one sensor always alike; it is one that has a second signal beside it."""

    def __init__(self, station: StationMap, rng: random.Random) -> None:
        self._address, self._offset, self._mask = rng.choice(list(_bits(station)))
        self._on = rng.random() < 0.5
        self.name = f"{self._address}+{self._offset} bit {self._mask.bit_length() - 1} {'on' if self._on else 'off'}"

    def read(self, address: int, words: Sequence[int]) -> Sequence[int]:
        """Return the block with this bit as it sticks."""
        if address != self._address or self._offset >= len(words):
            return words
        shown = list(words)
        shown[self._offset] = shown[self._offset] | self._mask if self._on else shown[self._offset] & ~self._mask
        return shown


class BeyondRange(Bend):
    """Shows a value that the machine has not: a state, an outcome, a position, a measured length."""

    def __init__(self, station: StationMap, rng: random.Random) -> None:
        block, offset, words = rng.choice(list(_values(station, rng)))
        self._address, self._offset, self._words = block.address, offset, words
        self.name = f"{block.name} {offset}: {words}"

    def read(self, address: int, words: Sequence[int]) -> Sequence[int]:
        """Return the block with this value."""
        end = self._offset + len(self._words)
        if address != self._address or end > len(words):
            return words
        return [*words[: self._offset], *self._words, *words[end:]]


def _bits(station: StationMap) -> list[tuple[int, int, int]]:
    """Return address of the block, offset and mask of each bit that may stick."""
    found = []
    for block in station.fast:
        for field in block.fields:
            last = field.name.rpartition(".")[2].rstrip("0123456789")
            mask = dict(_SENSORS).get(last, 0)
            found += [(block.address, field.offset, 1 << bit) for bit in range(16) if mask >> bit & 1]
    return found


def _values(station: StationMap, rng: random.Random) -> list[tuple[Block, int, tuple[int, ...]]]:
    """Return block, offset and words of one value each that is out of range."""
    found: list[tuple[Block, int, tuple[int, ...]]] = []
    for block in (*station.fast, *station.slow):
        for field in block.fields:
            match field.name.rpartition(".")[2]:
                case "state":
                    found.append((block, field.offset, (rng.choice((0xFF00, 0x6363)),)))
                case "outcome":
                    found.append((block, field.offset, (rng.choice((0xFF00, 0x01FF, 0x0A63)),)))
                case "position":
                    found.append((block, field.offset, split32(rng.choice((-2_000_000_000, 2_000_000_000)))))
                case "length" | "weight":
                    found.append((block, field.offset, (0xFFFF,)))
    return found
