"""Customers and drivers, who come when a room invites them; and whoever orders moves at the desk."""

import asyncio
import math
import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from controller.app import Daemon
from controller.domain.events import Cancel, Relocate, Request, Retrieve, Store
from controller.domain.jobs import JobKind, JobState
from controller.domain.refusal import Refusal
from hal.plcmap.codes import Signal
from sim_plc.plant.cars import Car
from sim_plc.plant.plant import Habits
from sim_plc.rehearsal.world import NobodyThere, World

LOOK_S: Final = 2.0
"""How often people look whether it is their turn."""

PAUSE_S: Final = (10.0, 60.0)
"""Between two orders, unless people are told to hurry or to take their time."""


@dataclass(frozen=True, slots=True)
class Manners:
    """How people behave in one run: chances 0 to 1, seconds."""

    no_show: float = 0.05
    """A driver or customer who does not come in time."""
    odd_car: float = 0.1
    """A car that the tower cannot take."""
    largest_car: float = 0.1
    """A car at every limit of what the tower takes."""
    beside_marks: float = 0.2
    """A driver who stops beside the marks; some of them get out all the same."""
    lingers: float = 0.05
    """Somebody who stays inside for minutes."""
    in_turn: float = 0.5
    """A driver who asks for no certain room, and waits outside until it is their turn."""
    cancel: float = 0.12
    wrong_order: float = 0.1
    """An order that must be refused."""
    pause_s: tuple[float, float] = PAUSE_S
    """Between two orders."""
    open_jobs: int = 4
    """No more orders while as many jobs are open."""


class Public:
    """Everybody who comes to the rooms. Nobody drives in or fetches a car but those who are meant to."""

    def __init__(self, world: World, rng: random.Random, manners: Manners) -> None:
        self.did: Counter[str] = Counter()
        self.generous = False
        """Set: from now on everybody comes, and soon."""
        self.linger_until_s = math.inf
        """When whoever lingers inside goes at last."""
        self.is_away: Callable[[str], bool] = lambda _car: False
        """Tells whether a car is kept for somebody who has not come: they are not there to take it."""
        self._world = world
        self._rng = rng
        self._manners = manners
        self._coming: dict[int, Car] = {}
        """By room: the driver who waits there, or is on the way in."""
        self._fetched: dict[int, tuple[str, bool]] = {}
        """By room: the car that somebody has come for, and whether because it was refused."""
        self._absent: set[str] = set()

    async def come_and_go(self) -> None:
        """Let people come for ever."""
        while True:
            await asyncio.sleep(LOOK_S)
            self._look()

    def waiting_at(self, room: int) -> str | None:
        """Return the id of the car that waits outside a room: the next one that may be stored there."""
        car = self._coming.get(room)
        return None if car is None else car.id

    def _look(self) -> None:
        plant = self._world.plant
        for room in self._world.tower.shape.rooms:
            seen, driver = plant.room(room), self._coming.get(room)
            if driver is not None and not plant.is_outside(driver.id) and seen.crossing != driver.id:
                del self._coming[room]
            elif driver is not None and plant.is_outside(driver.id) and not seen.gate_opened:
                self._send_away(room, driver)
            if seen.car is None:
                self._fetched.pop(room, None)
                if seen.signal == Signal.DRIVE_IN and seen.gate_opened:
                    self._drive_in(room)
            elif seen.gate_opened and self._is_offered(seen.car, seen.signal):
                self._fetch(room, seen.car, refused=seen.signal in (Signal.REFUSED, Signal.DRIVE_OUT))

    def _send_away(self, room: int, driver: Car) -> None:
        """Send a driver away who is awaited here no longer: the next invitation is meant for somebody else."""
        daemon = self._world.daemon
        job = None if daemon is None else daemon.book.job_of_car(driver.id)
        if daemon is None or (job is not None and job.room == room):
            return
        del self._coming[room]
        self.did["drove away"] += 1
        self._world.do(lambda plant: plant.driver_gives_up(driver.id))

    def _drive_in(self, room: int) -> None:
        daemon = self._world.daemon
        if room in self._coming or daemon is None:
            return
        wanted = [
            job.car
            for job in daemon.book.open_jobs()
            if job.kind is JobKind.STORE and job.room == room and job.state is JobState.QUEUED
        ]
        # A tower whose journal is behind may wait for a car that it has had since: nobody can drive that in.
        if not wanted or self._world.plant.is_inside(wanted[0]) or self._stays_away(wanted[0]):
            return
        car = self._car(wanted[0])
        self._coming[room] = car
        self.did["drove in"] += 1
        habits = self._drivers_habits()
        self._world.do(lambda plant: plant.car_arrives(room, car, habits))

    def _is_offered(self, car: str, signal: int) -> bool:
        """Tell whether somebody may fetch a car behind an open gate; a dark sign keeps no owner from their car."""
        if signal != Signal.DARK:
            return signal in (Signal.TAKE_CAR, Signal.REFUSED, Signal.DRIVE_OUT)
        daemon = self._world.daemon
        return daemon is not None and daemon.book.job_of_car(car) is None and not self.is_away(car)

    def _fetch(self, room: int, car: str, *, refused: bool) -> None:
        if self._fetched.get(room) == (car, refused) or self._stays_away(car):
            return
        self._fetched[room] = (car, refused)
        habits = self._habits()
        if refused:
            self.did["drove a refused car out"] += 1
            self._world.do(lambda plant: plant.car_leaves(room, habits))
        else:
            self.did["collected"] += 1
            self._world.do(lambda plant: plant.customer_collects(room, habits, car))

    def _stays_away(self, car: str) -> bool:
        """Decide once for each car whether somebody comes in time."""
        if self.generous:
            return False
        if car not in self._absent and self._rng.random() < self._manners.no_show:
            self._absent.add(car)
            self.did["stayed away"] += 1
        return car in self._absent and self._rng.random() < 0.99

    def _habits(self) -> Habits:
        if self.generous:
            return Habits(notice_s=1.0, dwell_s=10.0, leave_s=8.0)
        draw = self._rng.uniform
        stays_s = draw(60.0, 300.0) if self._happens("lingered", self._manners.lingers) else 0.0
        stays_s = min(stays_s, max(0.0, self.linger_until_s - self._world.now))
        return Habits(
            notice_s=draw(0.5, 4.0),
            step_s=draw(1.0, 2.5),
            drive_s=draw(5.0, 12.0),
            leave_s=draw(5.0, 25.0) + stays_s,
            dwell_s=draw(5.0, 60.0) + stays_s,
        )

    def _drivers_habits(self) -> Habits:
        habits = self._habits()
        if self.generous or not self._happens("stopped beside the marks", self._manners.beside_marks):
            return habits
        heeds = not self._happens("left a car beside the marks", 0.4)
        return replace(habits, overshoot_mm=self._rng.choice([-150, -100, 100, 150]), heeds=heeds)

    def _happens(self, what: str, chance: float) -> bool:
        happens = self._rng.random() < chance
        if happens:
            self.did[what] += 1
        return happens

    def _car(self, name: str) -> Car:
        if not self.generous and self._happens("came with a car at the limits", self._manners.largest_car):
            limits = self._world.tower.limits
            return Car(name, limits.length_mm, limits.width_mm, limits.height_mm, limits.weight_kg)
        if self.generous or not self._happens("odd car", self._manners.odd_car):
            return Car(name, length_mm=self._rng.randrange(3600, 5200), weight_kg=self._rng.randrange(900, 2400))
        return self._rng.choice(
            [
                Car(name, length_mm=5900),
                Car(name, width_mm=2400),
                Car(name, height_mm=2300),
                Car(name, weight_kg=3100),
                Car(name, wheels=3),
            ]
        )


