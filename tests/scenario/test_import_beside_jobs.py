"""An inventory is imported while jobs wait: they begin where their cars are, or end with the rule that they break."""

import asyncio
from collections.abc import Mapping

import pytest

from controller.domain.events import ImportInventory, Relocate, Request, Retrieve, StockedCar, Store
from controller.domain.jobs import JobState
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitEvent, UnitState
from sim_plc.plant.cars import Car
from sim_plc.plant.terminals import Wire
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, LOW2, ROOM, TOP1, TOP3
from tests.support.scenes import attended, idle
from tests.support.stage import Stage, stage

LOOK_S = 2.0
"""Longer than an idle poll."""

CARS = {LOW1: Car("A"), TOP1: Car("B")}


async def stated(it: Stage, stock: Mapping[int, str]) -> None:
    await it.ask(ImportInventory(cars=tuple(StockedCar(id=car, place=place) for place, car in stock.items())))


def test_a_job_begins_where_its_car_is_after_all() -> None:
    async def scenario() -> None:
        async with stage(cars=CARS, execute=False) as it:
            await idle(it)
            await stated(it, {LOW1: "B", TOP1: "A"})
            job = await it.order(Retrieve(car="A", room=ROOM))
            assert it.job(job).source == TOP1
            await stated(it, {LOW1: "A", TOP1: "B"})
            assert it.job(job).source == LOW1
            await it.command(UnitEvent.START, UnitState.EXECUTE)
            assert await it.ended(job) is JobState.DONE
            assert it.truth()["A"] == ROOM
            assert it.belief() == it.truth()

    loop.run(scenario())


@pytest.mark.parametrize(
    ("request_", "then", "rule"),
    [
        (Retrieve(car="A"), {TOP1: "B"}, "UNKNOWN_CAR"),
        (Retrieve(car="A"), {LOW2: "A", TOP1: "B"}, "PLACE_UNVERIFIED"),
        (Relocate(car="A", bay=LOW2), {LOW1: "A", LOW2: "B"}, "BAY_NOT_USABLE"),
        (Relocate(car="A", bay=LOW2), {TOP1: "B"}, "UNKNOWN_CAR"),
    ],
)
def test_a_job_that_would_not_be_granted_any_more_ends_with_the_rule(
    request_: Request, then: Mapping[int, str], rule: str
) -> None:
    async def scenario() -> None:
        async with stage(cars=CARS, execute=False) as it:
            await idle(it)
            job, other = await it.order(request_), await it.order(Store(car="N1", room=ROOM))
            await stated(it, then)
            assert it.job(job).state is JobState.CANCELLED
            assert it.job(job).reason.startswith(f"{rule}: ")
            assert it.job(other).state is JobState.QUEUED
            await stated(it, {LOW1: "A", TOP1: "B"})
            assert await it.order(request_) > other

    loop.run(scenario())


@pytest.mark.parametrize(("at_low1", "at_low2"), [("A", "C"), ("C", "A")])
def test_a_job_to_a_bay_that_holds_a_car_after_all_ends_with_the_rule(at_low1: str, at_low2: str) -> None:
    async def scenario() -> None:
        async with stage(cars={LOW1: Car(at_low1), LOW2: Car(at_low2), TOP1: Car("B")}, execute=False) as it:
            await idle(it)
            lies: dict[Wire, bool | int] = {("bay", LOW2, name): False for name in ("occupied_a", "occupied_b")}
            it.world.do(lambda plant: plant.overrides.update(lies))
            await asyncio.sleep(LOOK_S)
            await stated(it, {LOW1: "A", TOP1: "B"})
            job = await it.order(Relocate(car="A", bay=LOW2))
            it.world.do(lambda plant: plant.overrides.clear())
            await asyncio.sleep(LOOK_S)
            await it.import_all()
            assert it.job(job).state is JobState.CANCELLED
            assert it.job(job).reason.startswith("BAY_OCCUPIED: ")

    loop.run(scenario())


def test_jobs_that_an_import_confirms_wait_on() -> None:
    async def scenario() -> None:
        async with stage(cars=CARS, execute=False) as it:
            await idle(it)
            jobs = [await it.order(Retrieve(car="A", room=ROOM)), await it.order(Relocate(car="B", bay=TOP3))]
            before = [it.job(job) for job in jobs]
            await it.import_all()
            assert [it.job(job) for job in jobs] == before
            await it.command(UnitEvent.START, UnitState.EXECUTE)
            async with attended(it):
                for job in jobs:
                    assert await it.ended(job) is JobState.DONE
                await it.until(lambda: it.room(ROOM) is RoomState.VACANT)

    loop.run(scenario())
