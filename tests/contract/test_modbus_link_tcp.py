"""What a Modbus TCP peer may send, and what the link makes of it (protocol limits, sections 1.3 and 1.4)."""

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import Awaitable, Callable

import pytest

from hal.errors import BadAnswer, HalError, LinkDown, NoAnswer, Refused
from hal.modbus_framing import MbapFraming
from hal.modbus_link import TcpLink
from sim_plc.server import TcpServer
from tests.support.modbus_peers import Pieces, TcpPeer, mbap, registers_of
from tests.support.registers import Registers

pytestmark = pytest.mark.realtime

UNIT = 1
TEN = tuple(range(10))


def play(
    behave: Callable[[int, int, bytes], Pieces],
    scene: Callable[[TcpLink, TcpPeer], Awaitable[None]],
    *,
    timeout_s: float = 0.2,
) -> None:
    """Connect a link to a peer and run a scene."""

    async def run() -> None:
        async with TcpPeer(behave) as peer:
            link = TcpLink("127.0.0.1", peer.port, timeout_s=timeout_s)
            await link.connect()
            await scene(link, peer)
            await link.close()

    asyncio.run(run())


def read_fails(behave: Callable[[int, int, bytes], Pieces], error: type[HalError], *, at_once: bool = True) -> None:
    """A read of ten holding registers fails with ``error``, and the same read from a sane peer then succeeds."""
    sane = False

    def answer(transaction: int, unit: int, pdu: bytes) -> Pieces:
        return (mbap(transaction, unit, registers_of(3, TEN)),) if sane else behave(transaction, unit, pdu)

    async def scene(link: TcpLink, _peer: TcpPeer) -> None:
        nonlocal sane
        start = time.perf_counter()
        with pytest.raises(error):
            await link.read_holding(UNIT, 0, 10)
        took = time.perf_counter() - start
        assert took < 0.15 if at_once else 0.18 < took < 0.5
        sane = True
        await link.connect()
        assert await link.read_holding(UNIT, 0, 10) == TEN

    play(answer, scene)


# Section 1.3


def test_an_answer_of_another_function_is_bad() -> None:
    read_fails(lambda t, u, _: [mbap(t, u, registers_of(4, TEN))], BadAnswer)


def test_three_registers_for_ten_are_bad() -> None:
    read_fails(lambda t, u, _: [mbap(t, u, registers_of(3, (1, 2, 3)))], BadAnswer)


def test_more_registers_than_asked_for_are_bad() -> None:
    read_fails(lambda t, u, _: [mbap(t, u, registers_of(3, range(11)))], BadAnswer)


@pytest.mark.parametrize(
    "pdu",
    [
        bytes((3, 20)) + bytes(10),  # byte count beyond the frame
        bytes((3, 18)) + bytes(20),  # frame beyond the byte count
        bytes((3, 19)) + bytes(20),  # odd byte count
        bytes((3,)),  # no byte count
        bytes((3, 0)),
    ],
    ids=["count-too-large", "trailing-bytes", "odd-count", "no-count", "empty"],
)
def test_a_byte_count_that_does_not_fit_is_bad(pdu: bytes) -> None:
    read_fails(lambda t, u, _: [mbap(t, u, pdu)], BadAnswer)


@pytest.mark.parametrize(
    "echo",
    [struct.pack(">BHH", 16, 99, 2), struct.pack(">BHH", 16, 5, 1), struct.pack(">BHHH", 16, 5, 2, 0)],
    ids=["address", "count", "length"],
)
def test_a_write_echoed_as_something_else_is_bad(echo: bytes) -> None:
    async def scene(link: TcpLink, _peer: TcpPeer) -> None:
        with pytest.raises(BadAnswer):
            await link.write(UNIT, 5, [1, 2])

    play(lambda t, u, _: [mbap(t, u, echo)], scene)


def test_a_write_and_read_answered_with_the_wrong_count_is_bad() -> None:
    async def scene(link: TcpLink, _peer: TcpPeer) -> None:
        with pytest.raises(BadAnswer):
            await link.read_write(UNIT, 0, 3, 10, [7])

    play(lambda t, u, _: [mbap(t, u, registers_of(23, (1, 2)))], scene)


def test_transaction_id_0_is_no_answer() -> None:
    read_fails(lambda _, u, __: [mbap(0, u, registers_of(3, TEN))], NoAnswer, at_once=False)


def test_another_transaction_id_is_no_answer() -> None:
    read_fails(lambda t, u, _: [mbap(t + 1, u, registers_of(3, TEN))], NoAnswer, at_once=False)


def test_our_transaction_id_is_never_0_and_uses_all_others_before_it_comes_again() -> None:
    framing = MbapFraming()
    ids = [int.from_bytes(framing.begin(1, b"\x03", b"\x03", 2)[:2], "big") for _ in range(0xFFFF)]
    assert sorted(ids) == list(range(1, 0x10000))


