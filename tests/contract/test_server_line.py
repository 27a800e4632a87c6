"""What stations on a paced pseudo terminal do (Modbus over serial line V1.02), asked through pyserial."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import serial

from sim_plc.pty_line import RtuLine
from sim_plc.wire.rtu_frames import crc16
from sim_plc.wire_faults import WireFaults
from tests.support.modbus_peers import crc, rtu
from tests.support.registers import Registers

pytestmark = pytest.mark.realtime

UNIT = 11
BAUD = 115_200
CHARACTER_S = 11 / BAUD
READ_TEN = rtu(UNIT, b"\x03\x00\x00\x00\x0a")
TEN = rtu(UNIT, b"\x03\x14" + b"".join(i.to_bytes(2, "big") for i in range(10)))


class Master:
    """pyserial, off the loop."""

    def __init__(self, path: Path, *, baud: int = BAUD) -> None:
        self._port = serial.Serial(str(path), baud, timeout=0.3)

    def __enter__(self) -> "Master":  # noqa: PYI034 - never subclassed
        return self

    def __exit__(self, *_exc: object) -> None:
        self._port.close()

    def send(self, data: bytes) -> None:
        self._port.write(data)

    async def hear(self, size: int, timeout_s: float = 0.3) -> bytes:
        """Return ``size`` bytes, or what came of them in time."""
        self._port.timeout = timeout_s
        return await asyncio.to_thread(self._port.read, size)

    async def ask(self, frame: bytes, size: int, timeout_s: float = 0.3) -> bytes:
        self.send(frame)
        return await self.hear(size, timeout_s)


Scene = Callable[[RtuLine, Path, dict[int, Registers]], Awaitable[None]]


def play(
    folder: Path,
    scene: Scene,
    *,
    baud: int = BAUD,
    turnaround_s: float = 0.003,
    before: Callable[[], None] | None = None,
    faults: WireFaults | None = None,
) -> None:
    failures: list[dict[str, Any]] = []

    async def run() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: failures.append(context))
        units = {UNIT: Registers(), UNIT + 1: Registers(10)}
        path = folder / "bays.tty"
        line = RtuLine(units, path, baud=baud, turnaround_s=turnaround_s, before=before, faults=faults)
        await line.start()
        try:
            await scene(line, path, units)
        finally:
            await line.stop()

    asyncio.run(run())
    assert failures == []


def test_check_sums_agree_with_the_specification_and_with_a_bit_by_bit_one() -> None:
    assert crc16(b"\x02\x07") == 0x1241  # V1.02, section 6.2.2
    for size in range(60):
        data = bytes((7 * size * i + i) & 0xFF for i in range(size))
        assert crc16(data).to_bytes(2, "little") == crc(data)


def test_several_units_answer_on_one_line(tmp_path: Path) -> None:
    async def scene(_line: RtuLine, path: Path, _units: dict[int, Registers]) -> None:
        with Master(path) as master:
            assert await master.ask(READ_TEN, len(TEN)) == TEN
            refused = rtu(UNIT + 1, b"\x83\x02")
            assert await master.ask(rtu(UNIT + 1, b"\x03\x00\x00\x00\x0b"), len(refused)) == refused

    play(tmp_path, scene)


@pytest.mark.parametrize(
    ("request_", "answer_"),
    [
        ("0B 03 00 00 00 02 C4 A1", "0B 03 04 00 00 00 01 91 F3"),
        ("0B 10 00 04 00 01 02 BE EF E9 58", "0B 10 00 04 00 01 40 A2"),
        ("0B 06 00 00 00 01 48 A0", "0B 86 01 A3 A2"),
        ("0B 2B 0E 01 02 69 B7", "0B 2B 0E 01 83 00 00 01 02 03 31 2E 30 59 31"),
        ("0B 2B 0E 04 77 AB 00", "0B AB 02 FE F3"),
        ("0B 08 00 00 A5 37 DA 27", "0B 08 00 00 A5 37 DA 27"),
    ],
)
def test_frames_and_their_answers(tmp_path: Path, request_: str, answer_: str) -> None:
    async def scene(_line: RtuLine, path: Path, _units: dict[int, Registers]) -> None:
        with Master(path) as master:
            expected = bytes.fromhex(answer_)
            assert (await master.ask(bytes.fromhex(request_), len(expected))).hex(" ").upper() == answer_
            assert await master.hear(1, 0.02) == b""

    play(tmp_path, scene)


@pytest.mark.parametrize("unit", [UNIT + 2, 99, 247, 248, 255])
def test_other_units_are_met_with_silence_and_change_nothing(tmp_path: Path, unit: int) -> None:
    async def scene(_line: RtuLine, path: Path, units: dict[int, Registers]) -> None:
        with Master(path) as master:
            for request in (b"\x10\x00\x00\x00\x01\x02\xbe\xef", b"\x03\x00\x00\x00\x01", b"\x07"):
                assert await master.ask(rtu(unit, request), 1, 0.03) == b""
            assert all(each.calls == [] for each in units.values())
            assert await master.ask(READ_TEN, len(TEN)) == TEN

    play(tmp_path, scene)


def test_a_broadcast_write_is_done_by_every_station_and_answered_by_none(tmp_path: Path) -> None:
    async def scene(_line: RtuLine, path: Path, units: dict[int, Registers]) -> None:
        with Master(path) as master:
            assert await master.ask(bytes.fromhex("00 10 00 04 00 01 02 BE EF 9A 68"), 1, 0.05) == b""
            assert [unit.holding[4] for unit in units.values()] == [0xBEEF] * 2
            read = bytes.fromhex("0B 03 00 04 00 01 C5 61")
            assert (await master.ask(read, 7)).hex(" ").upper() == "0B 03 02 BE EF 10 69"

    play(tmp_path, scene)


@pytest.mark.parametrize(
    "request_",
    ["00 03 00 00 00 01 85 DB", "00 17 00 00 00 01 00 04 00 01 02 12 34 5A DC", "00 06 00 04 12 34 C4 AD"],
    ids=["read", "write-and-read", "absent"],
)
def test_a_broadcast_of_anything_but_a_write_is_ignored(tmp_path: Path, request_: str) -> None:
    async def scene(_line: RtuLine, path: Path, units: dict[int, Registers]) -> None:
        with Master(path) as master:
            assert await master.ask(bytes.fromhex(request_), 1, 0.05) == b""
            assert all(unit.calls == [] for unit in units.values())
            assert await master.ask(READ_TEN, len(TEN)) == TEN

    play(tmp_path, scene)


def test_a_broadcast_that_some_refuse_is_done_by_the_others(tmp_path: Path) -> None:
    """Address 500 is beyond both stations', address 20 beyond one's."""

    async def scene(_line: RtuLine, path: Path, units: dict[int, Registers]) -> None:
        with Master(path) as master:
            assert await master.ask(bytes.fromhex("00 10 01 F4 00 01 02 00 00 AE 74"), 1, 0.05) == b""
            assert await master.ask(rtu(0, b"\x10\x00\x14\x00\x01\x02\xbe\xef"), 1, 0.05) == b""
        first, second = units.values()
        assert first.holding[20] == 0xBEEF
        assert second.holding == list(range(10))

    play(tmp_path, scene)


def test_a_station_counts_what_happens_on_its_line(tmp_path: Path) -> None:
    """Two reads, one of them the neighbour's, a spoilt frame and a broadcast; then the first station is asked."""

    async def scene(_line: RtuLine, path: Path, _units: dict[int, Registers]) -> None:
        with Master(path) as master:
            await master.ask(READ_TEN, len(TEN))
            await master.ask(rtu(UNIT + 1, b"\x03\x00\x00\x00\x0b"), 5)
            await master.ask(READ_TEN[:-1] + b"\x00", 1, 0.02)
            await master.ask(rtu(0, b"\x10\x00\x04\x00\x01\x02\xbe\xef"), 1, 0.02)
            counts = []
            for sub_function in (0x0B, 0x0C, 0x0D, 0x0E, 0x0F):
                answer = await master.ask(rtu(UNIT, bytes((8, 0, sub_function, 0, 0))), 8)
                assert answer[:4] == bytes((UNIT, 8, 0, sub_function))
                counts.append(answer[5])
            # Each question is itself a message on the bus, and one of this station's.
            assert counts == [4, 1, 0, 6, 1]

    play(tmp_path, scene)


