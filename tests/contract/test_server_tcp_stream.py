"""A TCP connection as a stream of bytes, over a transport without sockets: any slices, any order, any congestion."""

import asyncio
import socket
import struct
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim_plc.server import TcpServer
from sim_plc.wire.mbap import MbapConnection
from tests.support.modbus_peers import mbap
from tests.support.registers import Registers

UNIT = 1


class Congested(asyncio.Transport):
    """It is full after so many answers, until its client has taken them."""

    def __init__(self, room: int) -> None:
        super().__init__({"socket": socket.socket()})
        self.room = room
        self.sent: list[bytes] = []
        self.reading = True
        self.closed = False
        self.aborted = False
        self.connection: asyncio.Protocol | None = None

    def write(self, data: Any) -> None:
        self.sent.append(bytes(data))
        if len(self.sent) % self.room == 0:
            assert self.connection is not None
            self.connection.pause_writing()

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        assert self.connection is not None
        self.closed = self.aborted = True
        self.connection.connection_lost(None)
        self.get_extra_info("socket").close()


def connected(unit: Registers, room: int) -> tuple[MbapConnection, Congested]:
    transport = Congested(room)
    connection = transport.connection = MbapConnection(TcpServer({UNIT: unit}, "127.0.0.1", 0))
    connection.connection_made(transport)
    return connection, transport


async def settle() -> None:
    """Let everything that has a turn have it."""
    for _ in range(10):
        await asyncio.sleep(0)


def read_one(transaction: int, address: int) -> bytes:
    return mbap(transaction, UNIT, struct.pack(">BHH", 3, address, 1))


def one(transaction: int, value: int) -> bytes:
    return mbap(transaction, UNIT, struct.pack(">BBH", 3, 2, value))


@pytest.mark.parametrize("room", [1, 5, 16, 40])
def test_a_client_that_takes_no_answers_is_read_no_further_and_gets_them_all_later(room: int) -> None:
    async def run() -> None:
        unit = Registers()
        connection, transport = connected(unit, room)
        connection.data_received(b"".join(read_one(i, i) for i in range(100)))
        for taken in range(room, 101, room):
            await settle()
            assert len(unit.calls) == len(transport.sent) == taken
            assert not transport.reading
            connection.resume_writing()
        await settle()
        assert transport.sent == [one(i, i) for i in range(100)]
        assert transport.reading
        connection.data_received(read_one(7, 8))
        assert transport.sent[-1] == one(7, 8)
        connection.drop()

    asyncio.run(run())


def test_a_turn_ends_after_sixteen_requests() -> None:
    async def run() -> None:
        unit = Registers()
        connection, transport = connected(unit, room=1000)
        connection.data_received(read_one(1, 1) * 40)
        assert (len(unit.calls), transport.reading) == (16, False)
        await settle()
        assert (len(unit.calls), transport.reading) == (40, True)
        connection.drop()

    asyncio.run(run())


def test_an_impossible_length_lets_the_answers_before_it_go_out() -> None:
    async def run() -> None:
        connection, transport = connected(Registers(), room=1000)
        connection.data_received(read_one(1, 4) + bytes.fromhex("00 02 00 00 00 00 01 03") + read_one(3, 5))
        assert transport.sent == [one(1, 4)]
        assert (transport.closed, transport.aborted) == (True, False)
        connection.drop()

    asyncio.run(run())


def test_a_connection_that_was_dropped_in_its_turn_answers_nothing_more() -> None:
    async def run() -> None:
        unit = Registers()
        connection, _transport = connected(unit, room=1000)
        connection.data_received(read_one(1, 1) * 40)
        connection.drop()
        await settle()
        assert len(unit.calls) == 16

    asyncio.run(run())


KINDS = {
    # What is sent after the transaction id, and what comes back after it; nothing for another protocol.
    "00 00 00 06 01 03 00 04 00 02": "00 00 00 07 01 03 04 00 04 00 05",
    "00 00 00 06 FF 04 00 00 00 01": "00 00 00 05 FF 04 02 03 E8",
    "00 00 00 09 01 10 00 10 00 01 02 AB CD": "00 00 00 06 01 10 00 10 00 01",
    "00 00 00 06 01 03 00 00 00 00": "00 00 00 03 01 83 03",
    "00 00 00 02 01 07": "00 00 00 03 01 87 01",
    "00 00 00 06 09 03 00 00 00 01": "00 00 00 03 09 83 0B",
    "00 01 00 06 01 03 00 00 00 01": None,
    "FF FF 00 FE" + " 5A" * 254: None,
}


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 0xFFFF), st.sampled_from(sorted(KINDS))), max_size=40),
    st.lists(st.integers(1, 300), min_size=1),
)
def test_whatever_the_slices_each_frame_is_answered_in_its_turn(
    frames: Sequence[tuple[int, str]], slices: Sequence[int]
) -> None:
    stream = b"".join(number.to_bytes(2) + bytes.fromhex(kind) for number, kind in frames)
    answers = [(number, KINDS[kind]) for number, kind in frames]
    expected = [number.to_bytes(2) + bytes.fromhex(answer) for number, answer in answers if answer is not None]

    async def run() -> None:
        connection, transport = connected(Registers(), room=1000)
        rest, turn = stream, 0
        while rest:
            size = slices[turn % len(slices)]
            connection.data_received(rest[:size])
            rest, turn = rest[size:], turn + 1
        await settle()
        assert transport.sent == expected
        connection.drop()

    asyncio.run(run())


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(max_size=600), max_size=6))
def test_whatever_comes_nothing_fails_and_what_is_answered_is_framed(pieces: Sequence[bytes]) -> None:
    async def run() -> None:
        connection, transport = connected(Registers(), room=1000)
        for piece in pieces:
            if not transport.closed:
                connection.data_received(piece)
        await settle()
        for frame in transport.sent:
            protocol, length = struct.unpack_from(">HH", frame, 2)
            assert (protocol, length) == (0, len(frame) - 6)
        connection.drop()

    asyncio.run(run())
