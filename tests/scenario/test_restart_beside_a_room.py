"""A daemon that starts again while a car stands in a room, taken in and about to be stored."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from controller.domain.events import Cancel, ImportInventory, Relocate, StockedCar, Store, UnitCommand
from controller.domain.jobs import Job, JobState
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitEvent, UnitState
from sim_plc.plant.cars import Car
from sim_plc.plant.people import Habits
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.world import World
from tests.support.places import LOW2, ROOM, TOP2, across_in
from tests.support.tower_under_test import tower_under_test

AWAY, BAY = LOW2, TOP2
QUICK = Habits(notice_s=0.2, step_s=0.2, drive_s=1.0, leave_s=1.0, dwell_s=1.0)
# The carriage takes long to reach the room: time enough to open its gate.
SLOW_LIFT = {"machine__lift__speed_mm_s": across_in(5.0)}


async def until(world: World, predicate: Callable[[], bool], limit_s: float = 300.0) -> None:
    """Wait until something is so, looking every scan."""
    deadline = world.now + limit_s
    while not predicate():
        assert world.now < deadline
        await asyncio.sleep(0.01)


async def execute(world: World) -> None:
    daemon = world.daemon
    assert daemon is not None
    unit = daemon.control.unit
    await until(world, lambda: unit.state is UnitState.STOPPED)
    for event, there in ((UnitEvent.RESET, UnitState.IDLE), (UnitEvent.START, UnitState.EXECUTE)):
        await world.ask(UnitCommand(event=event))
        await until(world, lambda there=there: unit.state is there)  # type: ignore[misc]


def job_of(world: World, number: int) -> Job:
    assert world.daemon is not None
    return world.daemon.book.jobs[number]


@asynccontextmanager
async def restarted() -> AsyncIterator[tuple[World, int]]:
    """Give a world whose daemon was killed and started again while the carriage came for the car in the room."""
    tower = tower_under_test(**SLOW_LIFT)
    world = World(tower, 7, cars={AWAY: Car("A1")})
    async with world.running():
        daemon = await world.start_daemon()
        await until(world, lambda: daemon.control.unit.state is UnitState.STOPPED)
        await world.ask(ImportInventory(cars=(StockedCar(id="A1", place=AWAY),)))
        await execute(world)
        moved = await world.ask(Relocate(car="A1", bay=BAY))
        await until(world, lambda: job_of(world, int(str(moved["job"]))).state is JobState.DONE)
        world.do(lambda plant: plant.car_arrives(ROOM, Car("B2"), QUICK))
        number = int(str((await world.ask(Store(car="B2", room=ROOM)))["job"]))
        await until(world, lambda: job_of(world, number).state is JobState.POSITIONING)
        await world.crash_daemon()
        await asyncio.sleep(2.0)  # the PLC has stopped the carriage by then
        await world.start_daemon()
        await execute(world)
        yield world, number


def test_the_gate_stays_locked_in_front_of_a_car_that_is_about_to_be_stored() -> None:
    async def body() -> None:
        async with restarted() as (world, number):
            assert world.daemon is not None
            rooms = world.daemon.control.rooms
            while job_of(world, number).state is not JobState.DONE:
                assert world.plant.truth().gates[ROOM].locked
                assert rooms.state(ROOM) is not RoomState.BLOCKED
                assert job_of(world, number).state is not JobState.PARKED
                await asyncio.sleep(0.01)
            await until(world, lambda: rooms.state(ROOM) is RoomState.VACANT)
            assert world.plant.crimes == []

    loop.run(body())


def test_the_gate_opens_for_the_owner_when_the_storing_is_cancelled() -> None:
    async def body() -> None:
        async with restarted() as (world, number):
            assert world.daemon is not None
            world.do(lambda plant: plant.customer_collects(ROOM, QUICK))
            await world.ask(Cancel(job=number))
            await until(world, lambda: "B2" in world.plant.truth().outside)
            rooms = world.daemon.control.rooms
            await until(world, lambda: rooms.state(ROOM) is RoomState.VACANT)
            assert job_of(world, number).state is JobState.CANCELLED
            assert world.plant.crimes == []

    loop.run(body())
