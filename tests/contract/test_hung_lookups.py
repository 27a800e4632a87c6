"""Name servers and directories of users that never answer: they cost whoever asks them, and nobody else."""

import asyncio
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from controller.api.visitors import Credentials, Visitors
from controller.domain.access import Access, Holders
from controller.domain.roles import Role
from hal import tcp_channel
from hal.errors import LinkDown
from hal.serial_port import SerialPort
from hal.tcp_channel import TcpChannel
from tests.support.modbus_peers import TcpPeer, line_at

pytestmark = pytest.mark.realtime

ASKED = 40
"""More than the running loop's own executor has threads: 32 at most."""

HUNG_S = 3.0

Question = Callable[[], None]

ACCESS = Access({Role.TECHNICIAN: Holders(users=("tom",))})


@pytest.fixture
def silence() -> Iterator[Question]:
    """A question that nobody answers before the test is over."""
    over = threading.Event()

    def ask() -> None:
        over.wait(HUNG_S)

    yield ask
    over.set()


async def names(folder: Path, silence: Question, monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again and again for a PLC whose name server is silent."""
    del folder
    monkeypatch.setattr(tcp_channel, "CONNECT_S", 0.002)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: silence())
    for _ in range(ASKED):
        with pytest.raises(LinkDown):
            await TcpChannel("plc.invalid", 502).open(lambda _: None, lambda _: None)


async def users(folder: Path, silence: Question, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one after another connect while the directory of users is silent."""
    del folder, monkeypatch

    class Directory:
        def user_name(self, uid: int) -> str | None:
            silence()
            return str(uid)

        def user_id(self, name: str) -> int | None:
            silence()
            return len(name)

        def group_id(self, name: str) -> int | None:
            silence()
            return len(name)

    visitors = Visitors(ACCESS, Directory(), lambda _: Credentials(7, 7, frozenset()), lookup_s=0.002)
    with socket.socket(socket.AF_UNIX) as connected:
        for _ in range(ASKED):
            assert (await visitors.know(connected)).by == "7:?"


async def devices(folder: Path, silence: Question, monkeypatch: pytest.MonkeyPatch) -> None:
    """Try for serial devices whose drivers hang."""
    with monkeypatch.context() as patch:
        patch.setattr(SerialPort, "_open_port", lambda _: silence())
        patch.setattr("hal.serial_port.OPEN_TIMEOUT_S", 0.002)
        for number in range(ASKED):
            with pytest.raises(LinkDown):
                await port_of(folder / str(number)).open(lambda _: None, lambda _: None)


@pytest.mark.parametrize("hang", [names, users, devices])
def test_what_hangs_keeps_no_line_closed_and_no_process_alive(
    hang: Callable[[Path, Question, pytest.MonkeyPatch], Awaitable[None]],
    silence: Question,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def run() -> None:
        await hang(tmp_path, silence, monkeypatch)
        with line_at(tmp_path, lambda _: ()) as (_, device):
            port = port_of(Path(device))
            await port.open(lambda _: None, lambda _: None)
            port.close()

    began_s = time.monotonic()
    asyncio.run(run())
    assert time.monotonic() - began_s < HUNG_S / 2
    # The interpreter waits at its end for every thread that is no daemon.
    assert all(each.daemon for each in threading.enumerate() if each is not threading.main_thread())


@pytest.mark.parametrize("host", ["plc..tower", "x" * 64 + ".tower"])
def test_a_name_that_no_host_can_have_is_no_link(host: str) -> None:
    channel = TcpChannel(host, 502)
    with pytest.raises(LinkDown, match="no host can have this name"):
        asyncio.run(channel.open(lambda _: None, lambda _: None))


def test_a_name_that_was_looked_up_too_late_is_looked_up_again(monkeypatch: pytest.MonkeyPatch) -> None:
    speaks = threading.Event()
    swift = socket.getaddrinfo

    def slow(*args: object, **options: object) -> object:
        speaks.wait(HUNG_S)
        return swift(*args, **options)  # type: ignore[arg-type]

    async def run() -> None:
        async with TcpPeer(lambda _t, _u, _p: ()) as peer:
            channel = TcpChannel("localhost", peer.port)
            with pytest.raises(LinkDown, match="no connection in time"):
                await channel.open(lambda _: None, lambda _: None)
            with pytest.raises(LinkDown, match="still being looked up"):
                await channel.open(lambda _: None, lambda _: None)
            speaks.set()
            await asyncio.sleep(0.05)
            # The peer listens at the second of the name's addresses, or at its only one.
            await channel.open(lambda _: None, lambda _: None)
            with closing(channel):
                assert channel.is_open

    monkeypatch.setattr(tcp_channel, "CONNECT_S", 0.02)
    monkeypatch.setattr(socket, "getaddrinfo", slow)
    asyncio.run(run())


def test_a_host_with_two_addresses_is_found_at_either(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        async with TcpPeer(lambda _t, _u, _p: ()) as peer:
            found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 0)) for each in ("127.0.0.9", "127.0.0.1")]
            monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
            channel = TcpChannel("plc.tower", peer.port)
            with closing(channel):
                await channel.open(lambda _: None, lambda _: None)
                assert channel.is_open

    asyncio.run(run())


def port_of(device: Path) -> SerialPort:
    return SerialPort(str(device), baud=115_200, parity="E", stop_bits=1)
