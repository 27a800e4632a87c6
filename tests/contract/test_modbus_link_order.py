"""Who is served first on a link, and that a turn is never lost."""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable
from pathlib import Path

import pytest

from hal.errors import NoAnswer
from hal.modbus_link import ModbusLink, RtuLink, TcpLink
from hal.turnstile import Turnstile
from tests.support.modbus_peers import Pieces, TcpPeer, line_at, mbap, registers_of, rtu


async def served(link: ModbusLink) -> list[str]:
    """Queue a first request, five more, and two urgent ones behind them; return the order of their answers."""
    order: list[str] = []

    async def note(name: str, request: Awaitable[object]) -> None:
        await request
        order.append(name)

    requests = [asyncio.create_task(note(f"read {i}", link.read_input(1, 0, 1))) for i in range(6)]
    await asyncio.sleep(0.005)
    requests.append(asyncio.create_task(note("stop", link.write(1, 5, [1], urgent=True))))
    requests.append(asyncio.create_task(note("look", link.read_input(1, 0, 1, urgent=True))))
    await asyncio.gather(*requests)
    return order


EXPECTED = ["read 0", "stop", "look", "read 1", "read 2", "read 3", "read 4", "read 5"]


@pytest.mark.realtime
def test_an_urgent_request_overtakes_all_that_wait_on_tcp() -> None:
    def behave(transaction: int, unit: int, pdu: bytes) -> Pieces:
        return (0.02, mbap(transaction, unit, pdu[:5] if pdu[0] == 16 else registers_of(4, (0,))))

    async def run() -> list[str]:
        async with TcpPeer(behave) as peer:
            link = TcpLink("127.0.0.1", peer.port, timeout_s=0.3)
            await link.connect()
            order = await served(link)
            await link.close()
        return order

    assert asyncio.run(run()) == EXPECTED


@pytest.mark.realtime
def test_an_urgent_request_overtakes_all_that_wait_on_a_line(tmp_path: Path) -> None:
    def behave(frame: bytes) -> Pieces:
        return (0.02, rtu(1, frame[1:6] if frame[1] == 16 else registers_of(4, (0,))))

    async def run() -> list[str]:
        with line_at(tmp_path, behave) as (_, device):
            link = RtuLink(device, baud=115_200, parity="E", stop_bits=1, timeout_s=0.3, reply_max_s=0.0)
            await link.connect()
            order = await served(link)
            await link.close()
        return order

    assert asyncio.run(run()) == EXPECTED


@pytest.mark.realtime
def test_an_urgent_request_made_while_a_line_is_drained_is_the_first_after_it(tmp_path: Path) -> None:
    def behave(frame: bytes) -> Pieces:
        return () if frame[3] == 0 else (rtu(1, frame[1:6]),)

    async def run() -> None:
        with line_at(tmp_path, behave) as (peer, device):
            link = RtuLink(device, baud=115_200, parity="E", stop_bits=1, timeout_s=0.03, reply_max_s=0.06)
            await link.connect()
            with pytest.raises(NoAnswer):
                await link.write(1, 0, [0])
            waiting = asyncio.create_task(link.write(1, 1, [0]))
            await asyncio.sleep(0.01)
            await link.write(1, 2, [0], urgent=True)
            await waiting
            assert [frame[3] for frame in peer.requests] == [0, 2, 1]
            await link.close()

    asyncio.run(run())


@pytest.mark.realtime
def test_one_request_is_in_flight_at_a_time() -> None:
    flying = most = 0

    def behave(transaction: int, unit: int, _pdu: bytes) -> Pieces:
        nonlocal flying, most
        flying += 1
        most = max(most, flying)

        def land() -> None:
            nonlocal flying
            flying -= 1

        asyncio.get_running_loop().call_later(0.005, land)
        return (0.006, mbap(transaction, unit, registers_of(4, (0,))))

    async def run() -> None:
        async with TcpPeer(behave) as peer:
            link = TcpLink("127.0.0.1", peer.port, timeout_s=0.3)
            await link.connect()
            await asyncio.gather(*(link.read_input(1, 0, 1) for _ in range(10)))
            await link.close()

    asyncio.run(run())
    assert most == 1


def test_a_turn_handed_to_a_waiter_that_is_cancelled_in_that_instant_goes_on() -> None:
    async def run() -> None:
        turnstile = Turnstile()
        assert await turnstile.enter(urgent=False)
        first = asyncio.create_task(turnstile.enter(urgent=False))
        second = asyncio.create_task(turnstile.enter(urgent=False))
        await asyncio.sleep(0)
        turnstile.leave()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert await second
        assert not turnstile.try_enter()

    asyncio.run(run())


def test_a_waiter_that_is_cancelled_leaves_the_queue() -> None:
    async def run() -> None:
        turnstile = Turnstile()
        assert turnstile.try_enter()
        waiter = asyncio.create_task(turnstile.enter(urgent=True))
        await asyncio.sleep(0)
        assert turnstile.waiting == 1
        waiter.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiter
        assert turnstile.waiting == 0
        turnstile.leave()
        assert turnstile.try_enter()

    asyncio.run(run())


def test_a_cancelled_waiter_that_has_not_run_yet_gets_no_turn() -> None:
    async def run() -> None:
        turnstile = Turnstile()
        assert turnstile.try_enter()
        waiter = asyncio.create_task(turnstile.enter(urgent=False))
        await asyncio.sleep(0)
        waiter.cancel()
        turnstile.leave()
        assert turnstile.try_enter()
        with pytest.raises(asyncio.CancelledError):
            await waiter
        assert not turnstile.try_enter()

    asyncio.run(run())


def test_dismissed_waiters_get_no_turn_and_the_holder_keeps_its() -> None:
    async def run() -> None:
        turnstile = Turnstile()
        assert turnstile.try_enter()
        waiters = [asyncio.create_task(turnstile.enter(urgent=urgent)) for urgent in (True, False)]
        await asyncio.sleep(0)
        turnstile.dismiss()
        assert await asyncio.gather(*waiters) == [False, False]
        assert not turnstile.try_enter()

    asyncio.run(run())


def test_the_hardware_layer_imports_no_modbus_server_and_nothing_heavy() -> None:
    code = (
        "import sys, hal.modbus_link;"
        "print(sorted(m for m in sys.modules if m.startswith(('pymodbus.server', 'pymodbus.client', 'aiohttp'))))"
    )
    root = Path(__file__).parents[2]
    printed = subprocess.check_output([sys.executable, "-c", code], text=True, timeout=30, cwd=root)
    assert printed.strip() == "[]"
