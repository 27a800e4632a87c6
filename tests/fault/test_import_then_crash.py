"""The daemon dies right behind the commit in which it believes something new: whoever waits was judged in that one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from controller.domain.events import AuditPlace, ImportInventory, Request, Retrieve, StockedCar, Store
from controller.domain.jobs import JobState
from sim_plc.plant.cars import Car
from sim_plc.rehearsal import loop
from tests.fault.test_crash_at_each_commit import Mortal
from tests.support import stage as stages
from tests.support.places import LOW1, ROOM, TOP1
from tests.support.stage import Stage, stage

CARS = {LOW1: Car("A"), TOP1: Car("B")}


def stock(places: dict[int, str]) -> ImportInventory:
    return ImportInventory(cars=tuple(StockedCar(id=car, place=place) for place, car in places.items()))


@asynccontextmanager
async def mortal(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    """Give a tower that stands, which believes its two cars to be in each other's bay."""
    monkeypatch.setattr(stages, "World", Mortal)
    async with stage(cars=CARS, execute=False) as it:
        await it.ask(stock({LOW1: "B", TOP1: "A"}))
        yield it


async def dies_behind(it: Stage, request: Request) -> None:
    """Ask for something; the daemon dies once its first commit is durable, and starts again."""
    assert isinstance(it.world, Mortal)
    it.world.doom(1, durable=True)
    asked = asyncio.create_task(it.ask(request))
    await it.world.dead.wait()
    await it.world.crash_daemon()
    asked.cancel()
    with suppress(asyncio.CancelledError, ConnectionError):
        await asked
    await it.start(late_s=1.0)
    # What was stated wrongly before is what this is about.
    assert {each.invariant for each in it.inspector.violations} <= {"I13"}
    it.inspector.violations.clear()


def test_a_job_that_waits_begins_where_an_import_has_its_car(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        async with mortal(monkeypatch) as it:
            job = await it.order(Retrieve(car="A", room=ROOM))
            await dies_behind(it, stock({LOW1: "A", TOP1: "B"}))
            assert it.belief() == it.truth()
            await it.execute()
            assert await it.ended(job) is JobState.DONE
            assert it.truth()["A"] == ROOM

    loop.run(scenario())


def test_a_job_whose_car_an_import_does_not_know_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        async with mortal(monkeypatch) as it:
            job = await it.order(Retrieve(car="A", room=ROOM))
            await dies_behind(it, stock({TOP1: "B"}))
            assert it.job(job).state is JobState.CANCELLED
            assert it.job(job).reason.startswith("UNKNOWN_CAR: ")

    loop.run(scenario())


def test_no_gate_opens_for_a_car_that_somebody_has_seen_in_a_bay(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        async with mortal(monkeypatch) as it:
            await it.ask(stock({LOW1: "A"}))
            job = await it.order(Store(car="B", room=ROOM))
            await dies_behind(it, AuditPlace(place=TOP1, car="B"))
            assert it.job(job).state is JobState.CANCELLED
            assert it.job(job).reason.startswith("CAR_ALREADY_INSIDE: ")

    loop.run(scenario())
