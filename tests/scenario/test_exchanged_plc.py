"""A PLC that is exchanged in service for one with another program: the tower stops, and waits for the right one."""

import pytest

from controller.domain.events import Relocate, Retrieve, UnitCommand
from controller.domain.jobs import JobState
from controller.domain.unit import UnitEvent, UnitState
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.memory_link import Fault
from tests.support.places import LOW1, ROOM, TOP2, TOP3, TOP_STATION
from tests.support.scenes import all_is_told, everything, refused_now, stock
from tests.support.stage import Stage, stage
from tests.support.tower_under_test import tower_under_test

READING = frozenset({3, 4})
"""Modbus functions that change nothing."""

OURS = tower_under_test()
OTHER_ID = OURS.tower_id + 1


def exchange(it: Stage, name: str, key: str, value: str) -> None:
    """Put in a PLC with the program of a tower that differs in one key; with ours again for a key of our own."""
    it.world.tower = tower_under_test(**{key: value})
    it.world.cabinets.restart(name)
    it.world.tower = OURS


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("tower_id", str(OTHER_ID), f"tower id is {OTHER_ID}, configured {OURS.tower_id}"),
        (f"calibration__{TOP2}__height_mm", "4", "place table CRC is "),
    ],
    ids=["tower", "table"],
)
@pytest.mark.parametrize("name", ["tower", TOP_STATION])
def test_a_plc_of_another_tower_is_never_written_to(name: str, key: str, value: str, says: str) -> None:
    async def scenario() -> None:
        async with stage(OURS, cars=stock(LOW1, TOP2)) as it:
            exchange(it, name, key, value)
            functions: set[int] = set()
            unit = next(program.unit for program in it.world.programs if program.name == name)

            def noted(_bus: str, function: int, to: int) -> Fault:
                if to == unit:
                    functions.add(function)
                return Fault.NONE

            await it.until(lambda: it.unit is UnitState.ABORTED)
            assert it.world.daemon is not None
            station = it.world.daemon.control._bench.tower.stations[name]
            await it.until(lambda: says in station.trouble)
            it.world.decide = noted
            assert (await refused_now(it, UnitCommand(event=UnitEvent.CLEAR))).rule == "STATION_OFFLINE"
            before = everything(it)
            job = await it.order(Retrieve(car=f"C{TOP2}", room=ROOM))
            assert (await refused_now(it, UnitCommand(event=UnitEvent.RESET))).rule == "UNIT_STATE"
            assert it.job(job).state is JobState.QUEUED
            assert everything(it).truth == before.truth
            assert functions
            assert functions <= READING
            exchange(it, name, "tower_id", str(OURS.tower_id))
            await it.until(lambda: station.online)
            await it.execute()
            assert await it.ended(job) is JobState.DONE
            assert await it.ended(await it.order(Relocate(car=f"C{LOW1}", bay=TOP3))) is JobState.DONE
            all_is_told(it)

    loop.run(scenario())
