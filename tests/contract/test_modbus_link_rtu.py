"""What a serial line may do to an answer, and what the link makes of it (protocol limits, section 1.5)."""

import asyncio
import contextlib
import os
import random
import struct
import time
import tty
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import serial

from hal import serial_port
from hal.crc16 import crc16
from hal.errors import BadAnswer, HalError, LinkDown, NoAnswer, Refused
from hal.modbus_framing import RtuFraming
from hal.modbus_link import RtuLink
from hal.serial_port import SerialPort
from sim_plc.pty_line import RtuLine
from tests.support.modbus_peers import LinePeer, Pieces, crc, line_at, registers_of, rtu
from tests.support.registers import Registers

pytestmark = pytest.mark.realtime

UNIT = 11
SIZE = 20
"""Registers of each read: always the same, so that a length check cannot tell one answer from another."""

TIMEOUT_S = 0.04
REPLY_MAX_S = 0.08

Scene = Callable[[RtuLink, LinePeer], Awaitable[None]]


def block(address: int) -> tuple[int, ...]:
    """What a read of `SIZE` holding registers at an address must give."""
    return tuple((address + i) * 40503 & 0xFFFF for i in range(SIZE))


def honest(frame: bytes) -> bytes:
    """The right answer to a read of holding registers."""
    unit, function, address, count = struct.unpack(">BBHH", frame[:6])
    assert (function, count) == (3, SIZE)
    return rtu(unit, registers_of(3, block(address)))


def play(
    folder: Path,
    behave: Callable[[bytes], Pieces],
    scene: Scene,
    *,
    timeout_s: float = TIMEOUT_S,
    reply_max_s: float = REPLY_MAX_S,
    baud: int = 115_200,
) -> None:
    """Connect a link to a line and run a scene."""

    async def run() -> None:
        with line_at(folder, behave) as (peer, device):
            link = RtuLink(
                device, baud=baud, parity="E", stop_bits=1, timeout_s=timeout_s, reply_max_s=reply_max_s
            )
            await link.connect()
            await scene(link, peer)
            await link.close()

    asyncio.run(run())


def survey(
    folder: Path,
    fault: Callable[[random.Random, bytes], Pieces],
    *,
    exchanges: int = 24,
    timeout_s: float = 2 * TIMEOUT_S,
) -> list[type[HalError] | None]:
    """Read with ``fault`` on every other answer; return how the faulted reads ended. The others must succeed."""
    rng = random.Random(4)
    asked = 0

    def behave(frame: bytes) -> Pieces:
        nonlocal asked
        asked += 1
        return fault(rng, honest(frame)) if asked % 2 else (honest(frame),)

    outcomes: list[type[HalError] | None] = []

    async def scene(link: RtuLink, _peer: LinePeer) -> None:
        for turn in range(exchanges):
            address = rng.randrange(200)
            faulted = turn % 2 == 0
            try:
                assert await link.read_holding(UNIT, address, SIZE) == block(address)
                ended: type[HalError] | None = None
            except HalError as error:
                if not faulted:
                    raise
                ended = type(error)
            if faulted:
                outcomes.append(ended)

    play(folder, behave, scene, timeout_s=timeout_s, reply_max_s=0.02)
    return outcomes


def flipped(rng: random.Random, frame: bytes) -> bytes:
    damaged = bytearray(frame)
    damaged[rng.randrange(len(frame))] ^= 1 << rng.randrange(8)
    return bytes(damaged)


def test_a_bit_flip_is_bad_and_costs_only_its_own_request(tmp_path: Path) -> None:
    assert set(survey(tmp_path, lambda rng, frame: (flipped(rng, frame),))) == {BadAnswer}


def test_a_truncated_answer_is_bad_and_costs_only_its_own_request(tmp_path: Path) -> None:
    assert set(survey(tmp_path, lambda rng, frame: (frame[: -rng.randint(1, 3)],))) == {BadAnswer}


def test_a_lost_answer_is_no_answer_and_costs_only_its_own_request(tmp_path: Path) -> None:
    assert set(survey(tmp_path, lambda _rng, _frame: ())) == {NoAnswer}


