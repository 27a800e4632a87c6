"""Takes down every byte on the wires, as text: for a look at a bench session, and to play it again."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TextIO

from hal.byte_channel import ByteChannel
from hal.errors import LinkDown

LIMIT_BYTES: Final = 64 * 2**20
"""Three hours of a tower at work. What comes after is not taken down: a forgotten capture must not fill the disk."""

HEADER: Final = "# cartower capture 1: seconds, bus, what, bytes or reason"


class Capture:
    """One line of text an event: ``seconds bus what rest``.

    ``what`` is ``open``, ``lost`` (the rest says why), ``close``, ``send`` or ``recv`` (the rest is hexadecimal).
    Seconds are the loop's, from the making of the capture. The writing is the stream's to buffer. A stream that takes
    no more ends the capture and is closed; ``on_failed`` is told why, and the wires go on.
    """

    def __init__(
        self,
        stream: TextIO,
        limit_bytes: int = LIMIT_BYTES,
        on_failed: Callable[[OSError], None] = lambda _: None,
    ) -> None:
        self._stream = stream
        self._on_failed = on_failed
        self._left_bytes = limit_bytes
        self._began_s = asyncio.get_running_loop().time()
        stream.write(f"{HEADER}\n")

    def tap(self, bus: str) -> Callable[[ByteChannel], ByteChannel]:
        """Return what puts the recorder of a bus around its channel."""
        return lambda channel: Recorder(channel, lambda what, rest: self._note(bus, what, rest))

    def _note(self, bus: str, what: str, rest: str) -> None:
        if self._left_bytes <= 0:
            return
        line = f"{asyncio.get_running_loop().time() - self._began_s:.6f} {bus} {what} {rest}".rstrip() + "\n"
        self._left_bytes -= len(line)
        try:
            self._stream.write(line if self._left_bytes > 0 else "# full\n")
        except OSError as error:
            self._left_bytes = 0
            with suppress(OSError):  # what it holds goes nowhere either
                self._stream.close()
            self._on_failed(error)


class Recorder:
    """A `hal.byte_channel.ByteChannel` that notes what goes through it."""

    def __init__(self, channel: ByteChannel, note: Callable[[str, str], None]) -> None:
        self._channel = channel
        self._note = note

    @property
    def name(self) -> str:
        """Where it leads, for messages."""
        return self._channel.name

    @property
    def is_open(self) -> bool:
        """Whether bytes can be sent."""
        return self._channel.is_open

    async def open(self, on_bytes: Callable[[bytes], None], on_lost: Callable[[LinkDown], None]) -> None:
        """Open it; see `hal.byte_channel.ByteChannel`."""

        def received(data: bytes) -> None:
            self._note("recv", data.hex())
            on_bytes(data)

        def lost(error: LinkDown) -> None:
            self._note("lost", str(error))
            on_lost(error)

        await self._channel.open(received, lost)
        self._note("open", "")

    def discard(self) -> None:
        """Throw away what was received but not handed on yet."""
        self._channel.discard()

    def send(self, data: bytes) -> None:
        """Send bytes without waiting; see `hal.byte_channel.ByteChannel`."""
        self._note("send", data.hex())
        self._channel.send(data)

    def close(self) -> None:
        """Close it at once."""
        if self._channel.is_open:
            self._note("close", "")
        self._channel.close()
