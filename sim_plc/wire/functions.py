"""What a station answers to a Modbus request, whatever carries it (application protocol V1.1b3).

A request is judged in the order of the state diagrams of section 6: is the function there (exception 1), do
quantities and lengths fit (3), do the addresses (2); then the station itself may refuse it (2, 3, 4, 6). These
stations have registers alone: functions for coils, discrete inputs, files and queues are not there, and of those for
registers the ones of the contract are: 3, 4, 16, 23, and 43 / 14. Function 6 could tear a command's frame.

The PDUs are pymodbus's, whose only user on this side is this package; but the registers of an answer are packed in
one `struct` call, which takes 1 microsecond for 100 of them where the library takes 15. The other end of the wire has
a codec of its own, so that each is the other's witness.
"""

import asyncio
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from pymodbus.pdu import ExceptionResponse, ModbusPDU
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadInputRegistersRequest,
    ReadWriteMultipleRegistersRequest,
    WriteMultipleRegistersRequest,
    WriteMultipleRegistersResponse,
)

from sim_plc.unit import ExceptionCode, ModbusRefusal, Unit
from sim_plc.wire.identification import FUNCTION as IDENTIFY
from sim_plc.wire.identification import IDENTITY, Identity

MAX_WRITE: Final = 123
MAX_READ_WRITE: Final = 121
"""Registers that one request writes (sections 6.12 and 6.17). Up to 125 are read; those the codec judges."""

_SPACE: Final = 0x10000
_WRITE_HEAD: Final = 5
_READ_WRITE_HEAD: Final = 9
"""Bytes before the registers: addresses, quantities, byte count."""


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
            return _encoded(identity.answer(body))
        handler = _HANDLERS.get(function)
        return exception(function, ExceptionCode.ILLEGAL_FUNCTION) if handler is None else handler(unit, body)
    except ModbusRefusal as refusal:
        return exception(function, refusal.code)


def exception(function: int, code: int) -> bytes:
    """Return an exception answer PDU (section 7)."""
    return _encoded(ExceptionResponse(function, code))


def _read_holding(unit: Unit, body: bytes) -> bytes:
    return _registers(3, unit.read_holding(*_decode_read(ReadHoldingRegistersRequest(), body)))


def _read_input(unit: Unit, body: bytes) -> bytes:
    return _registers(4, unit.read_input(*_decode_read(ReadInputRegistersRequest(), body)))


def _write(unit: Unit, body: bytes) -> bytes:
    """Section 6.12."""
    pdu = WriteMultipleRegistersRequest()
    _demand(len(body) >= _WRITE_HEAD + 2)
    pdu.decode(body)
    _demand(1 <= pdu.count <= MAX_WRITE and pdu.byte_count == 2 * pdu.count == len(body) - _WRITE_HEAD)
    _demand_span(pdu.address, pdu.count)
    unit.write(pdu.address, pdu.registers)
    return _encoded(WriteMultipleRegistersResponse(address=pdu.address, count=pdu.count))


def _read_write(unit: Unit, body: bytes) -> bytes:
    """Section 6.17: write, then read. The read is tried before: a request refused for it has written nothing."""
    pdu = ReadWriteMultipleRegistersRequest()
    _demand(len(body) >= _READ_WRITE_HEAD + 2)
    _decode(pdu, body)
    _demand(pdu.write_count <= MAX_READ_WRITE)
    _demand(pdu.write_byte_count == 2 * pdu.write_count == len(body) - _READ_WRITE_HEAD)
    _demand_span(pdu.read_address, pdu.read_count)
    _demand_span(pdu.write_address, pdu.write_count)
    unit.read_holding(pdu.read_address, pdu.read_count)
    unit.write(pdu.write_address, pdu.write_registers)
    return _registers(23, unit.read_holding(pdu.read_address, pdu.read_count))


_HANDLERS: Final[Mapping[int, Callable[[Unit, bytes], bytes]]] = {
    3: _read_holding,
    4: _read_input,
    16: _write,
    23: _read_write,
}


def _decode_read(pdu: ModbusPDU, body: bytes) -> tuple[int, int]:
    _demand(len(body) == 4)
    _decode(pdu, body)
    _demand_span(pdu.address, pdu.count)
    return pdu.address, pdu.count


def _decode(pdu: ModbusPDU, body: bytes) -> None:
    """Decode a request; the codec judges the quantities of those that read."""
    try:
        pdu.decode(body)
    except ValueError as error:
        raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_VALUE) from error


def _demand(right: bool) -> None:
    if not right:
        raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_VALUE)


def _demand_span(address: int, count: int) -> None:
    if address + count > _SPACE:
        raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_ADDRESS)


def _registers(function: int, words: Sequence[int]) -> bytes:
    count = len(words)
    return struct.pack(f">BB{count}H", function, 2 * count, *words)


def _encoded(pdu: ModbusPDU) -> bytes:
    return bytes((pdu.function_code,)) + pdu.encode()
