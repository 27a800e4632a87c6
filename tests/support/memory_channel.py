"""A connection and a line that stay in this process: bytes arrive when the loop's clock says so."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from hal.errors import LinkDown

CONNECT_S = 0.002
PIECE_S = 0.0005
"""Between two pieces of a burst on a connection."""

FIFO = 16
"""A driver hands on what a line has brought at the latest after so many characters."""


@dataclass(frozen=True, slots=True)
class Burst:
    """Bytes that a peer sends together, ``after_s`` behind the end of the request."""

    after_s: float
    pieces: tuple[bytes, ...]
    arrives: Callable[[], None] | None = None
    """Called as its first piece arrives."""
    gapless: bool = False
    """On a line: its pieces follow each other without silence, however they are handed on."""


@dataclass(frozen=True, slots=True)
class LastWords:
    """Bytes behind which a connection is half open."""

    data: bytes


class Ending(Enum):
    """What a peer does to a connection instead of sending."""

    CLOSE = "close"
    MUTE = "mute"
    """Half open: nothing more comes on it, whatever was under way."""


Act = Burst | LastWords | Ending


class Peer(Protocol):
    """The other end."""

    def accepts(self) -> bool:
        """Tell whether a connection comes about."""
        ...

    def hear(self, frame: bytes) -> Sequence[Act]:
        """Take a request; return what follows from it."""
        ...


class MemoryStream:
    """`hal.byte_channel.ByteChannel`, as TCP is: what was under way on one connection never gets into the next."""

    name = "memory stream"

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._connection: _Connection | None = None

    @property
    def is_open(self) -> bool:
        return self._connection is not None and self._connection.open

    async def open(self, on_bytes: Callable[[bytes], None], on_lost: Callable[[LinkDown], None]) -> None:
        await asyncio.sleep(CONNECT_S)
        if not self._peer.accepts():
            raise LinkDown(f"{self.name}: refused")
        self._connection = _Connection(on_bytes, on_lost)

    def discard(self) -> None:
        """Keep everything."""

    def send(self, data: bytes) -> None:
        if self._connection is None or not self._connection.open:
            raise LinkDown(f"{self.name}: not connected")
        self._connection.carry(self._peer.hear(data))

    def close(self) -> None:
        if self._connection is not None:
            self._connection.open = False
            self._connection = None


class _Connection:
    def __init__(self, on_bytes: Callable[[bytes], None], on_lost: Callable[[LinkDown], None]) -> None:
        self.open = True
        self._mute = False
        self._on_bytes = on_bytes
        self._on_lost = on_lost
        self._busy_until = 0.0
        self._loop = asyncio.get_running_loop()

    def carry(self, acts: Sequence[Act]) -> None:
        for act in () if self._mute else acts:
            match act:
                case Burst():
                    self._loop.call_later(act.after_s, self._begin, act)
                case Ending.CLOSE:
                    self._loop.call_later(CONNECT_S, self._end)
                case Ending.MUTE:
                    self._mute = True

    def _begin(self, burst: Burst) -> None:
        """Send a burst's pieces in a row: bursts may overtake each other, but never get into each other."""
        at = max(self._loop.time(), self._busy_until)
        for number, piece in enumerate(burst.pieces):
            self._loop.call_at(at, self._arrive, piece, burst.arrives if number == 0 else None)
            at += PIECE_S
        self._busy_until = at

    def _arrive(self, piece: bytes, arrives: Callable[[], None] | None) -> None:
        if self.open and not self._mute:
            if arrives is not None:
                arrives()
            self._on_bytes(piece)

    def _fall_silent(self, data: bytes) -> None:
        self._arrive(data, None)
        self._mute = True

    def _end(self) -> None:
        if self.open:
            self.open = False
            self._on_lost(LinkDown("closed by the peer"))


class MemoryLine:
    """`hal.byte_channel.ByteChannel`, as a serial line is: each character takes its time, nothing is forgotten.

    What is sent while the other end sends gets through as well: two pairs of wires, which is harder on a master.
    """

    name = "memory line"

    def __init__(self, peer: Peer, character_s: float) -> None:
        self._peer = peer
        self._character_s = character_s
        self._free_at = 0.0
        self._on_bytes: Callable[[bytes], None] | None = None

    @property
    def is_open(self) -> bool:
        return self._on_bytes is not None

    async def open(self, on_bytes: Callable[[bytes], None], on_lost: Callable[[LinkDown], None]) -> None:
        del on_lost
        await asyncio.sleep(CONNECT_S)
        self._on_bytes = on_bytes

    def discard(self) -> None:
        """Hold nothing back: what has arrived was handed on."""

    def send(self, data: bytes) -> None:
        heard_s = len(data) * self._character_s
        for act in self._peer.hear(data):
            if isinstance(act, Burst):
                asyncio.get_running_loop().call_later(heard_s + act.after_s, self._begin, act)

    def close(self) -> None:
        self._on_bytes = None

    def _begin(self, burst: Burst) -> None:
        loop = asyncio.get_running_loop()
        at = max(loop.time(), self._free_at)
        arrives = burst.arrives
        for piece in burst.pieces:
            for start in range(0, len(piece), FIFO):
                chunk = piece[start : start + FIFO]
                at += len(chunk) * self._character_s
                loop.call_at(at, self._arrive, chunk, arrives)
                arrives = None
        self._free_at = at

    def _arrive(self, chunk: bytes, arrives: Callable[[], None] | None) -> None:
        if arrives is not None:
            arrives()
        if self._on_bytes is not None:
            self._on_bytes(chunk)
