"""Modbus/TCP Security on the stations' side: who may come in, and what each role may ask (MB-TCP-Security v2.1, 8)."""

import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sim_plc.server import TcpServer
from sim_plc.unit import ExceptionCode
from sim_plc.wire.functions import exception
from sim_plc.wire.mbap import MbapConnection

ROLE_OID: Final = bytes.fromhex("2b0601040183890c862201")
"""1.3.6.1.4.1.50316.802.1: the extension of a client's certificate that holds its role (R-21)."""

READING: Final = frozenset({3, 4, 43})
EVERYTHING: Final = READING | {8, 16, 23}

RIGHTS: Final[Mapping[str, frozenset[int]]] = {"Controller": EVERYTHING, "Observer": READING}
"""Functions by role. A client without a role, or with one that is not here, may ask nothing."""

_OBJECT_ID, _UTF8, _OCTETS, _EXTENSIONS = 0x06, 0x0C, 0x04, 0xA3


class NoCredentials(Exception):
    """A bus is to be secured, and there is nothing to secure it with."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """PEM files of a station: who signs those it lets in, its own certificate, and its key."""

    ca: Path
    certificate: Path
    key: Path


def server_context(files: Credentials) -> ssl.SSLContext:
    """Return what a station demands: TLS 1.2 at least, and a certificate that ``ca`` has signed (R-06, R-08).

    Raises:
        OSError: a file cannot be read, or does not fit.

    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(files.ca)
    context.load_cert_chain(files.certificate, files.key)
    return context


def role_of(certificate: bytes) -> str | None:
    """Return the role in a DER certificate: one UTF8String (R-22); None without one."""
    _, body, _ = _element(certificate, 0)
    _, to_be_signed, _ = _element(body, 0)
    for tag, extensions in _elements(to_be_signed):
        if tag == _EXTENSIONS:
            _, listed, _ = _element(extensions, 0)
            for _, extension in _elements(listed):
                parts = list(_elements(extension))
                if parts[0] == (_OBJECT_ID, ROLE_OID) and parts[-1][0] == _OCTETS:
                    return _text(parts[-1][1])
    return None


def _text(value: bytes) -> str | None:
    """Return the text of one whole UTF8String; None of anything else: whoever signed it, it is no role."""
    try:
        tag, text, end = _element(value, 0)
        return text.decode("utf-8") if tag == _UTF8 and end == len(value) else None
    except (IndexError, UnicodeDecodeError):
        return None


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the elements of a DER sequence's body."""
    at = 0
    while at < len(data):
        tag, body, at = _element(data, at)
        yield tag, body


def _element(data: bytes, at: int) -> tuple[int, bytes, int]:
    """Return tag and body of the DER element at a place, and where the next one begins."""
    tag, size, at = data[at], data[at + 1], at + 2
    if size & 0x80:
        digits = size & 0x7F
        size, at = int.from_bytes(data[at : at + digits], "big"), at + digits
    return tag, data[at : at + size], at + size


class TlsServer(TcpServer):
    """Stations that let in who their authority has signed, and do what the client's role may ask.

    What it may not is answered with exception 1 and changes nothing (8.3).
    """

    def __init__(
        self, *args: Any, tls: ssl.SSLContext, rights: Mapping[str, frozenset[int]] = RIGHTS, **kwargs: Any
    ) -> None:
        super().__init__(*args, tls=tls, **kwargs)
        self._rights = rights
        self._roles: dict[MbapConnection, str | None] = {}

    def admit(self, connection: MbapConnection) -> None:
        """Take in a connection, and note its role."""
        certificate = connection.certificate
        self._roles[connection] = None if certificate is None else role_of(certificate)
        super().admit(connection)

    def forget(self, connection: MbapConnection) -> None:
        """Let go of a connection that ended. Idempotent."""
        self._roles.pop(connection, None)
        super().forget(connection)

    def serve(self, connection: MbapConnection, unit: int, request: bytes) -> bytes:
        """Answer one request PDU that the client has a right to."""
        if request[0] not in self._rights.get(self._roles.get(connection) or "", frozenset()):
            return exception(request[0], ExceptionCode.ILLEGAL_FUNCTION)
        return super().serve(connection, unit, request)