@pytest.mark.parametrize("baud", [9_600, 115_200])
def test_an_answer_takes_the_time_of_its_characters(tmp_path: Path, baud: int) -> None:
    character_s = 11 / baud

    async def scene(_line: RtuLine, path: Path, _units: dict[int, Registers]) -> None:
        with Master(path, baud=baud) as master:
            expected = (len(READ_TEN) + len(TEN)) * character_s + max(0.005, 3.5 * 11 / baud)
            took = []
            for _ in range(4):
                start = time.perf_counter()
                assert await master.ask(READ_TEN, len(TEN)) == TEN
                took.append(time.perf_counter() - start)
                await asyncio.sleep(0.01)
            assert min(took) >= expected - 0.0005
            assert min(took) <= expected + 0.01

    play(tmp_path, scene, baud=baud, turnaround_s=0.005)


@pytest.mark.parametrize(
    "noise",
    [b"\x00", b"\x00\xff\x55", READ_TEN[:5], READ_TEN[:-1] + b"\x00", READ_TEN[:-1], READ_TEN * 2, bytes(300)],
    ids=["glitch", "noise", "half", "bad-check-sum", "cut", "run-together", "flood"],
)
def test_noise_and_half_frames_do_not_cost_the_next_clean_request(tmp_path: Path, noise: bytes) -> None:
    async def scene(_line: RtuLine, path: Path, units: dict[int, Registers]) -> None:
        with Master(path) as master:
            for _ in range(3):
                assert await master.ask(noise, 1, 0.05) == b""
                assert units[UNIT].calls == []
                assert await master.ask(READ_TEN, len(TEN)) == TEN
                units[UNIT].calls.clear()

    play(tmp_path, scene)


