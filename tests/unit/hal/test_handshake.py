"""The daemon's half of the mailbox against a scripted PLC."""

import asyncio
from typing import Any

import pytest

from controller.activities.primitive import failure
from hal.errors import LinkDown, Maintenance, NoAnswer, NotOnline, Unsettled
from hal.interfaces import Prepared, Verdict
from hal.plcmap import codes
from hal.plcmap.codes import Opcode, Reason, Result, Untrusted
from hal.plcmap.frame import Content, Frame
from hal.plcmap.registers import tower_map
from sim_plc.rehearsal.loop import run
from sim_plc.rehearsal.memory_link import Fault
from tests.support.fake_plc import SHAPE, FakePlc
from tests.support.hal_rig import HOME, LIFT, STOP, after, obey_stop, put, put_busy, put_to_run, rig


def test_a_command_is_written_once_and_its_outcome_taken() -> None:
    async def scenario() -> None:
        async with rig() as it:
            it.plc.execute_all(after=after(2.0))
            prepared = it.lift.prepare(Opcode.MOVE_TO, 2500, 202)
            assert prepared.sequence == 1
            await it.lift.issue(prepared)
            outcome = await it.lift.outcome(prepared, 10)
            assert (outcome.verdict, outcome.prepared) == (Verdict.OK, prepared)
            [(name, frame)] = it.plc.frames
            assert name == LIFT
            assert frame.intact
            assert (frame.check, frame.content) == (prepared.check, Content(int(Opcode.MOVE_TO), 2500, 202, 0))
            assert it.lift.prepare(Opcode.HOME).sequence == 2

    run(scenario())


def test_the_overhead_of_a_primitive_at_its_predicted_end_is_far_below_the_poll_period() -> None:
    async def scenario() -> None:
        async with rig() as it:
            loop = asyncio.get_running_loop()
            it.plc.execute_all(after=after(3.02))
            spent = []
            for _ in range(5):
                begin = loop.time()
                prepared = await put(it)
                await it.lift.outcome(prepared, 10, expected_s=3.0)
                spent.append(loop.time() - begin - 3.0)
            assert max(spent) < 0.06

    run(scenario())


def test_who_saw_that_a_frame_was_accepted_looks_no_more_out_of_turn() -> None:
    async def scenario() -> None:
        async with rig() as it:
            await it.station.news(asyncio.get_running_loop().time() + 1.0)
            it.plc.execute_all(after=after(2.0))
            await put(it)
            await asyncio.sleep(0.025)
            polls = len(it.plc.blocks)
            await asyncio.sleep(0.01)
            assert len(it.plc.blocks) == polls + 1
            assert it.lift.status().executing
            await asyncio.sleep(0.04)
            assert len(it.plc.blocks) == polls + 1

    run(scenario())


def test_while_a_frame_is_not_seen_accepted_it_is_looked_for_out_of_turn_twice() -> None:
    async def scenario() -> None:
        async with rig() as it:
            await it.station.news(asyncio.get_running_loop().time() + 1.0)
            await put(it)
            polls = len(it.plc.blocks)
            await asyncio.sleep(0.08)
            assert len(it.plc.blocks) == polls + 2

    run(scenario())


@pytest.mark.parametrize("result", [each for each in Result if each not in {Result.NONE, Result.OK}])
def test_each_result_has_its_verdict(result: Result) -> None:
    async def scenario() -> None:
        async with rig() as it:
            reason = Reason.NOT_HOMED if result is Result.REFUSED else Reason.NONE

            def on_frame(name: str, frame: Frame) -> None:
                it.plc.accept(name, frame)
                it.plc.finish(name, frame, result, reason)

            it.plc.on_frame = on_frame
            outcome = await it.lift.outcome(await put(it), 5)
            assert outcome.verdict.name == result.name
            assert outcome.reason is reason

    run(scenario())


