"""A rehearsed tower for one scenario: an inspector that sees all, and the few sentences that scenarios are made of."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from config.schema import Tower
from controller import logs
from controller.domain.book import CARRIAGE, Book
from controller.domain.events import ImportInventory, Request, StockedCar, UnitCommand
from controller.domain.jobs import TERMINAL, Job, JobState
from controller.domain.places import PlaceStatus
from controller.domain.refusal import Refusal
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitEvent, UnitState
from sim_plc.plant.cars import Car
from sim_plc.plant.people import Habits
from sim_plc.rehearsal.invariants import Inspector
from sim_plc.rehearsal.run import longest_move_s
from sim_plc.rehearsal.world import EPOCH_S, World
from tests.support.tower_under_test import tower_under_test

QUICK = Habits(notice_s=0.2, step_s=0.2, drive_s=1.0, leave_s=1.0, dwell_s=1.0)
LIMIT_S = 120.0
"""How long a scenario waits for what a move is part of, beside the time that its motions need."""

SCAN_S = 0.01
"""Between two looks of a scenario."""

MOVES = 3
"""As many across the whole tower may lie before what a scenario waits for."""

logs.set_up(now=lambda: EPOCH_S, level="critical")


class Stage:
    """A world, its inspector and its daemon."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.inspector = Inspector(world)
        self.limit_s = LIMIT_S + MOVES * longest_move_s(world.tower)

    @property
    def book(self) -> Book:
        assert self.world.daemon is not None
        return self.world.daemon.book

    @property
    def unit(self) -> UnitState:
        assert self.world.daemon is not None
        return self.world.daemon.control.unit.state

    def job(self, number: int) -> Job:
        return self.book.jobs[number]

    def room(self, place: int) -> RoomState:
        assert self.world.daemon is not None
        return self.world.daemon.control.rooms.state(place)

    async def until(self, predicate: Callable[[], bool], limit_s: float | None = None) -> None:
        """Wait until something is so, looking every scan.

        Raises:
            AssertionError: it is not within ``limit_s``; by default what the machine may take.

        """
        if not predicate():
            await _Looks(self, predicate, self.world.now + (self.limit_s if limit_s is None else limit_s)).seen()

    def picture(self) -> str:
        """Return what there is to see, for the message of a failure."""
        daemon = self.world.daemon
        if daemon is None:
            return "no daemon"
        jobs = [f"{job.id} {job.state.name} {job.left} {job.reason}" for job in daemon.book.jobs.values()]
        unit = daemon.control.unit
        return f"{self.world.now:.2f} s, unit {unit.state.name} ({unit.cause}), jobs {jobs}"

    async def start(self, *, late_s: float = 0.0) -> None:
        """Start the daemon and wait until it knows its stations."""
        await asyncio.sleep(late_s)
        daemon = await self.world.start_daemon()
        await self.until(lambda: daemon.control.unit.reconciled)

    async def import_all(self) -> Mapping[str, object]:
        """State what stands in each bay, truly."""
        bays = self.world.tower.shape.bays
        cars = self.world.plant.truth().cars
        stock = tuple(StockedCar(id=car, place=place) for place, car in cars.items() if place in bays)
        return await self.ask(ImportInventory(cars=stock))

    async def ask(self, request: Request) -> Mapping[str, object]:
        """Ask for something that is granted."""
        return await self.world.ask(request)

    async def order(self, request: Request) -> int:
        """Order a move; return the job's number."""
        number = (await self.ask(request))["job"]
        assert isinstance(number, int)
        return number

    async def refused(self, request: Request) -> str:
        """Ask for something that is refused; return the rule.

        Raises:
            AssertionError: it is granted.

        """
        try:
            answer = await self.ask(request)
        except Refusal as refusal:
            return refusal.rule
        raise AssertionError(f"{request} was granted: {answer}")

    async def command(self, event: UnitEvent, there: UnitState) -> None:
        """Command the unit and wait until it has got there."""
        await self.ask(UnitCommand(event=event))
        await self.until(lambda: self.unit is there)

    async def execute(self) -> None:
        """Bring the unit to Execute from wherever it stands, act by act, as an operator does."""
        if self.unit is UnitState.ABORTED:
            await self.command(UnitEvent.CLEAR, UnitState.STOPPED)
        if self.unit is UnitState.STOPPED:
            await self.command(UnitEvent.RESET, UnitState.IDLE)
        await self.command(UnitEvent.START, UnitState.EXECUTE)

    async def ended(self, number: int, limit_s: float | None = None) -> JobState:
        """Wait until a job has ended; return how."""
        await self.until(lambda: self.job(number).state in TERMINAL, limit_s)
        return self.job(number).state

    def belief(self) -> dict[str, int]:
        """Return the place of every car that the daemon believes to be inside."""
        return {place.car: place.number for place in self.book.places.values() if place.car is not None}

    def truth(self) -> dict[str, int]:
        """Return the place of every car that is inside."""
        seen = self.world.plant.truth()
        inside = {car: place for place, car in (seen.cars | seen.crossing).items()}
        return inside if seen.carriage.car is None else {**inside, seen.carriage.car: CARRIAGE}

    def doubts(self) -> set[int]:
        """Return the places that are unverified."""
        return {place.number for place in self.book.places.values() if place.status is PlaceStatus.UNVERIFIED}

    def motions(self) -> int:
        """Return how many motions were ever begun; signs and the stations' own commands do not count."""
        others = ("signal", "station")
        return sum(
            entry.event.name == "STARTED" and not entry.mechanism.endswith(others) for _, entry in self.world.log
        )


class _Looks:
    """A look each scan, until something is so: a timer that sets itself again, as to wake a task each time is dear."""

    def __init__(self, it: Stage, predicate: Callable[[], bool], deadline_s: float) -> None:
        self._it, self._predicate, self._deadline_s = it, predicate, deadline_s
        self._loop = asyncio.get_running_loop()
        self._seen: asyncio.Future[None] = self._loop.create_future()

    async def seen(self) -> None:
        """Return once it is so.

        Raises:
            AssertionError: it is not before the deadline.

        """
        self._timer = self._loop.call_later(SCAN_S, self._look)
        try:
            await self._seen
        finally:
            self._timer.cancel()

    def _look(self) -> None:
        try:
            if self._predicate():
                self._seen.set_result(None)
                return
            assert self._it.world.now < self._deadline_s, self._it.picture()
        except Exception as error:  # noqa: BLE001 - it belongs to whoever waits
            self._seen.set_exception(error)
            return
        self._timer = self._loop.call_later(SCAN_S, self._look)


@asynccontextmanager
async def stage(
    tower: Tower | None = None,
    *,
    cars: Mapping[int, Car] | None = None,
    seed: int = 1,
    execute: bool = True,
    coalesced: bool = True,
    traced: bool = False,
    on_bytes: bool = False,
) -> AsyncIterator[Stage]:
    """Give a tower with its daemon running, imported and executing; at the end no invariant may be broken."""
    stock = dict(cars or {})
    world = World(
        tower or tower_under_test(), seed, cars=stock, coalesced=coalesced, traced=traced, on_bytes=on_bytes
    )
    it = Stage(world)
    async with world.running():
        await it.start()
        if execute:
            await it.import_all()
            await it.execute()
        yield it
        it.inspector.judge_end()
        assert it.inspector.violations == [], [str(each) for each in it.inspector.violations]
