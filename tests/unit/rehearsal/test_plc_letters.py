"""Each letter of PLCs, their data and other hosts, alone: it bites, it heals, and leaves alone what it must."""

import asyncio
from itertools import pairwise

import pytest

from controller.domain.events import Adopt
from hal.interfaces import StationState
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.faults import data, master, plc
from sim_plc.rehearsal.faults.letter import Letter
from tests.support.one_letter import TOWER_PLC, back, struck
from tests.support.stage import Stage, stage

BITES: tuple[tuple[Letter, int, tuple[str, ...]], ...] = (
    (plc.PLC_WARM, TOWER_PLC, ("restarted",)),
    (plc.BAYS_WARM, 0, ("restarted",)),
    (plc.HALT, TOWER_PLC, ("stands", "STATION_OFFLINE")),
    (plc.HALT, 0, ("stands",)),
    (plc.DEAD_PLC, TOWER_PLC, ("answer",)),
    (plc.DOWNLOAD, TOWER_PLC, ("version", "configured")),
    (plc.DOWNLOAD, TOWER_PLC + 7, ("CRC", "configured")),
    (plc.BROWN_OUT, TOWER_PLC, ("FENCING",)),
    (data.STALE, TOWER_PLC, ("stands",)),
    (data.SWAPPED, TOWER_PLC, ("epoch",)),
)
"""Letter, whom it strikes, and words of what the daemon tells then."""

HOLD_S = 10.0


async def at_rest(it: Stage) -> None:
    """Adopt what stands frozen, as a person does."""
    daemon = it.world.daemon
    assert daemon is not None
    if any(one.state is StationState.FROZEN for one in daemon.stations.values()):
        await it.ask(Adopt())
    await back(it)


def test_each_letter_of_plcs_and_data_bites_and_heals() -> None:
    async def body() -> None:
        async with stage(execute=False) as it:
            for letter, where, words in BITES:
                told = await struck(it, letter, HOLD_S, where)
                await at_rest(it)
                assert all(told[word] for word in words), f"{letter}: {told}"

    loop.run(body())


@pytest.mark.parametrize("letter", [master.MASTER, master.INTRUDER, master.JUNK])
def test_what_another_host_writes_raises_the_alarm_and_waits_for_a_person(letter: Letter) -> None:
    async def body() -> None:
        async with stage() as it:
            told = await struck(it, letter, 8.0)
            assert told["foreign write"]
            assert told["FOREIGN_MASTER"]
            assert any(tag.key == "FOREIGN_MASTER" for tag in it.book.alarms)
            await at_rest(it)
            await it.execute()

    loop.run(body())


def test_a_host_that_reads_every_register_changes_nothing() -> None:
    async def body() -> None:
        async with stage(execute=False) as it:
            told = await struck(it, master.REGISTER_SCAN, 5.0)
            assert told["register read"] > 50
            assert not told["STATION_OFFLINE"]

    loop.run(body())


def powered(it: Stage) -> bool:
    return it.world.plant.tower_image.lift_out.power


def test_a_plc_in_stop_has_its_outputs_off_and_starts_with_its_memory() -> None:
    async def body() -> None:
        async with stage() as it:
            before = it.world.programs[0]
            assert powered(it)
            run = it.world.cabinets.stop("tower")
            assert not powered(it)
            run()
            after = it.world.programs[0]
            assert after.boot_id == before.boot_id + 1
            assert after.gate.memory.epoch == before.gate.memory.epoch
            await back(it)

    loop.run(body())


def test_scans_that_come_late_are_made_up_for() -> None:
    async def body() -> None:
        async with stage() as it:
            scans: list[float] = []
            program = it.world.programs[0]
            scan = program.scan

            def noted(t: float, *, inputs_changed: bool = True) -> None:
                scans.append(t)
                scan(t, inputs_changed=inputs_changed)

            program.scan = noted  # type: ignore[method-assign]
            end = it.world.cabinets.delay_scans("tower", lambda: 0.3)
            scans.clear()
            it.world.do(lambda plant: plant.press_e_stop())
            await it.until(lambda: not it.world.programs[0].chain_closed, 1.0)
            it.world.do(lambda plant: plant.release_e_stop())
            it.world.do(lambda plant: plant.device_reset())
            await it.until(lambda: it.world.programs[0].chain_closed, 1.0)
            assert all(later - earlier > 0.29 for earlier, later in pairwise(scans))
            end()
            it.world.do(lambda plant: plant.press_e_stop())
            await it.until(lambda: not it.world.programs[0].chain_closed, 0.1)

    loop.run(body())


def test_a_torn_read_of_what_moves_is_read_again() -> None:
    async def body() -> None:
        async with stage(execute=False) as it:
            await it.import_all()
            striking = asyncio.create_task(struck(it, data.TORN, 8.0))
            await it.execute()
            assert (await striking)["torn read"] > 0
            await back(it)

    loop.run(body())


@pytest.mark.parametrize("seed", range(2))
def test_a_bit_that_sticks_or_a_value_out_of_range_ends_no_daemon(seed: int) -> None:
    async def body() -> None:
        async with stage(execute=False) as it:
            for letter in (data.STUCK, data.RANGE):
                for where in (0, TOWER_PLC):
                    await struck(it, letter, 2.0, where, seed=seed)
                    await at_rest(it)

    loop.run(body())
