"""Masters of other people's making, behind one small face: what a stranger would ask a station with."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import minimalmodbus  # type: ignore[import-untyped]
import serial
from pymodbus.client import ModbusSerialClient, ModbusTcpClient
from pymodbus.client.mixin import ModbusClientMixin
from pymodbus.pdu import ModbusPDU
from pyModbusTCP.client import ModbusClient  # type: ignore[import-untyped]

TIMEOUT_S = 1.0
"""Lines are opened without parity: a pseudo terminal has no such bit, and some C libraries refuse to set one."""


class Said(Exception):
    """The station answered with an exception code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Master(Protocol):
    """Blocking calls, each one request."""

    def read_input(self, address: int, count: int) -> list[int]: ...

    def read_holding(self, address: int, count: int) -> list[int]: ...

    def write(self, address: int, words: Sequence[int]) -> None: ...

    def write_one(self, address: int, word: int) -> None:
        """Ask for function 6."""
        ...


class PymodbusMaster:
    """pymodbus's client, for both kinds of wire."""

    def __init__(self, client: ModbusClientMixin[ModbusPDU], unit: int) -> None:
        self.client = client
        self.unit = unit

    def read_input(self, address: int, count: int) -> list[int]:
        return self._words(self.client.read_input_registers(address, count=count, device_id=self.unit))

    def read_holding(self, address: int, count: int) -> list[int]:
        return self._words(self.client.read_holding_registers(address, count=count, device_id=self.unit))

    def write(self, address: int, words: Sequence[int]) -> None:
        self._words(self.client.write_registers(address, list(words), device_id=self.unit))

    def write_one(self, address: int, word: int) -> None:
        self._words(self.client.write_register(address, word, device_id=self.unit))

    def write_and_read(self, write_address: int, words: Sequence[int], address: int, count: int) -> list[int]:
        return self._words(
            self.client.readwrite_registers(
                read_address=address,
                read_count=count,
                write_address=write_address,
                values=list(words),
                device_id=self.unit,
            )
        )

    @staticmethod
    def _words(answer: ModbusPDU) -> list[int]:
        if answer.isError():
            raise Said(answer.exception_code)
        return list(answer.registers)


class PyModbusTcpMaster:
    """pyModbusTCP's client."""

    def __init__(self, client: ModbusClient) -> None:
        self.client = client

    def read_input(self, address: int, count: int) -> list[int]:
        return self._words(self.client.read_input_registers(address, count))

    def read_holding(self, address: int, count: int) -> list[int]:
        return self._words(self.client.read_holding_registers(address, count))

    def write(self, address: int, words: Sequence[int]) -> None:
        self._done(self.client.write_multiple_registers(address, list(words)))

    def write_one(self, address: int, word: int) -> None:
        self._done(self.client.write_single_register(address, word))

    def write_and_read(self, write_address: int, words: Sequence[int], address: int, count: int) -> list[int]:
        return self._words(self.client.write_read_multiple_registers(write_address, list(words), address, count))

    def _done(self, answer: list[int] | bool | None) -> None:
        if not answer:
            assert self.client.last_except, self.client.last_error_as_txt
            raise Said(self.client.last_except)

    def _words(self, answer: list[int] | None) -> list[int]:
        self._done(answer)
        return answer or []


class MinimalMaster:
    """minimalmodbus's instrument."""

    def __init__(self, instrument: minimalmodbus.Instrument) -> None:
        self.instrument = instrument

    def read_input(self, address: int, count: int) -> list[int]:
        with _codes():
            return list(self.instrument.read_registers(address, count, functioncode=4))

    def read_holding(self, address: int, count: int) -> list[int]:
        with _codes():
            return list(self.instrument.read_registers(address, count, functioncode=3))

    def write(self, address: int, words: Sequence[int]) -> None:
        with _codes():
            self.instrument.write_registers(address, list(words))

    def write_one(self, address: int, word: int) -> None:
        with _codes():
            self.instrument.write_register(address, word, functioncode=6)


@contextmanager
def _codes() -> Iterator[None]:
    """Translate what the library makes of exception codes 1 to 3."""
    try:
        yield
    except minimalmodbus.IllegalRequestError as error:
        reasons = {"illegal function": 1, "illegal data address": 2, "illegal data value": 3}
        raise Said(next(code for text, code in reasons.items() if text in str(error))) from error


@contextmanager
def pymodbus_tcp(port: int, unit: int) -> Iterator[PymodbusMaster]:
    client = ModbusTcpClient("127.0.0.1", port=port, timeout=TIMEOUT_S, retries=0)
    assert client.connect()  # type: ignore[no-untyped-call]
    yield PymodbusMaster(client, unit)
    client.close()  # type: ignore[no-untyped-call]


@contextmanager
def pymodbus_rtu(device: str, unit: int) -> Iterator[PymodbusMaster]:
    client = ModbusSerialClient(device, baudrate=115_200, timeout=TIMEOUT_S, retries=0)
    assert client.connect()
    yield PymodbusMaster(client, unit)
    client.close()  # type: ignore[no-untyped-call]


@contextmanager
def pymodbustcp(port: int, unit: int) -> Iterator[PyModbusTcpMaster]:
    client = ModbusClient("127.0.0.1", port, unit_id=unit, timeout=TIMEOUT_S)
    yield PyModbusTcpMaster(client)
    client.close()


@contextmanager
def minimal_rtu(device: str, unit: int) -> Iterator[MinimalMaster]:
    # It waits for a whole answer of the expected length also when a refusal comes.
    with serial.Serial(device, 115_200, timeout=0.1) as port:
        yield MinimalMaster(minimalmodbus.Instrument(port, unit))
