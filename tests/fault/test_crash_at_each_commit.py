"""The daemon dies at each single commit of a move, before it is durable and after: in virtual time, so all of them.

What a SIGKILL of the real process can only aim at is hit here: every state of the job, and every planned command,
stands once as the journal's last word.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

import pytest

from controller import app
from controller.app import Ports
from controller.domain.book import CARRIAGE, Book
from controller.domain.events import ImportInventory, Request, Retrieve, StockedCar, Store, UnitCommand
from controller.domain.jobs import TERMINAL, JobState
from controller.domain.places import PlaceStatus
from controller.domain.unit import UnitEvent, UnitState
from controller.store.writer import Executor
from sim_plc.plant.cars import Car
from sim_plc.plant.people import Habits
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.life import Life
from sim_plc.rehearsal.world import World
from tests.support.places import LOW2, ROOM, TOP2
from tests.support.samples import campaign
from tests.support.tower_under_test import tower_under_test

T = TypeVar("T")

CARS = {LOW2: Car("A1"), TOP2: Car("B2")}
QUICK = Habits(notice_s=0.2, step_s=0.2, drive_s=1.0, leave_s=1.0, dwell_s=1.0)
SLOW = Habits(notice_s=0.2, step_s=0.2, drive_s=1.0, leave_s=1.0, dwell_s=80.0)
"""Stays for longer than a tower expects that knows nobody yet: the next car is fetched meanwhile, and waits."""
LIMIT_S = 120.0
SILENCE_S = 2.0
MOST = 200
"""More commits than any move takes."""


class Mortal(World):
    """A world whose daemon stops dead at its ``dies_at``-th commit from now on; ``durable``: just after it."""

    dies_at = 0
    durable = False

    def doom(self, dies_at: int, *, durable: bool) -> None:
        self.dies_at, self.durable = dies_at, durable
        self.dead = asyncio.Event()

    def ports(self, life: Life) -> Ports:
        ports = super().ports(life)
        return replace(ports, executor=self._counted(ports.executor))

    def _counted(self, execute: Executor) -> Executor:
        def counted(work: Callable[[], T], /) -> Awaitable[T]:
            if self.dies_at:
                self.dies_at -= 1
                if not self.dies_at:
                    if self.durable:
                        work()
                    self.freeze_daemon()
                    self.dead.set()
                    return asyncio.get_running_loop().create_future()
            return execute(work)

        return counted


AHEAD = Retrieve(car="B2")
"""Its car is fetched while another customer is in the room, and waits aboard."""
MOVES: tuple[Request, ...] = (Retrieve(car="B2", room=ROOM), Store(car="C3", room=ROOM), AHEAD)


@pytest.mark.long
@pytest.mark.parametrize(
    ("request_", "every", "durable"),
    [(MOVES[0], 5, False), (MOVES[1], 5, True), (AHEAD, 16, True), *campaign(MOVES, [1], [False, True])],
    ids=lambda value: ("after" if value else "before") if isinstance(value, bool) else named(value),
)
def test_a_move_survives_a_death_at_each_of_its_commits(request_: Request, every: int, *, durable: bool) -> None:
    """In the campaign at each of them, in every run at each fifth."""
    last_words: set[JobState] = set()
    for dies_at in range(1, MOST, every):
        died = loop.run(one_death(request_, dies_at, last_words, durable=durable))
        if not died:
            break
    else:
        raise AssertionError(f"a move of more than {MOST} commits")
    steps = {*STEPS_OF_A_MOVE, *([JobState.WAITING] if request_ == AHEAD else [])}
    assert len(last_words & steps) >= len(steps) / every


@pytest.mark.long
@pytest.mark.parametrize(("every", "durable"), [(26, True), *campaign([1], [False, True])])
def test_a_move_survives_a_death_at_each_snapshot(
    every: int, monkeypatch: pytest.MonkeyPatch, *, durable: bool
) -> None:
    """With one behind each commit, so that each second write is a snapshot's."""
    monkeypatch.setattr(app, "SNAPSHOT_ENTRIES", 1)
    for dies_at in range(2, 2 * MOST, every):
        if not loop.run(one_death(MOVES[0], dies_at, set(), durable=durable)):
            assert dies_at > 2 * every
            break
    else:
        raise AssertionError(f"a move of more than {2 * MOST} writes")


def named(value: object) -> object:
    return "ahead" if value == AHEAD else getattr(value, "car", value)


