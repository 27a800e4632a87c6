"""A Reset does not end at one refusal that passes, and a Clear not at a boot id that a lost memory drew again."""

import asyncio
from typing import Any

import pytest

from controller.domain.events import SetMode
from controller.domain.jobs import JobKind, JobState
from controller.domain.unit import UnitEvent, UnitMode, UnitState
from hal.plcmap.codes import Opcode, Reason
from hal.plcmap.frame import Content
from sim_plc.program.station_program import StationProgram
from sim_plc.rehearsal import loop
from tests.support.moves import attend, caught, cause, hold_against_truth, move
from tests.support.stage import stage
from tests.support.tower_under_test import tower_under_test

INTO_S = 0.05


def refuse(monkeypatch: pytest.MonkeyPatch, opcode: Opcode, reason: Reason, times: int) -> list[Opcode]:
    """Let the stations refuse an opcode some times; return what was refused."""
    judge, refused = StationProgram._refused_by_station, list[Opcode]()

    def moody(self: StationProgram[Any], content: Content) -> Reason:
        if content.opcode == opcode and len(refused) < times:
            refused.append(opcode)
            return reason
        return judge(self, content)

    monkeypatch.setattr(StationProgram, "_refused_by_station", moody)
    return refused


@pytest.mark.parametrize("opcode", [Opcode.RESET, Opcode.HOME])
def test_a_reset_outlives_two_refusals_that_pass(opcode: Opcode, monkeypatch: pytest.MonkeyPatch) -> None:
    async def body() -> None:
        async with stage(tower_under_test(), execute=False) as it:
            refused = refuse(monkeypatch, opcode, Reason.SILENT, 2)
            await it.command(UnitEvent.RESET, UnitState.IDLE)
            assert len(refused) == 2

    loop.run(body())


def test_a_mode_outlives_two_refusals_that_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body() -> None:
        async with stage(tower_under_test(), execute=False) as it:
            refused = refuse(monkeypatch, Opcode.MODE, Reason.SILENT, 2)
            assert (await it.ask(SetMode(mode=UnitMode.MANUAL)))["behind"] == []
            assert len(refused) == 2

    loop.run(body())


@pytest.mark.parametrize(("reason", "tries"), [(Reason.SILENT, 3), (Reason.SHUTTLE_NOT_CENTRED, 1)])
def test_a_reset_that_is_refused_again_and_again_or_for_good_aborts(
    reason: Reason, tries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body() -> None:
        async with stage(tower_under_test(), execute=False) as it:
            refused = refuse(monkeypatch, Opcode.HOME, reason, 100)
            await it.command(UnitEvent.RESET, UnitState.ABORTED)
            assert len(refused) == tries
            assert reason.name in cause(it)

    loop.run(body())


@pytest.mark.parametrize("drawn", ["in the loss", "in the person's reset behind it"])
def test_a_lost_memory_that_draws_the_old_boot_id_again_is_cleared_all_the_same(drawn: str) -> None:
    async def body() -> None:
        async with move(JobKind.RETRIEVE) as (it, number):
            await caught(it, number, JobState.POSITIONING)
            await asyncio.sleep(INTO_S)
            memory = it.world.programs[0]._memory
            assert memory.boot_id == 1
            it.world.cabinets.restart("tower", warm=False)
            forgetful = it.world.programs[0]._memory
            forgetful.boot_id = 1 if drawn == "in the loss" else 0xFFFF
            await it.until(lambda: it.unit is UnitState.ABORTED)
            await asyncio.sleep(3.0)
            if drawn == "in the loss":
                await it.command(UnitEvent.CLEAR, UnitState.ABORTED)
                assert "MEMORY_LOST" in cause(it)
                assert not it.book.intents
            it.world.cabinets.reset("tower")
            await attend(it, number)
            assert it.job(number).state is JobState.DONE
            hold_against_truth(it)

    loop.run(body())
