"""What the TCP server must do for any client, asked over raw sockets."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Sequence

import pytest

from sim_plc.server import MAX_CONNECTIONS, TcpServer, answer
from sim_plc.wire_faults import WireFaults
from tests.support.modbus_peers import mbap
from tests.support.registers import Registers

UNIT = 1


def asked(unit: Registers, request: str) -> str:
    """Ask a unit one PDU, both in hex."""
    return answer(unit, bytes.fromhex(request)).hex(" ").upper()


# What a unit answers: no transport, no time


@pytest.mark.parametrize("function", [f for f in range(1, 128) if f not in {3, 4, 16, 23, 43}])
def test_every_other_function_is_exception_1(function: int) -> None:
    unit = Registers()
    assert asked(unit, f"{function:02X} 00 00 00 01") == f"{function | 0x80:02X} 01"
    assert unit.calls == []


@pytest.mark.parametrize(
    "request_",
    [
        "03 00 00 00 00",
        "03 00 00 00 7E",
        "03 00 00 FF FF",
        "03 00 00 00",
        "03 00 00 00 01 00",
        "03",
        "04 00 00 00 00",
        "04 00 00 00 7E",
        "10 00 00 00 00 00",
        "10 00 00 00 7C F8" + " 00 00" * 124,
        "10 00 00 00 01 02",
        "10 00 00 00 01 02 00",
        "10 00 00 00 02 02 00 00",
        "10 00 00 00 01 04 00 00 00 00",
        "10 00 00 00 01 02 00 00 00",
        "10",
        "17 00 00 00 00 00 00 00 01 02 00 00",
        "17 00 00 00 7E 00 00 00 01 02 00 00",
        "17 00 00 00 01 00 00 00 00 00",
        "17 00 00 00 01 00 00 00 7A F4" + " 00 00" * 122,
        "17 00 00 00 01 00 00 00 01 02 00",
        "17 00 00 00 01 00 00 00 02 02 00 00",
        "17",
        "2B 0E 00 00",
        "2B 0E 05 00",
        "2B 0E 01",
    ],
)
def test_a_quantity_or_length_out_of_range_is_exception_3(request_: str) -> None:
    unit = Registers()
    assert asked(unit, request_) == f"{int(request_[:2], 16) | 0x80:02X} 03"
    assert unit.calls == []


@pytest.mark.parametrize(
    "request_",
    [
        "03 00 0A 00 01",
        "03 00 09 00 02",
        "03 FF FF 00 02",
        "04 00 0A 00 01",
        "10 00 0A 00 01 02 00 00",
        "10 00 09 00 02 04 00 00 00 00",
        "10 FF FF 00 02 04 00 00 00 00",
        "17 00 0A 00 01 00 00 00 01 02 00 00",
        "17 00 00 00 01 00 0A 00 01 02 00 00",
    ],
)
def test_an_undeclared_address_is_exception_2_and_changes_nothing(request_: str) -> None:
    unit = Registers(10)
    assert asked(unit, request_) == f"{int(request_[:2], 16) | 0x80:02X} 02"
    assert unit.holding == list(range(10))


def test_the_largest_quantities_are_served() -> None:
    unit = Registers()
    assert len(answer(unit, bytes.fromhex("03 00 00 00 7D"))) == 2 + 250
    assert len(answer(unit, bytes.fromhex("04 00 00 00 7D"))) == 2 + 250
    assert asked(unit, "10 00 00 00 7B F6" + " 00 07" * 123) == "10 00 00 00 7B"
    assert answer(unit, bytes.fromhex("17 00 00 00 7D 00 00 00 79 F2" + " 00 08" * 121))[:4] == b"\x17\xfa\x00\x08"
    assert unit.holding[119:124] == [8, 8, 7, 7, 123]


def test_write_and_read_writes_first() -> None:
    unit = Registers()
    assert asked(unit, "17 00 04 00 03 00 05 00 01 02 BE EF") == "17 06 00 04 BE EF 00 06"
    assert [call for call, *_ in unit.calls][-2:] == ["write", "read_holding"]


def test_write_and_read_refused_for_its_write_reads_nothing_new() -> None:
    unit = Registers(10, writable=5)
    assert asked(unit, "17 00 00 00 01 00 04 00 01 02 00 00") == "97 02"
    assert unit.holding == list(range(10))


@pytest.mark.parametrize(
    ("request_", "answer_"),
    [
        ("2B 0E 01 01", "2B 0E 01 81 00 00 02 01 06 43 54 2D 50 4C 43 02 03 31 2E 30"),
        ("2B 0E 01 77", "2B 0E 01 81 00 00 03 00 08 63 61 72 74 6F 77 65 72 01 06 43 54 2D 50 4C 43 02 03 31 2E 30"),
        ("2B 0E 02 02", "2B 0E 02 81 00 00 01 02 03 31 2E 30"),
        ("2B 0E 04 02", "2B 0E 04 81 00 00 01 02 03 31 2E 30"),
        ("2B 0E 04 03", "AB 02"),
        ("2B 0D 00 00", "AB 01"),
        ("2B", "AB 01"),
    ],
)
def test_identification_by_stream_and_by_object(request_: str, answer_: str) -> None:
    assert asked(Registers(), request_) == answer_


# What the transport does, over real sockets

Scene = Callable[[TcpServer, Registers], Awaitable[None]]


def play(scene: Scene, before: Callable[[], None] | None = None, faults: WireFaults | None = None) -> None:
    async def run() -> None:
        unit = Registers()
        server = TcpServer({UNIT: unit}, "127.0.0.1", 0, before, faults)
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

    async def ask(self, request: bytes) -> bytes:
        self.writer.write(request)
        return await self.next()

    async def next(self) -> bytes:
        head = await asyncio.wait_for(self.reader.readexactly(7), 1.0)
        return head + await asyncio.wait_for(self.reader.readexactly(struct.unpack(">H", head[4:6])[0] - 1), 1.0)

    async def ended(self) -> bool:
        """Whether the server closes within a second."""
        try:
            return await asyncio.wait_for(self.reader.read(1), 1.0) == b""
        except ConnectionResetError:
            return True


def read_one(transaction: int, address: int, unit: int = UNIT) -> bytes:
    return mbap(transaction, unit, struct.pack(">BHH", 3, address, 1))


def one(transaction: int, value: int) -> bytes:
    return mbap(transaction, UNIT, struct.pack(">BBH", 3, 2, value))


@pytest.mark.realtime
def test_pipelined_requests_are_each_answered_with_their_own_id() -> None:
    async def scene(server: TcpServer, _unit: Registers) -> None:
        client = await Client.to(server)
        client.writer.write(b"".join(read_one(100 + i, i) for i in range(10)))
        assert [await client.next() for _ in range(10)] == [one(100 + i, i) for i in range(10)]
        client.writer.close()

    play(scene)


@pytest.mark.realtime
def test_a_request_in_single_bytes_is_answered() -> None:
    async def scene(server: TcpServer, _unit: Registers) -> None:
        client = await Client.to(server)
        for byte in read_one(7, 42):
            client.writer.write(bytes((byte,)))
            await asyncio.sleep(0.001)
        assert await client.next() == one(7, 42)
        client.writer.close()

    play(scene)


@pytest.mark.realtime
def test_a_wrong_protocol_id_is_skipped_and_the_server_is_not_deaf() -> None:
    async def scene(server: TcpServer, unit: Registers) -> None:
        client = await Client.to(server)
        foreign = mbap(1, UNIT, struct.pack(">BHH", 3, 0, 1), protocol=7)
        assert await client.ask(foreign + read_one(2, 5)) == one(2, 5)
        assert len(unit.calls) == 1
        client.writer.close()

    play(scene)


@pytest.mark.realtime
@pytest.mark.parametrize("length", [0, 1, 255, 0xFFFF])
def test_an_impossible_length_ends_the_connection(length: int) -> None:
    async def scene(server: TcpServer, _unit: Registers) -> None:
        client = await Client.to(server)
        client.writer.write(struct.pack(">HHHB", 1, 0, length, UNIT) + bytes(8))
        assert await client.ended()
        client.writer.close()
        assert server.connections == 0

    play(scene)


@pytest.mark.realtime
def test_an_unknown_unit_is_exception_0x0b() -> None:
    async def scene(server: TcpServer, unit: Registers) -> None:
        client = await Client.to(server)
        assert await client.ask(read_one(1, 0, unit=9)) == mbap(1, 9, b"\x83\x0b")
        assert unit.calls == []
        client.writer.close()

    play(scene)


@pytest.mark.realtime
def test_time_advances_before_each_request() -> None:
    times: list[int] = []

    async def scene(server: TcpServer, unit: Registers) -> None:
        client = await Client.to(server)
        client.writer.write(read_one(1, 0) + read_one(2, 0))
        await client.next()
        await client.next()
        assert times == [0, 1]
        assert len(unit.calls) == 2
        client.writer.close()

    play(scene, before=lambda: times.append(len(times)))


@pytest.mark.realtime
def test_twenty_connections_are_served_and_one_more_takes_the_place_of_the_most_silent() -> None:
    async def scene(server: TcpServer, _unit: Registers) -> None:
        clients = [await Client.to(server) for _ in range(MAX_CONNECTIONS)]
        for transaction, client in enumerate(clients):
            if transaction != 3:
                assert await client.ask(read_one(transaction, transaction)) == one(transaction, transaction)
        late = await Client.to(server)
        assert await late.ask(read_one(1, 1)) == one(1, 1)
        assert await clients[3].ended()
        assert server.connections == MAX_CONNECTIONS
        assert await clients[0].ask(read_one(1, 1)) == one(1, 1)
        for client in (*clients, late):
            client.writer.close()

    play(scene)


@pytest.mark.realtime
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


@pytest.mark.realtime
def test_a_client_that_takes_no_answers_is_read_no_further() -> None:
    async def scene(server: TcpServer, unit: Registers) -> None:
        client = await Client.to(server)
        flood = mbap(1, UNIT, struct.pack(">BHH", 3, 0, 125)) * 200
        for _ in range(200):
            client.writer.write(flood)
        previous = -1
        while len(unit.calls) != previous:
            previous = len(unit.calls)
            await asyncio.sleep(0.1)
        assert previous < 40_000
        (connection,) = server._connections
        assert connection._transport.get_write_buffer_size() < 4_000_000
        client.writer.transport.abort()

    play(scene)


@pytest.mark.realtime
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


@pytest.mark.realtime
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
