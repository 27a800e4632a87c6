"""What the TCP server does for any client (Messaging on TCP/IP Implementation Guide V1.0b): bytes typed by hand."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from sim_plc.server import TcpServer
from sim_plc.unit import Unit
from sim_plc.wire_faults import WireFaults
from tests.support.modbus_peers import mbap
from tests.support.registers import Registers

pytestmark = pytest.mark.realtime

UNIT = 1

Scene = Callable[[TcpServer, Registers], Awaitable[None]]


def play(
    scene: Scene,
    *,
    before: Callable[[], None] | None = None,
    faults: WireFaults | None = None,
    others: dict[int, Unit] | None = None,
    idle_s: float = 60.0,
) -> None:
    async def run() -> None:
        unit = Registers()
        units = {UNIT: unit, **(others or {})}
        server = TcpServer(units, "127.0.0.1", 0, before, faults, idle_s=idle_s)
        await server.start()
        try:
            await scene(server, unit)
        finally:
            await server.stop()

    asyncio.run(run())


class Client:
    """A raw connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def to(cls, server: TcpServer) -> "Client":
        return cls(*await asyncio.open_connection("127.0.0.1", server.port))

    def send(self, request: bytes | str) -> None:
        self.writer.write(bytes.fromhex(request) if isinstance(request, str) else request)

    async def ask(self, request: bytes | str) -> bytes:
        self.send(request)
        return await self.next()

    async def asked(self, request: str) -> str:
        return (await self.ask(request)).hex(" ").upper()

    async def next(self) -> bytes:
        head = await asyncio.wait_for(self.reader.readexactly(7), 1.0)
        return head + await asyncio.wait_for(self.reader.readexactly(struct.unpack(">H", head[4:6])[0] - 1), 1.0)

    async def ended(self) -> bool:
        """Whether the server closes within a second."""
        try:
            return await asyncio.wait_for(self.reader.read(1), 1.0) == b""
        except ConnectionError:
            return True


def read_one(transaction: int, address: int, unit: int = UNIT) -> bytes:
    return mbap(transaction, unit, struct.pack(">BHH", 3, address, 1))


def one(transaction: int, value: int) -> bytes:
    return mbap(transaction, UNIT, struct.pack(">BBH", 3, 2, value))


# Frames in a stream


def test_an_answer_repeats_transaction_and_unit_with_its_own_length() -> None:
    async def scene(server: TcpServer, _unit: Registers) -> None:
        client = await Client.to(server)
        assert await client.asked("15 01 00 00 00 06 01 03 00 04 00 02") == "15 01 00 00 00 07 01 03 04 00 04 00 05"
        assert await client.asked("FF FF 00 00 00 06 01 04 00 00 00 01") == "FF FF 00 00 00 05 01 04 02 03 E8"
        assert await client.asked("00 00 00 00 00 02 01 07") == "00 00 00 00 00 03 01 87 01"
        client.writer.close()

    play(scene)


@pytest.mark.parametrize("count", [10, 100])
def test_pipelined_requests_in_one_segment_are_each_answered_in_order_with_their_own_id(count: int) -> None:
    async def scene(server: TcpServer, unit: Registers) -> None:
        client = await Client.to(server)
        client.send(b"".join(read_one(1000 - i, i) for i in range(count)))
        assert [await client.next() for _ in range(count)] == [one(1000 - i, i) for i in range(count)]
        assert [address for _, address, _ in unit.calls] == list(range(count))
        client.writer.close()

    play(scene)


def test_requests_go_on_being_taken_while_answers_go_out() -> None:
    async def scene(server: TcpServer, _unit: Registers) -> None:
        client = await Client.to(server)
        for wave in range(5):
            for i in range(16):
                client.send(read_one(wave * 16 + i, i))
            await asyncio.sleep(0.001)
        assert [await client.next() for _ in range(80)] == [one(i, i % 16) for i in range(80)]
        client.writer.close()

    play(scene)


def test_requests_in_single_bytes_are_answered() -> None:
    async def scene(server: TcpServer, _unit: Registers) -> None:
        client = await Client.to(server)
        for byte in read_one(7, 42) + read_one(8, 43):
            client.send(bytes((byte,)))
            await asyncio.sleep(0.0005)
        assert [await client.next(), await client.next()] == [one(7, 42), one(8, 43)]
        client.writer.close()

    play(scene)


