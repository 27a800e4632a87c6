"""What a Modbus link needs below it: a connection that carries bytes both ways."""

from collections.abc import Callable
from typing import Protocol

from hal.errors import LinkDown


class ByteChannel(Protocol):
    """A connection to a peer or a line, opened anew as often as needed. It knows no frames."""

    @property
    def name(self) -> str:
        """Where it leads, for messages."""
        ...

    @property
    def is_open(self) -> bool:
        """Whether bytes can be sent."""
        ...

    async def open(self, on_bytes: Callable[[bytes], None], on_lost: Callable[[LinkDown], None]) -> None:
        """Open it; one connection at most stands. ``on_lost`` is told why it broke, but not of `close`.

        Raises:
            LinkDown: it could not be opened within about one second. Nothing is left open.

        """
        ...

    def discard(self) -> None:
        """Throw away what was received but not handed on yet, where frames have nothing to tell old from new by.

        There what was not sent yet goes, too: nobody waits for its answer any more.
        """
        ...

    def send(self, data: bytes) -> None:
        """Send bytes without waiting.

        Raises:
            LinkDown: it is not open.

        """
        ...

    def close(self) -> None:
        """Close it at once. Idempotent; it can be opened again."""
        ...
