"""What the strict link costs beside the bare pymodbus client: `python -m tests.bench.port_beside_pymodbus`.

Both ask one peer, in one process and in turns, so that a busy machine hits both alike. The peer answers each request
with bytes made beforehand: what is measured is the two clients, their sockets and the event loop. On a serial line
the wire takes a hundred times as long as both; there the work on the bytes of one exchange is compared.
"""

import asyncio
import statistics
import struct
import time
from collections.abc import Awaitable, Callable, Mapping

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.framer.rtu import FramerRTU
from pymodbus.pdu import DecodePDU
from pymodbus.pdu.register_message import ReadInputRegistersRequest

from hal.crc16 import crc16
from hal.modbus_framing import RtuFraming
from hal.modbus_link import TcpLink
from hal.modbus_request import reading_input

ROUNDS = 31
REQUESTS = 100
COUNT = 100
WORDS = list(range(20))

Ask = Callable[[], Awaitable[object]]


class Peer(asyncio.Protocol):
    """Answers by function with the same registers always; a request comes in one piece over loopback."""

    transport: asyncio.Transport

    ANSWERS: Mapping[int, bytes] = {
        4: bytes((4, 2 * COUNT)) + struct.pack(f">{COUNT}H", *range(COUNT)),
        16: struct.pack(">BHH", 16, 0, len(WORDS)),
        23: bytes((23, 2 * COUNT)) + struct.pack(f">{COUNT}H", *range(COUNT)),
    }

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        answer = self.ANSWERS[data[7]]
        self.transport.write(data[:4] + struct.pack(">H", len(answer) + 1) + data[6:7] + answer)


async def microseconds(ask: Ask) -> float:
    """Mean time of one request, in microseconds."""
    start = time.perf_counter()
    for _ in range(REQUESTS):
        await ask()
    return (time.perf_counter() - start) / REQUESTS * 1e6


async def compare(name: str, ours: Ask, theirs: Ask) -> None:
    """Ask in turns; print the medians."""
    strict, bare = [], []
    for _ in range(ROUNDS):
        strict.append(await microseconds(ours))
        bare.append(await microseconds(theirs))
    mine, other = statistics.median(strict), statistics.median(bare)
    print(f"{name}: link {mine:.0f} us, pymodbus client {other:.0f} us, ratio {mine / other:.2f}")


def on_a_line() -> None:
    """Frame a request and take its answer apart, as bytes alone; print the medians."""
    request, framing = reading_input(1, 0, COUNT), RtuFraming(crc16)
    body = b"\x01" + Peer.ANSWERS[4]
    answer = body + crc16(body)
    theirs = FramerRTU(DecodePDU(is_server=False))
    asked = ReadInputRegistersRequest(address=0, count=COUNT, dev_id=1)

    def strict() -> None:
        framing.begin(1, request.pdu, request.answer_head, request.answer_size)
        pdu = framing.feed(answer)
        assert pdu is not None
        request.check(pdu)
        framing.end()

    def bare() -> None:
        theirs.buildFrame(asked)
        _, pdu = theirs.handleFrame(answer, 1, 0)
        assert pdu is not None

    mine: list[float] = []
    other: list[float] = []
    for _ in range(ROUNDS):
        for run, times in ((strict, mine), (bare, other)):
            start = time.perf_counter()
            for _ in range(REQUESTS):
                run()
            times.append((time.perf_counter() - start) / REQUESTS * 1e6)
    ours, library = statistics.median(mine), statistics.median(other)
    print(f"RTU, {COUNT} registers, bytes alone: link {ours:.0f} us, pymodbus {library:.0f} us, ", end="")
    print(f"ratio {ours / library:.2f}")


async def main() -> None:
    """Measure and print."""
    server = await asyncio.get_running_loop().create_server(Peer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    link = TcpLink("127.0.0.1", port, timeout_s=0.5)
    await link.connect()
    client = AsyncModbusTcpClient("127.0.0.1", port=port, timeout=0.5, retries=0)
    await client.connect()
    await compare(
        f"FC4, {COUNT} registers",
        lambda: link.read_input(1, 0, COUNT),
        lambda: client.read_input_registers(0, count=COUNT, device_id=1),
    )
    await compare(
        f"FC16, {len(WORDS)} registers",
        lambda: link.write(1, 0, WORDS),
        lambda: client.write_registers(0, WORDS, device_id=1),
    )
    await compare(
        f"FC23, {COUNT} and {len(WORDS)} registers",
        lambda: link.read_write(1, 0, COUNT, 0, WORDS),
        lambda: client.readwrite_registers(
            read_address=0, read_count=COUNT, write_address=0, values=WORDS, device_id=1
        ),
    )
    await link.close()
    client.close()
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
    on_a_line()