def test_a_lost_frame_is_sent_again_identically() -> None:
    async def scenario() -> None:
        async with rig() as it:
            it.plc.execute_all()
            it.faults.append(Fault.LOSE_REQUEST)
            prepared = it.lift.prepare(Opcode.HOME)
            with pytest.raises(NoAnswer):
                await it.lift.issue(prepared)
            assert it.plc.frames == []
            outcome = await it.lift.outcome(prepared, 5)
            assert outcome.verdict is Verdict.OK
            assert it.frames() == [(HOME, 1)]
            assert outcome.prepared == prepared

    run(scenario())


def test_a_frame_sent_again_over_a_new_connection_is_recorded_before_it_is_written() -> None:
    async def scenario() -> None:
        async with rig() as it:
            it.faults.append(Fault.CUT)
            prepared = it.lift.prepare(Opcode.HOME)
            with pytest.raises(LinkDown):
                await it.lift.issue(prepared)

            def on_frame(name: str, frame: Frame) -> None:
                assert [each.check for each in it.notes.rewritten] == [frame.check]
                it.plc.accept(name, frame)
                it.plc.finish(name, frame)

            it.plc.on_frame = on_frame
            outcome = await it.lift.outcome(prepared, 10)
            assert outcome.verdict is Verdict.OK
            assert outcome.prepared.check != prepared.check
            assert outcome.prepared.sequence == prepared.sequence

    run(scenario())


def test_what_was_prepared_under_another_epoch_is_never_written() -> None:
    async def scenario() -> None:
        async with rig() as it:
            prepared = it.lift.prepare(Opcode.HOME)
            it.link.cut()
            await asyncio.sleep(0.6)
            await it.online()
            with pytest.raises(NotOnline, match="changed since"):
                await it.lift.issue(prepared)
            assert it.plc.frames == []
            assert (await it.lift.outcome(prepared, 5)).verdict is Verdict.VOID
            assert it.lift.prepare(Opcode.HOME).sequence == prepared.sequence

    run(scenario())


def test_new_work_waits_until_the_old_is_known_to_be_accepted_or_void() -> None:
    async def scenario() -> None:
        async with rig() as it:
            it.faults.append(Fault.DELAY)
            prepared = it.lift.prepare(Opcode.HOME)
            with pytest.raises(NoAnswer):
                await it.lift.issue(prepared)
            with pytest.raises(Unsettled):
                it.lift.prepare(Opcode.HOME)
            obey_stop(it)
            assert (await it.lift.stop()).verdict is Verdict.OK
            assert it.frames() == [(STOP, 2)]
            assert (await it.lift.settle(prepared)).verdict is Verdict.VOID
            assert it.lift.prepare(Opcode.HOME).sequence == 3

    run(scenario())


def test_at_its_deadline_a_command_is_stopped_and_its_real_outcome_told() -> None:
    async def scenario() -> None:
        async with rig() as it:
            prepared, frame = await put_to_run(it)
            obey_stop(it, running=frame)
            outcome = await it.lift.outcome(prepared, 3)
            assert outcome.verdict is Verdict.STOPPED
            assert it.frames() == [(HOME, 1), (STOP, 2)]
            assert [each.sequence for each in it.notes.stopped] == [2]

    run(scenario())


def test_a_command_that_never_arrives_is_void_behind_the_stop_at_its_deadline() -> None:
    async def scenario() -> None:
        async with rig() as it:
            prepared = await put(it)
            obey_stop(it)
            outcome = await it.lift.outcome(prepared, 2)
            assert outcome.verdict is Verdict.VOID
            assert "jumped" in outcome.text
            written = it.frames()
            assert written[-1] == (STOP, 2)
            assert set(written[:-1]) == {(HOME, 1)}
            assert len(written) >= 5

    run(scenario())


def test_a_command_is_never_repeated_behind_a_stop() -> None:
    async def scenario() -> None:
        async with rig() as it:
            prepared = await put(it)
            waiting = asyncio.create_task(it.lift.outcome(prepared, 30))
            await asyncio.sleep(0.1)
            stopping = asyncio.create_task(it.lift.stop())
            await asyncio.sleep(3)
            first_stop = it.frames().index((STOP, 2))
            assert set(it.frames()[first_stop:]) == {(STOP, 2)}
            obey_stop(it)
            assert (await stopping).verdict is Verdict.OK
            assert (await waiting).verdict is Verdict.VOID

    run(scenario())


