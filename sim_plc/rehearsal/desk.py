"""Whoever sits at the desk: acknowledges, shelves and resets alarms, and now and then locks a bay or looks into one.

It draws from a stream of its own, so that what it does changes nothing of what others draw.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from controller.app import Daemon
from controller.domain.alarms import AlarmState, Showing
from controller.domain.events import (
    AlarmAct,
    AlarmCommand,
    AuditPlace,
    BlockLevel,
    BlockPlace,
    FreeLevel,
    FreePlace,
    Request,
    RoomIn,
    RoomOut,
    SetGenerator,
    SetSpeed,
    UnitCommand,
)
from controller.domain.jobs import Job
from controller.domain.places import PlaceStatus
from controller.domain.refusal import Refusal
from controller.domain.restrictions import Restricted
from controller.domain.unit import UnitEvent, UnitState
from hal.plcmap.shape import level_of
from sim_plc.rehearsal.world import NobodyThere, World

PAUSE_S: Final = (30.0, 150.0)
"""Between two looks at the screen."""

BRISK_S: Final = 5.0
"""Between two looks when everything is put back."""

SHELF_S: Final = (20, 90)

RESTRICTED_S: Final = (30.0, 180.0)
"""For how long the tower runs on its generator; half as long for a level or a room."""

WAITS_S: Final = 40.0
"""For so long a job is waited for that is at work."""

Act = Callable[[Daemon], Awaitable[None]]


class Desk:
    """Does one thing at a time. ``tidy``: takes back whatever it has hidden or locked, and does nothing else."""

    def __init__(self, world: World) -> None:
        self.did: Counter[str] = Counter()
        self.tidy = False
        self._world = world
        self._rng = random.Random(f"{world.seed} desk")
        self._locked: list[int] = []
        self._removed: list[str] = []
        self._acts: tuple[Act, ...] = (
            self._acknowledge,
            self._acknowledge,
            self._reset,
            self._shelve,
            self._remove,
            self._look_into_a_bay,
            self._lock_a_bay,
            self._give_back,
            self._give_back,
            self._let_go_on,
            self._restrict_the_tower,
            self._restrict_the_tower,
        )

    async def watch(self) -> None:
        """Sit there for ever."""
        while True:
            await asyncio.sleep(BRISK_S if self.tidy else self._rng.uniform(*PAUSE_S))
            act = self._give_back if self.tidy else self._rng.choice(self._acts)
            daemon = self._world.daemon
            if daemon is not None:
                with suppress(NobodyThere):
                    await act(daemon)

    async def _acknowledge(self, _daemon: Daemon) -> None:
        await self._ask(AlarmCommand(by="desk", act=AlarmAct.ACKNOWLEDGE, number="all"), "acknowledged alarms")

    async def _reset(self, daemon: Daemon) -> None:
        latched = [
            str(line.tag)
            for line in daemon.book.alarms.values()
            if line.state is AlarmState.LATCHED_ACKNOWLEDGED and line.showing is Showing.SHOWN
        ]
        for number in latched:
            await self._ask(AlarmCommand(by="desk", act=AlarmAct.RESET, number=number), "reset a latched alarm")

    async def _shelve(self, daemon: Daemon) -> None:
        number, seconds = self._drawn_alarm(daemon), self._rng.randrange(*SHELF_S)
        if number is not None:
            shelve = AlarmCommand(by="desk", act=AlarmAct.SHELVE, number=number, seconds=seconds, why="known")
            await self._ask(shelve, "shelved an alarm")

    async def _remove(self, daemon: Daemon) -> None:
        number = self._drawn_alarm(daemon)
        if number is not None:
            remove = AlarmCommand(by="desk", act=AlarmAct.REMOVE, number=number, why="under repair")
            if await self._ask(remove, "took an alarm out of service"):
                self._removed.append(number)

    def _drawn_alarm(self, daemon: Daemon) -> str | None:
        """Return an alarm that may be hidden, None if there is none."""
        shown = (line for line in daemon.book.alarms.values() if line.showing is Showing.SHOWN)
        numbers = sorted(str(line.tag) for line in shown if not line.tag.alarm.safety)
        return self._rng.choice(numbers) if numbers else None

    async def _look_into_a_bay(self, _daemon: Daemon) -> None:
        """Say what stands in a bay; one time in four of an occupied one, by mistake, that it is empty."""
        bay = self._rng.choice(self._world.tower.shape.bays)
        car, errs = self._world.plant.truth().cars.get(bay), self._rng.random() < 0.25
        what = "misread a bay" if errs and car else "looked into a bay"
        await self._ask(AuditPlace(by="desk", place=bay, car=None if errs else car), what)

    async def _lock_a_bay(self, daemon: Daemon) -> None:
        bay = self._rng.choice(self._world.tower.shape.bays)
        usable = daemon.book.places[bay].status in (PlaceStatus.FREE, PlaceStatus.OCCUPIED)
        if usable and await self._ask(BlockPlace(by="desk", place=bay, why="the latch squeaks"), "locked a bay"):
            self._locked.append(bay)

    async def _let_go_on(self, daemon: Daemon) -> None:
        """Let a held unit go on, though a job that is parked still waits for a decision."""
        if daemon.control.unit.state is UnitState.HELD:
            await self._ask(UnitCommand(by="desk", event=UnitEvent.UNHOLD), "let the unit go on")

    async def _restrict_the_tower(self, _daemon: Daemon) -> None:
        """Block a level, take a room out, or run on the generator; give it back after a while, or later.

        Every other time it is done at the wrong moment: to what a job has just set out for.
        """
        shape, rng = self._world.tower.shape, self._rng
        level, room, waits = rng.choice(shape.bay_levels), rng.choice(shape.rooms), rng.random() < 0.5
        job = await self._next_at_work() if waits else None
        for place in () if job is None else (job.target, job.source):
            if place in shape.rooms:
                room = place
            elif place is not None:
                level = level_of(place)
        request, share, what = rng.choice(
            (
                (BlockLevel(by="desk", level=level, why="a beam is bent"), 0.5, "level"),
                (RoomOut(by="desk", room=room, why="the gate rattles"), 0.5, "room"),
                (SetGenerator(by="desk", on=True, why="the mains failed"), 1.0, "generator"),
            )
        )
        if await self._ask(request, f"restricted the tower: {what}"):
            until_s = self._world.now + share * self._rng.uniform(*RESTRICTED_S)
            while self._world.now < until_s:
                if self.tidy:
                    break
                await asyncio.sleep(BRISK_S)
            if self._world.daemon is not None:
                await self._lift(self._world.daemon)

    async def _next_at_work(self) -> Job | None:
        """Wait for a job that has the carriage, for a while; return it in the middle of what it does."""
        until_s = self._world.now + WAITS_S
        while self._world.now < until_s:
            daemon = self._world.daemon
            job = None if daemon is None else daemon.control.jobs.working
            if job is not None:
                return job
            await asyncio.sleep(self._rng.uniform(0.5, 5.0))
        return None

    async def _lift(self, daemon: Daemon) -> bool:
        """Take back one of the restrictions in force; tell whether there was one."""
        if not daemon.book.restrictions:
            return False
        kind, number = min(daemon.book.restrictions)
        match kind:
            case Restricted.LEVEL:
                request: Request = FreeLevel(by="desk", level=number)
            case Restricted.ROOM:
                request = RoomIn(by="desk", room=number)
            case Restricted.GENERATOR:
                request = SetGenerator(by="desk", on=False)
            case Restricted.LIFT | Restricted.TURNTABLE | Restricted.SHUTTLE:
                request = SetSpeed(by="desk", axis=kind.value, percent=100)
        return await self._ask(request, "lifted a restriction")

    async def _give_back(self, daemon: Daemon) -> None:
        """Give back one of each that was taken away."""
        if await self._lift(daemon):
            return
        if self._locked and await self._ask(FreePlace(by="desk", place=self._locked[0]), "gave a bay back"):
            del self._locked[0]
        elif self._removed:
            back = AlarmCommand(by="desk", act=AlarmAct.RETURN, number=self._removed[0])
            await self._ask(back, "took an alarm back into service")
            del self._removed[0]

    async def _ask(self, request: Request, what: str) -> bool:
        """Ask for something; tell whether it was granted.

        Raises:
            NobodyThere: the daemon does not answer.

        """
        try:
            await self._world.ask(request)
        except Refusal:
            return False
        self.did[what] += 1
        return True
