"""A unit that is nothing but registers, for tests of the wire."""

from collections.abc import Sequence

from sim_plc.unit import ExceptionCode, ModbusRefusal


class Registers:
    """Input registers ``i`` hold 1000 + i, holding registers i; the first ``size`` addresses are declared.

    ``calls`` lists what was asked, in order. Holding registers below ``writable`` are read-only.
    """

    def __init__(self, size: int = 300, *, writable: int = 0) -> None:
        self.input = [1000 + i for i in range(size)]
        self.holding = list(range(size))
        self.writable = writable
        self.calls: list[tuple[str, int, int]] = []

    def read_input(self, address: int, count: int) -> Sequence[int]:
        self.calls.append(("read_input", address, count))
        return self._span(self.input, address, count)

    def read_holding(self, address: int, count: int) -> Sequence[int]:
        self.calls.append(("read_holding", address, count))
        return self._span(self.holding, address, count)

    def write(self, address: int, words: Sequence[int]) -> None:
        self.calls.append(("write", address, len(words)))
        self._span(self.holding, address, len(words))
        if address < self.writable:
            raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_ADDRESS)
        self.holding[address : address + len(words)] = words

    @staticmethod
    def _span(space: list[int], address: int, count: int) -> list[int]:
        if address + count > len(space):
            raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_ADDRESS)
        return space[address : address + count]
