"""What a station answers to a Modbus request, whatever carries it (application protocol V1.1b3).

A request is judged in the order of the state diagrams of section 6: is the function there (exception 1), do
quantities and lengths fit (3), do the addresses (2); then the station itself may refuse it (2, 3, 4, 6). These
stations have registers alone: functions for coils, discrete inputs, files and queues are not there, and of those for
registers the ones of the contract are: 3, 4, 16, 23, and 43 / 14. Function 6 could tear a command's frame.
"""

import asyncio
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from sim_plc.unit import ExceptionCode, ModbusRefusal, Unit
from sim_plc.wire.identification import FUNCTION as IDENTIFY
from sim_plc.wire.identification import IDENTITY, Identity

MAX_READ: Final = 125
MAX_WRITE: Final = 123
MAX_READ_WRITE: Final = 121
"""Registers of one request (sections 6.3, 6.4, 6.12, 6.17); function 23 reads up to 125."""

_SPACE: Final = 0x10000
_SPAN: Final = struct.Struct(">HH")
_WRITE: Final = struct.Struct(">HHB")
_READ_WRITE: Final = struct.Struct(">HHHHB")


def attend(unit: Unit, request: bytes, identity: Identity = IDENTITY) -> bytes:
    """Return the answer PDU to a request PDU (one byte at least), whatever happens in the station.

    A station's program that fails is the running loop's exception handler's news, and its master's exception 4.
    """
    try:
        return answer(unit, request, identity)
    except Exception as error:  # noqa: BLE001 - whatever it is, only this station has failed, and it is told below
        context = {"message": f"a station failed at request {request[:8].hex(' ')}", "exception": error}
        asyncio.get_running_loop().call_exception_handler(context)
        return exception(request[0], ExceptionCode.SERVER_DEVICE_FAILURE)


def answer(unit: Unit, request: bytes, identity: Identity = IDENTITY) -> bytes:
    """Return the answer PDU of ``unit`` to a request PDU (one byte at least), exceptions included.

    A refused request changed nothing.
    """
    function, body = request[0], request[1:]
    try:
        if function == IDENTIFY:
            return identity.answer(body)
        handler = _HANDLERS.get(function)
        return exception(function, ExceptionCode.ILLEGAL_FUNCTION) if handler is None else handler(unit, body)
    except ModbusRefusal as refusal:
        return exception(function, refusal.code)


def exception(function: int, code: int) -> bytes:
    """Return an exception answer PDU (section 7)."""
    return bytes((function | 0x80, code))


def _read_holding(unit: Unit, body: bytes) -> bytes:
    return _registers(3, unit.read_holding(*_read_span(body)))


def _read_input(unit: Unit, body: bytes) -> bytes:
    return _registers(4, unit.read_input(*_read_span(body)))


def _write(unit: Unit, body: bytes) -> bytes:
    """Section 6.12; the answer repeats address and quantity."""
    _demand(len(body) >= _WRITE.size)
    address, count, size = _WRITE.unpack_from(body)
    _demand(1 <= count <= MAX_WRITE and size == 2 * count == len(body) - _WRITE.size)
    _demand_span(address, count)
    unit.write(address, _words(body, _WRITE.size, count))
    return b"\x10" + body[: _SPAN.size]


def _read_write(unit: Unit, body: bytes) -> bytes:
    """Section 6.17: write, then read. The read is tried before: a request refused for it has written nothing."""
    _demand(len(body) >= _READ_WRITE.size)
    read_address, read_count, write_address, write_count, size = _READ_WRITE.unpack_from(body)
    _demand(1 <= read_count <= MAX_READ and 1 <= write_count <= MAX_READ_WRITE)
    _demand(size == 2 * write_count == len(body) - _READ_WRITE.size)
    _demand_span(read_address, read_count)
    _demand_span(write_address, write_count)
    unit.read_holding(read_address, read_count)
    unit.write(write_address, _words(body, _READ_WRITE.size, write_count))
    return _registers(23, unit.read_holding(read_address, read_count))


_HANDLERS: Final[Mapping[int, Callable[[Unit, bytes], bytes]]] = {
    3: _read_holding,
    4: _read_input,
    16: _write,
    23: _read_write,
}


def _read_span(body: bytes) -> tuple[int, int]:
    """Return address and quantity of a read."""
    _demand(len(body) == _SPAN.size)
    address, count = _SPAN.unpack(body)
    _demand(1 <= count <= MAX_READ)
    _demand_span(address, count)
    return address, count


def _words(body: bytes, offset: int, count: int) -> tuple[int, ...]:
    return struct.unpack_from(f">{count}H", body, offset)


def _registers(function: int, words: Sequence[int]) -> bytes:
    count = len(words)
    return struct.pack(f">BB{count}H", function, 2 * count, *words)


def _demand(right: bool) -> None:
    if not right:
        raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_VALUE)


def _demand_span(address: int, count: int) -> None:
    if address + count > _SPACE:
        raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_ADDRESS)