def test_a_second_stop_joins_the_first() -> None:
    async def scenario() -> None:
        async with rig() as it:
            it.faults.append(Fault.LOSE_REQUEST)
            first, second = asyncio.create_task(it.lift.stop()), asyncio.create_task(it.lift.stop())
            await asyncio.sleep(0)
            obey_stop(it)
            assert (await first).verdict is Verdict.OK
            assert (await second).verdict is Verdict.OK
            assert it.frames() == [(STOP, 1)]

    run(scenario())


def test_a_stop_leaves_the_number_of_an_unsent_command_alone() -> None:
    async def scenario() -> None:
        async with rig() as it:
            obey_stop(it)
            prepared = it.lift.prepare(Opcode.HOME)
            assert (await it.lift.stop()).verdict is Verdict.OK
            assert it.frames() == [(STOP, 2)]
            with pytest.raises(Unsettled):
                await it.lift.issue(prepared)
            assert (await it.lift.outcome(prepared, 1)).verdict is Verdict.VOID

    run(scenario())


def test_a_prepared_stop_goes_out_as_it_is_unless_it_was_overtaken() -> None:
    async def scenario() -> None:
        async with rig() as it:
            prepared_stop = it.lift.prepare(Opcode.STOP)
            obey_stop(it)
            assert (await it.lift.stop(prepared_stop)).prepared == prepared_stop
            it.plc.execute_all()
            await it.lift.outcome(await put(it), 5)
            stale = prepared_stop
            obey_stop(it)
            assert (await it.lift.stop(stale)).verdict is Verdict.OK
            overtaken = it.lift.prepare(Opcode.STOP)
            it.plc.execute_all()
            await it.lift.outcome(await put(it), 5)
            obey_stop(it)
            outcome = await it.lift.stop(overtaken)
            assert (outcome.verdict, outcome.prepared.sequence) == (Verdict.OK, overtaken.sequence + 1)

    run(scenario())


def test_a_cancelled_wait_leaves_the_command_to_stop_and_settle() -> None:
    async def scenario() -> None:
        async with rig() as it:
            prepared, frame = await put_to_run(it)
            waiting = asyncio.create_task(it.lift.outcome(prepared, 60))
            await asyncio.sleep(1)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            obey_stop(it, running=frame)
            assert (await it.lift.stop()).verdict is Verdict.OK
            assert (await it.lift.settle(prepared)).verdict is Verdict.STOPPED

    run(scenario())


def test_a_link_that_stays_down_leaves_the_outcome_unknown_until_it_is_read() -> None:
    async def scenario() -> None:
        async with rig() as it:
            prepared, frame = await put_to_run(it)
            it.link.reachable = False
            it.link.cut()
            outcome = await it.lift.outcome(prepared, 5)
            assert outcome.verdict is Verdict.UNKNOWN
            it.plc.finish(LIFT, frame, Result.STOPPED_SILENCE)
            it.link.reachable = True
            await it.online()
            assert (await it.lift.settle(prepared)).verdict is Verdict.STOPPED_SILENCE

    run(scenario())


def test_a_short_interruption_does_not_end_the_wait() -> None:
    async def scenario() -> None:
        async with rig() as it:
            prepared, frame = await put_to_run(it)
            waiting = asyncio.create_task(it.lift.outcome(prepared, 20))
            await asyncio.sleep(1)
            it.link.cut()
            await asyncio.sleep(1)
            it.plc.finish(LIFT, frame)
            assert (await waiting).verdict is Verdict.OK

    run(scenario())


