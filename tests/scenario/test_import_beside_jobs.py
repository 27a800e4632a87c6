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
from tests.support.scenes import attended, idle
from tests.support.stage import Stage, stage

ROOM = 101
LOOK_S = 2.0
"""Longer than an idle poll."""

CARS = {102: Car("A"), 202: Car("B")}


async def stated(it: Stage, stock: Mapping[int, str]) -> None:
    await it.ask(ImportInventory(cars=tuple(StockedCar(id=car, place=place) for place, car in stock.items())))


def test_a_job_begins_where_its_car_is_after_all() -> None:
    async def scenario() -> None:
        async with stage(cars=CARS, execute=False) as it:
            await idle(it)
            await stated(it, {102: "B", 202: "A"})
            job = await it.order(Retrieve(car="A", room=ROOM))
            assert it.job(job).source == 202
            await stated(it, {102: "A", 202: "B"})
            assert it.job(job).source == 102
            await it.command(UnitEvent.START, UnitState.EXECUTE)
            assert await it.ended(job) is JobState.DONE
            assert it.truth()["A"] == ROOM
            assert it.belief() == it.truth()

    loop.run(scenario())


@pytest.mark.parametrize(
    ("request_", "then", "rule"),
    [
        (Retrieve(car="A"), {202: "B"}, "UNKNOWN_CAR"),
        (Retrieve(car="A"), {103: "A", 202: "B"}, "PLACE_UNVERIFIED"),
        (Relocate(car="A", bay=103), {102: "A", 103: "B"}, "BAY_NOT_USABLE"),
        (Relocate(car="A", bay=103), {202: "B"}, "UNKNOWN_CAR"),
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
            await stated(it, {102: "A", 202: "B"})
            assert await it.order(request_) > other

    loop.run(scenario())


@pytest.mark.parametrize(("at_102", "at_103"), [("A", "C"), ("C", "A")])
def test_a_job_to_a_bay_that_holds_a_car_after_all_ends_with_the_rule(at_102: str, at_103: str) -> None:
    async def scenario() -> None:
        async with stage(cars={102: Car(at_102), 103: Car(at_103), 202: Car("B")}, execute=False) as it:
            await idle(it)
            lies: dict[Wire, bool | int] = {("bay", 103, name): False for name in ("occupied_a", "occupied_b")}
            it.world.do(lambda plant: plant.overrides.update(lies))
            await asyncio.sleep(LOOK_S)
            await stated(it, {102: "A", 202: "B"})
            job = await it.order(Relocate(car="A", bay=103))
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
            jobs = [await it.order(Retrieve(car="A", room=ROOM)), await it.order(Relocate(car="B", bay=204))]
            before = [it.job(job) for job in jobs]
            await it.import_all()
            assert [it.job(job) for job in jobs] == before
            await it.command(UnitEvent.START, UnitState.EXECUTE)
            async with attended(it):
                for job in jobs:
                    assert await it.ended(job) is JobState.DONE
                await it.until(lambda: it.room(ROOM) is RoomState.VACANT)

    loop.run(scenario())