@pytest.mark.parametrize("cut", range(1, 24))
def test_two_requests_cut_anywhere_are_answered(cut: int) -> None:
    async def scene(server: TcpServer, _unit: Registers) -> None:
        client = await Client.to(server)
        both = read_one(1, 4) + read_one(2, 5)
        client.send(both[:cut])
        await asyncio.sleep(0.002)
        client.send(both[cut:])
        assert [await client.next(), await client.next()] == [one(1, 4), one(2, 5)]
        client.writer.close()

    play(scene)


def test_the_longest_frame_is_taken() -> None:
    async def scene(server: TcpServer, _unit: Registers) -> None:
        client = await Client.to(server)
        assert await client.asked("00 01 00 00 00 FE 01 07" + " 00" * 252) == "00 01 00 00 00 03 01 87 01"
        write = "00 02 00 00 00 FD 01 10 00 00 00 7B F6" + " 12 34" * 123
        assert await client.asked(write) == "00 02 00 00 00 06 01 10 00 00 00 7B"
        client.writer.close()

    play(scene)


@pytest.mark.parametrize("protocol", ["00 01", "01 00", "FF FF"])
def test_another_protocol_is_discarded_and_the_server_is_not_deaf(protocol: str) -> None:
    async def scene(server: TcpServer, unit: Registers) -> None:
        client = await Client.to(server)
        foreign = bytes.fromhex(f"00 01 {protocol} 00 06 01 03 00 00 00 01")
        assert await client.ask(read_one(1, 4) + foreign + read_one(2, 5)) == one(1, 4)
        assert await client.next() == one(2, 5)
        assert len(unit.calls) == 2
        client.writer.close()

    play(scene)


@pytest.mark.parametrize("length", ["00 00", "00 01", "00 FF", "01 00", "FF FF"])
def test_a_length_that_no_frame_has_ends_the_connection_once_earlier_answers_are_out(length: str) -> None:
    async def scene(server: TcpServer, unit: Registers) -> None:
        client, other = await Client.to(server), await Client.to(server)
        impossible = bytes.fromhex(f"00 02 00 00 {length} 01 03 00 00 00 01")
        client.send(read_one(1, 4) + impossible + read_one(3, 6))
        assert await client.next() == one(1, 4)
        assert await client.ended()
        assert len(unit.calls) == 1
        assert server.connections == 1
        assert await other.ask(read_one(9, 5)) == one(9, 5)
        again = await Client.to(server)
        assert await again.ask(read_one(4, 7)) == one(4, 7)
        for each in (client, other, again):
            each.writer.close()

    play(scene)


@pytest.mark.parametrize(
    "noise",
    [b"GET / HTTP/1.1\r\nHost: plc\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", b"\xff" * 600],
    ids=["http", "tls", "noise"],
)
def test_who_speaks_something_else_is_shown_out(noise: bytes) -> None:
    async def scene(server: TcpServer, unit: Registers) -> None:
        client = await Client.to(server)
        client.send(noise)
        assert await client.ended()
        assert unit.calls == []
        assert server.connections == 0
        client.writer.close()

    play(scene)


# Unit ids


def test_unit_0_and_255_mean_the_station_at_the_address() -> None:
    async def scene(server: TcpServer, _unit: Registers) -> None:
        client = await Client.to(server)
        for unit in ("00", "FF", "01"):
            reply = await client.asked(f"00 07 00 00 00 06 {unit} 03 00 04 00 01")
            assert reply == f"00 07 00 00 00 05 {unit} 03 02 00 04"
        client.writer.close()

    play(scene)


