"""A capture of a bench session, and its replay: the recorded answers give the port the same images."""

import asyncio
import io
from collections.abc import Callable, Mapping
from pathlib import Path

from config.load import load_tower
from hal.cadence import SteadyCadence
from hal.capture import Capture, Recorder
from hal.crc16 import crc16
from hal.errors import LinkDown
from hal.modbus_framing import MbapFraming, RtuFraming
from hal.modbus_link import LINE_UNITS, TCP_UNITS, ModbusLink, line_timing, tcp_timing
from hal.plcmap.registers import StationMap, station_maps
from hal.plcmap.values import Image
from hal.tower import BusPlan, TowerPlan, open_tower
from sim_plc.rehearsal.loop import run
from sim_plc.unit import Unit
from sim_plc.wire.functions import attend
from sim_plc.wire.identification import IDENTITY
from tests.support.hal_rig import MemoryEpochs
from tests.support.modbus_peers import mbap
from tests.support.replay import Exchange, Played, exchanges_of, play, script_of
from tests.support.scripted_channel import ScriptedChannel
from tests.support.soft_tower import SoftTower, small_tower

BENCH = Path(__file__).parent / "captures" / "relocation.txt"
"""`cartower run --capture` beside `cartower-sim run`, `small` at `brisk`: reset, start, and S001 from 102 to 203."""

TCP_HEAD, LINE_HEAD = 7, 1


def maps_of(name: str) -> dict[int, StationMap]:
    return {station.unit: station for station in station_maps(load_tower(name).shape).values()}


def over_tcp(exchanges: list[Exchange], maps: Mapping[int, StationMap]) -> Played:
    async def scene() -> Played:
        channel = script_of(exchanges)
        link = ModbusLink(channel, MbapFraming(), tcp_timing(0.3), TCP_UNITS)
        played = await play(link, exchanges, maps, head=TCP_HEAD)
        assert channel.ended
        return played

    return run(scene())


def over_line(exchanges: list[Exchange], maps: Mapping[int, StationMap]) -> Played:
    async def scene() -> Played:
        channel = script_of(exchanges)
        timing = line_timing(115_200, 11, timeout_s=0.2, reply_max_s=0.2)
        played = await play(
            ModbusLink(channel, RtuFraming(crc16), timing, LINE_UNITS), exchanges, maps, head=LINE_HEAD
        )
        assert channel.ended
        return played

    return run(scene())


# A session of the bench


def occupied(bays: Played, number: int) -> list[int]:
    """Places of both levels that one image of each shows as taken, on both sensors."""
    both = 0b1100
    words = {**bays.images[11][number].bays, **bays.images[12][number].bays}
    return [place for place, word in words.items() if int(word) & both == both]


def test_the_bench_session_gives_the_images_it_gave_then() -> None:
    maps, buses = maps_of("small"), exchanges_of(BENCH.read_text("ascii"))
    tower = over_tcp(buses["tower"], maps)
    bays = over_line(buses["bays"], maps)
    assert (len(tower.images[1]), len(bays.images[11]), len(bays.images[12])) == (53, 29, 29)

    last = tower.images[1][-1]
    assert (last.mechanisms["lift"].position, last.mechanisms["shuttle"].outcome_sequence) == (2502, 3)
    turned = [image.mechanisms["turntable"].position for image in tower.images[1]]
    assert turned[0] == 0
    assert turned[-1] == 180_000
    lifted = [image.mechanisms["lift"].position for image in tower.images[1]]
    assert any(0 < position < 2500 for position in lifted)

    assert occupied(bays, 0) == [102, 103, 104, 202, 204]
    assert occupied(bays, -1) == [103, 104, 202, 203, 204]


def test_the_bench_session_wrote_each_command_once_and_every_mailbox_whole() -> None:
    buses = exchanges_of(BENCH.read_text("ascii"))
    written = over_tcp(buses["tower"], maps_of("small")).written
    commands = [(address, words[3], words[-1]) for _, address, words in written if len(words) == 11]
    assert len(set(commands)) == len(commands)
    # By the addresses of lift, turntable and shuttle: HOME 2, MOVE_TO 3, PICK 10, PLACE 11.
    for address, opcodes in ((788, [2, 3]), (800, [2, 3, 3]), (812, [2, 10, 11])):
        assert [opcode for at, opcode, _ in commands if at == address] == opcodes


# A session of now


