"""The person who looks after a tower: imports its stock, clears, resets, starts, and decides on parked jobs."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from controller.app import Daemon
from controller.domain.alarms import STANDING
from controller.domain.book import CARRIAGE
from controller.domain.events import (
    Adopt,
    Cancel,
    ImportInventory,
    Request,
    Resolve,
    Retrieve,
    SetMode,
    StockedCar,
    UnitCommand,
)
from controller.domain.jobs import Job, JobState
from controller.domain.places import PlaceStatus
from controller.domain.refusal import Refusal
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitEvent, UnitMode, UnitState
from hal.claim import HIGHEST_START
from hal.plcmap.codes import State
from sim_plc.plant.truth import Truth
from sim_plc.rehearsal.faults.drives import AXES
from sim_plc.rehearsal.mender import Mender
from sim_plc.rehearsal.world import NobodyThere, World

NEXT: Final[Mapping[UnitState, UnitEvent]] = {
    UnitState.ABORTED: UnitEvent.CLEAR,
    UnitState.STOPPED: UnitEvent.RESET,
    UnitState.COMPLETE: UnitEvent.RESET,
    UnitState.IDLE: UnitEvent.START,
    UnitState.HELD: UnitEvent.UNHOLD,
    UnitState.SUSPENDED: UnitEvent.UNSUSPEND,
}
"""What brings the unit nearer to Execute."""

MODE_CHANGES: Final = frozenset({UnitState.STOPPED, UnitState.IDLE, UnitState.ABORTED})

DECISIONS: Final = ("continue", "continue", "put-back", "put-back", "divert", "divert")
"""On a parked job, one after the other; when all have been tried, where the car is is stated by hand."""

BEGIN_AT: Final = (0, 0, 2, 2, 4)
"""Which of them somebody begins with."""

PATIENCE_S: Final = 40.0
"""For how long a blocked room, an unverified place or another mode is left alone."""

THINK_S: Final = 10.0
"""So many times longer each time somebody looks for what stands in a job's way, before the next decision on it."""


TAKEN_OUT: Final = 0
"""Place 0 in a by-hand decision: the car is in the tower no more."""

DISPLAYS: Final = ("lift", "turntable", "shuttle")
"""What shows at the tower whether it stands in error."""

AGAIN_S: Final = 60.0
"""An inventory that has left the same places in doubt is not stated again before, nor a car sent back."""


@dataclass(frozen=True, slots=True)
class Care:
    """How somebody looks after a tower: seconds, chances 0 to 1."""

    pause_s: tuple[float, float] = (2.0, 8.0)
    """Between two looks."""
    left_alone_s: tuple[float, ...] = (0.0, 0.0, 0.0, 30.0, 90.0)
    """How long a parked job is left alone at first, whatever is done about the unit meanwhile: one of these."""
    suspension_ends: float = 0.2
    """The chance, at each look, that whatever somebody has suspended the unit for is over."""