def test_an_id_that_is_off_by_one_is_none_of_the_next_thousands() -> None:
    framing = MbapFraming()
    first, *following = [int.from_bytes(framing.begin(1, b"\x03", b"\x03", 2)[:2], "big") for _ in range(5000)]
    assert not {first - 1, first + 1, first ^ 0x8000, (first & 0xFF) << 8 | first >> 8} & set(following)


def test_an_answer_from_another_unit_is_bad() -> None:
    read_fails(lambda t, u, _: [mbap(t, u + 1, registers_of(3, TEN))], BadAnswer)


def test_an_unknown_function_in_the_answer_is_bad_at_once() -> None:
    async def scene(link: TcpLink, peer: TcpPeer) -> None:
        with pytest.raises(BadAnswer):
            await link.read_holding(UNIT, 0, 10)
        assert link.connected
        assert peer.connections == 1

    play(lambda t, u, _: [mbap(t, u, b"\x63\x01\x02")], scene)


def test_garbage_before_the_answer_is_bad_and_the_next_connection_is_in_step() -> None:
    read_fails(lambda t, u, _: [b"\xde\xad\xbe\xef" + mbap(t, u, registers_of(3, TEN))], BadAnswer)


def test_another_protocol_id_is_bad() -> None:
    read_fails(lambda t, u, _: [mbap(t, u, registers_of(3, TEN), protocol=1)], BadAnswer)


@pytest.mark.parametrize("length", [0, 1, 255, 65535])
def test_an_impossible_length_is_bad(length: int) -> None:
    read_fails(lambda t, u, _: [struct.pack(">HHHB", t, 0, length, u) + bytes(20)], BadAnswer)


def test_half_an_answer_is_bad_after_the_time_out() -> None:
    read_fails(lambda t, u, _: [mbap(t, u, registers_of(3, TEN))[:12]], BadAnswer, at_once=False)


def test_an_answer_in_single_bytes_is_fine() -> None:
    def behave(transaction: int, unit: int, _pdu: bytes) -> Pieces:
        frame = mbap(transaction, unit, registers_of(3, TEN))
        return [piece for byte in frame for piece in (bytes((byte,)), 0.001)]

    async def scene(link: TcpLink, _peer: TcpPeer) -> None:
        assert await link.read_holding(UNIT, 0, 10) == TEN

    play(behave, scene)


def test_a_late_answer_is_dropped_and_the_next_request_gets_its_own() -> None:
    asked = 0

    def behave(transaction: int, unit: int, pdu: bytes) -> Pieces:
        nonlocal asked
        asked += 1
        address = struct.unpack(">H", pdu[1:3])[0]
        return (0.3 if asked == 1 else 0.0, mbap(transaction, unit, registers_of(3, (address,))))

    async def scene(link: TcpLink, _peer: TcpPeer) -> None:
        with pytest.raises(NoAnswer):
            await link.read_holding(UNIT, 11, 1)
        assert await link.read_holding(UNIT, 22, 1) == (22,)

    play(behave, scene)


def test_a_write_answered_late_is_not_sent_again() -> None:
    async def scene(link: TcpLink, peer: TcpPeer) -> None:
        with pytest.raises(NoAnswer):
            await link.write(UNIT, 0, [1])
        await asyncio.sleep(0.3)
        assert len(peer.requests) == 1

    play(lambda t, u, p: (0.3, mbap(t, u, p[:5])), scene)


@pytest.mark.parametrize("code", [1, 2, 3, 4, 6, 11])
def test_an_exception_answer_is_raised_with_its_code(code: int) -> None:
    async def scene(link: TcpLink, _peer: TcpPeer) -> None:
        with pytest.raises(Refused) as refusal:
            await link.read_input(UNIT, 0, 1)
        assert (refusal.value.function, refusal.value.code) == (4, code)
        assert link.connected

    play(lambda t, u, _: [mbap(t, u, bytes((0x84, code)))], scene)


def test_an_exception_to_another_function_is_bad() -> None:
    read_fails(lambda t, u, _: [mbap(t, u, bytes((0x84, 2)))], BadAnswer)


@pytest.mark.parametrize("pdu", [b"\x83", b"\x83\x02\x00"], ids=["no-code", "too-long"])
def test_an_exception_of_the_wrong_length_is_bad(pdu: bytes) -> None:
    read_fails(lambda t, u, _: [mbap(t, u, pdu)], BadAnswer)


