"""Masters of other authors at the real stations of a tower: pymodbus, pyModbusTCP and minimalmodbus."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from pymodbus.pdu.mei_message import ReadDeviceInformationResponse

from config.schema import RtuBus, TcpBus
from tests.support.soft_tower import SoftTower, served, small_tower
from tests.support.stock_masters import (
    Master,
    MinimalMaster,
    PymodbusMaster,
    PyModbusTcpMaster,
    Said,
    minimal_rtu,
    pymodbus_rtu,
    pymodbus_tcp,
    pymodbustcp,
)

pytestmark = pytest.mark.realtime

TOWER, BAYS = 1, 11
WORDS_OF = {TOWER: [0x4354, 1, 1, 601], BAYS: [0x4354, 1, 2, 601]}
"""Map id, map version, kind of station, tower id: words 3 to 6 of a station's identity, typed from its table."""
EPOCH_IN_FORCE, BLOCK, OUTSIDE = 12, 768, 700
"""Where the identity shows the epoch in force; where the controller's own registers begin; an undeclared address."""


def play(folder: Path, scene: Callable[[int, str], None]) -> None:
    """Serve a tower, and let a blocking scene have the port of its TCP bus and the device of its line."""

    async def run() -> None:
        soft = SoftTower(small_tower())
        async with soft.running(), served(soft, folder) as tower:
            tcp, line = tower.bus["tower"], tower.bus["bays"]
            assert isinstance(tcp, TcpBus)
            assert isinstance(line, RtuBus)
            await asyncio.to_thread(scene, tcp.port, line.device)

    asyncio.run(run())


def said(call: Callable[[], object]) -> int:
    """The exception code that a call meets."""
    with pytest.raises(Said) as caught:
        call()
    return caught.value.code


def visit(master: Master, unit: int) -> None:
    """Read who the station is, take command of it with an epoch, and be refused what nobody may."""
    assert master.read_input(3, 4) == WORDS_OF[unit]
    assert master.read_holding(3, 4) == WORDS_OF[unit]
    block = [0, 5, 1234, 99, 0, 0, 0, 0]
    master.write(BLOCK, block)
    assert master.read_holding(BLOCK, 8) == block
    deadline = time.monotonic() + 2.0
    while master.read_input(EPOCH_IN_FORCE, 2) != [0, 5]:
        assert time.monotonic() < deadline, "the program did not take the epoch"
    assert said(lambda: master.read_input(OUTSIDE, 1)) == 2
    assert said(lambda: master.write(3, [1])) == 2
    assert said(lambda: master.write_one(BLOCK, 1)) == 1
    assert master.read_input(3, 4) == WORDS_OF[unit]


@pytest.mark.parametrize("connect", [pymodbus_tcp, pymodbustcp])
def test_a_tcp_master(tmp_path: Path, connect: Callable[[int, int], AbstractContextManager[Master]]) -> None:
    def scene(port: int, _device: str) -> None:
        with connect(port, TOWER) as master:
            visit(master, TOWER)

    play(tmp_path, scene)


@pytest.mark.parametrize("connect", [pymodbus_rtu, minimal_rtu])
def test_a_line_master(tmp_path: Path, connect: Callable[[str, int], AbstractContextManager[Master]]) -> None:
    def scene(_port: int, device: str) -> None:
        with connect(device, BAYS) as master:
            visit(master, BAYS)

    play(tmp_path, scene)


@pytest.mark.parametrize("connect", [pymodbus_tcp, pymodbustcp])
def test_write_and_read_in_one_request(
    tmp_path: Path, connect: Callable[[int, int], AbstractContextManager[PymodbusMaster | PyModbusTcpMaster]]
) -> None:
    def scene(port: int, _device: str) -> None:
        with connect(port, TOWER) as master:
            assert master.write_and_read(BLOCK, [0, 5, 1234, 99], 3, 4) == WORDS_OF[TOWER]
            assert master.read_holding(BLOCK, 4) == [0, 5, 1234, 99]
            assert said(lambda: master.write_and_read(BLOCK, [0], OUTSIDE, 1)) == 2

    play(tmp_path, scene)


@pytest.mark.parametrize("unit", [0, 255])
def test_a_tcp_master_that_names_no_unit(tmp_path: Path, unit: int) -> None:
    def scene(port: int, _device: str) -> None:
        with pymodbustcp(port, unit) as master:
            assert master.read_input(3, 4) == WORDS_OF[TOWER]

    play(tmp_path, scene)


def test_identification_by_tcp_masters(tmp_path: Path) -> None:
    def scene(port: int, _device: str) -> None:
        with pymodbustcp(port, TOWER) as master:
            identity = master.client.read_device_identification()
            assert (identity.vendor_name, identity.product_code) == (b"cartower", b"CT-PLC")
            assert (identity.conformity_level, identity.more_follows) == (0x83, 0)
            assert master.client.read_device_identification(4, 0x80).objects_by_id == {0x80: b"register map 1"}
            assert master.client.read_device_identification(4, 0x90) is None
            assert master.client.last_except == 2
        with pymodbus_tcp(port, TOWER) as other:
            assert who(other, 3)[0x80] == b"register map 1"

    play(tmp_path, scene)


def test_identification_and_diagnostics_by_a_line_master(tmp_path: Path) -> None:
    def scene(_port: int, device: str) -> None:
        with pymodbus_rtu(device, BAYS) as master:
            assert who(master, 1) == {0: b"cartower", 1: b"CT-PLC", 2: b"1.0"}
            echoed = master.client.diag_query_data(b"\xa5\x37", device_id=BAYS)
            assert not echoed.isError()
            assert echoed.encode() == b"\x00\x00\xa5\x37"
            counted = master.client.diag_read_bus_message_count(device_id=BAYS)
            assert counted.encode() == b"\x00\x0b\x00\x03"

    play(tmp_path, scene)


def test_a_broadcast_by_a_line_master_reaches_every_station(tmp_path: Path) -> None:
    def scene(_port: int, device: str) -> None:
        with minimal_rtu(device, BAYS) as master:
            everyone = MinimalMaster(master.instrument)
            everyone.instrument.address = 0
            everyone.write(BLOCK, [0, 6, 1234, 99])
            for unit in (11, 12, 22):
                master.instrument.address = unit
                assert master.read_holding(BLOCK, 4) == [0, 6, 1234, 99]

    play(tmp_path, scene)


def who(master: PymodbusMaster, read_code: int) -> dict[int, bytes]:
    """What a station says of itself to pymodbus."""
    answer = master.client.read_device_information(read_code=read_code, object_id=0, device_id=master.unit)
    assert isinstance(answer, ReadDeviceInformationResponse)
    return dict(answer.information)
