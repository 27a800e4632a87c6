"""A channel that plays a script: each request must be the next one's bytes, and its answer follows."""

import asyncio
from collections.abc import Callable, Sequence

from hal.errors import LinkDown


class ScriptedChannel:
    """`hal.byte_channel.ByteChannel`. ``script``: pairs of hexadecimal text, with blanks and line ends anywhere."""

    name = "script"

    def __init__(self, script: Sequence[tuple[str, str]]) -> None:
        self._script = [(bytes.fromhex(request), bytes.fromhex(answer)) for request, answer in script]
        self._at = 0
        self._on_bytes: Callable[[bytes], None] | None = None

    @property
    def is_open(self) -> bool:
        return self._on_bytes is not None

    @property
    def ended(self) -> bool:
        """Whether everything was asked."""
        return self._at == len(self._script)

    async def open(self, on_bytes: Callable[[bytes], None], on_lost: Callable[[LinkDown], None]) -> None:
        del on_lost
        self._on_bytes = on_bytes

    def discard(self) -> None:
        """Hold nothing back."""

    def send(self, data: bytes) -> None:
        assert self._on_bytes is not None
        assert not self.ended, f"asked beyond the script: {data.hex(' ')}"
        request, answer = self._script[self._at]
        assert data == request, f"request {self._at}:\n{data.hex(' ')}, not\n{request.hex(' ')}"
        self._at += 1
        asyncio.get_running_loop().call_soon(self._on_bytes, answer)

    def close(self) -> None:
        self._on_bytes = None
