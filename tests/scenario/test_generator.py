"""On its generator a tower moves one axis at a time and gets cars out; whoever waits is told the new time and why."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from controller.domain.events import BlockLevel, Query, Relocate, Retrieve, SetGenerator, Store
from controller.domain.jobs import JobState as S
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitEvent, UnitState
from hal.plcmap.shape import level_of
from sim_plc.plant.cars import Car
from sim_plc.rehearsal import loop
from tests.support.axes_at_once import AxesAtOnce
from tests.support.places import LOW1, LOW2, LOW3, ROOM, TOP1, TOP2, TOP3
from tests.support.scenes import stock
from tests.support.stage import QUICK, Stage, stage
from tests.support.tower_under_test import tower_under_test

WHY = "the mains failed"
ON = SetGenerator(by="eve", on=True, why=WHY)
OFF = SetGenerator(by="eve", on=False)
SAID = f"the tower runs on its generator: {WHY}"


async def queued(it: Stage, number: int) -> Mapping[str, Any]:
    """Return how the status shows a job that waits."""
    status: Any = await it.ask(Query(what="status"))
    return next(job for job in status["queue"] if job["id"] == number)


def test_one_axis_moves_at_a_time_once_what_runs_has_ended_and_whoever_waits_has_a_later_time() -> None:
    async def play() -> None:
        async with stage(cars=stock(TOP1, TOP2)) as it:
            axes = AxesAtOnce(it.world)
            before = await it.order(Relocate(car=f"C{TOP1}", bay=LOW2))
            await it.until(lambda: it.job(before).state is S.POSITIONING_TO)
            assert axes.most == 2, "lift and turntable together: the control"
            waits = await it.order(Retrieve(car=f"C{TOP2}"))
            soon_s = (await queued(it, waits))["promise"]["p50_s"]
            await it.ask(ON)
            promise = (await queued(it, waits))["promise"]
            assert promise["p50_s"] > soon_s
            # What runs ends first, and what was begun goes on in turn.
            await it.until(lambda: it.job(before).state is S.OPENING_TO)
            axes.forget()
            assert await it.ended(before) is S.DONE
            assert await it.ended(waits) is S.DONE
            assert axes.most == 1, axes.names

    loop.run(play())


@pytest.mark.campaign
def test_a_job_is_done_when_it_was_foreseen_to_be() -> None:
    async def play() -> None:
        tower = tower_under_test(generator__jobs='["relocate"]')
        async with stage(tower, cars=stock(LOW1, TOP1, TOP2)) as it:
            await it.ask(ON)
            first = await it.order(Relocate(car=f"C{TOP1}", bay=TOP3))
            behind = await it.order(Relocate(car=f"C{TOP2}", bay=LOW3))
            await it.until(lambda: it.job(first).state is S.PICKING)
            plan: Any = await it.ask(Query(what="plan"))
            [move] = plan["moves"]
            ends_s = it.world.now + move["ends_s"]
            assert await it.ended(behind) is S.DONE
            assert it.world.now == pytest.approx(ends_s, rel=0.02, abs=2.0)
            assert await it.refused(Retrieve(car=f"C{LOW1}")) == "GENERATOR"

    loop.run(play())


@pytest.mark.campaign
def test_gates_and_the_carriage_take_turns() -> None:
    async def play() -> None:
        tower = tower_under_test(generator__jobs='["retrieve", "relocate"]')
        async with stage(tower, cars=stock(LOW1, TOP1, TOP2)) as it:
            await it.ask(ON)
            axes = AxesAtOnce(it.world)
            first = await it.order(Retrieve(car=f"C{LOW1}"))
            await it.until(lambda: it.job(first).state in (S.CLOSING_TO, S.DONE))
            moves = [await it.order(Relocate(car=f"C{bay}", bay=to)) for bay, to in ((TOP1, LOW2), (TOP2, LOW3))]
            it.world.do(lambda plant: plant.customer_collects(ROOM, QUICK))
            for number in (first, *moves):
                assert await it.ended(number, 300.0) is S.DONE
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT, 300.0)
            assert axes.most == 1, axes.names

    loop.run(play())


@pytest.mark.campaign
def test_only_what_gets_cars_out_is_begun_and_the_rest_says_why_it_waits() -> None:
    async def play() -> None:
        async with stage(cars=stock(TOP1, LOW1)) as it:
            first = await it.order(Relocate(car=f"C{TOP1}", bay=TOP3))
            behind = await it.order(Relocate(car=f"C{LOW1}", bay=LOW2))
            await it.until(lambda: it.job(first).state is S.POSITIONING)
            await it.ask(ON)
            assert await it.refused(Store(car="D", room=ROOM)) == "GENERATOR"
            assert await it.refused(Relocate(car=f"C{LOW1}", bay=LOW3)) == "GENERATOR"
            assert (await queued(it, behind))["held"] == f"{SAID}; no relocate meanwhile"
            assert await it.ended(first) is S.DONE
            await asyncio.sleep(20.0)
            assert it.job(behind).state is S.QUEUED
            await it.ask(OFF)
            assert await it.refused(OFF) == "NOT_IN_FORCE"
            assert await it.ended(behind) is S.DONE

    loop.run(play())


@pytest.mark.campaign
def test_a_storing_that_was_granted_is_finished_so_that_its_car_is_in_nobodys_way() -> None:
    async def play() -> None:
        async with stage(cars=stock(LOW1)) as it:
            number = await it.order(Store(car="D", room=ROOM))
            it.world.do(lambda plant: plant.car_arrives(ROOM, Car("D"), QUICK))
            await it.until(lambda: it.room(ROOM) is RoomState.MEASURING)
            await it.ask(ON)
            out = await it.order(Retrieve(car=f"C{LOW1}"))
            assert await it.ended(number) is S.DONE
            assert await it.ended(out) is S.DONE

    loop.run(play())


@pytest.mark.campaign
def test_a_generator_outlives_the_daemon_and_its_axes_are_referenced_one_after_the_other() -> None:
    async def play() -> None:
        async with stage(cars=stock(LOW1)) as it:
            assert await it.ended(await it.order(Relocate(car=f"C{LOW1}", bay=TOP2))) is S.DONE
            await it.ask(ON)
            await it.world.crash_daemon()
            await it.start(late_s=1.0)
            it.world.do(lambda plant: plant.set_maintenance_key(on=True))
            await asyncio.sleep(2.0)
            it.world.do(lambda plant: plant.set_maintenance_key(on=False))
            await asyncio.sleep(2.0)
            axes = AxesAtOnce(it.world)
            await it.import_all()
            await it.execute()
            assert axes.most == 1, axes.names
            assert await it.refused(Store(car="D", room=ROOM)) == "GENERATOR"

    loop.run(play())


def test_the_last_bay_is_left_to_a_car_that_is_being_taken_in() -> None:
    """A relocation into it, held back, would keep it for good: the car stays in the only room, and nobody gets out."""

    async def play() -> None:
        async with stage(cars=stock(LOW1, LOW2, TOP1, TOP2, TOP3)) as it:
            storing = await it.order(Store(car="N1", room=ROOM))
            await it.until(lambda: it.room(ROOM) is RoomState.OPEN_FOR_CAR)
            await it.command(UnitEvent.HOLD, UnitState.HELD)
            assert await it.refused(Relocate(car=f"C{TOP1}", bay=LOW3)) == "BAY_RESERVED"
            await it.command(UnitEvent.UNHOLD, UnitState.EXECUTE)
            await it.ask(ON)
            it.world.do(lambda plant: plant.car_arrives(ROOM, Car("N1"), QUICK))
            assert await it.ended(storing) is S.DONE
            assert it.truth()["N1"] == LOW3

    loop.run(play())


def test_the_last_bay_takes_a_car_whose_own_is_free_in_a_moment() -> None:
    """It was refused for as long as a driver was awaited, though there is a bay for him all the same."""

    async def play() -> None:
        async with stage(cars=stock(LOW1, LOW2, TOP1, TOP2, TOP3)) as it:
            storing = await it.order(Store(car="N1", room=ROOM))
            moved = await it.order(Relocate(car=f"C{TOP1}", bay=LOW3))
            await it.until(lambda: it.job(moved).state is not S.QUEUED)
            assert await it.refused(Relocate(car=f"C{TOP2}", bay=LOW3)) == "BAY_RESERVED"
            await it.ask(ON)
            assert await it.ended(moved) is S.DONE
            await it.until(lambda: it.room(ROOM) is RoomState.OPEN_FOR_CAR)
            it.world.do(lambda plant: plant.car_arrives(ROOM, Car("N1"), QUICK))
            assert await it.ended(storing) is S.DONE
            assert it.truth()["N1"] == TOP1

    loop.run(play())


def test_nobody_is_promised_the_bay_of_a_relocation_that_is_held_back() -> None:
    async def play() -> None:
        async with stage(cars=stock(LOW1, LOW2, TOP1, TOP2)) as it:
            storing = await it.order(Store(car="N1", room=ROOM))
            await it.command(UnitEvent.HOLD, UnitState.HELD)
            await it.order(Relocate(car=f"C{LOW1}", bay=LOW3))
            await it.ask(ON)
            await it.command(UnitEvent.UNHOLD, UnitState.EXECUTE)
            await it.ask(BlockLevel(level=level_of(TOP3), why="a beam is bent"))
            await it.until(lambda: it.room(ROOM) is RoomState.OPEN_FOR_CAR)
            it.world.do(lambda plant: plant.car_arrives(ROOM, Car("N1"), QUICK))
            await it.until(lambda: it.room(ROOM) is RoomState.ACCEPTED)
            await asyncio.sleep(5.0)
            shown = await queued(it, storing)
            assert shown["promise"] is None
            assert shown["held"].startswith("no bay is free")

    loop.run(play())
