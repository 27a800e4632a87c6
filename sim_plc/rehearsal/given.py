"""A day that is given: who comes when is known, nothing breaks, and the unchanged daemon serves them in virtual time.

What becomes of it is what a model of such days has to agree with. A desk at the door takes people in the order of their
coming: a vacant room goes to whoever asked first, and a car is asked for when no driver who came before still waits for
a room that could be had.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Final

from config.schema import Audit, Tower
from controller.domain.events import ImportInventory, Request, Retrieve, StockedCar, Store, UnitCommand
from controller.domain.jobs import Job, JobKind, JobState
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitEvent, UnitState
from sim_plc.plant.cars import Car
from sim_plc.plant.people import Habits
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.invariants import Inspector, Violation
from sim_plc.rehearsal.world import World

READY_S: Final = 600.0
"""Within this time the unit executes."""

LAST_S: Final = 86_400.0
"""Nobody waits longer behind the last who comes."""

NOTICE_S: Final = 1.0
STEP_S: Final = 1.5
DRIVE_S: Final = 8.0

SEEN: Final = 0.75
"""Which part of driving out is over when the gate is clear."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who comes. Seconds from the opening."""

    kind: JobKind
    """RETRIEVE or STORE."""
    car: str
    comes_s: float
    stays_s: float
    """In the room: from gate open to gate clear."""


@dataclass(slots=True)
class Visit:
    """What became of a visitor. Seconds from the opening; infinity: it did not come to that."""

    visitor: Visitor
    job: int = 0
    """The daemon's number; 0: not asked for yet."""
    begun_s: float = inf
    """When the carriage set out."""
    ended_s: float = inf
    opened_s: float = inf
    """When the gate was open for them."""
    places: tuple[int, int] = (0, 0)
    """From where to where the car was moved."""


@dataclass(frozen=True, slots=True)
class Given:
    """What became of a day, in the order of the visitors' coming."""

    visits: tuple[Visit, ...]
    violations: tuple[Violation, ...]


def rehearse_given(tower: Tower, stock: Mapping[str, int], visitors: Sequence[Visitor], seed: int = 1) -> Given:
    """Let a day be lived by the daemon in virtual time; ``stock``: the bay of each car in the morning.

    Nobody looks into bays meanwhile, nobody fails to come, nothing breaks.

    Raises:
        TimeoutError: somebody was not served within `LAST_S` behind the last who came.

    """
    calm = tower.model_copy(update={"audit": Audit(visits_per_day=0)})
    return loop.run(_rehearse(calm, stock, visitors, seed))


async def _rehearse(tower: Tower, stock: Mapping[str, int], visitors: Sequence[Visitor], seed: int) -> Given:
    world = World(tower, seed, cars={bay: Car(car) for car, bay in stock.items()})
    inspector = Inspector(world)
    async with world.running():
        await _open(world, stock)
        desk = _Desk(world, [Visit(each) for each in visitors])
        world.when_told.append(desk.told)
        await desk.serve()
        inspector.judge_end()
    return Given(tuple(desk.visits), tuple(inspector.violations))


async def _open(world: World, stock: Mapping[str, int]) -> None:
    """Start the daemon, state the stock, and let the unit execute."""
    daemon = await world.start_daemon()
    unit = daemon.control.unit
    await _until(lambda: unit.reconciled)
    await world.ask(ImportInventory(cars=tuple(StockedCar(id=car, place=bay) for car, bay in stock.items())))
    for state, event in (
        (UnitState.ABORTED, UnitEvent.CLEAR),
        (UnitState.STOPPED, UnitEvent.RESET),
        (UnitState.IDLE, UnitEvent.START),
    ):
        if unit.state is state:
            await world.ask(UnitCommand(event=event))
            await _until(lambda: unit.state not in {UnitState.CLEARING, UnitState.RESETTING, UnitState.STARTING})
    await _until(lambda: unit.state is UnitState.EXECUTE)
    await _until(lambda: all(daemon.control.rooms.state(room) is RoomState.VACANT for room in world.tower.shape.rooms))


async def _until(predicate: Callable[[], bool]) -> None:
    async with asyncio.timeout(READY_S):
        while not predicate():  # noqa: ASYNC110 - what is asked is the state at each instant
            await asyncio.sleep(0.1)


