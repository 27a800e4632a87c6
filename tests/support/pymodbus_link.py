"""pymodbus in process: its client and its server, whole, over the transport in memory that it has for tests.

A rehearsed tower whose daemon speaks through it is a rehearsal with every frame encoded and decoded by somebody else's
codec, at both ends. On serial buses the frames are those of RTU.
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final, TypeVar

from pymodbus import FramerType
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.constants import ExcCodes
from pymodbus.pdu import ModbusPDU
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice
from pymodbus.transport import NULLMODEM_HOST

from controller.app import Ports
from hal.errors import LinkDown, Refused
from sim_plc.rehearsal.life import Life
from sim_plc.rehearsal.memory_link import READ_INPUT, Turn
from sim_plc.rehearsal.wiring import LATENCY_S
from sim_plc.rehearsal.world import World
from sim_plc.unit import ModbusRefusal, Unit

T = TypeVar("T", bound=ModbusPDU)

_PORTS: Final = itertools.count(1)
"""Listeners in memory are found by their number, in one table for the whole process."""


class Registers:
    """What pymodbus' server asks for registers: units of ours."""

    def __init__(self, units: Mapping[int, Unit]) -> None:
        self._units = units

    async def async_getValues(  # noqa: N802 - the name is pymodbus'
        self, device_id: int, func_code: int, address: int, count: int = 1
    ) -> list[int] | ExcCodes:
        """Read registers of a unit."""
        unit = self._units[device_id]
        try:
            read = unit.read_input if func_code == READ_INPUT else unit.read_holding
            return list(read(address, count))
        except ModbusRefusal as refusal:
            return ExcCodes(refusal.code)

    async def async_setValues(  # noqa: N802 - the name is pymodbus'
        self, device_id: int, func_code: int, address: int, values: Sequence[int]
    ) -> ExcCodes | None:
        """Write registers of a unit."""
        del func_code
        try:
            self._units[device_id].write(address, values)
        except ModbusRefusal as refusal:
            return ExcCodes(refusal.code)
        return None


class PymodbusLink:
    """A `hal.link.Link`: pymodbus' client, and beside it, unseen, the server that it talks to."""

    def __init__(self, units: Mapping[int, Unit], *, serial: bool) -> None:
        self._port = next(_PORTS)
        self._framer = FramerType.RTU if serial else FramerType.SOCKET
        nothing = [SimData(0, values=[0], datatype=DataType.REGISTERS)]
        self._server = ModbusTcpServer(
            SimDevice(1, simdata=nothing), framer=self._framer, address=(NULLMODEM_HOST, self._port)
        )
        self._server.context = Registers(units)  # type: ignore[assignment]
        self._client = AsyncModbusTcpClient(
            NULLMODEM_HOST, port=self._port, framer=self._framer, timeout=0.3, retries=0, reconnect_delay=0
        )
        self._listening = False
        self._turn = Turn()
        self._generation = 0

    @property
    def connected(self) -> bool:
        """Whether a connection stands."""
        return self._client.connected

    @property
    def generation(self) -> int:
        """Rises with each new connection: 0 before the first."""
        return self._generation

    async def connect(self) -> None:
        """Connect if not connected."""
        if self._client.connected:
            return
        if not self._listening:
            self._listening = True
            await self._server.serve_forever(background=True)
        if not await self._client.connect():
            raise LinkDown("pymodbus does not connect")
        self._generation += 1

    async def close(self) -> None:
        """Close the connection, and the server's end with it."""
        self._client.close()
        self._server.close()

    async def read_input(self, unit: int, address: int, count: int, *, urgent: bool = False) -> tuple[int, ...]:
        """Read input registers."""
        asked = partial(self._client.read_input_registers, address, count=count, device_id=unit)
        return tuple((await self._answered(asked, urgent=urgent)).registers)

    async def read_holding(self, unit: int, address: int, count: int, *, urgent: bool = False) -> tuple[int, ...]:
        """Read holding registers."""
        asked = partial(self._client.read_holding_registers, address, count=count, device_id=unit)
        return tuple((await self._answered(asked, urgent=urgent)).registers)

    async def write(self, unit: int, address: int, words: Sequence[int], *, urgent: bool = False) -> None:
        """Write holding registers."""
        asked = partial(self._client.write_registers, address, list(words), device_id=unit)
        await self._answered(asked, urgent=urgent)

    async def read_write(
        self,
        unit: int,
        read_address: int,
        read_count: int,
        write_address: int,
        words: Sequence[int],
        *,
        urgent: bool = False,
    ) -> tuple[int, ...]:
        """Write, then read holding registers."""
        asked = partial(
            self._client.readwrite_registers,
            read_address=read_address,
            read_count=read_count,
            write_address=write_address,
            values=list(words),
            device_id=unit,
        )
        return tuple((await self._answered(asked, urgent=urgent)).registers)

    async def _answered(self, asked: Callable[[], Awaitable[T]], *, urgent: bool) -> T:
        await self._turn.take(urgent=urgent)
        try:
            await asyncio.sleep(LATENCY_S)
            answer = await asked()
        finally:
            self._turn.give()
        if answer.isError():
            raise Refused(answer.function_code & 0x7F, answer.exception_code)
        return answer


class PymodbusWorld(World):
    """A world in which the daemon's wires are pymodbus."""

    def ports(self, life: Life) -> Ports:
        """Return the ports of a daemon with such links."""
        return replace(super().ports(life), links=self._pymodbus)

    def _pymodbus(self, bus: str) -> Any:
        return PymodbusLink(self.units(bus), serial=self.tower.bus[bus].kind == "rtu")