def test_what_exceeds_the_functions_limits_is_a_value_error_and_nothing_is_sent() -> None:
    async def scene(link: TcpLink, peer: TcpPeer) -> None:
        calls: list[Callable[[], Awaitable[object]]] = [
            lambda: link.read_input(UNIT, 0, 0),
            lambda: link.read_input(UNIT, 0, 126),
            lambda: link.read_holding(UNIT, 0, 126),
            lambda: link.read_holding(UNIT, 65535, 2),
            lambda: link.read_holding(UNIT, -1, 1),
            lambda: link.write(UNIT, 0, []),
            lambda: link.write(UNIT, 0, [0] * 124),
            lambda: link.write(UNIT, 0, [65536]),
            lambda: link.write(UNIT, 0, [-1]),
            lambda: link.write(UNIT, 65535, [0, 0]),
            lambda: link.read_write(UNIT, 0, 126, 0, [0]),
            lambda: link.read_write(UNIT, 0, 1, 0, [0] * 122),
            lambda: link.read_write(UNIT, 0, 1, 0, []),
            lambda: link.read_write(UNIT, 0, 1, 0, [70000]),
            lambda: link.read_input(256, 0, 1),
            lambda: link.read_input(-1, 0, 1),
        ]
        for call in calls:
            with pytest.raises(ValueError, match=r"\d"):
                await call()
        assert peer.requests == []

    play(lambda _t, _u, _p: (), scene)


def test_the_largest_requests_pass() -> None:
    async def run() -> None:
        unit = Registers()
        server = TcpServer({UNIT: unit}, "127.0.0.1", 0)
        await server.start()
        link = TcpLink("127.0.0.1", server.port, timeout_s=0.3)
        await link.connect()
        assert await link.read_input(UNIT, 0, 125) == tuple(range(1000, 1125))
        assert await link.read_holding(UNIT, 100, 125) == tuple(range(100, 225))
        await link.write(UNIT, 0, [0xFFFF] * 123)
        assert unit.holding[:124] == [0xFFFF] * 123 + [123]
        assert await link.read_write(UNIT, 0, 125, 4, range(121)) == (*[0xFFFF] * 4, *range(121))
        await link.close()
        await server.stop()

    asyncio.run(run())


# Section 1.4


