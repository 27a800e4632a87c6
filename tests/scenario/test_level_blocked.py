"""A level is taken out of use, and given back: nothing goes in or out meanwhile, and whoever waits is told why."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from controller.domain.events import BlockLevel, FreeLevel, Query, Relocate, Resolve, Retrieve, Store
from controller.domain.jobs import JobState as S
from controller.domain.unit import UnitEvent, UnitState
from hal.plcmap.shape import level_of
from sim_plc.plant.cars import Car
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, LOW2, LOW3, NOWHERE, ROOM, SHAPE, TOP1, TOP2
from tests.support.scenes import stock
from tests.support.stage import QUICK, Stage, stage

TOP = level_of(TOP1)
WHY = "a beam is bent"
BLOCK = BlockLevel(by="eve", level=TOP, why=WHY)
SAID = f"level {TOP} is blocked: {WHY}"


async def queued(it: Stage, number: int) -> Mapping[str, Any]:
    """Return how the status shows a job that waits."""
    status: Any = await it.ask(Query(what="status"))
    return next(job for job in status["queue"] if job["id"] == number)


def promises(it: Stage, number: int) -> list[Mapping[str, Any]]:
    """Return what the world was told of a job that waits."""
    assert it.world.daemon is not None
    events: list[Any] = list(it.world.daemon.board.events)
    return [event for event in events if event["event"] == "promise" and event["job"] == number]


@pytest.mark.campaign
def test_what_waits_for_a_blocked_level_goes_on_waiting_and_says_why_until_it_is_free() -> None:
    async def play() -> None:
        async with stage(cars=stock(LOW1, TOP1)) as it:
            first = await it.order(Relocate(car=f"C{LOW1}", bay=LOW2))
            waits = await it.order(Retrieve(car=f"C{TOP1}"))
            assert (await queued(it, waits))["promise"]["p50_s"] > 0
            await it.ask(BLOCK)
            shown = await queued(it, waits)
            assert (shown["promise"], shown["held"]) == (None, SAID)
            plan: Any = await it.ask(Query(what="plan"))
            [unplanned] = plan["unplanned"]
            assert unplanned["held"] == SAID
            assert await it.ended(first) is S.DONE
            begun = it.motions()
            await asyncio.sleep(30.0)
            assert it.motions() == begun
            assert it.job(waits).state is S.QUEUED
            assert [(each["p50_s"], each["because"]) for each in promises(it, waits)] == [(None, SAID)]
            await it.ask(FreeLevel(level=TOP))
            assert await it.ended(waits) is S.DONE

    loop.run(play())


@pytest.mark.campaign
def test_whoever_waits_behind_others_is_promised_anew_when_their_level_is_free() -> None:
    async def play() -> None:
        async with stage(cars=stock(LOW1, LOW3, TOP1)) as it:
            await it.order(Relocate(car=f"C{LOW1}", bay=LOW2))
            await it.order(Retrieve(car=f"C{LOW3}"))
            waits = await it.order(Retrieve(car=f"C{TOP1}"))
            await it.ask(BLOCK)
            await it.ask(FreeLevel(level=TOP))
            held, anew = promises(it, waits)
            assert held["p50_s"] is None
            assert 0 < anew["p50_s"] < anew["p90_s"]

    loop.run(play())


def test_what_is_asked_of_a_blocked_level_is_refused_by_name() -> None:
    async def play() -> None:
        async with stage(cars=stock(LOW1, TOP1)) as it:
            await it.ask(BLOCK)
            for request in (
                Retrieve(car=f"C{TOP1}"),
                Relocate(car=f"C{TOP1}", bay=LOW2),
                Relocate(car=f"C{LOW1}", bay=TOP2),
            ):
                assert await it.refused(request) == "LEVEL_BLOCKED"
            assert await it.refused(BlockLevel(level=NOWHERE, why=WHY)) == "UNKNOWN_LEVEL"
            assert await it.refused(FreeLevel(level=level_of(LOW1))) == "NOT_IN_FORCE"

    loop.run(play())


@pytest.mark.campaign
def test_a_stored_car_goes_past_a_blocked_level_and_waits_where_no_other_is_free() -> None:
    async def play() -> None:
        bays = [bay for bay in SHAPE.bays if level_of(bay) != TOP]
        async with stage(cars=stock(*bays[1:])) as it:
            await it.ask(BLOCK)
            number = await it.order(Store(car="D", room=ROOM))
            assert await it.refused(Store(car="E", room=ROOM)) == "ROOM_IN_USE"
            it.world.do(lambda plant: plant.car_arrives(ROOM, Car("D"), QUICK))
            assert await it.ended(number) is S.DONE
            assert it.truth()["D"] == bays[0]
            assert await it.refused(Store(car="E", room=ROOM)) == "TOWER_FULL"

    loop.run(play())


@pytest.mark.campaign
def test_a_level_that_a_begun_job_counts_on_is_not_blocked() -> None:
    async def play() -> None:
        async with stage(cars=stock(TOP1)) as it:
            number = await it.order(Relocate(car=f"C{TOP1}", bay=LOW1))
            await it.until(lambda: it.job(number).state is not S.QUEUED)
            for level in (TOP, level_of(LOW1)):
                assert await it.refused(BlockLevel(level=level, why=WHY)) == "LEVEL_IN_USE"
            assert await it.ended(number) is S.DONE
            await it.ask(BLOCK)

    loop.run(play())


@pytest.mark.campaign
def test_nothing_is_diverted_to_a_blocked_level() -> None:
    async def play() -> None:
        async with stage(cars=stock(LOW1)) as it:
            await it.ask(BLOCK)
            number = await it.order(Relocate(car=f"C{LOW1}", bay=LOW2))
            await it.until(lambda: it.job(number).state is S.POSITIONING_TO)
            it.world.do(lambda plant: plant.shake_contact(("bay", LOW2, "latch_open"), 8.0))
            await it.until(lambda: it.job(number).state is S.PARKED)
            await asyncio.sleep(10.0)
            assert await it.refused(Resolve(job=number, choice="divert", place=TOP2)) == "BAY_NOT_USABLE"
            await it.ask(Resolve(job=number, choice="continue"))
            await it.command(UnitEvent.UNHOLD, UnitState.EXECUTE)
            assert await it.ended(number) is S.DONE

    loop.run(play())


@pytest.mark.campaign
def test_a_blocked_level_outlives_the_daemon() -> None:
    async def play() -> None:
        async with stage(cars=stock(TOP1)) as it:
            await it.ask(BLOCK)
            await it.world.crash_daemon()
            await it.start(late_s=1.0)
            await it.execute()
            status: Any = await it.ask(Query(what="status"))
            [shown] = status["restrictions"]
            assert (shown["text"], shown["by"]) == (SAID, "eve")
            assert await it.refused(Retrieve(car=f"C{TOP1}")) == "LEVEL_BLOCKED"

    loop.run(play())
