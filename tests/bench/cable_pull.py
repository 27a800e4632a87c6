"""A cable out and in again, with network namespaces (needs root and iproute2): `python -m tests.bench.cable_pull`.

Goals: the first error within the time-out, the link closed within 3 s, good again within 1 s after plug-in, and no
half-open connection left at the server.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from hal.errors import HalError
from hal.modbus_link import TcpLink
from sim_plc.server import TcpServer
from tests.support.registers import Registers

HOST, PORT = "10.99.0.2", 1503
UP = (
    "ip netns add plc",
    "ip link add vh type veth peer name vp",
    "ip link set vp netns plc",
    "ip addr add 10.99.0.1/24 dev vh",
    "ip link set vh up",
    "ip netns exec plc ip addr add 10.99.0.2/24 dev vp",
    "ip netns exec plc ip link set vp up",
)
UNPLUG, PLUG = "ip netns exec plc ip link set vp down", "ip netns exec plc ip link set vp up"


def run(command: str) -> None:
    subprocess.run(command.split(), check=True)


async def serve() -> None:
    """Serve in the other namespace and print how many connections stand."""
    server = TcpServer({1: Registers()}, "0.0.0.0", PORT)
    await server.start()
    shown = -1
    while True:
        await asyncio.sleep(0.2)
        if server.connections != shown:
            shown = server.connections
            print(f"    server holds {shown}", flush=True)


async def pull(outage_s: float, timeout_s: float) -> None:
    """Pull the cable for ``outage_s`` under a link that polls every 100 ms."""
    link = TcpLink(HOST, PORT, timeout_s=timeout_s)
    await link.connect()
    await link.read_input(1, 0, 10)
    run(UNPLUG)
    start = time.perf_counter()
    failed_s = closed_s = plugged_s = 0.0
    while True:
        if not plugged_s and time.perf_counter() - start > outage_s:
            run(PLUG)
            plugged_s = time.perf_counter() - start
        try:
            await link.connect()
            await link.read_input(1, 0, 10)
        except HalError:
            failed_s = failed_s or time.perf_counter() - start
        else:
            if plugged_s:
                break
        if not link.connected:
            closed_s = closed_s or time.perf_counter() - start
        await asyncio.sleep(0.1)
    good_s = time.perf_counter() - start - plugged_s
    print(f"out {outage_s} s, time-out {timeout_s} s: first error {failed_s:.2f} s, closed {closed_s:.2f} s, "
          f"good {good_s:.2f} s after plug-in", flush=True)
    await link.close()


@contextmanager
def wire() -> Iterator[None]:
    """Two namespaces joined by a pair of interfaces, a server in the other one."""
    for command in UP:
        run(command)
    serving = ["ip", "netns", "exec", "plc", sys.executable, "-m", "tests.bench.cable_pull", "serve"]
    server = subprocess.Popen(serving)
    try:
        yield
    finally:
        server.kill()
        server.wait()
        run("ip netns del plc")


async def main() -> None:
    """Pull and plug."""
    with wire():
        await asyncio.sleep(2)
        for outage_s, timeout_s in ((2, 0.3), (8, 0.3), (8, 0.5)):
            await pull(outage_s, timeout_s)
        await asyncio.sleep(1)


if __name__ == "__main__":
    asyncio.run(serve() if sys.argv[1:] else main())