class UnitsChannel:
    """`hal.byte_channel.ByteChannel`: stations in this process, each answer in two pieces."""

    name = "units"

    def __init__(self, units: Mapping[int, Unit]) -> None:
        self._units = units
        self._on_bytes: Callable[[bytes], None] | None = None

    @property
    def is_open(self) -> bool:
        return self._on_bytes is not None

    async def open(self, on_bytes: Callable[[bytes], None], on_lost: Callable[[LinkDown], None]) -> None:
        del on_lost
        self._on_bytes = on_bytes

    def discard(self) -> None:
        """Hold nothing back."""

    def send(self, data: bytes) -> None:
        assert self._on_bytes is not None
        answer = mbap(data[0] << 8 | data[1], data[6], attend(self._units[data[6]], data[7:], IDENTITY))
        loop = asyncio.get_running_loop()
        loop.call_later(0.004, self._on_bytes, answer[:9])
        loop.call_later(0.005, self._on_bytes, answer[9:])

    def close(self) -> None:
        self._on_bytes = None


def test_what_is_recorded_now_gives_the_same_images_again() -> None:
    text = io.StringIO()
    seen: dict[int, list[Image]] = {}

    async def live() -> None:
        async with SoftTower(small_tower()).running() as soft:
            capture = Capture(text)
            links = {
                name: ModbusLink(
                    capture.tap(name)(UnitsChannel(soft.units_of(name))), MbapFraming(), tcp_timing(0.3), TCP_UNITS
                )
                for name in soft.tower.bus
            }
            buses = tuple(BusPlan(name, bus.stations, bus.fc23) for name, bus in soft.tower.bus.items())
            async with open_tower(
                TowerPlan(soft.tower.shape, buses, 4711),
                links=lambda bus: links[bus.name],
                cadences=lambda _: SteadyCadence(),
                epochs=MemoryEpochs(),
            ) as drivers:
                for station in drivers.stations.values():
                    station.on_image(seen.setdefault(station.map.unit, []).append)
                await asyncio.sleep(5.0)

    run(live())
    maps = {station.unit: station for station in station_maps(small_tower().shape).values()}
    replayed: dict[int, list[Image]] = {}
    for exchanges in exchanges_of(text.getvalue()).values():
        replayed |= over_tcp(exchanges, maps).images
    assert seen.keys() == replayed.keys()
    for unit, images in seen.items():
        assert len(images) > 8
        assert replayed[unit][-len(images) :] == images


# The recorder


def test_a_capture_tells_when_which_bus_which_way_and_why_it_broke() -> None:
    text = io.StringIO()

    async def scene() -> None:
        capture = Capture(text)
        channel = capture.tap("tower")(ScriptedChannel([("01 02", "0a 0b")]))
        await channel.open(lambda _: None, lambda _: None)
        await asyncio.sleep(1.5)
        channel.send(b"\x01\x02")
        await asyncio.sleep(0)
        channel.close()
        channel.close()

    run(scene())
    assert text.getvalue().splitlines() == [
        "# cartower capture 1: seconds, bus, what, bytes or reason",
        "0.000000 tower open",
        "1.500000 tower send 0102",
        "1.500000 tower recv 0a0b",
        "1.500000 tower close",
    ]


def test_a_capture_tells_of_a_loss_and_hands_it_on() -> None:
    told: list[str] = []
    lost: list[LinkDown] = []

    class Breaking(ScriptedChannel):
        async def open(self, on_bytes: Callable[[bytes], None], on_lost: Callable[[LinkDown], None]) -> None:
            await super().open(on_bytes, on_lost)
            on_lost(LinkDown("the cable is out"))

    run(Recorder(Breaking([]), lambda what, rest: told.append(f"{what} {rest}")).open(lambda _: None, lost.append))
    assert told == ["lost the cable is out", "open "]
    assert str(lost[0]) == "the cable is out"


def test_a_forgotten_capture_does_not_fill_the_disk() -> None:
    text = io.StringIO()

    async def scene() -> None:
        channel = Capture(text, limit_bytes=100).tap("tower")(ScriptedChannel([("01", "02")] * 20))
        await channel.open(lambda _: None, lambda _: None)
        for _ in range(20):
            channel.send(b"\x01")
            await asyncio.sleep(0)

    run(scene())
    assert text.getvalue().endswith("# full\n")
    assert len(text.getvalue()) < 250


def test_a_full_disk_ends_the_capture_and_not_the_wires() -> None:
    text = Path("/dev/full").open("w", encoding="ascii")  # noqa: SIM115 - the capture closes it
    failed, got = list[OSError](), list[bytes]()

    async def scene() -> None:
        channel = Capture(text, on_failed=failed.append).tap("tower")(ScriptedChannel([("01", "02")] * 2000))
        await channel.open(got.append, lambda _: None)
        for _ in range(2000):
            channel.send(b"\x01")
            await asyncio.sleep(0)

    run(scene())
    assert [error.strerror for error in failed] == ["No space left on device"]
    assert text.closed
    assert b"".join(got) == b"\x02" * 2000