def test_a_restart_before_acceptance_makes_the_command_void() -> None:
    async def scenario() -> None:
        async with rig() as it:
            it.plc.execute_all()
            await it.lift.outcome(await put(it), 5)
            it.plc.on_frame = lambda _name, _frame: None
            prepared = await put(it)
            it.plc.boot_id = 8
            outcome = await it.lift.outcome(prepared, 20)
            assert outcome.verdict is Verdict.VOID
            assert "restarted" in outcome.text
            it.plc.execute_all()
            again = await put(it)
            assert again.sequence == prepared.sequence
            assert (await it.lift.outcome(again, 5)).verdict is Verdict.OK

    run(scenario())


def test_a_restart_while_running_is_told_by_the_plc() -> None:
    async def scenario() -> None:
        async with rig() as it:
            prepared, frame = await put_to_run(it)
            waiting = asyncio.create_task(it.lift.outcome(prepared, 20))
            await asyncio.sleep(1)
            it.plc.boot_id = 8
            it.plc.finish(LIFT, frame, Result.STOPPED_RESTART)
            assert (await waiting).verdict is Verdict.STOPPED_RESTART

    run(scenario())


def test_a_lost_memory_leaves_the_outcome_unknown_and_numbers_start_anew() -> None:
    async def scenario() -> None:
        async with rig() as it:
            it.plc.execute_all()
            for _ in range(3):
                await it.lift.outcome(await put(it), 5)
            it.plc.on_frame = lambda _name, _frame: None
            prepared = await put(it)
            it.plc.boot_id = 31_000
            it.plc.station_status |= codes.Status.MEMORY_LOST
            it.plc.mechanisms[LIFT] = FakePlc(tower_map(SHAPE)).mechanisms[LIFT]
            outcome = await it.lift.outcome(prepared, 20)
            assert outcome.verdict is Verdict.UNKNOWN
            assert "memory" in outcome.text
            it.plc.station_status &= ~codes.Status.MEMORY_LOST
            await asyncio.sleep(1)
            it.plc.execute_all()
            fresh = await put(it)
            assert fresh.sequence == 1
            assert (await it.lift.outcome(fresh, 5)).verdict is Verdict.OK

    run(scenario())


def test_a_memory_that_was_lost_and_reset_out_of_sight_is_still_unknown() -> None:
    async def scenario() -> None:
        plc = FakePlc(tower_map(SHAPE))
        plc.boot_id = 31_000
        async with rig(plc=plc, adopt=58) as it:
            before_crash = Prepared("tower/lift", 58, Content(HOME), 0x1234)
            assert (await it.lift.settle(before_crash, {0x1234})).verdict is Verdict.UNKNOWN
            assert it.lift.prepare(Opcode.HOME).sequence == 1

    run(scenario())


def test_three_untrusted_answers_park_the_sequence() -> None:
    async def scenario() -> None:
        async with rig() as it:
            it.plc.on_frame = lambda name, frame: it.plc.distrust(name, frame, Untrusted.GAP)
            outcome = await it.lift.outcome(await put(it), 30)
            assert outcome.verdict is Verdict.UNKNOWN
            assert "GAP" in outcome.text
            assert it.frames() == [(HOME, 1)] * 3
            with pytest.raises(Unsettled):
                it.lift.prepare(Opcode.HOME)

    run(scenario())


def test_a_reason_for_distrust_that_is_in_no_table_is_told_by_its_number() -> None:
    async def scenario() -> None:
        async with rig() as it:
            unheard_of: Any = 9
            it.plc.on_frame = lambda name, frame: it.plc.distrust(name, frame, unheard_of)
            outcome = await it.lift.outcome(await put(it), 30)
            assert (outcome.verdict, outcome.text) == (Verdict.UNKNOWN, "not trusted 3 times: 9?")

    run(scenario())


