"""A lift whose drive limits itself: promises follow within a few moves, somebody is told, and nothing times out."""

from typing import Any

import pytest

from controller.domain.alarms import STANDING, Tag
from controller.domain.events import Query, Relocate
from controller.domain.jobs import JobState as S
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, LOW2, TOP1, TOP2, across_in
from tests.support.scenes import stock
from tests.support.stage import Stage, stage
from tests.support.tower_under_test import tower_under_test

CAR = f"C{LOW1}"
MOVES = 4
"""Within so many moves of a car that hang on the lift, promises are those of the slow lift."""


async def moved(it: Stage, *bays: int) -> None:
    for bay in bays:
        assert await it.ended(await it.order(Relocate(car=CAR, bay=bay))) is S.DONE


async def foreseen(it: Stage, bay: int) -> float:
    """Return by how much a move of the car, planned behind another, ends later than it was foreseen to, in seconds."""
    first = await it.order(Relocate(car=f"C{TOP1}", bay=TOP2 if it.truth()[f"C{TOP1}"] == TOP1 else TOP1))
    behind = await it.order(Relocate(car=CAR, bay=bay))
    await it.until(lambda: it.job(first).state is S.PICKING)
    plan: Any = await it.ask(Query(what="plan"))
    [move] = plan["moves"]
    ends_s = it.world.now + move["ends_s"]
    assert await it.ended(behind) is S.DONE
    return float(it.world.now - ends_s)


@pytest.mark.campaign
def test_a_lift_that_became_slow_is_followed_told_of_and_no_fault() -> None:
    async def play() -> None:
        tower = tower_under_test(machine__lift__speed_mm_s=across_in(16.0))
        async with stage(tower, cars=stock(LOW1, TOP1)) as it:
            far = tower.shape.bays_of(tower.shape.levels)[-1]
            await moved(it, *[far, LOW2] * 4)
            assert abs(await foreseen(it, far)) < 1.0
            assert Tag("LIFT_SLOW") not in it.book.alarms
            it.world.do(lambda plant: plant.troubles.slow("lift", 0.82))
            late_s = await foreseen(it, LOW2)
            assert late_s > 2.0, "nobody could know"
            await moved(it, *[far, LOW2] * ((MOVES - 1) // 2 + 1))
            assert abs(await foreseen(it, far)) < 1.0
            assert it.book.alarms[Tag("LIFT_SLOW")].state in STANDING
            assert all(job.state is S.DONE for job in it.book.jobs.values())
            it.world.do(lambda plant: plant.troubles.slow("lift", 1.0))
            await moved(it, *[LOW2, far] * 4)
            assert Tag("LIFT_SLOW") not in it.book.alarms or it.book.alarms[Tag("LIFT_SLOW")].state not in STANDING

    loop.run(play())
