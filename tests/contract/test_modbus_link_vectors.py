"""Bytes of requests and answers, typed by hand from the Modbus specification: an oracle of neither end's making."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import serial

from hal.errors import Refused
from hal.modbus_link import ModbusLink, RtuLink, TcpLink
from sim_plc.pty_line import RtuLine
from sim_plc.server import TcpServer
from tests.support.modbus_peers import TcpPeer, line_at
from tests.support.registers import Registers

pytestmark = pytest.mark.realtime


@dataclass(frozen=True)
class Vector:
    """One exchange with unit 0x11: PDUs, and the check sums of their frames on a line (low byte first)."""

    call: Callable[[ModbusLink], Awaitable[object]]
    result: object
    request: str
    request_crc: str
    answer: str
    answer_crc: str


UNIT = 0x11
VECTORS = {
    # V1.1b3, section 6.3: registers 108 to 110 (addresses 0x6B..0x6D) hold 0x022B, 0, 100.
    "FC3": Vector(
        lambda link: link.read_holding(UNIT, 0x6B, 3),
        (0x022B, 0, 100),
        "03 00 6B 00 03",
        "76 87",
        "03 06 02 2B 00 00 00 64",
        "C8 BA",
    ),
    # V1.1b3, section 6.4: input register 9 (address 8) holds 10.
    "FC4": Vector(
        lambda link: link.read_input(UNIT, 8, 1), (10,), "04 00 08 00 01", "B2 98", "04 02 00 0A", "F8 F4"
    ),
    # V1.1b3, section 6.12: 0x000A and 0x0102 into registers 2 and 3 (address 1).
    "FC16": Vector(
        lambda link: link.write(UNIT, 1, [0x000A, 0x0102]),
        None,
        "10 00 01 00 02 04 00 0A 01 02",
        "C6 F0",
        "10 00 01 00 02",
        "12 98",
    ),
    # V1.1b3, section 6.17: read six registers from address 3, write three of 0x00FF at 14.
    "FC23": Vector(
        lambda link: link.read_write(UNIT, 3, 6, 14, [0xFF, 0xFF, 0xFF]),
        (0xFE, 0x0ACD, 1, 3, 13, 0xFF),
        "17 00 03 00 06 00 0E 00 03 06 00 FF 00 FF 00 FF",
        "4B 54",
        "17 0C 00 FE 0A CD 00 01 00 03 00 0D 00 FF",
        "0D 75",
    ),
}
REFUSALS = {
    "FC3": Vector(lambda link: link.read_holding(UNIT, 0x7D0, 1), (3, 2), "03 07 D0 00 01", "86 17", "83 02", "C1 34"),
    "FC16": Vector(
        lambda link: link.write(UNIT, 0x7D0, [1]), (16, 2), "10 07 D0 00 01 02 00 01", "CF 00", "90 02", "CC 04"
    ),
}

every_vector = pytest.mark.parametrize(
    "vector", [*VECTORS.values(), *REFUSALS.values()], ids=[*VECTORS, *(f"{name}-refused" for name in REFUSALS)]
)


def registers() -> Registers:
    """A unit that holds what the vectors read."""
    unit = Registers(200)
    unit.holding[0x6B:0x6E] = [0x022B, 0, 100]
    unit.holding[3:9] = [0xFE, 0x0ACD, 1, 3, 13, 0xFF]
    unit.input[8] = 10
    return unit


def tcp(transaction: int, pdu: str) -> bytes:
    """MBAP header, typed out: transaction, protocol 0, length, unit 0x11."""
    body = bytes.fromhex(pdu)
    return bytes((0, transaction, 0, 0, 0, len(body) + 1, UNIT)) + body


def line(pdu: str, crc: str) -> bytes:
    return bytes.fromhex(f"11 {pdu} {crc}")


async def outcome(vector: Vector, link: ModbusLink) -> object:
    try:
        return await vector.call(link)
    except Refused as refusal:
        return refusal.function, refusal.code


@every_vector
def test_the_tcp_link_speaks_these_bytes(vector: Vector) -> None:
    async def run() -> None:
        heard = []

        def behave(transaction: int, unit: int, pdu: bytes) -> tuple[bytes]:
            heard.append((transaction, unit, pdu))
            return (tcp(1, vector.answer),)

        async with TcpPeer(behave) as peer:
            link = TcpLink("127.0.0.1", peer.port, timeout_s=0.3)
            await link.connect()
            assert await outcome(vector, link) == vector.result
            await link.close()
        assert heard == [(1, UNIT, bytes.fromhex(vector.request))]

    asyncio.run(run())


@every_vector
def test_the_rtu_link_speaks_these_bytes(vector: Vector, tmp_path: Path) -> None:
    async def run() -> None:
        with line_at(tmp_path, lambda _frame: (line(vector.answer, vector.answer_crc),)) as (peer, device):
            link = RtuLink(device, baud=115_200, parity="E", stop_bits=1, timeout_s=0.3, reply_max_s=0.0)
            await link.connect()
            assert await outcome(vector, link) == vector.result
            assert peer.requests == [line(vector.request, vector.request_crc)]
            await link.close()

    asyncio.run(run())


@every_vector
def test_the_tcp_server_speaks_these_bytes(vector: Vector) -> None:
    async def run() -> None:
        server = TcpServer({UNIT: registers()}, "127.0.0.1", 0)
        await server.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(tcp(9, vector.request))
        expected = tcp(9, vector.answer)
        assert await asyncio.wait_for(reader.readexactly(len(expected)), 1.0) == expected
        writer.close()
        await server.stop()

    asyncio.run(run())


@every_vector
def test_the_line_speaks_these_bytes(vector: Vector, tmp_path: Path) -> None:
    async def run() -> None:
        rtu_line = RtuLine({UNIT: registers()}, tmp_path / "line.tty", baud=115_200)
        await rtu_line.start()
        expected = line(vector.answer, vector.answer_crc)
        with serial.Serial(str(tmp_path / "line.tty"), 115_200, timeout=0.5) as port:
            port.write(line(vector.request, vector.request_crc))
            assert await asyncio.to_thread(port.read, len(expected)) == expected
        await rtu_line.stop()

    asyncio.run(run())


def test_identification_speaks_these_bytes() -> None:
    # V1.1b3, section 6.21: basic stream from object 0: vendor, product code, revision.
    async def run() -> None:
        server = TcpServer({UNIT: registers()}, "127.0.0.1", 0)
        await server.start()

        def ask() -> bytes:
            with socket.create_connection(("127.0.0.1", server.port), 1.0) as sock:
                sock.sendall(tcp(3, "2B 0E 01 00"))
                return sock.recv(300)

        assert await asyncio.to_thread(ask) == tcp(
            3, "2B 0E 01 83 00 00 03 00 08 63 61 72 74 6F 77 65 72 01 06 43 54 2D 50 4C 43 02 03 31 2E 30"
        )
        await server.stop()

    asyncio.run(run())
