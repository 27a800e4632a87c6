"""Bytes over TCP or TLS, with the socket options that make a broken cable show within two seconds."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from ipaddress import ip_address
from typing import Final

from hal.errors import LinkDown
from hal.spare_thread import SpareThread
from hal.tls import Security, refusal, silent_refusal

USER_TIMEOUT_MS: Final = 1500
"""Bytes unacknowledged for this long end the connection (RFC 5482); Linux alone would wait for minutes."""

KEEPALIVE_S: Final = 1
"""An idle connection is probed after this time and at this interval."""

CONNECT_S: Final = 0.5

HANDSHAKE_S: Final = 1.0
"""What a small PLC may take for its part of a handshake, beside the connection."""

VERDICT_S: Final = 0.2
"""With TLS 1.3 a client is connected before the server has seen its certificate. Its verdict is awaited so long:
a refusal, or the ticket that most servers send behind their consent."""

_LOOK_S: Final = 0.002


class TcpChannel:
    """A TCP connection to ``host``:``port``, secured or not; each attempt ends within about one second."""

    def __init__(self, host: str, port: int, security: Security | None = None) -> None:
        self._host = host
        self._port = port
        self._security = security
        self._pipe: _Pipe | None = None
        self._names = SpareThread(f"look up {host}")
        self._asking: asyncio.Future[list[str]] | None = None

    @property
    def name(self) -> str:
        """Where it leads, for messages."""
        return f"{'tcp' if self._security is None else 'tls'} {self._host}:{self._port}"

    @property
    def is_open(self) -> bool:
        """Whether bytes can be sent."""
        return self._pipe is not None and not self._pipe.transport.is_closing()

    async def open(self, on_bytes: Callable[[bytes], None], on_lost: Callable[[LinkDown], None]) -> None:
        """Open it; see `hal.byte_channel.ByteChannel`.

        Raises:
            CertificateRefused: one end does not accept the other.
            LinkDown: no connection.

        """
        self.close()
        pipe = await self._connect(on_bytes)
        try:
            await self._await_verdict(pipe)
        except BaseException:
            pipe.abandon()
            raise
        if pipe.transport.is_closing():
            pipe.abandon()
            raise LinkDown(f"{self.name}: closed by the peer at once")
        pipe.on_lost = on_lost
        self._pipe = pipe

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

    async def _connect(self, on_bytes: Callable[[bytes], None]) -> "_Pipe":
        secured = self._security
        try:
            async with asyncio.timeout(CONNECT_S if secured is None else CONNECT_S + HANDSHAKE_S):
                pipe = await self._connect_to_one_of(await self._addresses(), on_bytes)
        except LinkDown:
            raise
        except ssl.SSLError as error:
            raise refusal(self.name, error) from error
        except (ConnectionResetError, ConnectionAbortedError) as error:
            if secured is not None:
                raise silent_refusal(self.name) from error
            raise LinkDown(f"{self.name}: {error}") from error
        except OSError as error:
            raise LinkDown(f"{self.name}: {str(error) or 'no connection in time'}") from error
        _set_options(pipe.transport.get_extra_info("socket"))
        return pipe

    async def _connect_to_one_of(self, addresses: Sequence[str], on_bytes: Callable[[bytes], None]) -> "_Pipe":
        """Return a connection to the first address that takes one."""
        failed = OSError("its name has no address")
        for address in addresses:
            try:
                return await self._connect_to(address, on_bytes)
            except ssl.SSLError:
                raise
            except OSError as error:
                failed = error
        raise failed

    async def _connect_to(self, address: str, on_bytes: Callable[[bytes], None]) -> "_Pipe":
        secured = self._security
        _, pipe = await asyncio.get_running_loop().create_connection(
            lambda: _Pipe(self.name, on_bytes),
            address,
            self._port,
            ssl=None if secured is None else secured.context,
            server_hostname=None if secured is None else secured.server_name,
        )
        return pipe

    async def _addresses(self) -> Sequence[str]:
        """Return the addresses of the host; a name is looked up in a thread, where its server may be silent for long.

        Raises:
            LinkDown: it can be no name, or is still being looked up for an earlier attempt.
            OSError: nobody knows it.

        """
        with suppress(ValueError):
            return [str(ip_address(self._host))]
        if self._asking is not None:
            raise LinkDown(f"{self.name}: the host's name is still being looked up: its name server is silent")
        self._asking = self._names(partial(_look_up, self._host, self._port))
        self._asking.add_done_callback(self._asked)
        try:
            return await asyncio.shield(self._asking)
        except ValueError as error:
            raise LinkDown(f"{self.name}: no host can have this name: {error}") from error

    def _asked(self, asking: "asyncio.Future[list[str]]") -> None:
        self._asking = None
        if not asking.cancelled():
            asking.exception()  # Seen: whoever asked may have given up.

    async def _await_verdict(self, pipe: "_Pipe") -> None:
        session: ssl.SSLObject | None = pipe.transport.get_extra_info("ssl_object")
        if session is None or session.version() != "TLSv1.3":
            pipe.consented = True
            return
        loop = asyncio.get_running_loop()
        until = loop.time() + VERDICT_S
        while not pipe.consented and loop.time() < until:
            if pipe.ended is not None:
                raise pipe.ended
            await asyncio.sleep(_LOOK_S)
            pipe.consented |= bool(session.session and session.session.has_ticket)


class _Pipe(asyncio.Protocol):
    """One connection. Abandoned, it reports nothing more."""

    transport: asyncio.Transport

    def __init__(self, name: str, on_bytes: Callable[[bytes], None]) -> None:
        self._name = name
        self._on_bytes = on_bytes
        self.on_lost: Callable[[LinkDown], None] = _ignore
        self.ended: LinkDown | None = None
        """Why it broke."""
        self.consented = False
        """Whether the peer has shown that it accepts us."""
        self._abandoned = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.consented = True
        if not self._abandoned:
            self._on_bytes(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._abandoned:
            return
        if isinstance(exc, ssl.SSLError):
            self.ended = refusal(self._name, exc)
        elif not self.consented:
            # An alert may be lost when it crosses our first request: then this is all there is to see.
            self.ended = silent_refusal(self._name)
        else:
            self.ended = LinkDown(f"{self._name}: {exc or 'closed by the peer'}")
        self.on_lost(self.ended)

    def abandon(self) -> None:
        self._abandoned = True
        self.transport.abort()


def _look_up(host: str, port: int) -> list[str]:
    """Return the addresses of a name; blocks for as long as its server is silent."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _ignore(_error: LinkDown) -> None:
    """Stand in until a connection is open: its opener looks for itself."""


def _set_options(sock: socket.socket) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, KEEPALIVE_S)
