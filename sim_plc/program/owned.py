"""The registers that the controller owns: its block, then the mailboxes. Cleared at power-up."""

from collections.abc import Sequence

from hal.plcmap.codec import ControllerBlock
from hal.plcmap.frame import FRAME_WORDS
from hal.plcmap.registers import CONTROLLER_WORDS, StationMap
from sim_plc.unit import ExceptionCode, ModbusRefusal


class OwnedRegisters:
    """Holding registers from ``owned_base`` on; they remember which part was written since the last scan."""

    def __init__(self, station: StationMap) -> None:
        self._base = station.owned_base
        self._words = [0] * (station.owned_end - station.owned_base)
        self._offsets = {m.name: station.mailbox(m.name) - self._base for m in station.mechanisms}
        self._run_ends = self._ends_of_runs()
        self.block_written = False
        self.frame_written = True

    def read(self, address: int, count: int) -> list[int]:
        """Return registers.

        Raises:
            ModbusRefusal: the range is not within the area.

        """
        first = self._offset(address, count)
        return self._words[first : first + count]

    def write(self, address: int, words: Sequence[int]) -> None:
        """Write registers, all or none.

        Raises:
            ModbusRefusal: the range holds an undeclared register, such as those between two mailboxes, or a value
                is no word.

        """
        first = self._offset(address, len(words))
        if first + len(words) > self._run_ends[first]:
            raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_ADDRESS)
        if min(words) < 0 or max(words) > 0xFFFF:
            raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_VALUE)
        self._words[first : first + len(words)] = words
        self.block_written |= first < CONTROLLER_WORDS
        self.frame_written |= first + len(words) > CONTROLLER_WORDS

    def clear(self) -> None:
        """Clear every register; the next scan looks at all of them."""
        self._words = [0] * len(self._words)
        self.block_written = self.frame_written = True

    def block(self) -> ControllerBlock:
        """Return the controller block."""
        return ControllerBlock.from_words(self._words[:CONTROLLER_WORDS])

    def frame(self, mechanism: str) -> tuple[int, ...]:
        """Return the words of a mailbox."""
        at = self._offsets[mechanism]
        return tuple(self._words[at : at + FRAME_WORDS])

    def _ends_of_runs(self) -> list[int]:
        """Return for each register where the declared ones from it on end; 0 for one that is not declared."""
        ends = [0] * len(self._words)
        areas = [(0, CONTROLLER_WORDS), *((at, FRAME_WORDS) for at in self._offsets.values())]
        for at, count in sorted(areas, reverse=True):
            end = at + count
            if end < len(ends) and ends[end]:
                end = ends[end]
            ends[at : at + count] = [end] * count
        return ends

    def _offset(self, address: int, count: int) -> int:
        first = address - self._base
        if first < 0 or count <= 0 or first + count > len(self._words):
            raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_ADDRESS)
        return first
