"""One Modbus TCP connection: frames in, answers out (Messaging on TCP/IP Implementation Guide V1.0b).

* Requests may come in any slices of bytes, and several before an answer (4.2.1.1): each is answered in its order,
  with its own transaction id, protocol 0 and the unit id that was asked (4.4.2.5).
* A frame of another protocol is discarded, as 4.4.2.2 has it: its length tells where the next one begins.
* A length that no frame has (0, 1, above 254) leaves no way to the next frame: the connection is closed once the
  answers before it have gone out, and the client comes into step with a new one.
* A connection that brings no whole request for the idle limit is dropped, half a frame or not, and so is one whose
  peer does not acknowledge: keep-alive (4.3.2) and the user time-out find the half-open ones.
"""

import asyncio
import socket
import ssl
import struct
from collections.abc import Sequence
from typing import Final, Protocol

MAX_IN_TURN: Final = 16
"""Requests of one connection that are answered before others have their turn (V1.0b, 4.4.2.1: 1 to 16)."""

_HEADER: Final = struct.Struct(">HHHB")
_MODBUS: Final = 0
_LENGTHS: Final = range(2, 255)
"""What the length field can say: a unit id and a PDU of 1 to 253 bytes."""

_KEEPALIVE_S: Final = 2
_KEEPALIVE_PROBES: Final = 2
_USER_TIMEOUT_MS: Final = 6000


class Host(Protocol):
    """The server behind a connection."""

    @property
    def idle_s(self) -> float:
        """How long a connection may bring no request."""
        ...

    def admit(self, connection: "MbapConnection") -> None:
        """Take in a connection as the most recent."""
        ...

    def forget(self, connection: "MbapConnection") -> None:
        """Let go of a connection that ended. Idempotent."""
        ...

    def serve(self, connection: "MbapConnection", unit: int, request: bytes) -> bytes:
        """Answer one request PDU."""
        ...

    def bend(self, frame: bytes) -> Sequence[tuple[float, bytes]]:
        """Return the pieces in which an answer leaves; see `sim_plc.wire_faults`."""
        ...


class MbapConnection(asyncio.Protocol):
    """One client."""

    _transport: asyncio.Transport
    _watch: asyncio.TimerHandle

    def __init__(self, host: Host) -> None:
        self._host = host
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray()
        self._asked_at = self._loop.time()
        self._full = False
        """The client does not take its answers."""
        self._waiting = False
        """There may be whole requests in the buffer, for the next turn."""

    @property
    def certificate(self) -> bytes | None:
        """The client's certificate, DER; None on an open connection."""
        session: ssl.SSLObject | None = self._transport.get_extra_info("ssl_object")
        return None if session is None else session.getpeercert(binary_form=True)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        _set_options(transport.get_extra_info("socket"))
        self._watch = self._loop.call_later(self._host.idle_s, self._end_if_idle)
        self._host.admit(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """End, whoever ended it."""
        self._watch.cancel()
        self._host.forget(self)

    def data_received(self, data: bytes) -> None:
        """Take bytes, and answer what they complete."""
        self._buffer += data
        if not self._waiting:
            self._take_turn()

    def pause_writing(self) -> None:
        """Read no more from a client that does not take its answers."""
        self._full = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on where `pause_writing` stopped."""
        self._full = False
        if not self._waiting:
            self._take_turn()

    def drop(self) -> None:
        """End the connection at once."""
        self._host.forget(self)
        self._transport.abort()

    def _take_turn(self) -> None:
        """Answer what has come whole; read on only when nothing waits."""
        self._waiting = False
        for _ in range(MAX_IN_TURN):
            if self._full or self._transport.is_closing():
                return
            if not self._answer_next():
                self._transport.resume_reading()
                return
        self._waiting = True
        self._transport.pause_reading()
        self._loop.call_soon(self._take_turn)

    def _answer_next(self) -> bool:
        """Deal with the next frame; return whether there may be one more."""
        buffer = self._buffer
        if len(buffer) < _HEADER.size:
            return False
        transaction, protocol, length, unit = _HEADER.unpack_from(buffer)
        if length not in _LENGTHS:
            self._host.forget(self)
            self._transport.close()
            return False
        end = _HEADER.size + length - 1
        if len(buffer) < end:
            return False
        request = bytes(buffer[_HEADER.size : end])
        del buffer[:end]
        if protocol == _MODBUS:
            self._asked_at = self._loop.time()
            self._send(transaction, unit, self._host.serve(self, unit, request))
        return True

    def _send(self, transaction: int, unit: int, pdu: bytes) -> None:
        frame = _HEADER.pack(transaction, _MODBUS, len(pdu) + 1, unit) + pdu
        for delay_s, piece in self._host.bend(frame):
            if delay_s > 0:
                self._loop.call_later(delay_s, self._write, piece)
            else:
                self._write(piece)

    def _write(self, piece: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(piece)

    def _end_if_idle(self) -> None:
        left_s = self._asked_at + self._host.idle_s - self._loop.time()
        if left_s <= 0:
            self.drop()
        else:
            self._watch = self._loop.call_later(left_s, self._end_if_idle)


def _set_options(sock: socket.socket) -> None:
    """Answer without delay, and let a peer whose cable is out not hold its place for ever (V1.0b, 4.3.2)."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _USER_TIMEOUT_MS)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _KEEPALIVE_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _KEEPALIVE_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _KEEPALIVE_PROBES)
