"""What a driver writes, against the register table that the PLC's engineer has."""

import asyncio
import csv
from collections.abc import Sequence
from importlib import resources

import pytest

from config.load import load_tower
from hal.blocks import Blocks
from hal.errors import Refused
from hal.plcmap.codec import ControllerBlock
from hal.plcmap.frame import Content, Frame
from hal.plcmap.registers import StationMap, station_maps

MAPS = station_maps(load_tower("guangzhou").shape)
FRAME = Frame.build(epoch=1, boot_id=2, content=Content(3), sequence=4)

READ_INPUT, WRITE, READ_WRITE = 4, 16, 23


class NotedLink:
    """A link that notes every request; its registers read 0. Without FC23 it refuses that."""

    connected = True
    generation = 1

    def __init__(self, *, fc23: bool) -> None:
        self.fc23 = fc23
        self.written: list[tuple[int, int, int]] = []
        """Function, address and count of each write."""
        self.largest_read = 0

    async def connect(self) -> None:
        raise AssertionError

    async def close(self) -> None:
        raise AssertionError

    async def read_input(self, unit: int, address: int, count: int, *, urgent: bool = False) -> tuple[int, ...]:
        self.largest_read = max(self.largest_read, count)
        return (0,) * count

    async def read_holding(self, unit: int, address: int, count: int, *, urgent: bool = False) -> tuple[int, ...]:
        raise AssertionError

    async def write(self, unit: int, address: int, words: Sequence[int], *, urgent: bool = False) -> None:
        self.written.append((WRITE, address, len(words)))

    async def read_write(
        self,
        unit: int,
        read_address: int,
        read_count: int,
        write_address: int,
        words: Sequence[int],
        *,
        urgent: bool = False,
    ) -> tuple[int, ...]:
        if not self.fc23:
            raise Refused(READ_WRITE, 1)
        self.written.append((READ_WRITE, write_address, len(words)))
        return await self.read_input(unit, read_address, read_count)


def table(station: str) -> list[tuple[str, int, int]]:
    """Return name, address and words of each register that the table gives to the controller."""
    text = resources.files("config").joinpath("plc_map.csv").read_text()
    return [
        (row["name"], int(row["address"]), int(row["words"]))
        for row in csv.DictReader(text.splitlines())
        if row["station"] == station and row["owner"] == "controller" and row["access"] == "read/write"
    ]


def area(rows: list[tuple[str, int, int]], name: str) -> tuple[int, int]:
    """Return address and count of the registers ``name.*``, which the table has without a gap."""
    own = [(address, words) for full, address, words in rows if full.rpartition(".")[0] == name]
    count = sum(words for _, words in own)
    first = min(address for address, _ in own)
    assert max(address + words for address, words in own) == first + count
    return first, count


async def write_everything(station: StationMap, link: NotedLink) -> None:
    blocks = Blocks(station, link, fc23=True)
    for _ in range(2):
        await blocks.exchange(ControllerBlock(1, 2, 3))
    for mechanism in station.mechanisms:
        await blocks.write_frame(mechanism.name, FRAME)
    await blocks.identity()
    await blocks.slow()


@pytest.mark.parametrize("fc23", [True, False])
@pytest.mark.parametrize("name", MAPS)
def test_only_the_controllers_registers_are_written_each_area_whole(name: str, *, fc23: bool) -> None:
    station, link, rows = MAPS[name], NotedLink(fc23=fc23), table(name)
    asyncio.run(write_everything(station, link))
    poll = (READ_WRITE if fc23 else WRITE, *area(rows, "controller"))
    frames = [(WRITE, *area(rows, f"mailbox.{each.name}")) for each in station.mechanisms]
    assert link.written == [poll, poll, *frames]
    assert sum(words for _, _, words in rows) == poll[2] + sum(count for _, _, count in frames)
    assert link.largest_read <= 125
