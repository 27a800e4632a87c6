"""Blocks of one station over its link: whole images, with the controller block written on the way."""

from collections.abc import Sequence
from typing import Final

from hal.errors import BadAnswer, Refused
from hal.link import Link
from hal.plcmap.codec import ControllerBlock, Identity, Image, SlowImage, StationCodec, TornImage
from hal.plcmap.frame import Frame
from hal.plcmap.registers import Block, StationMap

TORN_LIMIT: Final = 4
"""Reads of one image before a station that always tears counts as answering wrongly."""

_FC23: Final = 23
_ILLEGAL_FUNCTION: Final = 1


class Blocks:
    """Reads whole blocks, again while they are torn; writes the controller block and the mailboxes, nothing else.

    Every call raises what `hal.link.Link` raises, and `hal.errors.BadAnswer` for a block that stays torn.
    """

    def __init__(self, station: StationMap, link: Link, *, fc23: bool) -> None:
        """Take the station's map. ``fc23``: whether it knows FC23; one that refuses it is not asked again."""
        self._map = station
        self._link = link
        self._fc23 = fc23
        self._codec = StationCodec(station)

    @property
    def fast_words(self) -> Sequence[tuple[int, ...]]:
        """The registers of the newest image, block by block; empty blocks before the first."""
        return self._codec.fast_words

    async def identity(self) -> Identity:
        """Read the identity."""
        for _ in range(TORN_LIMIT):
            try:
                return self._codec.decode_identity(await self._read(self._map.identity))
            except TornImage as error:
                torn = error
        raise BadAnswer(f"identity torn {TORN_LIMIT} times: {torn}")

    async def image(self) -> Image:
        """Read the fast blocks; nothing is written."""
        return await self._image(None)

    async def slow(self) -> SlowImage:
        """Read the slow blocks."""
        for _ in range(TORN_LIMIT):
            blocks = [await self._read(block) for block in self._map.slow]
            try:
                return self._codec.decode_slow(blocks)
            except TornImage as error:
                torn = error
        raise BadAnswer(f"slow blocks torn {TORN_LIMIT} times: {torn}")

    async def exchange(self, block: ControllerBlock) -> Image:
        """Write the controller block and read the fast blocks: in one request where one block and FC23 suffice."""
        words = block.to_words()
        if self._fc23:
            first = self._map.fast[0]
            try:
                head = await self._link.read_write(
                    self._map.unit, first.address, first.count, self._map.controller_block, words
                )
            except Refused as refusal:
                if (refusal.function, refusal.code) != (_FC23, _ILLEGAL_FUNCTION):
                    raise
                self._fc23 = False
            else:
                return await self._image(head)
        await self._link.write(self._map.unit, self._map.controller_block, words)
        return await self._image(None)

    async def write_frame(self, mechanism: str, frame: Frame) -> None:
        """Write a mailbox in one request, ahead of all waiting polls."""
        await self._link.write(self._map.unit, self._map.mailbox(mechanism), frame.to_words(), urgent=True)

    async def _image(self, head: tuple[int, ...] | None) -> Image:
        """Read the fast blocks, the first one being ``head`` if given."""
        first, *rest = self._map.fast
        for _ in range(TORN_LIMIT):
            blocks = [head if head is not None else await self._read(first)]
            blocks += [await self._read(block) for block in rest]
            try:
                return self._codec.decode_fast(blocks)
            except TornImage as error:
                head, torn = None, error
        raise BadAnswer(f"image torn {TORN_LIMIT} times: {torn}")

    async def _read(self, block: Block) -> tuple[int, ...]:
        return await self._link.read_input(self._map.unit, block.address, block.count)
