"""The names of a station's registers, by where they stand in the row of its fast blocks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from hal.plcmap.catalogue import named_blocks
from hal.plcmap.meaning import Meaning, meaning
from hal.plcmap.registers import FAST, StationMap

LEFT_OUT: Final = frozenset({"heartbeat", "snapshot", "snapshot_end"})
"""They count by themselves, and say nothing about the machine."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One value of a station: ``words`` registers from ``offset`` in the row of its fast blocks."""

    name: str
    """As `cartower io` has it: ``tower/fast.lift.position``."""
    unit: str
    text: str
    offset: int
    words: int

    def read(self, row: Sequence[int]) -> Meaning | None:
        """Return what a row shows of it; None if nothing was read."""
        if not row:
            return None
        return meaning(self.name, row[self.offset : self.offset + self.words])


def signals_of(station: StationMap) -> list[Signal]:
    """Return the signals of a station in the order of their registers."""
    return list(_signals(station))


def _signals(station: StationMap) -> Iterator[Signal]:
    start = 0
    for name, block in named_blocks(station):
        if not name.startswith(FAST):
            continue
        for each in block.fields:
            if each.name not in LEFT_OUT:
                full_name = f"{station.name}/{name}.{each.name}"
                yield Signal(full_name, each.unit, each.text, start + each.offset, each.words)
        start += block.count


def bits_of(signal: Signal) -> list[str]:
    """Return the names of its bits; none if it is no set of bits."""
    return [*meaning(signal.name, (0,) * signal.words).bits]