STEPS_OF_A_MOVE = (
    *(JobState.QUEUED, JobState.ASSIGNED, JobState.POSITIONING, JobState.OPENING, JobState.PICKING, JobState.CLOSING),
    *(JobState.POSITIONING_TO, JobState.OPENING_TO, JobState.PLACING, JobState.CLOSING_TO, JobState.CONFIRMING),
)


async def one_death(request: Request, dies_at: int, last_words: set[JobState], *, durable: bool) -> bool:
    """Let a move survive one death; tell whether the move was long enough to be hit by it."""
    world = Mortal(tower_under_test(), dies_at, cars=CARS)
    where = f"commit {dies_at}"
    async with world.running():
        await world.start_daemon()
        await until(world, lambda: unit(world) is UnitState.STOPPED, where)
        await world.ask(ImportInventory(cars=tuple(StockedCar(id=car.id, place=place) for place, car in CARS.items())))
        await execute(world, where)
        if isinstance(request, Store):
            world.do(lambda plant: plant.car_arrives(ROOM, Car(request.car), QUICK))
        if request == AHEAD:
            await in_use(world, where)
        world.doom(dies_at, durable=durable)
        asked = asyncio.create_task(world.ask(request))
        jobs = 2 if request == AHEAD else 1
        ended = asyncio.create_task(until(world, lambda: moved(world, jobs), where))
        dead = asyncio.create_task(world.dead.wait())
        await asyncio.wait([ended, dead], return_when=asyncio.FIRST_COMPLETED)
        died, world.dies_at = world.dead.is_set(), 0
        for task in (asked, ended, dead):
            task.cancel()
        with suppress(asyncio.CancelledError, ConnectionError):
            await asked
        if died:
            await come_back(world, late=dies_at % 2 == 0, last_words=last_words, where=where)
        assert belief(book(world)) == truth(world), where
        assert not [place for place in book(world).places.values() if place.status is PlaceStatus.UNVERIFIED], where
        assert world.plant.crimes == [], where
        return died


async def in_use(world: World, where: str) -> None:
    """Let a customer into the room, for longer than it takes to fetch the next car."""
    await world.ask(Retrieve(car="A1", room=ROOM))
    await until(world, lambda: moved(world, 1), where)
    world.do(lambda plant: plant.customer_collects(ROOM, SLOW, "A1"))


async def come_back(world: World, *, late: bool, last_words: set[JobState], where: str) -> None:
    """Start the daemon again, soon or after the PLC has stopped, and let its job end."""
    await world.crash_daemon()
    await asyncio.sleep(SILENCE_S if late else 0.3)
    await world.start_daemon()
    last_words |= {job.state for job in book(world).jobs.values()}
    await until(world, lambda: unit(world) is UnitState.STOPPED, where)
    doubts = {place.number for place in book(world).places.values() if place.status is PlaceStatus.UNVERIFIED}
    touched = {place for job in book(world).jobs.values() for place in (job.source, job.target)}
    assert doubts <= touched | {CARRIAGE}, where
    await execute(world, where)
    await until(world, lambda: not book(world).open_jobs(), where)
    states = {job.state for job in book(world).jobs.values()}
    assert states <= {JobState.DONE, JobState.CANCELLED}, where


async def until(world: World, predicate: Callable[[], bool], where: str) -> None:
    deadline = world.now + LIMIT_S
    while not predicate():
        assert world.now < deadline, f"{where}: {book(world).jobs}"
        await asyncio.sleep(0.05)


async def execute(world: World, where: str) -> None:
    for event, there in ((UnitEvent.RESET, UnitState.IDLE), (UnitEvent.START, UnitState.EXECUTE)):
        await world.ask(UnitCommand(event=event))
        await until(world, lambda there=there: unit(world) is there, where)  # type: ignore[misc]


def unit(world: World) -> UnitState:
    assert world.daemon is not None
    return world.daemon.control.unit.state


def book(world: World) -> Book:
    assert world.daemon is not None
    return world.daemon.book


def moved(world: World, number: int) -> bool:
    """Tell whether as many jobs were ordered, and have ended."""
    if world.daemon is None:
        return False
    jobs = book(world).jobs.values()
    return len(jobs) == number and all(job.state in TERMINAL for job in jobs)


def belief(book: Book) -> dict[str, int]:
    return {place.car: place.number for place in book.places.values() if place.car is not None}


def truth(world: World) -> dict[str, int]:
    seen = world.plant.truth()
    inside = {car: place for place, car in (seen.cars | seen.crossing).items()}
    return inside if seen.carriage.car is None else {**inside, seen.carriage.car: CARRIAGE}