class Orders:
    """Draws orders: what people at the desk, apps and other systems ask the tower for."""

    def __init__(
        self,
        world: World,
        rng: random.Random,
        manners: Manners,
        public: Public,
        unasked: frozenset[int] = frozenset(),
    ) -> None:
        """Take the world and its people; ``unasked``: orders by their number that are drawn and kept back."""
        self.did: Counter[str] = Counter()
        self.drawn = 0
        """How many orders were drawn."""
        self._world = world
        self._rng = rng
        self._manners = manners
        self._public = public
        self._unasked = unasked
        self._street = random.Random(f"{world.seed} street")
        self._stored = 0

    async def flow(self) -> None:
        """Order for ever."""
        while True:
            await asyncio.sleep(self._rng.uniform(*self._manners.pause_s))
            daemon = self._world.daemon
            if daemon is not None:
                with suppress(NobodyThere):
                    await self._order(daemon)

    async def _order(self, daemon: Daemon) -> None:
        open_jobs = daemon.book.open_jobs()
        if open_jobs and self._rng.random() < self._manners.cancel:
            await self._ask(Cancel(by="desk", job=self._rng.choice(open_jobs).id))
        elif self._rng.random() < self._manners.wrong_order:
            await self._ask(self._wrong(daemon))
        elif len(open_jobs) < self._manners.open_jobs:
            await self._ask(self._draw(daemon))

    def _draw(self, daemon: Daemon) -> Request:
        shape, rng = self._world.tower.shape, self._rng
        held = [daemon.book.places[bay].car for bay in shape.bays]
        stored = sorted(car for car in held if car is not None)
        free = [bay for bay, car in zip(shape.bays, held, strict=True) if car is None]
        kind = rng.choice(["retrieve", "retrieve", "store", "store", "relocate"])
        if kind == "store" or not stored:
            room = rng.choice(shape.rooms)
            self._stored += 1
            outside = self._public.waiting_at(room)
            in_turn = self._street.random() < self._manners.in_turn and outside is None
            return Store(by="desk", car=outside or f"N{self._stored}", room=None if in_turn else room)
        if kind == "relocate" and free:
            return Relocate(by="desk", car=rng.choice(stored), bay=rng.choice(free))
        wish = rng.choice(shape.rooms) if rng.random() < 0.3 else None
        return Retrieve(by="desk", car=rng.choice(stored), room=wish)

    def _wrong(self, daemon: Daemon) -> Request:
        shape, rng = self._world.tower.shape, self._rng
        taken = sorted(bay for bay in shape.bays if daemon.book.places[bay].car)
        stored = [str(daemon.book.places[bay].car) for bay in taken]
        wrong: list[Request] = [
            Retrieve(by="desk", car="nobody's"),
            Store(by="desk", car="X", room=shape.bays[0]),
            Cancel(by="desk", job=999),
        ]
        if len(taken) > 1:
            wrong += [
                Relocate(by="desk", car=stored[0], bay=taken[1]),
                Store(by="desk", car=stored[0], room=shape.rooms[0]),
                Retrieve(by="desk", car=stored[0], room=taken[1]),
            ]
        return rng.choice(wrong)

    async def _ask(self, request: Request) -> None:
        self.drawn += 1
        if self.drawn in self._unasked:
            return
        name = type(request).__name__
        try:
            await self._world.ask(request)
        except Refusal as refusal:
            self.did[f"refused {name} {refusal.rule}"] += 1
        else:
            self.did[name] += 1