@pytest.mark.parametrize(
    "fault",
    [
        lambda _rng, frame: (b"\x00" + frame,),
        lambda rng, frame: (rng.randbytes(rng.randint(1, 8)) + frame,),
        lambda rng, frame: (rng.randbytes(rng.randint(1, 8)), 0.005, frame),
        lambda _rng, frame: (frame[:3] + frame,),
        lambda _rng, frame: (frame[: len(frame) // 2], 0.01, frame[len(frame) // 2 :]),
        lambda _rng, frame: (frame + b"\xff",),
        lambda rng, frame: (frame + rng.randbytes(rng.randint(1, 8)),),
        lambda _rng, frame: (frame + frame,),
        lambda _rng, frame: (frame, 0.0005, frame),
        lambda _rng, frame: tuple(piece for byte in frame for piece in (bytes((byte,)), 0.0002)),
    ],
    ids=[
        "zero-byte-before",
        "noise-before",
        "noise-5-ms-before",
        "own-header-before",
        "gap-in-the-middle",
        "one-byte-after",
        "noise-after",
        "doubled",
        "doubled-behind",
        "single-bytes",
    ],
)
def test_bytes_around_a_whole_answer_cost_nothing(
    tmp_path: Path, fault: Callable[[random.Random, bytes], Pieces]
) -> None:
    # Nothing waits for this time-out unless the machine is very busy.
    assert set(survey(tmp_path, fault, timeout_s=1.0)) == {None}


def test_an_echo_of_the_request_before_the_answer_costs_nothing(tmp_path: Path) -> None:
    async def scene(link: RtuLink, _peer: LinePeer) -> None:
        for address in (0, 2 * SIZE << 8, 77):
            assert await link.read_holding(UNIT, address, SIZE) == block(address)

    play(tmp_path, lambda frame: (frame + honest(frame),), scene)


def test_a_late_answer_never_becomes_the_next_one(tmp_path: Path) -> None:
    rng = random.Random(7)

    def behave(frame: bytes) -> Pieces:
        # A fifth later than the time-out, all within the longest time a unit may take.
        return (rng.uniform(0.035, 0.06) if rng.random() < 0.2 else rng.uniform(0.0, 0.008), honest(frame))

    async def scene(link: RtuLink, peer: LinePeer) -> None:
        late = 0
        for _ in range(200):
            address = rng.randrange(1000)
            try:
                assert await link.read_holding(UNIT, address, SIZE) == block(address)
            except NoAnswer:
                late += 1
        assert late > 25
        assert len(peer.requests) == 200

    play(tmp_path, behave, scene, timeout_s=0.02, reply_max_s=0.06)


def test_a_late_answer_of_another_unit_is_not_taken_either(tmp_path: Path) -> None:
    def behave(frame: bytes) -> Pieces:
        return (0.06 if frame[0] == 12 else 0.0, honest(frame))

    async def scene(link: RtuLink, _peer: LinePeer) -> None:
        for address in range(5):
            with pytest.raises(NoAnswer):
                await link.read_holding(12, address, SIZE)
            assert await link.read_holding(UNIT, 50 + address, SIZE) == block(50 + address)

    play(tmp_path, behave, scene)


def test_a_cancelled_reads_answer_is_not_the_next_reads(tmp_path: Path) -> None:
    async def scene(link: RtuLink, peer: LinePeer) -> None:
        for address in range(10):
            peer.asked.clear()
            request = asyncio.create_task(link.read_holding(UNIT, 100 + address, SIZE))
            await peer.asked.wait()
            request.cancel()
            with pytest.raises(asyncio.CancelledError):
                await request
            assert await link.read_holding(UNIT, address, SIZE) == block(address)

    play(tmp_path, lambda frame: (0.02, honest(frame)), scene)


def test_nothing_is_sent_for_the_longest_reply_time_after_a_failure(tmp_path: Path) -> None:
    answers = 0

    def behave(frame: bytes) -> Pieces:
        nonlocal answers
        answers += 1
        return () if answers == 1 else (honest(frame),)

    async def scene(link: RtuLink, peer: LinePeer) -> None:
        start = asyncio.get_running_loop().time()
        with pytest.raises(NoAnswer):
            await link.read_holding(UNIT, 0, SIZE)
        failed_after = asyncio.get_running_loop().time() - start
        await link.read_holding(UNIT, 0, SIZE)
        # The first request waited too: a daemon that was here before may have left a question open.
        assert peer.heard_at[0] - start >= REPLY_MAX_S
        assert peer.heard_at[1] - peer.heard_at[0] >= failed_after - (peer.heard_at[0] - start) + REPLY_MAX_S - 0.001

    play(tmp_path, behave, scene)


@pytest.mark.parametrize(("baud", "silence_s"), [(115_200, 0.00175), (9_600, 3.5 * 11 / 9_600)])
def test_silence_is_kept_before_each_request(tmp_path: Path, baud: int, silence_s: float) -> None:
    answered_at: list[float] = []

    def behave(frame: bytes) -> Pieces:
        answered_at.append(time.monotonic())
        return (honest(frame),)

    async def scene(link: RtuLink, peer: LinePeer) -> None:
        for _ in range(20):
            await link.read_holding(UNIT, 0, SIZE)
        assert min(peer.heard_at[i + 1] - answered_at[i] for i in range(19)) >= silence_s

    play(tmp_path, behave, scene, baud=baud)


def test_silence_is_kept_after_bytes_that_nobody_asked_for(tmp_path: Path) -> None:
    async def scene(link: RtuLink, peer: LinePeer) -> None:
        await link.read_holding(UNIT, 0, SIZE)
        for _ in range(5):
            await asyncio.sleep(0.01)
            peer.send(honest(struct.pack(">BBHH", UNIT, 3, 500, SIZE)))
            await asyncio.sleep(0.0005)
            assert await link.read_holding(UNIT, 7, SIZE) == block(7)

    play(tmp_path, lambda frame: (honest(frame),), scene)


@pytest.mark.parametrize("code", [1, 2, 3, 6])
def test_an_exception_answer_is_raised_with_its_code_and_costs_no_drain(tmp_path: Path, code: int) -> None:
    async def scene(link: RtuLink, _peer: LinePeer) -> None:
        with contextlib.suppress(Refused):
            await link.read_input(UNIT, 0, 1)
        start = time.perf_counter()
        with pytest.raises(Refused) as refusal:
            await link.read_input(UNIT, 0, 1)
        assert (refusal.value.function, refusal.value.code) == (4, code)
        assert time.perf_counter() - start < REPLY_MAX_S / 2

    play(tmp_path, lambda frame: (rtu(frame[0], bytes((0x84, code))),), scene)


@pytest.mark.parametrize(
    "answer",
    [
        rtu(UNIT, registers_of(4, block(0))),
        rtu(UNIT + 1, registers_of(3, block(0))),
        rtu(UNIT, registers_of(3, block(0)[:-1])),
        rtu(UNIT, registers_of(3, (*block(0), 0))),
        rtu(UNIT, b"\x84\x02"),
        rtu(UNIT + 1, b"\x83\x02"),
        rtu(UNIT, b"\x83\x02")[:-1] + b"\x00",
    ],
    ids=["function", "unit", "too-short", "too-long", "foreign-exception", "exception-of-another", "exception-crc"],
)
def test_an_answer_to_something_else_is_bad(tmp_path: Path, answer: bytes) -> None:
    async def scene(link: RtuLink, _peer: LinePeer) -> None:
        with pytest.raises(BadAnswer):
            await link.read_holding(UNIT, 0, SIZE)

    play(tmp_path, lambda _frame: (answer,), scene)


@pytest.mark.parametrize(
    "echo",
    [struct.pack(">BHH", 16, 99, 2), struct.pack(">BHH", 16, 5, 1), struct.pack(">BHHB", 16, 5, 2, 0)],
    ids=["address", "count", "length"],
)
def test_a_write_echoed_as_something_else_is_bad(tmp_path: Path, echo: bytes) -> None:
    async def scene(link: RtuLink, _peer: LinePeer) -> None:
        with pytest.raises(BadAnswer):
            await link.write(UNIT, 5, [1, 2])

    play(tmp_path, lambda frame: (rtu(frame[0], echo),), scene)


def test_units_that_cannot_answer_are_a_value_error(tmp_path: Path) -> None:
    async def scene(link: RtuLink, peer: LinePeer) -> None:
        for unit in (-1, 0, 248, 255):
            with pytest.raises(ValueError, match=r"1\.\.247"):
                await link.write(unit, 0, [1])
        assert peer.requests == []

    play(tmp_path, lambda _frame: (), scene)


def test_an_unplugged_adapter_fails_the_waiting_request_at_once_and_comes_back_within_a_second(
    tmp_path: Path,
) -> None:
    silent = True

    def behave(frame: bytes) -> Pieces:
        return () if silent else (honest(frame),)

    async def scene(link: RtuLink, peer: LinePeer) -> None:
        nonlocal silent
        request = asyncio.create_task(link.read_holding(UNIT, 0, SIZE))
        await peer.asked.wait()
        start = time.perf_counter()
        peer.unplug()
        with pytest.raises(LinkDown):
            await request
        assert time.perf_counter() - start < 0.1
        assert not link.connected
        with pytest.raises(LinkDown):
            await link.connect()
        silent = False
        peer.plug()
        start = time.perf_counter()
        await link.connect()
        assert await link.read_holding(UNIT, 9, SIZE) == block(9)
        assert time.perf_counter() - start < 1.0
        assert link.generation == 2

    play(tmp_path, behave, scene, timeout_s=0.5)


def test_a_second_master_on_the_device_is_kept_out(tmp_path: Path) -> None:
    async def scene(link: RtuLink, _peer: LinePeer) -> None:
        device = str(tmp_path / "line.tty")
        rival = RtuLink(device, baud=115_200, parity="E", stop_bits=1, timeout_s=0.2, reply_max_s=0.1)
        with pytest.raises(LinkDown):
            await rival.connect()
        assert await link.read_holding(UNIT, 1, SIZE) == block(1)

    play(tmp_path, lambda frame: (honest(frame),), scene)


def test_a_storm_fails_requests_without_holding_them_and_the_line_is_good_after_it(tmp_path: Path) -> None:
    async def scene(link: RtuLink, peer: LinePeer) -> None:
        rng = random.Random(1)
        storm = True

        async def blow() -> None:
            while storm:
                peer.send(rng.randbytes(16))
                await asyncio.sleep(0.001)

        wind = asyncio.create_task(blow())
        for _ in range(3):
            start = time.perf_counter()
            with pytest.raises(BadAnswer):
                await link.read_holding(UNIT, 0, SIZE)
            assert time.perf_counter() - start < 0.5
        storm = False
        await wind
        assert await link.read_holding(UNIT, 3, SIZE) == block(3)

    stormy = 3

    def behave(frame: bytes) -> Pieces:
        nonlocal stormy
        stormy -= 1
        return () if stormy >= 0 else (honest(frame),)

    play(tmp_path, behave, scene)


def test_closing_the_link_fails_what_waits_and_lets_the_next_master_in(tmp_path: Path) -> None:
    async def scene(link: RtuLink, _peer: LinePeer) -> None:
        requests = [asyncio.create_task(link.read_holding(UNIT, 0, SIZE)) for _ in range(2)]
        await asyncio.sleep(0.01)
        await link.close()
        outcomes = await asyncio.wait_for(asyncio.gather(*requests, return_exceptions=True), 0.1)
        assert [type(outcome) for outcome in outcomes] == [LinkDown] * 2
        await link.connect()
        assert link.connected

    play(tmp_path, lambda frame: (honest(frame),), scene)


def test_a_cancelled_connect_leaves_the_device_free(tmp_path: Path) -> None:
    async def scene(link: RtuLink, _peer: LinePeer) -> None:
        await link.close()
        attempt = asyncio.create_task(link.connect())
        await asyncio.sleep(0)
        attempt.cancel()
        with pytest.raises(asyncio.CancelledError):
            await attempt
        await asyncio.sleep(0.05)
        await link.connect()
        assert await link.read_holding(UNIT, 2, SIZE) == block(2)

    play(tmp_path, lambda frame: (honest(frame),), scene)


def test_a_driver_that_blocks_while_opening_holds_up_nothing_but_its_own_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serial_port, "OPEN_TIMEOUT_S", 0.03)
    swift = SerialPort._open_port

    def slow(self: SerialPort) -> serial.Serial:
        time.sleep(0.1)
        return swift(self)

    async def run() -> None:
        with line_at(tmp_path, lambda frame: (honest(frame),)) as (_, device):
            link = RtuLink(device, baud=115_200, parity="E", stop_bits=1, timeout_s=0.1, reply_max_s=0.01)
            monkeypatch.setattr(SerialPort, "_open_port", slow)
            start = time.perf_counter()
            for _ in range(2):
                with pytest.raises(LinkDown):
                    await link.connect()
            assert time.perf_counter() - start < 0.09
            monkeypatch.setattr(SerialPort, "_open_port", swift)
            await asyncio.sleep(0.12)
            # The port that opened too late was closed again: the device is free.
            await link.connect()
            assert await link.read_holding(UNIT, 4, SIZE) == block(4)
            await link.close()

    asyncio.run(run())


def test_five_units_on_a_paced_line_are_polled_at_the_pace_of_the_line(tmp_path: Path) -> None:
    async def run() -> None:
        units = {10 + level: Registers() for level in range(1, 6)}
        line = RtuLine(units, tmp_path / "bays.tty", baud=115_200, turnaround_s=0.003)
        await line.start()
        link = RtuLink(
            str(tmp_path / "bays.tty"), baud=115_200, parity="E", stop_bits=1, timeout_s=0.2, reply_max_s=0.03
        )
        await link.connect()
        await link.write(11, 0, [0])
        took = []
        for _ in range(4):
            start = time.perf_counter()
            for unit in units:
                assert await link.read_write(unit, 20, 40, 0, [unit, 7]) == tuple(range(20, 60))
            took.append(time.perf_counter() - start)
        assert [station.holding[0] for station in units.values()] == list(units)
        request, answer, gap_s = 13 + 4, 5 + 80, 0.00175
        least = 5 * ((request + answer) * 11 / 115_200 + 0.003 + gap_s)
        assert least <= min(took) < least + 0.05
        await link.close()
        await line.stop()

    asyncio.run(run())


def test_a_read_that_finds_nothing_is_not_taken_for_a_lost_device(tmp_path: Path) -> None:
    async def scene(link: RtuLink, _peer: LinePeer) -> None:
        # What the loop saw waiting may have been discarded before it gets to read it.
        link._channel._read()  # type: ignore[attr-defined]
        assert link.connected
        assert await link.read_holding(UNIT, 6, SIZE) == block(6)

    play(tmp_path, lambda frame: (honest(frame),), scene)


def test_what_a_stuck_adapter_did_not_send_is_not_sent_before_the_next_request() -> None:
    """Requests of an hour went out in a row when the adapter came back, and the line was no line until they had."""
    sent = b""

    async def run() -> None:
        nonlocal sent
        master, slave = os.openpty()
        tty.setraw(slave)
        port = SerialPort(os.ttyname(slave), baud=115_200, parity="E", stop_bits=1)
        await port.open(lambda _: None, lambda _: None)
        for _ in range(40):
            port.discard()
            port.send(bytes(4096))  # more than the driver takes while nobody reads
        port.discard()
        port.send(b"newest")
        await asyncio.sleep(0)
        os.set_blocking(master, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                sent += os.read(master, 65_536)
                await asyncio.sleep(0.001)
        port.close()
        os.close(master)
        os.close(slave)

    asyncio.run(run())
    assert sent.endswith(b"newest")
    assert len(sent) <= 8192  # what had left the driver before


def test_noise_takes_as_long_to_look_at_as_there_is_of_it() -> None:
    """Each byte had all before it looked through again: a babbling line held the loop up, and with it other lines."""
    framing, read, noise = RtuFraming(crc16), registers_of(3, block(0)), random.Random(5).randbytes(4000)
    framing.begin(UNIT, struct.pack(">BHH", 3, 0, SIZE), read[:2], len(read))
    began_s = time.thread_time()
    assert [framing.feed(noise[at : at + 1]) for at in range(len(noise))] == [None] * len(noise)
    assert time.thread_time() - began_s < 0.25
    assert framing.feed(rtu(UNIT, read)) == read


def test_an_echo_in_single_bytes_before_an_answer_in_single_bytes_costs_nothing() -> None:
    framing = RtuFraming(crc16)
    for address in range(3):  # from the second on an echo is waited for
        echo = struct.pack(">BHH", 16, address, 2)
        sent = framing.begin(UNIT, echo + b"\4\0\1\0\2", echo, len(echo))
        found = [framing.feed(bytes((byte,))) for byte in sent + rtu(UNIT, echo)]
        assert found == [None] * (len(found) - 1) + [echo]


def test_an_echoed_write_that_looks_like_its_answer_is_none() -> None:
    # An adapter may hand back what it is given, always. Of this write the first eight bytes are its own answer, check
    # sum and all: the byte count and the first data byte happen to be the check sum of what stands before them.
    framing = RtuFraming(crc16)
    read = registers_of(4, (7,))
    assert framing.feed(framing.begin(1, struct.pack(">BHH", 4, 0, 1), read[:2], 4) + rtu(1, read)) == read
    unit, address, count = next(
        (unit, address, count)
        for unit in range(1, 248)
        for address in range(256)
        for count in range(1, 100)
        if crc(struct.pack(">BBHH", unit, 16, address, count))[0] == 2 * count
    )
    echo = struct.pack(">BHH", 16, address, count)
    data = crc(bytes((unit,)) + echo)[1:] + bytes(2 * count - 1)
    frame = framing.begin(unit, echo + bytes((2 * count,)) + data, echo, len(echo))
    answer = rtu(unit, echo)
    assert frame.startswith(answer)
    assert framing.feed(frame[:8]) is None
    assert framing.feed(frame[8:]) is None
    assert framing.feed(answer) == echo
