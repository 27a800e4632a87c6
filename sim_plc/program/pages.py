"""The blocks that a station shows: encoded when read, and only if something may have changed since."""

from collections.abc import Callable, Sequence

from hal.plcmap.codec import Identity, Image, SlowImage, StationCodec
from hal.plcmap.registers import Block, StationMap
from sim_plc.program.passing import passing
from sim_plc.unit import ExceptionCode, ModbusRefusal

_HEARTBEAT, _SNAPSHOT = 1, 2
"""Offsets in every block's header."""


class _Group:
    """Blocks that are encoded together; heartbeat and snapshot counter are put in as they are read."""

    def __init__(self, blocks: Sequence[Block], encode: Callable[[], list[list[int]]]) -> None:
        self.blocks = blocks
        self.snapshot = 0
        self._encode = encode
        self._words: list[list[int]] = []
        self._encoded = -1
        """How many changes had been noticed when it was encoded last."""

    def refresh(self, snapshot: int, changes: int) -> bool:
        """Encode again if something may have changed; return whether ``snapshot`` now marks new content."""
        if self._encoded == changes:
            return False
        self._encoded = changes
        words = self._encode()
        if words == self._words:
            return False
        self._words, self.snapshot = words, snapshot
        return True

    @property
    def words(self) -> Sequence[Sequence[int]]:
        """The blocks as they were encoded last, without signs of life."""
        return self._words

    def read(self, index: int, heartbeat: int) -> list[int]:
        words = list(self._words[index])
        words[_HEARTBEAT] = heartbeat
        words[_SNAPSHOT] = words[-1] = self.snapshot
        return words


class Pages:
    """Reads of a station's blocks. The snapshot counter rises with each published change, 16 bit."""

    def __init__(
        self,
        station: StationMap,
        *,
        identity: Callable[[], Identity],
        fast: Callable[[], Image],
        slow: Callable[[], SlowImage],
        heartbeat: Callable[[], int],
    ) -> None:
        codec = StationCodec(station)
        self._passing = passing(station)
        self._seen: list[list[int]] = []
        self._heartbeat = heartbeat
        self._snapshot = 0
        self._changes = 0
        """How often it was noticed that anything may have changed."""
        self._fast = _Group(station.fast, lambda: codec.encode_fast(fast(), 0))
        self._groups = (
            _Group((station.identity,), lambda: [codec.encode_identity(identity(), 0)]),
            self._fast,
            _Group(station.slow, lambda: codec.encode_slow(slow(), 0, 0)),
        )

    def changed(self) -> None:
        """Take notice that anything may have changed."""
        self._changes += 1

    def news(self) -> bool:
        """Return whether the fast blocks show something else than at the last call, but in passing."""
        self._publish(self._fast)
        seen = [list(words) for words in self._fast.words]
        self._passing.leave_out(seen)
        news, self._seen = seen != self._seen, seen
        return news

    def read(self, address: int, count: int) -> list[int]:
        """Return registers of one block.

        Raises:
            ModbusRefusal: the range does not lie within a block.

        """
        for group in self._groups:
            for index, block in enumerate(group.blocks):
                if block.address <= address and address + count <= block.address + block.count and count > 0:
                    self._publish(group)
                    first = address - block.address
                    return group.read(index, self._heartbeat())[first : first + count]
        raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_ADDRESS)

    def _publish(self, group: _Group) -> None:
        if group.refresh((self._snapshot + 1) & 0xFFFF, self._changes):
            self._snapshot = group.snapshot
