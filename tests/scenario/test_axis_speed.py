"""A person says that a drive runs below its rated speed: whoever waits has a new time and its reason."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from controller.domain.alarms import STANDING, Tag
from controller.domain.dispatch.calibration import Primitive
from controller.domain.events import Query, Relocate, Retrieve, SetSpeed
from controller.domain.jobs import JobState as S
from controller.domain.restrictions import speeds
from controller.domain.travel import RATED, Speeds
from sim_plc.plant.plant import Plant
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, LOW2, LOW3, TOP1, TOP2, TOP3
from tests.support.scenes import stock
from tests.support.slow_axes import DRIVES, ends_of, tower_with
from tests.support.stage import Stage, stage

WHY = "the drive is derated"
HALF = SetSpeed(by="eve", axis="lift", percent=50, why=WHY)
RATED_AGAIN = SetSpeed(by="eve", axis="lift", percent=100)
SAID = "the lift runs at 50 % of its speed"


async def queued(it: Stage, number: int) -> Mapping[str, Any]:
    """Return how the status shows a job that waits."""
    status: Any = await it.ask(Query(what="status"))
    return next(job for job in status["queue"] if job["id"] == number)


def slowed(it: Stage, axis: str, share: float) -> None:
    """Let the drives of an axis limit themselves."""

    def limit(plant: Plant) -> None:
        for drive in DRIVES[axis]:
            plant.troubles.slow(drive, share)

    it.world.do(limit)


def test_a_slow_lift_that_is_told_of_shifts_what_is_promised_with_its_reason_and_is_taken_back() -> None:
    async def play() -> None:
        async with stage(tower_with("lift"), cars=stock(TOP1, TOP2)) as it:
            before = await it.order(Relocate(car=f"C{TOP1}", bay=LOW2))
            waits = await it.order(Retrieve(car=f"C{TOP2}"))
            await it.until(lambda: it.job(before).state is S.OPENING)
            soon_s = (await queued(it, waits))["promise"]["p50_s"]
            answer: Any = await it.ask(HALF)
            assert [each["text"] for each in answer["restrictions"]] == [f"{SAID}: {WHY}"]
            promise = (await queued(it, waits))["promise"]
            assert promise["p50_s"] > soon_s + 30.0
            assert SAID in promise["because"]
            status: Any = await it.ask(Query(what="status"))
            assert [(each["kind"], each["number"]) for each in status["restrictions"]] == [("lift", 50)]
            plan: Any = await it.ask(Query(what="plan"))
            assert plan["restrictions"] == [f"{SAID}: {WHY}"]
            assert it.book.alarms == {}, "what is known needs no alarm"
            await it.ask(RATED_AGAIN)
            again = (await queued(it, waits))["promise"]
            assert again["p50_s"] == pytest.approx(soon_s, abs=1.0)
            assert "the lift runs at its full speed again" in again["because"]

    loop.run(play())


def test_what_is_no_speed_no_axis_or_not_in_force_is_refused_by_its_rule() -> None:
    async def play() -> None:
        async with stage(execute=False) as it:
            for percent in (0, 9, 101):
                wrong = SetSpeed(by="eve", axis="lift", percent=percent, why=WHY)
                assert await it.refused(wrong) == "SPEED_RANGE", percent
            assert await it.refused(SetSpeed(by="eve", axis="door", percent=50, why=WHY)) == "UNKNOWN_AXIS"
            assert await it.refused(RATED_AGAIN) == "NOT_IN_FORCE"
            assert speeds(it.book.restrictions) == RATED
            for percent in (10, 99):
                await it.ask(SetSpeed(by="eve", axis="lift", percent=percent, why=WHY))
                assert speeds(it.book.restrictions) == Speeds(lift=percent / 100)

    loop.run(play())


@pytest.mark.campaign
@pytest.mark.parametrize("percent", [70, 50, 20, 10])
@pytest.mark.parametrize("axis", ["lift", "turntable", "shuttle"])
def test_with_a_slow_axis_that_is_told_of_a_job_is_done_when_it_was_foreseen(axis: str, percent: int) -> None:
    async def play() -> None:
        tower = tower_with(axis)
        far, near = ends_of(axis, tower)
        async with stage(tower, cars=stock(LOW1, TOP1)) as it:
            away = await it.order(Relocate(car=f"C{LOW1}", bay=LOW3 if near == LOW1 else near))
            assert await it.ended(away) is S.DONE
            slowed(it, axis, percent / 100)
            await it.ask(SetSpeed(by="eve", axis=axis, percent=percent, why=WHY))
            first = await it.order(Relocate(car=f"C{TOP1}", bay=TOP2))
            behind = await it.order(Relocate(car=f"C{LOW1}", bay=far))
            await it.until(lambda: it.job(first).state is S.PICKING, 600.0)
            plan: Any = await it.ask(Query(what="plan"))
            takes_s = plan["moves"][0]["ends_s"]
            began_s = it.world.now
            assert await it.ended(behind, 1200.0) is S.DONE
            assert it.world.now - began_s == pytest.approx(takes_s, rel=0.1)
            assert {job.state for job in it.book.jobs.values()} == {S.DONE}
            assert it.book.alarms == {}

    loop.run(play())


@pytest.mark.campaign
def test_a_speed_that_is_stated_while_the_lift_runs_is_that_of_its_next_motion() -> None:
    async def play() -> None:
        tower = tower_with("lift")
        async with stage(tower, cars=stock(TOP1)) as it:
            number = await it.order(Relocate(car=f"C{TOP1}", bay=LOW2))
            await it.until(lambda: it.world.plant.truth().carriage.lift.moving)
            await it.ask(HALF)
            await it.until(lambda: it.job(number).state is S.POSITIONING_TO)
            assert it.world.daemon is not None
            learning = it.world.daemon.control.jobs.foresight.learning
            assert learning.calibration.accuracy(Primitive.LIFT).samples == 0, "what had begun before teaches nothing"
            assert await it.ended(number) is S.DONE
            assert learning.calibration.accuracy(Primitive.LIFT).samples == 1

    loop.run(play())


@pytest.mark.campaign
def test_a_lift_that_was_found_slow_is_no_alarm_any_more_once_somebody_has_said_so() -> None:
    async def play() -> None:
        tower = tower_with("lift")
        far, near = ends_of("lift", tower)
        async with stage(tower, cars=stock(LOW1)) as it:
            slowed(it, "lift", 0.5)
            for bay in (far, near):
                assert await it.ended(await it.order(Relocate(car=f"C{LOW1}", bay=bay))) is S.DONE
            line = it.book.alarms[Tag("LIFT_SLOW")]
            assert line.state in STANDING
            await it.ask(HALF)
            await it.until(lambda: it.book.alarms[Tag("LIFT_SLOW")].state not in STANDING, 30.0)
            assert await it.ended(await it.order(Relocate(car=f"C{LOW1}", bay=far))) is S.DONE
            assert it.book.alarms[Tag("LIFT_SLOW")].state not in STANDING

    loop.run(play())


@pytest.mark.campaign
def test_a_speed_outlives_the_daemon_and_its_lift_is_referenced_in_its_own_time() -> None:
    async def play() -> None:
        async with stage(tower_with("lift"), cars=stock(LOW1)) as it:
            slowed(it, "lift", 0.2)
            await it.ask(SetSpeed(by="eve", axis="lift", percent=20, why=WHY))
            assert await it.ended(await it.order(Relocate(car=f"C{LOW1}", bay=TOP3)), 600.0) is S.DONE
            await it.world.crash_daemon()
            await it.start(late_s=1.0)
            assert speeds(it.book.restrictions) == Speeds(lift=0.2)
            it.world.do(lambda plant: plant.set_maintenance_key(on=True))
            await asyncio.sleep(2.0)
            it.world.do(lambda plant: plant.set_maintenance_key(on=False))
            await asyncio.sleep(2.0)
            await it.import_all()
            await it.execute()
            assert await it.ended(await it.order(Relocate(car=f"C{LOW1}", bay=LOW2)), 600.0) is S.DONE

    loop.run(play())


@pytest.mark.campaign
def test_a_slot_holds_fewer_pick_ups_with_a_slow_lift() -> None:
    async def play() -> None:
        async with stage(tower_with("lift"), cars=stock(TOP1, TOP2, TOP3)) as it:
            rated: Any = await it.ask(Query(what="slots"))
            await it.ask(SetSpeed(by="eve", axis="lift", percent=25, why=WHY))
            slow: Any = await it.ask(Query(what="slots"))
            assert 0 <= slow["capacity"] < rated["capacity"]
            await it.ask(RATED_AGAIN)
            assert await it.ask(Query(what="slots")) == rated

    loop.run(play())