@dataclass
class _Desk:
    """Whoever takes people at the door, tells the daemon, and sees what becomes of them."""

    world: World
    visits: list[Visit]
    _waiting: list[Visit] = field(default_factory=list)
    """Who came and was not asked for yet, in order."""

    def __post_init__(self) -> None:
        self._news = asyncio.Event()
        self._opened_s = self.world.now
        self._rooms: dict[int, Visit] = {}
        """By room: the driver whom it was given."""

    async def serve(self) -> None:
        """Take everybody, and return when all have been served and have left."""
        coming = [asyncio.create_task(self._come(visit)) for visit in self.visits]
        last_s = max((visit.visitor.comes_s for visit in self.visits), default=0.0)
        try:
            async with asyncio.timeout(last_s + LAST_S):
                while not self._done():
                    self._news.clear()
                    await self._look()
                    if not self._news.is_set():
                        await self._news.wait()
        finally:
            for task in coming:
                task.cancel()

    async def _come(self, visit: Visit) -> None:
        await asyncio.sleep(self._opened_s + visit.visitor.comes_s - self.world.now)
        self._waiting.append(visit)
        self._news.set()

    def _done(self) -> bool:
        served = all(visit.ended_s < inf and visit.opened_s < inf for visit in self.visits)
        return served and all(self._state(room) is RoomState.VACANT for room in self.world.tower.shape.rooms)

    def _state(self, room: int) -> RoomState:
        assert self.world.daemon is not None
        return self.world.daemon.control.rooms.state(room)

    def _jobs(self) -> Sequence[Job]:
        assert self.world.daemon is not None
        return self.world.daemon.book.open_jobs()

    async def _look(self) -> None:
        """Ask for everybody who came, in the order of coming, as soon as their car is in a bay or a bay is free."""
        for visit in tuple(self._waiting):
            car = visit.visitor.car
            if visit.visitor.kind is JobKind.STORE:
                if self._has_bay():
                    await self._ask(visit, Store(by="desk", car=car))
            elif self._stands(car):
                await self._ask(visit, Retrieve(by="desk", car=car))

    def _has_bay(self) -> bool:
        daemon = self.world.daemon
        assert daemon is not None
        book = daemon.book
        taken = book.reserved()
        free = [bay for bay in self.world.tower.shape.bays if bay not in taken and book.places[bay].car is None]
        return len(free) > book.awaited_bays()

    def _stands(self, car: str) -> bool:
        daemon = self.world.daemon
        assert daemon is not None
        return daemon.book.where(car) in self.world.tower.shape.bays and daemon.book.job_of_car(car) is None

    async def _ask(self, visit: Visit, request: Request) -> None:
        answer = await self.world.ask(request)
        self._waiting.remove(visit)
        job = answer["job"]
        assert isinstance(job, int)
        visit.job = job

    def told(self, event: Mapping[str, object]) -> None:
        """Note when a job begins and ends and when a gate is open for somebody."""
        now_s = self.world.now - self._opened_s
        match event["event"]:
            case "job_state":
                self._job_told(event, now_s)
            case "room_given":
                self._drive_in(event)
            case "room_state":
                self._room_told(event, now_s)
        self._news.set()

    def _job_told(self, event: Mapping[str, object], now_s: float) -> None:
        visit = next((each for each in self.visits if each.job == event["job"]), None)
        if visit is None:
            return
        if event["was"] == JobState.QUEUED.name:
            visit.begun_s = now_s
        if event["state"] == JobState.DONE.name:
            visit.ended_s = now_s
            assert self.world.daemon is not None
            job = self.world.daemon.book.jobs[visit.job]
            assert job.source is not None
            assert job.target is not None
            visit.places = (job.source, job.target)

    def _drive_in(self, event: Mapping[str, object]) -> None:
        """Let a driver drive into the room that they were told."""
        room, visit = event["room"], next(each for each in self.visits if each.job == event["job"])
        assert isinstance(room, int)
        self._rooms[room] = visit
        car, habits = visit.visitor.car, driver(visit.visitor.stays_s)
        self.world.do(lambda plant: plant.car_arrives(room, Car(car), habits))

    def _room_told(self, event: Mapping[str, object], now_s: float) -> None:
        room = event["room"]
        assert isinstance(room, int)
        match event["state"]:
            case RoomState.OPEN_FOR_CAR.name if room in self._rooms:
                visit = self._rooms.pop(room)
                visit.opened_s = now_s
            case RoomState.CUSTOMER_ADMITTED.name:
                car = self.world.truth().cars[room]
                visit = next(each for each in self.visits if each.visitor.car == car and each.opened_s == inf)
                visit.opened_s = now_s
                habits = customer(visit.visitor.stays_s)
                self.world.do(lambda plant: plant.customer_collects(room, habits, car))


def customer(stays_s: float) -> Habits:
    """Return the habits of somebody who fetches a car and is gone ``stays_s`` after the gate is open."""
    drive_s = min(DRIVE_S, 0.4 * stays_s)
    walk_s = NOTICE_S + STEP_S
    return Habits(NOTICE_S, STEP_S, drive_s, dwell_s=max(stays_s - walk_s - SEEN * drive_s, 0.0))


def driver(stays_s: float) -> Habits:
    """Return the habits of somebody who brings a car and is out of the gate ``stays_s`` after it is open."""
    drive_s = min(DRIVE_S, 0.4 * stays_s)
    return Habits(NOTICE_S, STEP_S, drive_s, leave_s=max(stays_s - NOTICE_S - drive_s, STEP_S))
