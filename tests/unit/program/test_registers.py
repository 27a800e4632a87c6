"""The station as a Modbus unit: what may be read and written, and what a refusal leaves alone."""

import random

import pytest

from config.load import load_tower
from hal.plcmap.codec import StationCodec
from hal.plcmap.codes import MAP_VERSION, StationKind
from hal.plcmap.frame import FRAME_WORDS
from sim_plc.plant.plant import Plant
from sim_plc.program.tower import TowerProgram
from sim_plc.unit import ExceptionCode, ModbusRefusal


@pytest.fixture
def program() -> TowerProgram:
    tower = load_tower("small")
    built = TowerProgram(tower, Plant(tower, seed=1).tower_image, retained=None, rng=random.Random(1))
    built.scan(0.01)
    return built


def test_input_registers_are_mirrored_in_holding_registers(program: TowerProgram) -> None:
    for block in program.station.blocks:
        words = program.read_input(block.address, block.count)
        assert list(program.read_holding(block.address, block.count)) == list(words)
        assert len(words) == block.count


def test_identity(program: TowerProgram) -> None:
    block = program.station.identity
    identity = StationCodec(program.station).decode_identity(program.read_input(block.address, block.count))
    assert identity.map_version == MAP_VERSION
    assert identity.station_kind == StationKind.TOWER
    assert (identity.tower_id, identity.boot_id) == (601, 1)
    assert identity.table_crc == load_tower("small").shape.table_crc()


@pytest.mark.parametrize("function", ["read_input", "read_holding"])
@pytest.mark.parametrize(("address", "count"), [(20, 1), (0, 16), (14, 20), (700, 1), (0, 0), (60_000, 1)])
def test_undeclared_registers_are_not_read(program: TowerProgram, function: str, address: int, count: int) -> None:
    read = program.read_input if function == "read_input" else program.read_holding
    with pytest.raises(ModbusRefusal) as caught:
        read(address, count)
    assert caught.value.code is ExceptionCode.ILLEGAL_DATA_ADDRESS


def test_the_controllers_registers_are_holding_registers_only(program: TowerProgram) -> None:
    base = program.station.owned_base
    program.write(base, (1, 2, 3))
    assert list(program.read_holding(base, 4)) == [1, 2, 3, 0]
    with pytest.raises(ModbusRefusal):
        program.read_input(base, 1)


def test_a_write_lands_whole_or_not_at_all(program: TowerProgram) -> None:
    base, end = program.station.owned_base, program.station.owned_end
    before = list(program.read_holding(base, end - base))
    for address, words in ((0, [1]), (32, [1]), (base - 1, [1, 1]), (end - 1, [1, 1]), (end, [1]), (base, [])):
        with pytest.raises(ModbusRefusal):
            program.write(address, words)
    with pytest.raises(ModbusRefusal) as caught:
        program.write(base, [1, 0x10000])
    assert caught.value.code is ExceptionCode.ILLEGAL_DATA_VALUE
    assert list(program.read_holding(base, end - base)) == before


def test_the_words_between_two_mailboxes_are_undeclared(program: TowerProgram) -> None:
    lift = program.station.mailbox("lift")
    behind = lift + FRAME_WORDS
    for address, count in ((behind, 1), (behind - 1, 2), (behind, 2), (lift, FRAME_WORDS + 1), (lift - 3, 3)):
        with pytest.raises(ModbusRefusal) as caught:
            program.write(address, [1] * count)
        assert caught.value.code is ExceptionCode.ILLEGAL_DATA_ADDRESS
    assert not any(program.read_holding(lift - 3, FRAME_WORDS + 5))


def test_a_write_asks_for_a_scan(program: TowerProgram) -> None:
    before = program.due
    program.write(program.station.controller_block, [0])
    assert before > 0.01
    assert program.due <= 0.01


def test_the_snapshot_rises_with_what_is_published_and_the_heartbeat_with_time(program: TowerProgram) -> None:
    block = program.station.fast[0]
    first = program.read_input(block.address, block.count)
    program.refresh(0.05)
    second = program.read_input(block.address, block.count)
    assert second[1] == first[1] + 4
    assert second[2] == second[-1] == first[2]
    program.write(program.station.controller_block, (0, 1, 5, 4, 0, 0, 0, 0))
    program.scan(0.06)
    third = program.read_input(block.address, block.count)
    assert third[2] == third[-1] == first[2] + 1