def test_a_request_in_pieces_without_a_silence_is_one_frame(tmp_path: Path) -> None:
    async def scene(_line: RtuLine, path: Path, _units: dict[int, Registers]) -> None:
        with Master(path) as master:
            master.send(READ_TEN[:4])
            assert await master.ask(READ_TEN[4:], len(TEN)) == TEN

    play(tmp_path, scene)


@pytest.mark.parametrize("pause_s", [0.003, 0.012], ids=["within-T3.5", "longer"])
def test_a_silence_inside_a_frame_spoils_it_and_the_next_one_is_heard(tmp_path: Path, pause_s: float) -> None:
    """At 9600 baud T1.5 is 1.7 ms, T3.5 4.0 ms, and the four characters take 4.6 ms.

    The silence counts from when the line has the first half, not from its sending: on a busy machine the pty may
    keep that back until the second one comes, and there was no silence. One that lasts longer than meant spoils too;
    `test_server_line_silence` holds both limits to the microsecond.
    """

    async def scene(line: RtuLine, path: Path, units: dict[int, Registers]) -> None:
        with Master(path, baud=9_600) as master:
            master.send(READ_TEN[:4])
            await hears(line, 4)
            await asyncio.sleep(4 * 11 / 9_600 + pause_s)
            assert await master.ask(READ_TEN[4:], 1, 0.06) == b""
            assert units[UNIT].calls == []
            await hears(line, 0)
            assert await master.ask(READ_TEN, len(TEN)) == TEN

    play(tmp_path, scene, baud=9_600)


