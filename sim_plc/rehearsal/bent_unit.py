"""A station's registers as a fault lets them look: other words read, words written that never land, refusals."""

from collections.abc import Sequence

from sim_plc.unit import Unit


class Bend:
    """What comes between the registers of one station and whoever asks for them. This one leaves all as it is."""

    def read(self, address: int, words: Sequence[int]) -> Sequence[int]:
        """Return what is read from an address in place of ``words``.

        Raises:
            sim_plc.unit.ModbusRefusal: the station refuses.

        """
        del address
        return words

    def write(self, address: int, words: Sequence[int]) -> bool:
        """Tell whether what is written reaches the registers; the writer is told that it does.

        Raises:
            sim_plc.unit.ModbusRefusal: the station refuses, and nothing is written.

        """
        del address, words
        return True


class BentUnit:
    """`sim_plc.unit.Unit` behind bends; without one it is the unit itself."""

    def __init__(self, unit: Unit, bends: Sequence[Bend]) -> None:
        """Take a unit, and the list of what bends it at each time."""
        self._unit = unit
        self._bends = bends

    def read_input(self, address: int, count: int) -> Sequence[int]:
        """Return input registers; see `sim_plc.unit.Unit`."""
        return self._bent(address, self._unit.read_input(address, count))

    def read_holding(self, address: int, count: int) -> Sequence[int]:
        """Return holding registers; see `sim_plc.unit.Unit`."""
        return self._bent(address, self._unit.read_holding(address, count))

    def write(self, address: int, words: Sequence[int]) -> None:
        """Write holding registers; see `sim_plc.unit.Unit`."""
        if all(bend.write(address, words) for bend in self._bends):
            self._unit.write(address, words)

    def _bent(self, address: int, words: Sequence[int]) -> Sequence[int]:
        for bend in self._bends:
            words = bend.read(address, words)
        return words
