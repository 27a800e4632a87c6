"""Sequences: over a reconnection, in the slow block, and of what was never issued."""

import asyncio

import pytest

from hal.interfaces import Verdict
from hal.plcmap.codes import Opcode, Reason, Result, Signal, serial_next
from hal.plcmap.shape import level_of
from hal.tower import TOWER
from tests.support.backends import Backend
from tests.support.bench import LIMIT_S, Ability, Bench
from tests.support.contract import Prepare, bay_station, high, low

RESULTS = {Verdict.OK: Result.OK, Verdict.REFUSED: Result.REFUSED}


def test_the_sequence_goes_on_over_a_reconnection(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        shown: dict[str, Prepare] = {
            TOWER: lambda: bench.tower.rooms[bench.room].signal.show(Signal.WAIT),
            bay_station(high(bench.shape)): lambda: bench.tower.latches[level_of(high(bench.shape))].latch(
                high(bench.shape)
            ),
        }
        for name, command in shown.items():
            station = bench.tower.stations[name]
            before, epoch = command(), station.epoch
            await bench.ok(before)
            await bench.surroundings.reconnect(name)
            async with asyncio.timeout(LIMIT_S):
                while not (station.online and station.epoch > epoch):
                    await station.news(asyncio.get_running_loop().time() + LIMIT_S)
            after = command()
            assert after.sequence == serial_next(before.sequence)
            await bench.ok(after)
            assert station.image.epoch_in_force == station.epoch

    backend.play(scenario)


@pytest.mark.tall
@pytest.mark.needs(Ability.MACHINE)
def test_the_slow_block_keeps_the_last_four_outcomes_with_their_check_words(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        place = low(bench.shape)
        await bench.dock(place)
        latches = bench.tower.latches[level_of(place)]
        await bench.until(bay_station(place), lambda: latches.docked(place))
        elsewhere = next(each for each in bench.shape.bays_of(level_of(place)) if each != place)
        wanted: list[Prepare] = [
            lambda: latches.latch(place),
            lambda: latches.unlatch(elsewhere),
            lambda: latches.mechanism.prepare(Opcode.PICK),
            lambda: latches.unlatch(place),
            lambda: latches.latch(place),
        ]
        outcomes = [await bench.done(prepare()) for prepare in wanted]
        slow = await latches.station.request_slow()
        kept = slow.histories["latches"].outcomes
        assert [(each.sequence, each.check, each.result, each.reason) for each in kept] == [
            (each.prepared.sequence, each.prepared.check, RESULTS[each.verdict], each.reason)
            for each in reversed(outcomes[1:])
        ]
        assert [each.reason for each in outcomes] == [0, Reason.NOT_DOCKED, Reason.UNKNOWN_OPCODE, 0, 0]

    backend.play(scenario)


@pytest.mark.needs(Ability.MACHINE)
def test_a_prepared_command_that_was_never_issued_is_void_and_its_number_is_given_again(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        signal = bench.tower.rooms[bench.room].signal
        unsent = signal.show(Signal.REFUSED)
        assert (await signal.mechanism.outcome(unsent, LIMIT_S)).verdict is Verdict.VOID
        sent = signal.show(Signal.WAIT)
        assert sent.sequence == unsent.sequence
        await bench.ok(sent)
        assert signal.mechanism.status().substep == Signal.WAIT

    backend.play(scenario)