def test_where_stations_share_an_address_their_own_ids_tell_them_apart() -> None:
    other = Registers()
    other.holding[4] = 0xBEEF

    async def scene(server: TcpServer, _unit: Registers) -> None:
        client = await Client.to(server)
        assert await client.asked("00 07 00 00 00 06 01 03 00 04 00 01") == "00 07 00 00 00 05 01 03 02 00 04"
        assert await client.asked("00 07 00 00 00 06 02 03 00 04 00 01") == "00 07 00 00 00 05 02 03 02 BE EF"
        assert await client.asked("00 07 00 00 00 06 00 03 00 04 00 01") == "00 07 00 00 00 03 00 83 0A"
        assert await client.asked("00 07 00 00 00 06 FF 03 00 04 00 01") == "00 07 00 00 00 03 FF 83 0A"
        client.writer.close()

    play(scene, others={2: other})


def test_an_unknown_unit_is_exception_0x0b() -> None:
    async def scene(server: TcpServer, unit: Registers) -> None:
        client = await Client.to(server)
        assert await client.asked("00 01 00 00 00 06 09 03 00 00 00 01") == "00 01 00 00 00 03 09 83 0B"
        assert await client.asked("00 02 00 00 00 09 09 10 00 00 00 01 02 BE EF") == "00 02 00 00 00 03 09 90 0B"
        assert unit.calls == []
        client.writer.close()

    play(scene)


def test_a_write_to_unit_0_is_no_broadcast_here() -> None:
    other = Registers()

    async def scene(server: TcpServer, unit: Registers) -> None:
        client = await Client.to(server)
        assert await client.asked("00 01 00 00 00 09 00 10 00 00 00 01 02 BE EF") == "00 01 00 00 00 03 00 90 0A"
        assert unit.calls == other.calls == []
        client.writer.close()

    play(scene, others={2: other})


# Stations


def test_identification_is_served() -> None:
    async def scene(server: TcpServer, _unit: Registers) -> None:
        client = await Client.to(server)
        reply = await client.asked("00 01 00 00 00 05 01 2B 0E 01 01")
        assert reply == "00 01 00 00 00 15 01 2B 0E 01 83 00 00 02 01 06 43 54 2D 50 4C 43 02 03 31 2E 30"
        client.writer.close()

    play(scene)


def test_time_advances_before_each_request() -> None:
    times: list[int] = []

    async def scene(server: TcpServer, unit: Registers) -> None:
        client = await Client.to(server)
        client.send(read_one(1, 0) + read_one(2, 0))
        await client.next()
        await client.next()
        assert times == [0, 1]
        assert len(unit.calls) == 2
        client.writer.close()

    play(scene, before=lambda: times.append(len(times)))


class Broken(Registers):
    """Its program fails at each read."""

    def read_holding(self, address: int, count: int) -> Sequence[int]:
        raise ZeroDivisionError("in a rung")


def test_a_station_that_fails_costs_nobody_the_connection() -> None:
    told: list[dict[str, Any]] = []

    async def scene(server: TcpServer, _unit: Registers) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: told.append(context))
        client = await Client.to(server)
        assert await client.asked("00 01 00 00 00 06 02 03 00 00 00 01") == "00 01 00 00 00 03 02 83 04"
        assert await client.asked("00 02 00 00 00 06 01 03 00 04 00 01") == "00 02 00 00 00 05 01 03 02 00 04"
        assert len(told) == 1
        client.writer.close()

    play(scene, others={2: Broken()})


# Connections


def test_twenty_connections_are_served_and_one_more_takes_the_place_of_the_most_silent() -> None:
    async def scene(server: TcpServer, _unit: Registers) -> None:
        clients = [await Client.to(server) for _ in range(20)]
        for transaction, client in enumerate(clients):
            if transaction != 3:
                assert await client.ask(read_one(transaction, transaction)) == one(transaction, transaction)
        late = await Client.to(server)
        assert await late.ask(read_one(1, 1)) == one(1, 1)
        assert await clients[3].ended()
        assert server.connections == 20
        assert await clients[0].ask(read_one(1, 1)) == one(1, 1)
        for client in (*clients, late):
            client.writer.close()

    play(scene)


def test_a_storm_of_connections_does_not_cost_a_polling_master_its_own() -> None:
    async def scene(server: TcpServer, _unit: Registers) -> None:
        master = await Client.to(server)
        crowd = []
        for transaction in range(60):
            crowd.append(await Client.to(server))
            if transaction % 10 == 0:
                assert await master.ask(read_one(transaction, 1)) == one(transaction, 1)
        assert server.connections == 20
        for client in (*crowd, master):
            client.writer.close()

    play(scene)


