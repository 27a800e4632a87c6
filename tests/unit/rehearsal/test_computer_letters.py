"""Letters of power, storage and time: each bites in the middle of a move, and each heals."""

import asyncio
import random

import pytest

from config.load import load_tower
from controller.domain.events import Query, Relocate
from controller.domain.unit import UnitState
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.computer import RESTART_S, WATCHDOG_S
from sim_plc.rehearsal.faults import clock, power, process, storage
from sim_plc.rehearsal.faults.alphabet import Fate
from sim_plc.rehearsal.faults.letter import Letter, Strike
from sim_plc.rehearsal.run import Options, rehearse
from sim_plc.rehearsal.world import EPOCH_S, World
from tests.support.places import TOP3
from tests.support.power_cuts_journal import synced
from tests.support.samples import campaign
from tests.support.struck import in_a_move
from tests.support.tower_under_test import tower_under_test
from tests.support.unit_file import UnitFile

POWER = (power.ALL_BROWN_OUT, power.PC_POWER, power.PC_POWER_MOVING, power.ALL_POWER, clock.CLOCK_DEAD)
BUSY = (process.RIVAL, process.LONG_FREEZE, process.HANG, process.STALL, process.TWIN)
AT_REST = ((storage.BIT_FLIP, 2), (storage.LOST_LOG, 1), (storage.OLD_BACKUP, 1))
STORAGE = (storage.WRITE_EIO, storage.DISK_FULL, storage.READ_ONLY)


@pytest.mark.parametrize("letter", [power.PC_POWER_COMMIT, *campaign(POWER)], ids=str)
def test_a_computer_without_power_boots_and_has_forgotten_nothing_that_it_promised(letter: Letter) -> None:
    async def body() -> None:
        async with in_a_move() as it:
            await it.strike(letter, 6.0, where=3)
            assert it.durability.begun == (3 if letter is power.ALL_BROWN_OUT else 1)
            await it.heals()
            assert it.judge() == []

    loop.run(body())


@pytest.mark.campaign
def test_plcs_that_lose_their_power_together_stop_what_moves() -> None:
    async def body() -> None:
        async with in_a_move() as it:
            await it.strike(power.PLC_POWER, 0.0)
            await it.it.until(lambda: it.it.unit is UnitState.ABORTED, 2.0)
            await it.heals()
            assert it.judge() == []

    loop.run(body())


@pytest.mark.parametrize("letter", [storage.SYNC_EIO, *campaign(STORAGE)], ids=str)
def test_a_disk_that_fails_ends_the_daemon_and_a_mended_one_lets_it_go_on(letter: Letter) -> None:
    async def body() -> None:
        async with in_a_move() as it:
            striking = asyncio.create_task(it.strike(letter, RESTART_S + 20.0))
            await it.it.until(lambda: it.world.down, 40.0)
            assert it.world.computer.exits == 1
            await striking
            assert it.world.computer.exits > 1, "a start on a bad disk is no start"
            await it.heals()
            assert it.durability.begun == 1
            assert it.judge() == []

    loop.run(body())


def test_syncs_that_take_seconds_hold_up_answers_and_nothing_else() -> None:
    async def body() -> None:
        async with in_a_move() as it:
            striking = asyncio.create_task(it.strike(storage.SLOW_SYNC, 5.0))
            await asyncio.sleep(0.01)
            before_s = it.world.now
            await it.it.ask(Relocate(car="B2", bay=TOP3))
            assert it.world.now - before_s > storage.SYNC_S[0]
            assert (await it.it.ask(Query(what="status")))["unit"]
            await striking
            await it.heals()
            assert it.durability.begun == 0
            assert it.judge() == []

    loop.run(body())


@pytest.mark.parametrize(
    ("letter", "wrong_s"),
    [
        (clock.CLOCK_HOUR, clock.HOUR_S),
        (clock.CLOCK_DECADE, clock.DECADE_S),
        (clock.CLOCK_SLEW, clock.SLEW * 10.0),
        (clock.CLOCK_LEAP, 1.0),
    ],
    ids=str,
)
def test_a_clock_is_set_wrong_and_right_again(letter: Letter, wrong_s: float) -> None:
    async def body() -> None:
        world = World(tower_under_test(), 1)
        shown = world.computer.clock
        async with world.running():
            fate = Fate(world, random.Random(1))
            striking = asyncio.create_task(fate.play((Strike(0.0, letter, 20.0, 1),)))
            await asyncio.sleep(10.0)
            assert shown() == pytest.approx(EPOCH_S + 10.0 + wrong_s)
            await striking
            assert shown() == EPOCH_S + world.now + (wrong_s if letter is clock.CLOCK_LEAP else 0.0)

    loop.run(body())


def test_a_power_cut_shows_what_was_acknowledged_before_it_was_synced() -> None:
    """The control: without a sync at each commit the same cuts must lose what was promised."""

    async def body(seed: int) -> list[str]:
        async with in_a_move(seed) as it:
            await it.strike(power.PC_POWER, 1.0)
            return [violation.invariant for violation in it.it.inspector.violations]

    with synced("NORMAL"):
        assert any("I12" in loop.run(body(seed)) for seed in range(9))


@pytest.mark.campaign
def test_a_daemon_is_told_to_end_and_stands_within_five_seconds() -> None:
    async def body() -> None:
        async with in_a_move() as it:
            await it.it.until(lambda: it.world.truth().carriage.lift.moving)
            await it.strike(process.SHUT_DOWN, 6.0)
            assert 0.0 < it.durability.longest_stop_s < 5.0
            await it.heals()
            assert it.judge() == []

    loop.run(body())


@pytest.mark.parametrize("letter", campaign(BUSY), ids=str)
def test_a_daemon_that_sleeps_or_is_fenced_off_goes_on_afterwards(letter: Letter) -> None:
    async def body() -> None:
        async with in_a_move() as it:
            await it.strike(letter, min(letter.hold_s[1], 60.0))
            await it.heals()
            assert it.judge() == []

    loop.run(body())


@pytest.mark.parametrize(("letter", "where"), [pytest.param(*each, marks=pytest.mark.campaign) for each in AT_REST])
def test_a_journal_that_was_harmed_or_is_old_claims_nothing(letter: Letter, where: int) -> None:
    async def body() -> None:
        async with in_a_move() as it:
            await it.strike(letter, 20.0, where)
            assert it.did.keys() & {"the journal was harmed", "an old copy was put back"}
            await it.recovers()
            assert it.judge() == []

    loop.run(body())


def test_the_pauses_of_the_service_manager_are_the_packaged_units() -> None:
    unit = UnitFile.packaged()
    assert float(unit.one("RestartSec")) == RESTART_S
    assert float(unit.one("WatchdogSec")) == WATCHDOG_S


def test_a_copy_is_not_put_back_onto_a_disk_that_takes_nothing() -> None:
    full, old = Strike(20.0, storage.DISK_FULL, 60.0, 0), Strike(10.0, storage.OLD_BACKUP, 40.0, 0)
    report = rehearse(load_tower("small"), 3, 2.0, Options(script=(old, full)))
    assert report.good, str(report)
    assert not report.probes["an old copy was put back"]
