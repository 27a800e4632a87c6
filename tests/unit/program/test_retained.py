"""Retained memory: kept twice, restored warm, known to be lost when cold."""

import random

import pytest

from hal.plcmap.codec import PastOutcome
from hal.plcmap.codes import Opcode, SubStep
from hal.plcmap.frame import Content
from sim_plc.program.epoch import EpochMemory
from sim_plc.program.handshake import Command, MailboxMemory
from sim_plc.program.retained import ExchangeMemory, StationMemory, next_boot, pack, power_up, unpack

RNG = random.Random(1)


def full() -> StationMemory:
    content = Content(Opcode.MOVE_TO, -5, 203, 2)
    box = MailboxMemory(
        9, 0xBEEF, content, [PastOutcome(8, 1, 1, 0)], Command(9, 0xBEEF, content), [Command(8, 3, Content(1))]
    )
    exchange = ExchangeMemory(203, SubStep.TRANSFERRING, True, True)
    return StationMemory(6, False, EpochMemory(0x20001, 5), {"lift": box}, {"lift": 12}, exchange)


def test_both_ways() -> None:
    assert unpack(pack(full())) == full()


@pytest.mark.parametrize("half", [0, 1])
def test_one_bad_copy_is_as_good_as_none(half: int) -> None:
    retained = bytearray(pack(full()))
    for i in range(20):
        retained[half * len(retained) // 2 + 10 + i] ^= 0xFF
    assert unpack(bytes(retained)) == full()


def test_a_single_flipped_bit_anywhere_in_a_copy_is_found() -> None:
    retained = pack(full())
    half = len(retained) // 2
    for i in range(0, half, 7):
        broken = bytearray(retained)
        broken[i] ^= 1
        broken[half + i] ^= 1
        assert unpack(bytes(broken)) is None


@pytest.mark.parametrize("retained", [b"", b"\0" * 64, pack(full())[:-1], pack(full())[:9]])
def test_both_bad_is_a_loss_with_a_random_boot_id(retained: bytes) -> None:
    memory = power_up(retained, RNG)
    assert memory.lost
    assert 1 <= memory.boot_id <= 0xFFFF
    assert not memory.mailboxes
    assert power_up(pack(memory), RNG).lost


def test_the_boot_id_rises_at_each_power_up_and_is_never_zero() -> None:
    assert power_up(pack(full()), RNG).boot_id == 7
    assert power_up(None, RNG).boot_id == 1
    assert not power_up(None, RNG).lost
    assert next_boot(0xFFFF) == 1
