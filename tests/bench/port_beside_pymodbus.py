"""What the strict link costs beside the bare pymodbus client: `python -m tests.bench.port_beside_pymodbus`.

Both read 100 input registers from one server, in one process and in turns, so that a busy machine hits both alike.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable

from pymodbus.client import AsyncModbusTcpClient

from hal.modbus_link import TcpLink
from sim_plc.server import TcpServer
from tests.support.registers import Registers

ROUNDS = 21
READS = 100
COUNT = 100


async def microseconds(read: Callable[[], Awaitable[object]]) -> float:
    """Mean time of one read, in microseconds."""
    start = time.perf_counter()
    for _ in range(READS):
        await read()
    return (time.perf_counter() - start) / READS * 1e6


async def main() -> None:
    """Measure and print."""
    server = TcpServer({1: Registers()}, "127.0.0.1", 0)
    await server.start()
    link = TcpLink("127.0.0.1", server.port, timeout_s=0.5)
    await link.connect()
    client = AsyncModbusTcpClient("127.0.0.1", port=server.port, timeout=0.5, retries=0)
    await client.connect()
    strict, bare = [], []
    for _ in range(ROUNDS):
        strict.append(await microseconds(lambda: link.read_input(1, 0, COUNT)))
        bare.append(await microseconds(lambda: client.read_input_registers(0, count=COUNT, device_id=1)))
    ours, theirs = statistics.median(strict), statistics.median(bare)
    print(f"read of {COUNT} registers: link {ours:.0f} us, pymodbus client {theirs:.0f} us, ratio {ours / theirs:.2f}")
    print("(one process: each figure holds the server's share as well)")
    await link.close()
    client.close()
    await server.stop()


if __name__ == "__main__":
    asyncio.run(main())
