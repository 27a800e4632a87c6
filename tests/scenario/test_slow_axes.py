"""An axis whose drive limits itself: late and not lost, told of, and promises follow within a few moves."""

from typing import Any

import pytest

from config.schema import Tower
from controller.domain.alarms import STANDING, Tag
from controller.domain.events import Query, Relocate
from controller.domain.jobs import JobState as S
from controller.domain.travel import deadline_s
from controller.settings import kinematics_of
from hal.plcmap.shape import PlacePose
from sim_plc.plant.troubles import AxisName
from sim_plc.program.event_log import Event
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, LOW2, LOW3, TOP1, TOP2, across_in
from tests.support.scenes import stock
from tests.support.slow_axes import ends_of, tower_with
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


SLOW = {"lift": Tag("LIFT_SLOW"), "turntable": Tag("TURNTABLE_SLOW")}


def ways(it: Stage, axis: str) -> int:
    """Return how many motions of an axis were ever begun."""
    return sum(entry.event is Event.STARTED and entry.mechanism == axis for _, entry in it.world.log)


@pytest.mark.campaign
@pytest.mark.parametrize("share", [0.7, 0.5, 0.3])
@pytest.mark.parametrize("axis", ["lift", "turntable"])
def test_an_axis_far_below_its_speed_is_late_told_of_at_once_and_followed(axis: AxisName, share: float) -> None:
    async def play() -> None:
        tower = tower_with(axis)
        far, near = ends_of(axis, tower)
        async with stage(tower, cars=stock(LOW1, TOP1)) as it:
            await moved(it, *[far, near] * 2)
            assert abs(await foreseen(it, far)) < 1.0
            it.world.do(lambda plant: plant.troubles.slow(axis, share))
            begun = ways(it, axis)
            await moved(it, near)
            assert ways(it, axis) - begun == 1, "one command, which ends in its own time"
            beyond_its_deadline = share <= 0.5
            assert (SLOW[axis] in it.book.alarms) is beyond_its_deadline, "the first late motion tells"
            await moved(it, *[far, near] * (MOVES // 2))
            assert it.book.alarms[SLOW[axis]].state in STANDING
            for bay in (far, near):
                assert abs(await foreseen(it, bay)) < 1.0
            assert {job.state for job in it.book.jobs.values()} == {S.DONE}
            assert set(it.book.alarms) == {SLOW[axis]}

    loop.run(play())


@pytest.mark.campaign
def test_a_lift_that_hardly_moves_is_stopped_and_its_job_is_put_before_a_person() -> None:
    async def play() -> None:
        tower = tower_with("lift")
        far, _ = ends_of("lift", tower)
        async with stage(tower, cars=stock(LOW1, TOP1)) as it:
            it.world.do(lambda plant: plant.troubles.slow("lift", 0.12))
            number = await it.order(Relocate(car=CAR, bay=far))
            await it.until(lambda: it.job(number).state is S.PARKED, 400.0)
            assert it.job(number).reason.startswith("STOPPED")
            assert not it.world.plant.truth().carriage.lift.moving

    loop.run(play())


@pytest.mark.campaign
@pytest.mark.parametrize("axis", ["lift", "turntable"])
def test_an_axis_that_does_not_set_out_is_given_no_more_time_than_before(axis: AxisName) -> None:
    async def play() -> None:
        tower = tower_with(axis)
        far, _ = ends_of(axis, tower)
        async with stage(tower, cars=stock(LOW1, TOP1)) as it:
            await moved(it, LOW3)
            it.world.do(lambda plant: plant.troubles.seize(axis, on=True))
            number = await it.order(Relocate(car=f"C{TOP1}", bay=far))
            began_s = it.world.now
            await it.until(lambda: it.job(number).state is S.PARKED)
            assert it.job(number).reason.startswith("TIMEOUT")
            assert it.world.now - began_s < deadline_s(kinematics_of(tower).carriage_s(*poses_of(tower))) + 1.0

    loop.run(play())


def poses_of(tower: Tower) -> tuple[PlacePose, PlacePose]:
    """Return the way to the car from where the one before it was put."""
    return tower.shape.poses[LOW3], tower.shape.poses[TOP1]