@pytest.mark.parametrize(
    ("result", "reason", "verdict", "text"),
    [
        (Result.FAULT, 250, Verdict.FAULT, "250?"),
        (Result.REFUSED, 250, Verdict.REFUSED, "250?"),
        (9, Reason.BUSY, Verdict.UNKNOWN, "the station shows result 9, which means nothing here: busy"),
        (Result.NONE, 0, Verdict.UNKNOWN, "the station shows result 0, which means nothing here"),
    ],
)
def test_an_outcome_that_is_in_no_table_is_told_by_its_numbers(
    result: Any, reason: Any, verdict: Verdict, text: str
) -> None:
    async def scenario() -> None:
        async with rig() as it:

            def answer(name: str, frame: Frame) -> None:
                it.plc.accept(name, frame)
                it.plc.finish(name, frame, result, reason)

            it.plc.on_frame = answer
            prepared = await put(it)
            for outcome in (await it.lift.outcome(prepared, 10), await it.lift.settle(prepared)):
                assert (outcome.verdict, outcome.reason, outcome.text) == (verdict, Reason.NONE, text)
            assert failure(outcome).rule == verdict.name
            assert it.lift.prepare(Opcode.HOME).sequence == 2

    run(scenario())


def test_the_maintenance_key_keeps_every_command_unwritten() -> None:
    async def scenario() -> None:
        async with rig() as it:
            it.plc.station_status |= codes.Status.MAINTENANCE_KEY
            await asyncio.sleep(1)
            with pytest.raises(Maintenance):
                it.lift.prepare(Opcode.HOME)
            with pytest.raises(Maintenance):
                await it.lift.stop()
            assert it.plc.frames == []

    run(scenario())


def test_what_was_lost_on_the_way_is_not_sent_again_while_the_maintenance_key_is_on() -> None:
    async def scenario() -> None:
        async with rig() as it:
            it.faults.append(Fault.LOSE_REQUEST)
            prepared = it.lift.prepare(Opcode.HOME)
            with pytest.raises(NoAnswer):
                await it.lift.issue(prepared)
            it.plc.station_status |= codes.Status.MAINTENANCE_KEY
            await asyncio.sleep(1)
            waiting = asyncio.create_task(it.lift.outcome(prepared, 60))
            await asyncio.sleep(3)
            assert it.plc.frames == []
            it.plc.station_status &= ~codes.Status.MAINTENANCE_KEY
            it.plc.execute_all()
            assert (await waiting).verdict is Verdict.OK
            assert it.frames() == [(HOME, 1)]

    run(scenario())


@pytest.mark.parametrize("code", [2, 4, 6])
def test_an_exception_to_a_read_of_the_kept_outcomes_only_delays_what_they_tell(code: int) -> None:
    async def scenario() -> None:
        async with rig() as it:
            prepared, frame = await put_to_run(it)
            waiting = asyncio.create_task(it.lift.outcome(prepared, 20))
            await asyncio.sleep(0.5)
            it.plc.refuses_slow = code
            obey_stop(it, running=frame)
            stopping = asyncio.create_task(it.lift.stop())
            await asyncio.sleep(1)
            assert not waiting.done()
            it.plc.refuses_slow = 0
            assert (await waiting).verdict is Verdict.STOPPED
            assert (await stopping).verdict is Verdict.OK

    run(scenario())


def test_a_stop_that_is_answered_with_an_exception_goes_out_again() -> None:
    async def scenario() -> None:
        async with rig() as it:
            it.plc.refuses_frames = 2
            obey_stop(it)
            assert (await it.lift.stop()).verdict is Verdict.OK
            assert it.frames() == [(STOP, 1)]

    run(scenario())


def test_a_command_that_was_refused_as_busy_is_told_though_what_ran_has_ended_since() -> None:
    async def scenario() -> None:
        async with rig() as it:
            first, running = await put_to_run(it)
            await asyncio.sleep(0.5)
            second = await put_busy(it, running)
            outcome = await it.lift.outcome(second, 5)
            assert (outcome.verdict, outcome.reason) == (Verdict.REFUSED, Reason.BUSY)
            assert (await it.lift.outcome(first, 5)).verdict is Verdict.OK
            assert STOP not in {opcode for opcode, _ in it.frames()}

    run(scenario())


def test_without_a_restored_counter_nothing_is_numbered() -> None:
    async def scenario() -> None:
        async with rig(adopt=None) as it:
            with pytest.raises(NotOnline, match="not restored"):
                it.lift.prepare(Opcode.HOME)

    run(scenario())