def test_who_asks_much_leaves_the_others_their_turn() -> None:
    async def scene(server: TcpServer, unit: Registers) -> None:
        busy, other = await Client.to(server), await Client.to(server)
        busy.send(read_one(1, 1) * 1500)
        assert await other.ask(read_one(2, 2)) == one(2, 2)
        assert unit.calls.index(("read_holding", 2, 1)) < 1000
        for _ in range(1500):
            assert await busy.next() == one(1, 1)
        for client in (busy, other):
            client.writer.close()

    play(scene)


def test_accepted_connections_are_kept_alive_so_that_half_open_ones_end() -> None:
    async def scene(server: TcpServer, _unit: Registers) -> None:
        client = await Client.to(server)
        await client.ask(read_one(1, 0))
        (connection,) = server._connections
        sock: socket.socket = connection._transport.get_extra_info("socket")
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
        idle_s = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)
        probes_s = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL) * sock.getsockopt(
            socket.IPPROTO_TCP, socket.TCP_KEEPCNT
        )
        assert idle_s + probes_s <= 10
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) <= 10_000
        client.writer.close()

    play(scene)


@pytest.mark.parametrize(
    "sent",
    [b"", read_one(1, 0)[:9], mbap(1, UNIT, b"\x03\x00\x00\x00\x01", protocol=7)],
    ids=["nothing", "half-a-frame", "another-protocol"],
)
def test_a_connection_without_a_whole_request_is_dropped_at_the_idle_limit(sent: bytes) -> None:
    async def scene(server: TcpServer, _unit: Registers) -> None:
        loop = asyncio.get_running_loop()
        start = loop.time()
        client = await Client.to(server)
        client.send(sent)
        assert await client.ended()
        assert loop.time() - start >= 0.1
        assert server.connections == 0
        client.writer.close()

    play(scene, idle_s=0.1)


def test_bytes_that_drip_in_do_not_put_the_idle_limit_off_but_requests_do() -> None:
    async def scene(server: TcpServer, _unit: Registers) -> None:
        dripping, asking = await Client.to(server), await Client.to(server)
        for index in range(8):
            dripping.send(read_one(1, 0)[index : index + 1])
            assert await asking.ask(read_one(index, 1)) == one(index, 1)
            await asyncio.sleep(0.05)
        assert await dripping.ended()
        assert server.connections == 1
        for client in (dripping, asking):
            client.writer.close()

    play(scene, idle_s=0.25)


def test_stopping_drops_every_connection_and_frees_the_port() -> None:
    async def scene(server: TcpServer, _unit: Registers) -> None:
        client = await Client.to(server)
        await client.ask(read_one(1, 0))
        await server.stop()
        await server.stop()
        assert await client.ended()
        client.writer.close()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", server.port)
        await server.start()
        client = await Client.to(server)
        assert await client.ask(read_one(1, 8)) == one(1, 8)
        client.writer.close()

    play(scene)


Plan = Callable[[bytes], Sequence[tuple[float, bytes]]]


class Bent:
    """One plan after another: the pieces that leave in place of an answer, each with its delay."""

    def __init__(self, *plans: Plan) -> None:
        self._plans = iter(plans)

    def bend(self, frame: bytes) -> Sequence[tuple[float, bytes]]:
        return next(self._plans)(frame)


def test_answers_can_be_doubled_delayed_and_dropped() -> None:
    faults = Bent(
        lambda frame: [(0.0, frame), (0.0, frame)],
        lambda frame: [(0.05, frame)],
        lambda _frame: [],
        lambda frame: [(0.0, frame)],
    )

    async def scene(server: TcpServer, _unit: Registers) -> None:
        client = await Client.to(server)
        loop = asyncio.get_running_loop()
        assert [await client.ask(read_one(1, 1)), await client.next()] == [one(1, 1)] * 2
        start = loop.time()
        assert await client.ask(read_one(2, 2)) == one(2, 2)
        assert loop.time() - start >= 0.05
        client.writer.write(read_one(3, 3))
        assert await client.ask(read_one(4, 4)) == one(4, 4)
        client.writer.close()

    play(scene, faults=faults)
