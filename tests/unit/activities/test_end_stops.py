"""A STOP that nobody follows and that may still be delivered is brought to its end before anything new is written."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from controller.activities.recovery import end_stops
from hal.errors import NoAnswer, Unsettled
from hal.interfaces import Verdict
from hal.plcmap.codes import Opcode
from sim_plc.rehearsal.loop import run
from sim_plc.rehearsal.memory_link import Fault
from tests.support.hal_rig import Rig, obey_stop, rig


async def lost_stop(it: Rig) -> None:
    """Lose a command and the STOP behind it, written anew after a fence until nobody followed it any more."""
    before = it.station.epoch
    it.faults += [Fault.LOSE_REQUEST] * 2
    prepared = it.lift.prepare(Opcode.HOME)
    with pytest.raises(NoAnswer):
        await it.lift.issue(prepared)
    stopping = asyncio.create_task(it.lift.stop())
    await asyncio.sleep(0.6)
    it.link.cut()
    await it.station.until(lambda _: it.station.epoch != before, 10)
    it.faults += [Fault.LOSE_REQUEST] * 100
    assert (await stopping).verdict is Verdict.UNKNOWN
    assert (await it.lift.settle(prepared)).verdict is Verdict.VOID


def test_a_lost_stop_is_written_again_before_the_next_command() -> None:
    """No intent stood for it, nobody wrote it again, and every reset was refused (`small`, seed 532)."""

    async def scenario() -> None:
        async with rig() as it:
            await lost_stop(it)
            with pytest.raises(Unsettled):
                it.lift.prepare(Opcode.HOME)
            it.faults.clear()
            obey_stop(it)
            bench: Any = SimpleNamespace(tower=SimpleNamespace(mechanisms={it.lift.name: it.lift}))
            await end_stops(bench)
            it.lift.prepare(Opcode.HOME)

    run(scenario())
