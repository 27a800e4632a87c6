"""A link that tells of every request over it and of what came of it: for whoever takes a run down."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from hal.errors import HalError
from hal.link import Link

T = TypeVar("T")

READ_HOLDING: Final = 3
READ_INPUT: Final = 4
WRITE: Final = 16
READ_WRITE: Final = 23


@dataclass(slots=True)
class Exchange:
    """One request and what came of it.

    ``asked_s`` is the loop's time at which it was wished for, ahead of its turn. ``address`` and ``count`` are what
    it reads, ``written_at`` and ``written`` what it writes; 0 and nothing where it does not. ``error``: none came
    back; of a request that was given up while it waited it is `asyncio.CancelledError`.
    """

    asked_s: float
    function: int
    unit: int
    address: int = 0
    count: int = 0
    written_at: int = 0
    written: Sequence[int] = ()
    read: Sequence[int] = field(default=())
    error: BaseException | None = None


class NotedLink:
    """A `hal.link.Link` over another one.

    ``on_exchange`` is called when a request has ended; ``on_connection`` when a connection stands (None), or was
    tried for in vain. Neither may raise.
    """

    def __init__(
        self,
        link: Link,
        on_exchange: Callable[[Exchange], None],
        on_connection: Callable[[HalError | None], None],
    ) -> None:
        self._link = link
        self._on_exchange = on_exchange
        self._on_connection = on_connection
        self._told = link.generation
        """The newest connection that was told of: the stations of a bus all wait for it."""

    @property
    def connected(self) -> bool:
        """Whether a connection stands; see `hal.link.Link`."""
        return self._link.connected

    @property
    def generation(self) -> int:
        """Rises with each new connection."""
        return self._link.generation

    async def connect(self) -> None:
        """Connect if not connected; see `hal.link.Link`."""
        try:
            await self._link.connect()
        except HalError as error:
            self._on_connection(error)
            raise
        if self._link.generation != self._told:
            self._told = self._link.generation
            self._on_connection(None)

    async def close(self) -> None:
        """Close the connection."""
        await self._link.close()

    async def read_input(self, unit: int, address: int, count: int, *, urgent: bool = False) -> tuple[int, ...]:
        """Read input registers; see `hal.link.Link`."""
        asked = Exchange(_now(), READ_INPUT, unit, address, count)
        return await self._reading(asked, self._link.read_input(unit, address, count, urgent=urgent))

    async def read_holding(self, unit: int, address: int, count: int, *, urgent: bool = False) -> tuple[int, ...]:
        """Read holding registers; see `hal.link.Link`."""
        asked = Exchange(_now(), READ_HOLDING, unit, address, count)
        return await self._reading(asked, self._link.read_holding(unit, address, count, urgent=urgent))

    async def write(self, unit: int, address: int, words: Sequence[int], *, urgent: bool = False) -> None:
        """Write holding registers; see `hal.link.Link`."""
        asked = Exchange(_now(), WRITE, unit, written_at=address, written=tuple(words))
        await self._ended(asked, self._link.write(unit, address, words, urgent=urgent))
        self._on_exchange(asked)

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
        """Write, then read holding registers; see `hal.link.Link`."""
        asked = Exchange(_now(), READ_WRITE, unit, read_address, read_count, write_address, tuple(words))
        answer = self._link.read_write(unit, read_address, read_count, write_address, words, urgent=urgent)
        return await self._reading(asked, answer)

    async def _reading(self, asked: Exchange, answer: Awaitable[tuple[int, ...]]) -> tuple[int, ...]:
        asked.read = await self._ended(asked, answer)
        self._on_exchange(asked)
        return tuple(asked.read)

    async def _ended(self, asked: Exchange, answer: Awaitable[T]) -> T:
        """Wait for an answer; what comes instead is told of and raised."""
        try:
            return await answer
        except (HalError, asyncio.CancelledError) as error:
            asked.error = error
            self._on_exchange(asked)
            raise


def _now() -> float:
    return asyncio.get_running_loop().time()