@pytest.mark.parametrize("reset", [False, True], ids=["FIN", "RST"])
def test_a_peer_that_closes_fails_the_waiting_request_and_the_queue_at_once(reset: bool) -> None:
    async def scene(link: TcpLink, peer: TcpPeer) -> None:
        requests = [asyncio.create_task(link.read_input(UNIT, 0, 1)) for _ in range(3)]
        await asyncio.sleep(0.05)
        start = time.perf_counter()
        await peer.stop(reset=reset)
        outcomes = await asyncio.gather(*requests, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [LinkDown] * 3
        assert time.perf_counter() - start < 0.1
        assert len(peer.requests) == 1
        assert not link.connected

    play(lambda _t, _u, _p: (), scene, timeout_s=0.5)


def test_closing_the_link_fails_the_waiting_request_at_once() -> None:
    async def scene(link: TcpLink, _peer: TcpPeer) -> None:
        request = asyncio.create_task(link.read_input(UNIT, 0, 1))
        await asyncio.sleep(0.02)
        await link.close()
        await link.close()
        with pytest.raises(LinkDown):
            await asyncio.wait_for(request, 0.05)
        with pytest.raises(LinkDown):
            await link.read_input(UNIT, 0, 1)

    play(lambda _t, _u, _p: (), scene, timeout_s=0.5)


def test_a_first_connect_that_fails_says_so_and_leaves_nothing_behind() -> None:
    async def run() -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            link = TcpLink("127.0.0.1", unused.getsockname()[1], timeout_s=0.2)
            with pytest.raises(LinkDown):
                await link.connect()
        assert not link.connected
        assert link.generation == 0
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(run())


def test_a_connect_that_nobody_answers_ends_within_a_second() -> None:
    async def run() -> None:
        with contextlib.ExitStack() as stack:
            full = stack.enter_context(socket.socket())
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            for _ in range(4):
                # A full backlog makes Linux drop further handshakes, as a peer whose cable is out would.
                filler = stack.enter_context(socket.socket())
                filler.setblocking(False)
                filler.connect_ex(full.getsockname())
            await asyncio.sleep(0.05)
            link = TcpLink("127.0.0.1", full.getsockname()[1], timeout_s=0.2)
            start = time.perf_counter()
            with pytest.raises(LinkDown):
                await link.connect()
            assert time.perf_counter() - start < 1.0

    asyncio.run(run())


def test_connect_while_connected_opens_no_second_socket() -> None:
    async def scene(link: TcpLink, peer: TcpPeer) -> None:
        await asyncio.gather(*(link.connect() for _ in range(5)))
        await asyncio.sleep(0.02)
        assert (peer.connections, peer.open, link.generation) == (1, 1, 1)
        await link.close()
        await asyncio.gather(*(link.connect() for _ in range(5)))
        await asyncio.sleep(0.02)
        assert (peer.connections, peer.open, link.generation) == (2, 1, 2)
        await link.close()
        await asyncio.sleep(0.02)
        assert peer.open == 0

    play(lambda _t, _u, _p: (), scene)


def test_a_cancelled_connect_leaves_no_socket_and_the_next_one_works() -> None:
    async def scene(link: TcpLink, peer: TcpPeer) -> None:
        await link.close()
        for _ in range(20):
            attempt = asyncio.create_task(link.connect())
            await asyncio.sleep(0)
            attempt.cancel()
            with pytest.raises(asyncio.CancelledError):
                await attempt
        await link.connect()
        await asyncio.sleep(0.05)
        assert peer.open == 1

    play(lambda _t, _u, _p: (), scene)


def test_every_connection_has_its_socket_options() -> None:
    async def scene(link: TcpLink, _peer: TcpPeer) -> None:
        for _ in range(2):
            sock = link._channel._pipe.transport.get_extra_info("socket")  # type: ignore[attr-defined]
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 1500
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            await link.close()
            await link.connect()

    play(lambda _t, _u, _p: (), scene)


def test_reconnection_takes_less_than_a_second_once_the_peer_is_back() -> None:
    async def scene(link: TcpLink, peer: TcpPeer) -> None:
        assert await link.read_holding(UNIT, 0, 1) == (5,)
        await peer.stop()
        await asyncio.sleep(0.3)
        with pytest.raises(LinkDown):
            await link.connect()
        await peer.start()
        start = time.perf_counter()
        while not link.connected:
            with contextlib.suppress(LinkDown):
                await link.connect()
        assert await link.read_holding(UNIT, 0, 1) == (5,)
        assert time.perf_counter() - start < 1.0
        assert link.generation == 2

    play(lambda t, u, _: [mbap(t, u, registers_of(3, (5,)))], scene)


def test_a_half_open_connection_is_closed_within_three_seconds() -> None:
    async def scene(link: TcpLink, peer: TcpPeer) -> None:
        start = time.perf_counter()
        while link.connected:
            with contextlib.suppress(NoAnswer):
                await link.read_input(UNIT, 0, 1)
            await asyncio.sleep(0.1)
        assert time.perf_counter() - start < 3.0
        with pytest.raises(LinkDown):
            await link.read_input(UNIT, 0, 1)
        assert len(peer.requests) == 3

    play(lambda _t, _u, _p: (), scene)


def test_an_answer_now_and_then_keeps_the_connection() -> None:
    asked = 0

    def behave(transaction: int, unit: int, _pdu: bytes) -> Pieces:
        nonlocal asked
        asked += 1
        return (mbap(transaction, unit, registers_of(4, (0,))),) if asked % 3 == 0 else ()

    async def scene(link: TcpLink, _peer: TcpPeer) -> None:
        for _ in range(9):
            with contextlib.suppress(NoAnswer):
                await link.read_input(UNIT, 0, 1)
        assert link.connected

    play(behave, scene, timeout_s=0.05)


def test_cancelling_a_request_lets_the_link_go_on_right() -> None:
    def behave(transaction: int, unit: int, pdu: bytes) -> Pieces:
        return (0.03, mbap(transaction, unit, registers_of(3, struct.unpack(">H", pdu[1:3]))))

    async def scene(link: TcpLink, _peer: TcpPeer) -> None:
        for address in range(10):
            request = asyncio.create_task(link.read_holding(UNIT, 100 + address, 1))
            await asyncio.sleep(0.01)
            request.cancel()
            with pytest.raises(asyncio.CancelledError):
                await request
            assert await link.read_holding(UNIT, address, 1) == (address,)

    play(behave, scene)


def test_a_deadline_around_a_request_is_the_callers() -> None:
    async def scene(link: TcpLink, _peer: TcpPeer) -> None:
        with pytest.raises(TimeoutError) as error:
            async with asyncio.timeout(0.02):
                await link.read_holding(UNIT, 0, 1)
        assert not isinstance(error.value, HalError)

    play(lambda _t, _u, _p: (), scene)


def test_a_request_in_the_queue_of_a_lost_connection_is_not_sent_on_the_next() -> None:
    async def scene(link: TcpLink, peer: TcpPeer) -> None:
        first = asyncio.create_task(link.read_input(UNIT, 0, 1))
        second = asyncio.create_task(link.read_input(UNIT, 1, 1))
        await asyncio.sleep(0.02)
        await link.close()
        await link.connect()
        outcomes = await asyncio.gather(first, second, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [LinkDown] * 2
        await asyncio.sleep(0.02)
        assert len(peer.requests) == 1

    play(lambda _t, _u, _p: (), scene)
