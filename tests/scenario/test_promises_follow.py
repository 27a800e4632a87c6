"""Whoever waits is told at once what follows from a tower that stands: nobody knows when, why, and a new time after."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from controller.domain.events import Query, Relocate, Retrieve, SetMode
from controller.domain.jobs import JobState
from controller.domain.unit import UnitEvent, UnitMode, UnitState
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, LOW2, LOW_BUS, LOW_STATION, TOP1
from tests.support.scenes import stock
from tests.support.stage import Stage, stage

STOP = (UnitEvent.STOP, UnitState.STOPPED, "the tower is stopped")
HOLD = (UnitEvent.HOLD, UnitState.HELD, "the tower is held")
ABORT = (UnitEvent.ABORT, UnitState.ABORTED, "the tower is aborted")


async def two_jobs(it: Stage) -> tuple[int, int]:
    """Order a move, and a car that waits behind it; return both once the first one works."""
    first = await it.order(Relocate(car=f"C{TOP1}", bay=LOW2))
    behind = await it.order(Retrieve(car=f"C{LOW1}"))
    await it.until(lambda: it.job(first).state is JobState.POSITIONING)
    return first, behind


async def shown(it: Stage, number: int) -> dict[str, Any]:
    """Return how the status shows a job that is not at hand."""
    status: Any = await it.ask(Query(what="status"))
    return next(job for job in status["queue"] if job["id"] == number)


async def planned(it: Stage) -> dict[str, Any]:
    return dict(await it.ask(Query(what="plan")))


def promises(it: Stage, number: int) -> list[Mapping[str, Any]]:
    """Return what the world was told of a job that waits."""
    assert it.world.daemon is not None
    events: list[Any] = list(it.world.daemon.board.events)
    return [event for event in events if event["event"] == "promise" and event["job"] == number]


def kept(it: Stage) -> int:
    """Return how many promises were judged so far."""
    assert it.world.daemon is not None
    return it.world.daemon.control.jobs.foresight.promises.forecast.kept.promises


@pytest.mark.parametrize(("event", "there", "why"), [STOP, HOLD, ABORT])
def test_nobody_is_promised_a_time_while_the_unit_stands(event: UnitEvent, there: UnitState, why: str) -> None:
    async def play() -> None:
        async with stage(cars=stock(LOW1, TOP1)) as it:
            first, behind = await two_jobs(it)
            assert (await shown(it, behind))["promise"]["p50_s"] > 0
            await it.command(event, there)
            for number in (first, behind):
                told = await shown(it, number)
                assert (told["promise"], told["held"]) == (None, why)
            plan = await planned(it)
            assert (plan["moves"], [(job["id"], job["held"]) for job in plan["unplanned"]]) == ([], [(behind, why)])
            assert [(each["p50_s"], each["because"]) for each in promises(it, behind)] == [(None, why)]

    loop.run(play())


def test_a_job_at_hand_has_no_time_either_while_the_unit_comes_to_rest() -> None:
    async def play() -> None:
        async with stage(cars=stock(LOW1, TOP1)) as it:
            first, _ = await two_jobs(it)
            before: Any = await it.ask(Query(what="status"))
            assert (before["job"]["eta_s"] > 0, before["job"]["held"]) == (True, "")
            await it.command(UnitEvent.HOLD, UnitState.HOLDING)
            while_holding: Any = await it.ask(Query(what="status"))
            for job in (while_holding["job"], (await planned(it))["at_hand"]):
                assert (job["id"], job["eta_s"], job["held"]) == (first, None, "the tower is held")

    loop.run(play())


def test_when_the_tower_goes_on_whoever_waits_is_told_a_new_time_and_its_reason() -> None:
    async def play() -> None:
        async with stage(cars=stock(LOW1, TOP1)) as it:
            _, behind = await two_jobs(it)
            await it.command(UnitEvent.HOLD, UnitState.HELD)
            await asyncio.sleep(600.0)
            await it.command(UnitEvent.UNHOLD, UnitState.EXECUTE)
            assert (await shown(it, behind))["promise"]["p50_s"] > 0
            _, anew = promises(it, behind)
            assert anew["p50_s"] > 0
            later, because = anew["because"].split(" s later: ")
            assert because == "the tower goes on"
            assert int(later) == pytest.approx(600, abs=60)

    loop.run(play())


@pytest.mark.campaign
def test_what_was_promised_before_a_stop_is_void_and_what_is_promised_behind_it_is_judged() -> None:
    async def play() -> None:
        async with stage(cars=stock(LOW1, TOP1)) as it:
            first, behind = await two_jobs(it)
            await it.command(UnitEvent.HOLD, UnitState.HELD)
            await asyncio.sleep(600.0)
            await it.command(UnitEvent.UNHOLD, UnitState.EXECUTE)
            assert await it.ended(first) is JobState.DONE
            assert await it.ended(behind) is JobState.DONE
            assert kept(it) == 1

    loop.run(play())


def test_a_short_stop_is_told_to_be_over_as_well() -> None:
    async def play() -> None:
        async with stage(cars=stock(LOW1, TOP1)) as it:
            _, behind = await two_jobs(it)
            await it.command(UnitEvent.SUSPEND, UnitState.SUSPENDED)
            await it.command(UnitEvent.UNSUSPEND, UnitState.EXECUTE)
            assert (await shown(it, behind))["promise"]["p50_s"] > 0
            held, anew = promises(it, behind)
            assert held["because"] == "the tower is suspended"
            assert anew["because"].endswith("the tower goes on")

    loop.run(play())


@pytest.mark.campaign
def test_what_a_stop_broke_teaches_nothing_also_of_the_job_at_hand() -> None:
    async def play() -> None:
        async with stage(cars=stock(LOW1, TOP1)) as it:
            first, behind = await two_jobs(it)
            await it.until(lambda: it.job(behind).state is JobState.POSITIONING)
            assert kept(it) == 0, "who found the tower idle was promised nothing"
            await it.command(UnitEvent.HOLD, UnitState.HELD)
            await asyncio.sleep(600.0)
            await it.command(UnitEvent.UNHOLD, UnitState.EXECUTE)
            assert await it.ended(behind) is JobState.DONE
            assert (it.job(first).state, kept(it)) == (JobState.DONE, 0)

    loop.run(play())


def test_a_lost_station_and_a_mode_that_moves_no_car_come_before_the_unit() -> None:
    async def play() -> None:
        async with stage(cars=stock(LOW1, TOP1)) as it:
            _, behind = await two_jobs(it)
            await it.command(UnitEvent.STOP, UnitState.STOPPED)
            it.world.pull_cable(LOW_BUS, out=True)
            await it.until(lambda: it.unit is UnitState.ABORTED)
            lost = await shown(it, behind)
            assert lost["promise"] is None
            assert LOW_STATION in lost["held"]
            it.world.pull_cable(LOW_BUS, out=False)
            await it.until(lambda: all(each.online for each in it.world.daemon.stations.values()))  # type: ignore[union-attr]
            back = await shown(it, behind)
            assert back["promise"] is None
            assert back["held"].startswith("the tower is aborted: station ")
            await it.ask(SetMode(mode=UnitMode.MAINTENANCE))
            held = await shown(it, behind)
            assert (held["promise"], held["held"]) == (None, "the tower is in mode maintenance")
            await it.ask(SetMode(mode=UnitMode.PRODUCTION))
            await it.execute()
            assert (await shown(it, behind))["promise"]["p50_s"] > 0

    loop.run(play())
