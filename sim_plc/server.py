"""Modbus TCP to ask stations over.

Not the library's server: that one answers one of several requests in a segment, may give overlapping answers the
same transaction id, and never drops a half-open connection.
"""

import asyncio
import ssl
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from sim_plc.unit import Unit
from sim_plc.wire.functions import attend, exception
from sim_plc.wire.identification import IDENTITY, Identity
from sim_plc.wire.mbap import MbapConnection
from sim_plc.wire_faults import NoFaults, WireFaults

MAX_CONNECTIONS: Final = 20
"""One more, and the connection that has been silent longest is dropped (V1.0b, 4.2.1.1): most likely its peer is
gone."""

IDLE_S: Final = 60.0
"""A master polls; one that has asked nothing for so long can connect again (V1.0b, 4.2.1.1, rule 2)."""

ITSELF: Final = frozenset({0x00, 0xFF})
"""Unit ids that mean the device at the address, whatever its own (V1.0b, 4.4.1.2)."""

GATEWAY_PATH_UNAVAILABLE: Final = 0x0A
GATEWAY_TARGET_FAILED: Final = 0x0B
"""Exception codes of a gateway that cannot tell the way, and for a unit that does not answer (V1.1b3, section 7)."""


class TcpServer:
    """Stations behind one Modbus TCP address, by unit id.

    ``before`` is called before each request: there the machine's time advances. Port 0 takes a free one. A unit id
    that nobody has is answered with exception 0x0B, as a gateway does for a device that is not on its line: silence
    would look like a dead link and cost the master its time-out. Unit ids 0 and 0xFF mean the station at the
    address; where there are several, they are answered with exception 0x0A.
    """

    def __init__(
        self,
        units: Mapping[int, Unit],
        host: str,
        port: int,
        before: Callable[[], None] | None = None,
        faults: WireFaults | None = None,
        *,
        identity: Identity = IDENTITY,
        idle_s: float = IDLE_S,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._units = units
        self._host = host
        self._port = port
        self._before = before
        self._faults = faults or NoFaults()
        self._identity = identity
        self._idle_s = idle_s
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._connections: dict[MbapConnection, None] = {}

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._port

    @property
    def connections(self) -> int:
        """How many connections stand."""
        return len(self._connections)

    @property
    def idle_s(self) -> float:
        """How long a connection may bring no request."""
        return self._idle_s

    async def start(self) -> None:
        """Listen. Once this returns, a connection is accepted.

        Raises:
            OSError: the address cannot be bound.

        """
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: MbapConnection(self), self._host, self._port, ssl=self._tls)
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and drop every connection. Idempotent."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        for connection in tuple(self._connections):
            connection.drop()
        await server.wait_closed()

    def admit(self, connection: MbapConnection) -> None:
        """Take in a connection as the most recent; a place is made if there is none."""
        self._connections[connection] = None
        if len(self._connections) > MAX_CONNECTIONS:
            next(iter(self._connections)).drop()

    def forget(self, connection: MbapConnection) -> None:
        """Let go of a connection that ended. Idempotent."""
        self._connections.pop(connection, None)

    def serve(self, connection: MbapConnection, unit: int, request: bytes) -> bytes:
        """Answer one request PDU."""
        self._connections[connection] = self._connections.pop(connection, None)
        if self._before is not None:
            self._before()
        station = self._units.get(unit)
        if station is None and unit in ITSELF:
            if len(self._units) > 1:
                return exception(request[0], GATEWAY_PATH_UNAVAILABLE)
            station = next(iter(self._units.values()), None)
        if station is None:
            return exception(request[0], GATEWAY_TARGET_FAILED)
        return attend(station, request, self._identity)

    def bend(self, frame: bytes) -> Sequence[tuple[float, bytes]]:
        """Return the pieces in which an answer leaves."""
        return self._faults.bend(frame)
