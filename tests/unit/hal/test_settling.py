"""After a daemon restart: the journal's newest sequence, and what the station shows of it."""

import asyncio

import pytest

from hal.errors import ForeignMaster
from hal.interfaces import Prepared, StationState, Verdict
from hal.plcmap.codes import Opcode, Result
from hal.plcmap.frame import Content
from sim_plc.rehearsal.loop import run
from tests.support.hal_rig import LIFT, MemoryEpochs, journaled, obey_stop, put, rig, used_plc


def test_after_a_crash_a_planned_command_that_never_arrived_is_void_and_its_number_free() -> None:
    async def scenario() -> None:
        plc = used_plc(40)
        _, planned = journaled(plc, 41)
        async with rig(plc=plc, epochs=MemoryEpochs(0x0001_0001), adopt=41) as it:
            outcome = await it.lift.settle(planned, {planned.check})
            assert outcome.verdict is Verdict.VOID
            assert plc.frames == []
            assert it.lift.prepare(Opcode.HOME).sequence == 41

    run(scenario())


def test_a_stop_before_the_settling_leaves_the_number_of_a_journaled_command_alone() -> None:
    async def scenario() -> None:
        plc = used_plc(40)
        _, planned = journaled(plc, 41)
        async with rig(plc=plc, epochs=MemoryEpochs(0x0001_0001), adopt=41) as it:
            obey_stop(it)
            assert (await it.lift.stop()).prepared.sequence == 42
            assert (await it.lift.settle(planned, {planned.check})).verdict is Verdict.VOID
            assert it.lift.prepare(Opcode.HOME).sequence == 43

    run(scenario())


def test_after_a_crash_a_finished_command_is_taken_by_its_check_word() -> None:
    async def scenario() -> None:
        plc = used_plc(40)
        frame, planned = journaled(plc, 41)
        plc.accept(LIFT, frame)
        plc.finish(LIFT, frame, Result.STOPPED_SILENCE)
        async with rig(plc=plc, epochs=MemoryEpochs(0x0001_0001), adopt=41) as it:
            assert (await it.lift.settle(planned, {planned.check})).verdict is Verdict.STOPPED_SILENCE
            other = Prepared("tower/lift", 41, Content(int(Opcode.MOVE_TO), 1, 0), 0x0BAD)
            assert (await it.lift.settle(other, {0x0BAD})).verdict is Verdict.UNKNOWN

    run(scenario())


def test_after_a_crash_a_running_command_is_waited_for() -> None:
    async def scenario() -> None:
        plc = used_plc(40)
        frame, planned = journaled(plc, 41)
        plc.accept(LIFT, frame)
        async with rig(plc=plc, epochs=MemoryEpochs(0x0001_0001), adopt=41) as it:
            settling = asyncio.create_task(it.lift.settle(planned, {planned.check}))
            await asyncio.sleep(5)
            assert not settling.done()
            plc.finish(LIFT, frame)
            assert (await settling).verdict is Verdict.OK

    run(scenario())


def test_a_stop_that_the_journal_missed_is_known_by_its_check_word() -> None:
    async def scenario() -> None:
        plc = used_plc(40)
        stop, _ = journaled(plc, 42, Opcode.STOP)
        plc.accept(LIFT, stop, runs=False)
        plc.finish(LIFT, stop)
        plc.boot_id += 1
        _, planned = journaled(plc, 41)
        async with rig(plc=plc, epochs=MemoryEpochs(0x0001_0001), adopt=41) as it:
            assert (await it.lift.settle(planned, {planned.check})).verdict is Verdict.VOID
            assert it.lift.prepare(Opcode.HOME).sequence == 43

    run(scenario())


def test_a_sequence_that_nobody_here_wrote_freezes_the_station_until_it_is_adopted() -> None:
    async def scenario() -> None:
        plc = used_plc(44)
        async with rig(plc=plc, epochs=MemoryEpochs(0x0001_0001), adopt=41, online=False) as it:
            await it.state(StationState.FROZEN)
            assert "44" in it.station.trouble
            with pytest.raises(ForeignMaster):
                it.lift.prepare(Opcode.HOME)
            with pytest.raises(ForeignMaster):
                await it.lift.stop()
            _, planned = journaled(plc, 41)
            assert (await it.lift.settle(planned, {planned.check})).verdict is Verdict.UNKNOWN
            written = len(plc.blocks)
            await asyncio.sleep(5)
            assert len(plc.blocks) == written
            await it.station.adopt_epoch()
            await it.online()
            assert it.lift.prepare(Opcode.HOME).sequence == 45

    run(scenario())


def test_settling_nothing_waits_for_the_comparison() -> None:
    async def scenario() -> None:
        plc = used_plc(44)
        async with rig(plc=plc, adopt=44, online=False) as it:
            await it.lift.settle(None)
            assert it.station.online
        async with rig(plc=used_plc(44), adopt=3, online=False) as it:
            with pytest.raises(ForeignMaster):
                await it.lift.settle(None, (), 2)

    run(scenario())


def test_sequences_wrap_past_65535_to_1() -> None:
    async def scenario() -> None:
        plc = used_plc(65_534)
        async with rig(plc=plc, adopt=65_534) as it:
            plc.execute_all()
            seen = []
            for _ in range(3):
                prepared = await put(it)
                assert (await it.lift.outcome(prepared, 5)).verdict is Verdict.OK
                seen.append(prepared.sequence)
            assert seen == [65_535, 1, 2]

    run(scenario())