async def hears(line: RtuLine, characters: int) -> None:
    """Wait until a line has so many characters of a frame that has not ended yet."""
    async with asyncio.timeout(5.0):
        while len(line._listener._burst) != characters:  # noqa: ASYNC110 - a pty tells nobody when it delivers
            await asyncio.sleep(0.0005)


def test_a_request_while_a_station_sends_is_not_heard(tmp_path: Path) -> None:
    async def scene(_line: RtuLine, path: Path, units: dict[int, Registers]) -> None:
        with Master(path) as master:
            long_read = rtu(UNIT, b"\x03\x00\x00\x00\x7d")
            master.send(long_read)
            await asyncio.sleep(len(long_read) * CHARACTER_S + 0.012)
            master.send(READ_TEN)
            assert len(await master.hear(255)) == 255
            assert await master.hear(1, 0.05) == b""
            assert len(units[UNIT].calls) == 1

    play(tmp_path, scene)


def test_another_baud_rate_is_heard_as_noise(tmp_path: Path) -> None:
    async def scene(_line: RtuLine, path: Path, units: dict[int, Registers]) -> None:
        with Master(path, baud=19_200) as master:
            assert await master.ask(READ_TEN, 1, 0.05) == b""
        with Master(path) as master:
            assert await master.ask(READ_TEN, len(TEN)) == TEN
        assert len(units[UNIT].calls) == 1

    play(tmp_path, scene)


def test_the_master_may_close_and_open_the_device_again(tmp_path: Path) -> None:
    async def scene(_line: RtuLine, path: Path, _units: dict[int, Registers]) -> None:
        for _ in range(3):
            with Master(path) as master:
                assert await master.ask(READ_TEN, len(TEN)) == TEN
                master.send(READ_TEN)
            await asyncio.sleep(0.03)
        start = time.process_time()
        await asyncio.sleep(0.1)
        assert time.process_time() - start < 0.05

    play(tmp_path, scene)


def lead(path: Path, device: str) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(device)


def target(path: Path) -> str | None:
    return str(path.readlink()) if path.is_symlink() else None


def test_the_path_follows_a_restart_and_goes_with_the_line(tmp_path: Path) -> None:
    async def scene(line: RtuLine, path: Path, _units: dict[int, Registers]) -> None:
        await line.stop()
        await line.stop()
        assert target(path) is None
        lead(path, "/dev/null")
        await line.start()
        with Master(path) as master:
            assert await master.ask(READ_TEN, len(TEN)) == TEN
        lead(path, "/dev/null")
        await line.stop()
        assert target(path) == "/dev/null"

    play(tmp_path, scene)


def test_stopping_looks_like_an_unplugged_adapter(tmp_path: Path) -> None:
    async def scene(line: RtuLine, path: Path, _units: dict[int, Registers]) -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        await line.stop()
        try:
            assert os.read(descriptor, 1) == b""
        except OSError as error:
            assert error.errno == 5  # noqa: PT017 - either is how Linux tells of a hang-up
        finally:
            os.close(descriptor)

    play(tmp_path, scene)


def test_an_adapter_that_vanished_and_came_back_serves_again(tmp_path: Path) -> None:
    async def scene(line: RtuLine, path: Path, units: dict[int, Registers]) -> None:
        for _ in range(3):
            with Master(path) as master:
                assert await master.ask(READ_TEN, len(TEN)) == TEN
                await line.stop()
                with pytest.raises(serial.SerialException):
                    await master.hear(1)
            with pytest.raises(serial.SerialException):
                Master(path)
            await line.start()
        with Master(path) as master:
            assert await master.ask(READ_TEN, len(TEN)) == TEN
        assert len(units[UNIT].calls) == 4

    play(tmp_path, scene)


