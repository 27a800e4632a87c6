"""What stations on a paced pseudo terminal do, asked through pyserial as any master would."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest
import serial

from sim_plc.pty_line import RtuLine, crc16
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
    async def run() -> None:
        units = {UNIT: Registers(), UNIT + 1: Registers(10)}
        path = folder / "bays.tty"
        line = RtuLine(units, path, baud=baud, turnaround_s=turnaround_s, before=before, faults=faults)
        await line.start()
        try:
            await scene(line, path, units)
        finally:
            await line.stop()

    asyncio.run(run())


def test_check_sums_agree_with_a_bit_by_bit_one() -> None:
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


def test_other_units_and_broadcasts_are_met_with_silence_and_change_nothing(tmp_path: Path) -> None:
    async def scene(_line: RtuLine, path: Path, units: dict[int, Registers]) -> None:
        with Master(path) as master:
            write = b"\x10\x00\x00\x00\x01\x02\xbe\xef"
            for unit in (0, 99):
                assert await master.ask(rtu(unit, write), 1, 0.05) == b""
            assert all(unit.calls == [] for unit in units.values())
            assert await master.ask(READ_TEN, len(TEN)) == TEN

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
