"""A room is the bottleneck: whoever it is planned for is not overtaken by cars that may be fetched ahead sooner."""

import asyncio
from collections.abc import Sequence

import pytest

from controller.domain.events import Relocate, Retrieve, RoomOut
from controller.domain.jobs import JobState as S
from controller.domain.travel import shorter_way_mdeg
from controller.runtime.foresight import Foresight
from sim_plc.plant.people import Habits
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, LOW2, LOW3, ROOM, TOP1, TOP2, TOP3
from tests.support.scenes import eventually, stock
from tests.support.stage import Stage, stage
from tests.support.tower_under_test import roomy_tower, tower_under_test

LINGERS = [
    Habits(notice_s=0.2, step_s=0.2, drive_s=1.0, leave_s=1.0, dwell_s=dwell_s) for dwell_s in (300.0, 900.0)
]
SHIFT = 2
"""By so many turns the planner lets somebody be overtaken at most."""


async def served(it: Stage, room: int, jobs: Sequence[int], dwell_s: float) -> list[int]:
    """Let customers fetch each car as it comes; return in which order."""
    order: list[int] = []

    def come() -> list[int]:
        return [each for each in jobs if it.job(each).state is S.DONE and each not in order]

    for _ in jobs:
        await eventually(it, lambda: bool(come()), 3000.0)
        order += come()
        await asyncio.sleep(2.0)
        it.world.do(lambda plant: plant.customer_collects(room, Habits(dwell_s=dwell_s)))
    return order


def test_a_car_that_was_put_back_from_before_the_room_is_not_overtaken_by_all_that_are_fetched_ahead() -> None:
    """It is not fetched ahead again, and each of the others was: it came last."""
    stays = Habits(notice_s=0.2, step_s=0.2, drive_s=1.0, leave_s=1.0, dwell_s=400.0)

    async def play() -> None:
        async with stage(tower_under_test(), cars=stock(LOW1, TOP1, LOW2, LOW3, TOP2, TOP3)) as it:
            assert await it.ended(await it.order(Retrieve(car=f"C{LOW1}"))) is S.DONE
            job = await it.order(Retrieve(car=f"C{TOP1}"))
            await it.until(lambda: it.job(job).state is S.WAITING)
            it.world.do(lambda plant: plant.customer_collects(ROOM, stays))
            other = await it.order(Relocate(car=f"C{LOW2}", bay=LOW1))
            await eventually(it, lambda: it.job(job).state is S.QUEUED)
            assert it.job(job).put_back
            assert await it.ended(other) is S.DONE
            behind = [await it.order(Retrieve(car=f"C{bay}")) for bay in (LOW2, LOW3, TOP2, TOP3)]
            order = await served(it, ROOM, (job, *behind), 60.0)
            assert order.index(job) <= SHIFT, order

    loop.run(play())


@pytest.mark.campaign
def test_a_car_that_waits_aboard_leaves_the_other_room_to_who_was_passed_often_enough(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Fetched for one room, it went into whichever was left first, whoever else had been passed for that."""
    tower = roomy_tower()
    (first, second, *others), bays = tower.shape.rooms, list(tower.shape.bays)

    async def play() -> None:
        async with stage(tower, cars=stock(*bays[:6])) as it:
            for each in others:
                await it.ask(RoomOut(room=each, why="the gate rattles"))
            for bay in bays[:2]:
                assert await it.ended(await it.order(Retrieve(car=f"C{bay}"))) is S.DONE
            job = await it.order(Retrieve(car=f"C{bays[2]}"))
            await it.until(lambda: it.job(job).state is S.WAITING)
            for room in (first, second):
                it.world.do(lambda plant, room=room: plant.customer_collects(room, LINGERS[room == first]))  # type: ignore[misc]
            passing = [await it.order(Relocate(car=f"C{bays[3 + each]}", bay=bays[6 + each])) for each in range(SHIFT)]
            await eventually(it, lambda: all(it.job(each).state is S.DONE for each in passing))
            assert it.job(job).put_back
            monkeypatch.setattr(Foresight, "may_fetch", lambda *_: True)
            behind = await it.order(Retrieve(car=f"C{bays[5]}"))
            await it.until(lambda: it.job(behind).state is S.WAITING)
            await eventually(it, lambda: S.DONE in (it.job(job).state, it.job(behind).state))
            assert it.job(job).state is S.DONE

    loop.run(play())


@pytest.mark.campaign
def test_a_car_that_stands_near_is_not_overtaken_by_all_that_stand_far() -> None:
    """The farther a car, the sooner it may be fetched for a room in use: the farthest came first, the nearest last."""
    tower = roomy_tower(profile="medium")
    room, *others = tower.shape.rooms

    def way(bay: int) -> tuple[int, int]:
        here, there = tower.shape.poses[room], tower.shape.poses[bay]
        return abs(there.height_mm - here.height_mm), shorter_way_mdeg(here.angle_mdeg, there.angle_mdeg)

    near, first, *rest = sorted(tower.shape.bays, key=way)

    async def play() -> None:
        async with stage(tower, cars=stock(near, first, *rest[-5:])) as it:
            for each in others:
                await it.ask(RoomOut(room=each, why="the gate rattles"))
            assert await it.ended(await it.order(Retrieve(car=f"C{first}"))) is S.DONE
            it.world.do(lambda plant: plant.customer_collects(room, Habits(dwell_s=90.0)))
            await asyncio.sleep(1.0)
            jobs = [await it.order(Retrieve(car=f"C{bay}")) for bay in (near, *rest[-5:])]
            order = await served(it, room, jobs, 90.0)
            assert order.index(jobs[0]) <= SHIFT, order

    loop.run(play())
