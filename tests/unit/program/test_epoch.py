"""Epochs, owners, echoes and silence."""

import pytest

from hal.plcmap.codec import ControllerBlock
from sim_plc.program.epoch import EpochGate, EpochMemory

EPOCH, OWNER = 0x0002_0001, 9


def gate(epoch: int = EPOCH, owner: int = OWNER) -> EpochGate:
    return EpochGate(EpochMemory(epoch, owner), scan_s=0.01, silence_s=1.5)


def block(gate_: EpochGate, t: float, *, epoch: int = EPOCH, owner: int = OWNER, dead_man: int = 0) -> ControllerBlock:
    return ControllerBlock(epoch, owner, gate_.heartbeat(t), dead_man)


def test_the_heartbeat_counts_scans_whether_they_ran_or_not() -> None:
    g = gate()
    assert [g.heartbeat(k * 0.01) for k in range(300)] == list(range(300))
    assert g.heartbeat(655.36) == 0
    assert g.heartbeat(12345.67) == 1234567 & 0xFFFF


@pytest.mark.parametrize(
    ("epoch", "owner", "taken", "in_force"),
    [
        (EPOCH, OWNER, True, (EPOCH, OWNER)),
        (EPOCH, OWNER + 1, False, (EPOCH, OWNER)),
        (EPOCH - 1, OWNER, False, (EPOCH, OWNER)),
        (EPOCH + 1, OWNER + 1, True, (EPOCH + 1, OWNER + 1)),
        (0xFFFF_FFFF, 1, True, (0xFFFF_FFFF, 1)),
        (0, OWNER, False, (EPOCH, OWNER)),
    ],
)
def test_the_epoch_fence(epoch: int, owner: int, taken: bool, in_force: tuple[int, int]) -> None:
    g = gate()
    assert g.take(block(g, 10.0, epoch=epoch, owner=owner), 10.0) == taken
    assert (g.memory.epoch, g.memory.owner) == in_force
    assert g.silent(10.0) == (not taken)


def test_nobody_owns_epoch_zero() -> None:
    g = gate(0, 0)
    assert not g.take(ControllerBlock(0, 0, g.heartbeat(1.0)), 1.0)


def test_a_station_that_heard_nothing_yet_is_silent() -> None:
    assert gate().silent(0.0)
    assert gate().silent_from() is None


def test_silence_comes_one_and_a_half_seconds_after_the_last_echo() -> None:
    g = gate()
    g.take(block(g, 10.0), 10.0)
    assert g.silent_from() == 11.5
    assert not g.silent(11.49)
    assert g.silent(11.5)
    g.take(block(g, 12.0), 12.0)
    assert not g.silent(12.0)


@pytest.mark.parametrize(("age_s", "counts"), [(0.0, True), (1.49, True), (1.5, True), (1.52, False), (-0.01, False)])
def test_only_a_recent_heartbeat_is_an_echo(age_s: float, counts: bool) -> None:
    g = gate()
    g.take(ControllerBlock(EPOCH, OWNER, g.heartbeat(20.0 - age_s)), 20.0)
    assert g.silent(20.0) != counts


def test_the_same_echo_again_proves_no_life() -> None:
    g = gate()
    same = block(g, 10.0)
    for t in (10.0, 10.5, 11.0):
        g.take(same, t)
    assert g.silent(11.5)


def test_the_dead_man_is_held_only_while_its_counter_changes() -> None:
    g = gate()
    g.take(block(g, 10.0, dead_man=5), 10.0)
    assert not g.dead_man_held(10.0)
    g.take(block(g, 10.1, dead_man=6), 10.1)
    assert g.dead_man_held(10.29)
    assert not g.dead_man_held(10.31)
    g.take(block(g, 10.4, dead_man=6), 10.4)
    assert not g.dead_man_held(10.4)


def test_a_new_master_starts_with_its_hand_off() -> None:
    g = gate()
    g.take(block(g, 10.0, dead_man=5), 10.0)
    g.take(block(g, 10.1, dead_man=6, epoch=EPOCH + 1), 10.1)
    assert not g.dead_man_held(10.1)