class Operator:
    """Looks at the tower every few seconds and does one thing about what is wrong."""

    def __init__(self, world: World, rng: random.Random, care: Care | None = None) -> None:
        self.did: Counter[str] = Counter()
        self._world = world
        self._rng = rng
        self._care = care or Care()
        self._mender = Mender(world, self.ask)
        self._mode_since_s: float | None = None
        self._habits = random.Random(f"{world.seed} habits")
        self._tried: Counter[int] = Counter()
        self._begins: dict[int, int] = {}
        """By job: which of `DECISIONS` comes first."""
        self._again_s: dict[int, float] = {}
        """By job: when to decide on it again, if it is parked again by then."""
        self._wrong_since: float | None = None
        self._stated: frozenset[int] = frozenset()
        """What was unverified when the inventory was stated last."""
        self._stated_s = 0.0
        self._sent_back_s = 0.0

    async def attend(self) -> None:
        """Look after the tower for ever."""
        while True:
            await asyncio.sleep(self._rng.uniform(*self._care.pause_s))
            with suppress(NobodyThere):
                await self.look()

    async def look(self) -> None:
        """Do the one thing that is most needed.

        Raises:
            NobodyThere: the daemon does not answer.

        """
        daemon = self._world.daemon
        if daemon is None or self._see_to_the_machine():
            return
        unit = daemon.control.unit
        if any(station.state.name == "FROZEN" for station in daemon.stations.values()):
            if not await self.ask(Adopt(by="operator")):
                self._clear_memories(daemon)
        elif await self._decide(daemon) or await self._mender.mend(daemon) or await self._see_to_cars(daemon):
            return
        elif self._mode_was_forgotten(daemon):
            await self.ask(SetMode(by="operator", mode=UnitMode.PRODUCTION))
        elif self._needs_reset(daemon):
            await self.ask(UnitCommand(by="operator", event=UnitEvent.STOP))
        elif unit.state is UnitState.SUSPENDED and self._habits.random() > self._care.suspension_ends:
            return
        elif unit.state in NEXT:
            await self.ask(UnitCommand(by="operator", event=NEXT[unit.state]))
        elif unit.state is UnitState.EXECUTE and self._room_is_stuck(daemon):
            await self.ask(UnitCommand(by="operator", event=UnitEvent.STOP))

    async def ask(self, request: Request) -> bool:
        """Ask for something; tell whether it was granted.

        Raises:
            NobodyThere: the daemon does not answer.

        """
        name = type(request).__name__
        if isinstance(request, UnitCommand):
            name = request.event.name.lower()
        try:
            await self._world.ask(request)
        except Refusal as refusal:
            self.did[f"refused {name} {refusal.rule}"] += 1
            return False
        self.did[name] += 1
        return True

    def _clear_memories(self, daemon: Daemon) -> None:
        """Clear the retained memory of each PLC that shows an epoch which leaves none above it, as the answer says."""
        for name, station in daemon.stations.items():
            image = station.last_image
            if image is not None and image.epoch_in_force >> 16 > HIGHEST_START:
                self._world.cabinets.restart(name, warm=False)
                self.did["cleared a PLC's memory"] += 1

    async def import_stock(self, *, but: frozenset[int] = frozenset()) -> bool:
        """State what stands in each bay, as somebody who has walked through the tower; ``but``: bays forgotten.

        Raises:
            NobodyThere: the daemon does not answer.

        """
        seen = set(self._world.tower.shape.bays) - but
        truth = self._world.plant.truth().cars
        stock = tuple(StockedCar(id=car, place=place) for place, car in truth.items() if place in seen)
        return await self.ask(ImportInventory(by="operator", cars=stock))

    def _see_to_the_machine(self) -> bool:
        """Do what only somebody at the tower can do; tell whether anything was to do."""
        world = self._world
        for program in world.programs:
            if program.memory_lost:
                world.cabinets.reset(program.name)
                self.did["local reset"] += 1
                return True
        truth = world.plant.truth()
        if self._needs_hands(truth):
            # The key keeps the drives off while hands are in the machine; all positions are homed anew afterwards.
            world.do(lambda plant: plant.set_maintenance_key(on=True))
            world.do(lambda plant: plant.crank_shuttle())
            world.do(lambda plant: plant.set_maintenance_key(on=False))
            self.did["cranked"] += 1
            return True
        if self._must_unload(truth):
            free = next(bay for bay in world.tower.shape.bays if bay not in truth.cars)
            world.do(lambda plant: plant.set_maintenance_key(on=True))
            world.do(lambda plant: plant.unload_by_hand(free))
            world.do(lambda plant: plant.set_maintenance_key(on=False))
            self.did["unloaded by hand"] += 1
            return True
        if any(world.plant.shows((axis, "fault")) for axis in AXES):
            # Whoever resets the unit behind a drive in fault gets the same fault again: a technician is on the way.
            return True
        if truth.latched_causes and not truth.causes:
            world.do(lambda plant: plant.device_reset())
            self.did["device reset"] += 1
            return True
        return bool(truth.causes)

    def _needs_hands(self, truth: Truth) -> bool:
        """Tell whether a car hangs between two combs and the unit has found no way out of that."""
        daemon, carriage = self._world.daemon, truth.carriage
        stands = not (carriage.arms.moving or carriage.comb.moving)
        stuck = daemon is not None and "CAR_HALF_WAY" in daemon.control.unit.cause
        return stuck and stands and not carriage.arms_centred and not truth.maintenance_key

    def _must_unload(self, truth: Truth) -> bool:
        """Tell whether a car stands on the carriage that no job will bring anywhere, as behind a restored journal."""
        daemon, carriage = self._world.daemon, truth.carriage
        if daemon is None or carriage.car is None or truth.maintenance_key or not daemon.control.unit.reconciled:
            return False
        place, car = daemon.book.places[CARRIAGE], carriage.car
        axes = (carriage.lift, carriage.turntable, carriage.arms, carriage.comb)
        forsaken = place.status is PlaceStatus.UNVERIFIED and daemon.book.job_of_car(car) is None
        room = len(truth.cars.keys() & set(self._world.tower.shape.bays)) < len(self._world.tower.shape.bays)
        return forsaken and room and not any(axis.moving for axis in axes)

    async def _decide(self, daemon: Daemon) -> bool:
        """Decide on a parked job: on that of the car on the carriage first, else on the one tried least.

        The refusal of a decision asks for another job to be resolved first.

        Returns whether something was decided.
        """
        aboard = daemon.book.places[CARRIAGE].car
        parked = [job for job in daemon.book.open_jobs() if job.state is JobState.PARKED]
        if not parked:
            return False
        job = min(parked, key=lambda each: (each.car != aboard, self._tried[each.id]))
        if job.id not in self._begins:
            self._begins[job.id] = self._habits.choice(BEGIN_AT)
            self._again_s[job.id] = self._world.now + self._habits.choice(self._care.left_alone_s)
        if self._world.now < self._again_s[job.id]:
            return False
        self._tried[job.id] += 1
        self._again_s[job.id] = self._world.now + THINK_S * self._tried[job.id]
        choice, place = self._choose(daemon, job)
        await self.ask(Resolve(by="operator", job=job.id, choice=choice, place=place))
        return True

    def _choose(self, daemon: Daemon, job: Job) -> tuple[str, int | None]:
        """Return a decision: the next of `DECISIONS` that can be taken, and what is so by hand when all have failed."""
        free = [
            bay
            for bay in self._world.tower.shape.bays
            if daemon.book.places[bay].status is PlaceStatus.FREE and bay not in daemon.book.reserved()
        ]
        begin = self._begins[job.id]
        for choice in (*DECISIONS[begin:], *DECISIONS[:begin])[self._tried[job.id] - 1 :]:
            if choice in job.choices and (choice != "divert" or free):
                return choice, free[0] if choice == "divert" else None
        truth = self._world.plant.truth()
        where = [place for place, car in truth.cars.items() if car == job.car]
        if where:
            return "by-hand", where[0]
        on_its_way = job.car == truth.carriage.car or job.car in truth.crossing.values()
        return ("continue", None) if on_its_way else ("by-hand", TAKEN_OUT)

    async def _state_inventory(self, daemon: Daemon) -> bool:
        """Import the stock at the first start, and again where places stay unverified; tell whether it was done."""
        book = daemon.book
        numbers = (CARRIAGE, *self._world.tower.shape.bays)
        unverified = [place for place in numbers if book.places[place].status is PlaceStatus.UNVERIFIED]
        under_way = any(job.state is not JobState.QUEUED for job in book.open_jobs())
        if not unverified or under_way or not daemon.control.unit.reconciled:
            return False
        if daemon.control.unit.state in {UnitState.RESETTING, UnitState.CLEARING, UnitState.ABORTING}:
            return False
        doubts = frozenset(unverified)
        if doubts == self._stated and self._world.now - self._stated_s < AGAIN_S:
            return False  # only the machine can tell, once it has been reset
        self._stated, self._stated_s = doubts, self._world.now
        return await self.import_stock()

    async def _see_to_cars(self, daemon: Daemon) -> bool:
        """State the inventory, or have a car put back, where that is wanted; tell whether it was."""
        return await self._state_inventory(daemon) or await self._send_back(daemon)

    async def _send_back(self, daemon: Daemon) -> bool:
        """Have a car put back whose appointment has ended, where its way back was given up; tell whether one was.

        Where that cannot be, and an alarm has said so, somebody has it.
        """
        for each in daemon.book.appointments.values():
            stays = each.back and daemon.book.job_of_car(each.car) is None
            if stays and self._world.now - self._sent_back_s >= AGAIN_S:
                self._sent_back_s = self._world.now
                if await self.ask(Cancel(by="operator", job=each.id)):
                    return True
                lines = daemon.book.alarms.items()
                told = any(tag.key == "CAR_NOT_PUT_BACK" and line.state in STANDING for tag, line in lines)
                return told and await self.ask(Retrieve(by="operator", car=each.car))
        return False

    def _mode_was_forgotten(self, daemon: Daemon) -> bool:
        """Tell whether the unit has been in another mode than Production for longer than anybody works by hand."""
        unit = daemon.control.unit
        if unit.mode is UnitMode.PRODUCTION:
            self._mode_since_s = None
            return False
        since_s = self._mode_since_s = self._world.now if self._mode_since_s is None else self._mode_since_s
        return self._world.now - since_s > PATIENCE_S and unit.state in MODE_CHANGES

    def _needs_reset(self, daemon: Daemon) -> bool:
        """Tell whether nothing but a reset leads on: the unit says so, or an axis stands in error."""
        unit = daemon.control.unit
        if unit.state in (UnitState.HELD, UnitState.IDLE) and unit.reset_due:
            return True
        return unit.state in (UnitState.HELD, UnitState.IDLE, UnitState.EXECUTE) and self._axis_stands(daemon)

    def _axis_stands(self, daemon: Daemon) -> bool:
        """Tell whether an axis stands in error by its alarm, and by the drives' display: the alarm stays on a while."""
        image = daemon.stations["tower"].last_image
        if image is None or all(image.mechanisms[name].state != State.ERROR_STOP for name in DISPLAYS):
            return False
        lines = daemon.book.alarms.items()
        return any(tag.key == "AXIS_FAULT" and line.state in STANDING for tag, line in lines)

    def _room_is_stuck(self, daemon: Daemon) -> bool:
        """Tell whether a room has been blocked for longer than an operator likes to see."""
        rooms = daemon.control.rooms
        stuck = any(rooms.state(room) is RoomState.BLOCKED for room in self._world.tower.shape.rooms)
        if not stuck:
            self._wrong_since = None
            return False
        since = self._wrong_since = self._world.now if self._wrong_since is None else self._wrong_since
        return self._world.now - since > PATIENCE_S
