"""What a station answers to a Modbus request, and Modbus TCP to ask it over.

The only importer of pymodbus on this side, and of its PDU codec alone: its server answers one of several requests
in a segment, may give overlapping answers the same transaction id, and never drops a half-open connection.
"""

import asyncio
import socket
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from pymodbus.pdu import ExceptionResponse, ModbusPDU
from pymodbus.pdu.mei_message import ReadDeviceInformationResponse
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadHoldingRegistersResponse,
    ReadInputRegistersRequest,
    ReadInputRegistersResponse,
    ReadWriteMultipleRegistersRequest,
    ReadWriteMultipleRegistersResponse,
    WriteMultipleRegistersRequest,
    WriteMultipleRegistersResponse,
)

from sim_plc.unit import ExceptionCode, ModbusRefusal, Unit
from sim_plc.wire_faults import NoFaults, WireFaults

MAX_CONNECTIONS: Final = 20
"""One more, and the connection that has been silent longest is dropped: most likely its peer is gone."""

GATEWAY_TARGET_FAILED: Final = 0x0B
"""Exception code of a gateway for a unit that does not answer (V1.1b3, section 7)."""

IDENTIFICATION: Final[Mapping[int, bytes]] = {0: b"cartower", 1: b"CT-PLC", 2: b"1.0"}
"""Vendor, product code and revision: the basic category of function 43 / 14 (V1.1b3, section 6.21)."""

_MBAP: Final = struct.Struct(">HHHB")
_MAX_LENGTH: Final = 254
_KEEPALIVE_S: Final = 2
_USER_TIMEOUT_MS: Final = 6000


def answer(unit: Unit, request: bytes) -> bytes:
    """Return the answer PDU of ``unit`` to a request PDU (one byte at least), exceptions included.

    A refused request changed nothing.
    """
    handler = _HANDLERS.get(request[0])
    if handler is None:
        return exception(request[0], ExceptionCode.ILLEGAL_FUNCTION)
    try:
        return _encoded(handler(unit, request[1:]))
    except ModbusRefusal as refusal:
        return exception(request[0], refusal.code)


def exception(function: int, code: int) -> bytes:
    """Return an exception answer PDU."""
    return _encoded(ExceptionResponse(function, code))


def _read_holding(unit: Unit, body: bytes) -> ModbusPDU:
    address, count = _decode_read(ReadHoldingRegistersRequest(), body)
    return ReadHoldingRegistersResponse(registers=unit.read_holding(address, count))


def _read_input(unit: Unit, body: bytes) -> ModbusPDU:
    address, count = _decode_read(ReadInputRegistersRequest(), body)
    return ReadInputRegistersResponse(registers=unit.read_input(address, count))


def _write(unit: Unit, body: bytes) -> ModbusPDU:
    pdu = WriteMultipleRegistersRequest()
    _demand(len(body) >= 7)
    pdu.decode(body)
    _demand(1 <= pdu.count <= 123 and pdu.byte_count == 2 * pdu.count == len(body) - 5)
    _demand_span(pdu.address, pdu.count)
    unit.write(pdu.address, pdu.registers)
    return WriteMultipleRegistersResponse(address=pdu.address, count=pdu.count)


def _read_write(unit: Unit, body: bytes) -> ModbusPDU:
    """Write, then read. The read is tried before, so that a request refused for it has written nothing."""
    pdu = ReadWriteMultipleRegistersRequest()
    _demand(len(body) >= 11)
    _decode(pdu, body)
    _demand(pdu.write_count <= 121 and pdu.write_byte_count == 2 * pdu.write_count == len(body) - 9)
    _demand_span(pdu.read_address, pdu.read_count)
    _demand_span(pdu.write_address, pdu.write_count)
    unit.read_holding(pdu.read_address, pdu.read_count)
    unit.write(pdu.write_address, pdu.write_registers)
    return ReadWriteMultipleRegistersResponse(registers=unit.read_holding(pdu.read_address, pdu.read_count))


def _identify(_unit: Unit, body: bytes) -> ModbusPDU:
    """Answer function 43 / 14: 1 to 3 stream a category (all end with what the basic one holds), 4 is one object."""
    if body[:1] != b"\x0e":
        raise ModbusRefusal(ExceptionCode.ILLEGAL_FUNCTION)
    _demand(len(body) == 3 and 1 <= body[1] <= 4)
    read_code, first = body[1], body[2]
    if read_code == 4:
        if first not in IDENTIFICATION:
            raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_ADDRESS)
        objects = {first: IDENTIFICATION[first]}
    else:
        # A stream that is asked to begin at an unknown object begins at the first one (section 6.21).
        start = first if first in IDENTIFICATION else 0
        objects = {key: value for key, value in IDENTIFICATION.items() if key >= start}
    pdu = ReadDeviceInformationResponse(read_code, objects)
    pdu.conformity = 0x81
    return pdu


