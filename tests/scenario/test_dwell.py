"""The empty carriage waits where it is likely wanted next, and is there for whoever comes at once."""

import asyncio

import pytest

from config.schema import Tower
from controller.domain.alarms import STANDING, Tag
from controller.domain.events import Retrieve
from controller.domain.jobs import JobState as S
from controller.domain.unit import UnitEvent, UnitState
from sim_plc.plant.cars import Car
from sim_plc.rehearsal import loop
from tests.support.audits import at_rest, travels
from tests.support.places import LOW1, ROOM, TOP1, across_in
from tests.support.scenes import eventually
from tests.support.stage import Stage, stage
from tests.support.tower_under_test import tower_under_test

CARS = {TOP1: Car("often"), LOW1: Car("seldom")}
IDLE_S = 5.0
LEISURE_S = IDLE_S + 12.0
"""In which it sets out, if it is to: the tower is looked over each ten seconds."""


def dwelling_tower(*, goes: str = "true", slow: bool = False) -> Tower:
    """Return the tower under test whose carriage goes to where it waits."""
    speeds = {"machine__lift__speed_mm_s": across_in(12.0), "machine__turntable__speed_mdeg_s": "25000"}
    keys = {"dwell__goes": goes, "dwell__idle_s": str(IDLE_S), "dwell__saves_s": "0.1"}
    return tower_under_test(audit__visits_per_day="0", **keys, **(speeds if slow else {}))


def popular(it: Stage) -> None:
    """Let the book know that one car alone is asked for, and that hardly any is brought."""
    it.book.habits.cars["often"] = 1000.0


def going(it: Stage) -> int | None:
    """Return where the carriage goes to wait."""
    assert it.world.daemon is not None
    return it.world.daemon.control.audit.going


def docked(it: Stage) -> int | None:
    """Return where the carriage stands."""
    assert it.world.daemon is not None
    return it.world.daemon.control.jobs.foresight.here


@pytest.mark.campaign
def test_it_goes_once_to_the_car_that_everybody_wants_and_stays_there() -> None:
    async def play() -> None:
        async with stage(dwelling_tower(), cars=CARS) as it:
            popular(it)
            assert docked(it) != TOP1
            await eventually(it, lambda: docked(it) == TOP1 and going(it) is None and at_rest(it), LEISURE_S)
            begun = travels(it)
            await asyncio.sleep(3 * LEISURE_S)
            assert travels(it) == begun
            assert {name for name, _ in it.book.intents} == set(), "every command is settled"
            number = await it.order(Retrieve(car="often", room=ROOM))
            assert await it.ended(number) is S.DONE

    loop.run(play())


def test_it_gives_way_at_once_to_a_customer_and_to_a_hold() -> None:
    async def play() -> None:
        async with stage(dwelling_tower(slow=True), cars=CARS) as it:
            popular(it)
            await eventually(it, lambda: going(it) == TOP1, LEISURE_S)
            await it.command(UnitEvent.HOLD, UnitState.HELD)
            assert going(it) is None
            begun = travels(it)
            await asyncio.sleep(LEISURE_S)
            assert travels(it) == begun
            await it.command(UnitEvent.UNHOLD, UnitState.EXECUTE)
            await eventually(it, lambda: going(it) == TOP1, LEISURE_S)
            await asyncio.sleep(0.5)
            asked_s = it.world.now
            number = await it.order(Retrieve(car="seldom", room=ROOM))
            assert going(it) is None
            await it.until(lambda: it.job(number).state is S.POSITIONING)
            assert it.world.now - asked_s < 1.0
            assert await it.ended(number) is S.DONE
            assert it.truth() == it.belief() == {"often": TOP1, "seldom": ROOM}

    loop.run(play())


def test_a_way_that_fails_holds_the_tower_with_an_alarm_of_its_own() -> None:
    async def play() -> None:
        async with stage(dwelling_tower(slow=True), cars=CARS) as it:
            popular(it)
            await eventually(it, lambda: going(it) == TOP1, LEISURE_S)
            it.world.do(lambda plant: plant.overrides.update({("carriage", "dock_level"): False}))
            await eventually(it, lambda: it.unit is UnitState.HELD)
            assert it.world.daemon is not None
            assert f"way of the empty carriage to {TOP1} has failed" in it.world.daemon.control.unit.cause
            assert {tag.key for tag in it.book.alarms} == {"DWELL_FAILED"}
            it.world.do(lambda plant: plant.overrides.clear())
            await it.command(UnitEvent.UNHOLD, UnitState.EXECUTE)
            assert it.book.alarms[Tag("DWELL_FAILED")].state not in STANDING

    loop.run(play())


@pytest.mark.campaign
def test_by_default_it_stays_where_its_last_job_ended() -> None:
    assert not tower_under_test().dwell.goes

    async def play() -> None:
        async with stage(dwelling_tower(goes="false"), cars=CARS) as it:
            popular(it)
            begun = travels(it)
            await asyncio.sleep(2 * LEISURE_S)
            assert travels(it) == begun

    loop.run(play())
