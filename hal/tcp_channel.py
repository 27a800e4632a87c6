"""Bytes over TCP, with the socket options that make a broken cable show within two seconds."""

import asyncio
import socket
from collections.abc import Callable

from hal.errors import LinkDown

USER_TIMEOUT_MS = 1500
"""Bytes unacknowledged for this long end the connection (RFC 5482); Linux alone would wait for minutes."""

KEEPALIVE_S = 1
"""An idle connection is probed after this time and at this interval."""


class TcpChannel:
    """A TCP connection to ``host``:``port``; each attempt ends within ``connect_timeout_s``."""

    def __init__(self, host: str, port: int, *, connect_timeout_s: float = 0.5) -> None:
        self._host = host
        self._port = port
        self._connect_timeout_s = connect_timeout_s
        self._pipe: _Pipe | None = None

    @property
    def name(self) -> str:
        """Where it leads, for messages."""
        return f"tcp {self._host}:{self._port}"

    @property
    def is_open(self) -> bool:
        """Whether bytes can be sent."""
        return self._pipe is not None and not self._pipe.transport.is_closing()

    async def open(self, on_bytes: Callable[[bytes], None], on_lost: Callable[[LinkDown], None]) -> None:
        """Open it; see `hal.byte_channel.ByteChannel`."""
        self.close()
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._connect_timeout_s):
                transport, pipe = await loop.create_connection(
                    lambda: _Pipe(self.name, on_bytes, on_lost), self._host, self._port
                )
        except OSError as error:
            raise LinkDown(f"{self.name}: {str(error) or 'no connection in time'}") from error
        _set_options(transport.get_extra_info("socket"))
        self._pipe = pipe
        if transport.is_closing():
            self.close()
            raise LinkDown(f"{self.name}: closed by the peer at once")

    def discard(self) -> None:
        """Keep everything: a stream with a piece cut out has no frames any more, and its frames have ids."""

    def send(self, data: bytes) -> None:
        """Send bytes without waiting; see `hal.byte_channel.ByteChannel`."""
        if self._pipe is None or self._pipe.transport.is_closing():
            raise LinkDown(f"{self.name}: not connected")
        self._pipe.transport.write(data)

    def close(self) -> None:
        """Close it at once."""
        if self._pipe is not None:
            self._pipe.abandon()
            self._pipe = None


class _Pipe(asyncio.Protocol):
    """One connection. Abandoned, it reports nothing more."""

    transport: asyncio.Transport

    def __init__(
        self, name: str, on_bytes: Callable[[bytes], None], on_lost: Callable[[LinkDown], None]
    ) -> None:
        self._name = name
        self._on_bytes = on_bytes
        self._on_lost = on_lost
        self._abandoned = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if not self._abandoned:
            self._on_bytes(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._abandoned:
            self._on_lost(LinkDown(f"{self._name}: {exc or 'closed by the peer'}"))

    def abandon(self) -> None:
        self._abandoned = True
        self.transport.abort()


def _set_options(sock: socket.socket) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, KEEPALIVE_S)