def test_half_a_frame_from_before_an_adapter_vanished_is_forgotten(tmp_path: Path) -> None:
    """At 9600 baud the half frame would stand for 10 ms; the adapter is back long before."""

    async def scene(line: RtuLine, path: Path, units: dict[int, Registers]) -> None:
        with Master(path, baud=9_600) as master:
            master.send(READ_TEN[:5])
            await asyncio.sleep(0.002)
            await line.stop()
        await line.start()
        with Master(path, baud=9_600) as master:
            assert await master.ask(READ_TEN, len(TEN)) == TEN
        assert len(units[UNIT].calls) == 1

    play(tmp_path, scene, baud=9_600)


def test_an_adapter_that_vanished_before_its_answer_sends_it_to_nobody_later(tmp_path: Path) -> None:
    async def scene(line: RtuLine, path: Path, _units: dict[int, Registers]) -> None:
        with Master(path) as master:
            master.send(READ_TEN)
            await asyncio.sleep(len(READ_TEN) * CHARACTER_S + 0.004)
            await line.stop()
        await line.start()
        with Master(path) as master:
            assert await master.hear(1, 0.05) == b""
            assert await master.ask(READ_TEN, len(TEN)) == TEN

    play(tmp_path, scene)


def test_half_a_request_of_a_program_that_closed_the_device_does_not_spoil_the_next_ones(tmp_path: Path) -> None:
    async def scene(_line: RtuLine, path: Path, _units: dict[int, Registers]) -> None:
        for size in (1, 5, 7):
            with Master(path) as master:
                master.send(READ_TEN[:size])
            await asyncio.sleep(0.01)
            with Master(path) as master:
                assert await master.ask(READ_TEN, len(TEN)) == TEN

    play(tmp_path, scene)


def test_time_advances_before_each_request_that_is_heard(tmp_path: Path) -> None:
    calls: list[int] = []

    async def scene(_line: RtuLine, path: Path, _units: dict[int, Registers]) -> None:
        with Master(path) as master:
            await master.ask(READ_TEN, len(TEN))
            await master.ask(b"noise", 1, 0.03)
            await master.ask(READ_TEN, len(TEN))
        assert len(calls) == 2

    play(tmp_path, scene, before=lambda: calls.append(1))


Plan = Callable[[bytes], Sequence[tuple[float, bytes]]]


class Bent:
    """One plan for every answer."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def bend(self, frame: bytes) -> Sequence[tuple[float, bytes]]:
        return self._plan(frame)


@pytest.mark.parametrize(
    ("plan", "heard"),
    [
        (lambda _frame: (), b""),
        (lambda frame: ((0.0, b"\x00" + frame[1:]),), b"\x00" + TEN[1:]),
        (lambda frame: ((0.0, frame), (0.0, frame)), TEN * 2),
        (lambda frame: ((0.0, frame[:4]), (0.02, frame[4:])), TEN),
    ],
    ids=["dropped", "corrupted", "doubled", "split"],
)
def test_answers_can_be_bent(tmp_path: Path, plan: Plan, heard: bytes) -> None:
    async def scene(_line: RtuLine, path: Path, _units: dict[int, Registers]) -> None:
        with Master(path) as master:
            assert await master.ask(READ_TEN, len(heard) + 1, 0.08) == heard

    play(tmp_path, scene, faults=Bent(plan))


def test_a_delayed_answer_keeps_nobody_else_waiting(tmp_path: Path) -> None:
    async def scene(_line: RtuLine, path: Path, _units: dict[int, Registers]) -> None:
        with Master(path) as master:
            master.send(READ_TEN)
            await asyncio.sleep(0.02)
            refused = rtu(UNIT + 1, b"\x83\x02")
            assert await master.ask(rtu(UNIT + 1, b"\x03\x00\x00\x00\x0b"), len(refused), 0.06) == refused
            assert await master.hear(len(TEN)) == TEN

    play(tmp_path, scene, faults=Bent(lambda frame: ((0.15 if frame[0] == UNIT else 0.0, frame),)))


def test_a_baud_rate_that_no_line_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="12345"):
        RtuLine({}, tmp_path / "x", baud=12_345)
