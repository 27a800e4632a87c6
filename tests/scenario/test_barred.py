"""Where the empty carriage may not travel, an alarm and every job that waits say why, unless something else does."""

import asyncio
from collections.abc import Callable

import pytest

from controller.domain.alarms import BY_KEY, STANDING, Tag
from controller.domain.events import Retrieve
from controller.domain.jobs import JobState as S
from controller.domain.unit import UnitState
from controller.runtime.barred import EACH_S
from sim_plc.plant.plant import Plant
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, ROOM, TOP1
from tests.support.scenes import attended, stock
from tests.support.stage import Stage, stage
from tests.support.tower_under_test import tower_under_test

BARRED = Tag("CARRIAGE_BARRED")
AT_ONCE_S = BY_KEY["CARRIAGE_BARRED"].on_delay_s
SOON_S = 5.0


def standing(it: Stage) -> set[str]:
    return {line.key for line in it.book.alarms.values() if line.state in STANDING}


def cause(signal: str, *, shows: bool) -> Callable[[Plant], None]:
    """Return what lets a signal show something else than is so."""
    return lambda plant: plant.overrides.update({("carriage", signal): shows})


BARS = {
    "a latch": (cause("all_latches_locked", shows=False), "every latch of the tower must be locked"),
    "the arms": (cause("arms_centred", shows=False), "the shuttle must be centred"),
    "a load that is none": (cause("loaded_a", shows=True), "or the carriage empty"),
}


@pytest.mark.parametrize("name", BARS)
def test_an_idle_tower_whose_carriage_may_not_travel_says_so_and_goes_on_once_it_may(name: str) -> None:
    bar, said = BARS[name]

    async def play() -> None:
        async with stage(tower_under_test(), cars=stock(LOW1, TOP1)) as it:
            it.world.do(bar)
            await asyncio.sleep(AT_ONCE_S - SOON_S)
            assert standing(it) == set(), "what passes is no alarm"
            await it.until(lambda: BARRED in it.book.alarms, EACH_S + 2 * SOON_S)
            assert it.unit is UnitState.EXECUTE
            assert said in it.book.alarms[BARRED].text
            async with attended(it):
                job = await it.order(Retrieve(car=f"C{LOW1}", room=ROOM))
                await asyncio.sleep(SOON_S)
                assert it.job(job).state is S.QUEUED
                assert it.world.daemon is not None
                assert said in it.world.daemon.control.jobs.queue.hindrance(it.job(job))
                it.world.do(lambda plant: plant.overrides.clear())
                assert await it.ended(job) is S.DONE
            assert standing(it) == set()

    loop.run(play())


def test_a_job_that_was_begun_and_stands_aside_is_its_own_reason() -> None:
    async def play() -> None:
        async with stage(tower_under_test(), cars=stock(LOW1, TOP1)) as it:
            job = await it.order(Retrieve(car=f"C{LOW1}", room=ROOM))
            await it.until(lambda: it.job(job).state is S.OPENING)
            it.world.do(cause("dock_level", shows=False))
            await it.until(lambda: it.job(job).state is S.PARKED)
            await asyncio.sleep(2 * AT_ONCE_S)
            assert standing(it) == {"JOB_PARKED"}

    loop.run(play())