_HANDLERS: Final[Mapping[int, Callable[[Unit, bytes], ModbusPDU]]] = {
    3: _read_holding,
    4: _read_input,
    16: _write,
    23: _read_write,
    43: _identify,
}


def _decode_read(pdu: ModbusPDU, body: bytes) -> tuple[int, int]:
    _demand(len(body) == 4)
    _decode(pdu, body)
    _demand_span(pdu.address, pdu.count)
    return pdu.address, pdu.count


def _decode(pdu: ModbusPDU, body: bytes) -> None:
    """Decode a request; the codec judges the counts of those that read."""
    try:
        pdu.decode(body)
    except ValueError as error:
        raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_VALUE) from error


def _demand(right: bool) -> None:
    if not right:
        raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_VALUE)


def _demand_span(address: int, count: int) -> None:
    if address + count > 0x10000:
        raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_ADDRESS)


def _encoded(pdu: ModbusPDU) -> bytes:
    return bytes((pdu.function_code,)) + pdu.encode()


class TcpServer:
    """Stations behind one Modbus TCP address, by unit id.

    ``before`` is called before each request: there the machine's time advances. Port 0 takes a free one. A unit id
    that nobody has is answered with exception 0x0B, as a gateway does for a device that is not on its line: silence
    would look like a dead link and cost the master its time-out.
    """

    def __init__(
        self,
        units: Mapping[int, Unit],
        host: str,
        port: int,
        before: Callable[[], None] | None = None,
        faults: WireFaults | None = None,
    ) -> None:
        self._units = units
        self._host = host
        self._port = port
        self._before = before
        self._faults = faults or NoFaults()
        self._server: asyncio.Server | None = None
        self._connections: dict[_Connection, None] = {}

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._port

    @property
    def connections(self) -> int:
        """How many connections stand."""
        return len(self._connections)

    async def start(self) -> None:
        """Listen. Once this returns, a connection is accepted.

        Raises:
            OSError: the address cannot be bound.

        """
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), self._host, self._port)
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

    def admit(self, connection: "_Connection") -> None:
        """Take in a connection as the most recent; a place is made if there is none."""
        self._connections[connection] = None
        if len(self._connections) > MAX_CONNECTIONS:
            oldest = next(iter(self._connections))
            self.forget(oldest)
            oldest.drop()

    def forget(self, connection: "_Connection") -> None:
        """Let go of a connection that ended."""
        self._connections.pop(connection, None)

    def serve(self, connection: "_Connection", unit: int, request: bytes) -> bytes:
        """Answer one request PDU."""
        self._connections[connection] = self._connections.pop(connection, None)
        if self._before is not None:
            self._before()
        station = self._units.get(unit)
        return exception(request[0], GATEWAY_TARGET_FAILED) if station is None else answer(station, request)

    def bend(self, frame: bytes) -> Sequence[tuple[float, bytes]]:
        """Return the pieces in which an answer leaves."""
        return self._faults.bend(frame)


class _Connection(asyncio.Protocol):
    """One client: requests in any slices of bytes, answered in their order."""

    _transport: asyncio.Transport

    def __init__(self, server: TcpServer) -> None:
        self._server = server
        self._buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        _set_options(transport.get_extra_info("socket"))
        self._server.admit(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._server.forget(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) >= _MBAP.size and not self._transport.is_closing():
            transaction, protocol, length, unit = _MBAP.unpack_from(self._buffer)
            if not 2 <= length <= _MAX_LENGTH:
                # No length, no next frame: only a new connection brings the client back into step.
                self.drop()
                return
            end = _MBAP.size + length - 1
            if len(self._buffer) < end:
                return
            request = bytes(self._buffer[_MBAP.size : end])
            del self._buffer[:end]
            if protocol == 0:
                self._send(transaction, unit, self._server.serve(self, unit, request))

    def pause_writing(self) -> None:
        """Read no more from a client that does not take its answers."""
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._transport.resume_reading()

    def drop(self) -> None:
        self._transport.abort()

    def _send(self, transaction: int, unit: int, pdu: bytes) -> None:
        frame = _MBAP.pack(transaction, 0, len(pdu) + 1, unit) + pdu
        for delay_s, piece in self._server.bend(frame):
            if delay_s > 0:
                asyncio.get_running_loop().call_later(delay_s, self._write, piece)
            else:
                self._write(piece)

    def _write(self, piece: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(piece)


def _set_options(sock: socket.socket) -> None:
    """Answer without delay, and let a peer whose cable is out not hold its place for ever."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _USER_TIMEOUT_MS)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _KEEPALIVE_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _KEEPALIVE_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 2)
