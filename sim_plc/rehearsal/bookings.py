"""People who book a car for a time ahead: they come early, in time, late or never, or twice, or call it off.

Some say that they are on the way, and when they will be there: right, about right, or never to be seen.

They draw from a stream of their own, so that what they do changes nothing of what others draw.
"""

import asyncio
import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from typing import Any, Final

from controller.app import Daemon
from controller.domain.appointments import FARTHEST_S
from controller.domain.events import Arrive, Cancel, OnTheWay, Query, Request, Retrieve
from controller.domain.refusal import Refusal
from sim_plc.rehearsal.world import EPOCH_S, NobodyThere, World

LOOK_S: Final = 2.0
"""How often they look whether it is their time."""

PAUSE_S: Final = (45.0, 240.0)
"""Between two bookings."""

DUE_S: Final = (15.0, 360.0)
"""So long ahead is booked."""

AGAIN_S: Final = 15.0
"""Whoever was refused at the door asks again after so long."""

WRONG: Final = 0.08
"""How often a booking is one that must be refused."""

TAKEN: Final = 0.15
"""How often it does not matter whether the car is being moved, as likely for somebody else."""

TRIES: Final = 10
"""Whoever was refused as often at the door goes home."""

WISHES: Final = 0.2
"""How often somebody books a room, too."""

TWICE: Final = 0.25
"""How often somebody who has come says so a second time."""

HABITS: Final = ("early", "early", "in time", "in time", "late", "never", "calls off", "calls off")

TELLS: Final = 0.6
"""How often somebody says that they are on the way."""

TELLS_AHEAD_S: Final = (20.0, 300.0)
"""So long before they come; whoever never comes says so as long before the appointment."""

OFF_S: Final = 40.0
"""By how much they are wrong: standard deviation."""

FAR_OFF: Final = 0.1
"""How often by more than an appointment stands behind its time."""

CUTS_IN: Final = 0.4
"""How often somebody else comes just when a booked car is being brought ahead."""

AFTER_ALL: Final = 0.5
"""How often somebody who has called off comes after all."""

AFTER_ALL_S: Final = (0.0, 15.0)
"""So long behind that: their car may stand in a room still, or be on its way back."""

NO_APPOINTMENT: Final = "NO_APPOINTMENT"


@dataclass(slots=True)
class Guest:
    """Somebody with an appointment. Times on the loop's clock; infinity: that they never do."""

    number: int
    car: str
    due_s: float
    comes_s: float = inf
    calls_off_s: float = inf
    tells_s: float = inf
    there_s: float = inf
    """When they say that they will be there."""
    twice: bool = False
    came: bool = False
    tries: int = 0
    called: bool = False
    """To come at once."""


class Bookings:
    """Everybody who books ahead."""

    def __init__(self, world: World) -> None:
        self.did: Counter[str] = Counter()
        self.generous = False
        """Set: nobody books any more, and whoever comes at all and is due comes now."""
        self._world = world
        self._rng = random.Random(f"{world.seed} bookings")
        self._guests: list[Guest] = []
        self._next_s = self._rng.uniform(*PAUSE_S)
        self._met_by_chance: set[int] = set()
        """Jobs that bring a booked car ahead, once somebody else could have come."""

    async def attend(self) -> None:
        """Let people book and come for ever."""
        while True:
            await asyncio.sleep(LOOK_S)
            daemon = self._world.daemon
            if daemon is not None:
                with suppress(NobodyThere):
                    await self._look(daemon)

    def is_away(self, car: str) -> bool:
        """Tell whether somebody has booked a car and has not come for it."""
        return any(guest.car == car and not guest.came for guest in self._guests)

    async def _look(self, daemon: Daemon) -> None:
        now_s = self._world.now
        for guest in tuple(self._guests):
            if self._is_called(guest):
                guest.called, guest.comes_s = True, now_s
            if guest.calls_off_s <= now_s:
                await self._call_off(guest)
            elif guest.comes_s <= now_s:
                await self._come(guest)
            elif guest.tells_s <= now_s:
                await self._tell(guest)
        if not self.generous:
            await self._cut_in(daemon)
        if self._next_s <= now_s and not self.generous:
            self._next_s = now_s + self._rng.uniform(*PAUSE_S)
            await self._book(daemon)

    async def _cut_in(self, daemon: Daemon) -> None:
        """Let somebody come without an appointment while the carriage is on its way to a car that was booked."""
        job = daemon.control.jobs.working
        if job is None or not job.requested_by.startswith("appointment") or job.id in self._met_by_chance:
            return
        self._met_by_chance.add(job.id)
        others = sorted(
            car
            for bay in self._world.tower.shape.bays
            if (car := daemon.book.places[bay].car) is not None and daemon.book.appointment_of_car(car) is None
        )
        if others and self._rng.random() < CUTS_IN:
            await self._ask(Retrieve(by="passer-by", car=self._rng.choice(others)))

    def _is_called(self, guest: Guest) -> bool:
        soon = guest.comes_s < inf and guest.due_s <= self._world.now + DUE_S[1]
        return self.generous and soon and not (guest.came or guest.called)

    async def _book(self, daemon: Daemon) -> None:
        rng, shape = self._rng, self._world.tower.shape
        stored = sorted(car for bay in shape.bays if (car := daemon.book.places[bay].car) is not None)
        if rng.random() < WRONG or not stored:
            await self._ask(self._wrong(stored))
            return
        idle = [car for car in stored if daemon.book.job_of_car(car) is None]
        car = rng.choice(stored if not idle or rng.random() < TAKEN else idle)
        due_s = self._world.now + rng.uniform(*DUE_S)
        room = rng.choice(shape.rooms) if rng.random() < WISHES else None
        habit, full = self._draw(due_s), rng.random() < 0.5
        answer = await self._ask(Retrieve(by="app", car=car, room=room, due=int(EPOCH_S + due_s)))
        if answer == "SLOT_FULL" and full:
            later_s = await self._next_free_s()
            if later_s is None:
                return
            habit = self._draw(later_s)
            answer = await self._ask(Retrieve(by="app", car=car, room=room, due=int(EPOCH_S + later_s)))
        if isinstance(answer, dict):
            habit.number, habit.car = int(str(answer["appointment"])), car
            self._draw_word(habit)
            self._guests.append(habit)

    def _draw(self, due_s: float) -> Guest:
        """Draw what somebody makes of an appointment that they are to have."""
        rng, grace_s = self._rng, self._world.tower.timing.appointment_grace_s
        guest = Guest(0, "", due_s, twice=rng.random() < TWICE)
        match rng.choice(HABITS):
            case "early":
                guest.comes_s = due_s - rng.uniform(20.0, 300.0)
            case "in time":
                guest.comes_s = due_s + rng.uniform(-20.0, 20.0)
            case "late":
                guest.comes_s = due_s + rng.uniform(0.2, 1.2) * grace_s
            case "calls off":
                guest.calls_off_s = rng.uniform(self._world.now, due_s + grace_s / 2)
        return guest

    def _draw_word(self, guest: Guest) -> None:
        """Draw whether and when somebody says that they are on the way; nothing else hangs on what is drawn."""
        rng = random.Random(f"{self._world.seed} on the way {guest.number}")
        if rng.random() < TELLS:
            comes_s = guest.comes_s if guest.comes_s < inf else guest.due_s
            guest.tells_s = comes_s - rng.uniform(*TELLS_AHEAD_S)
            guest.there_s = comes_s + rng.gauss(0.0, OFF_S)
            if rng.random() < FAR_OFF:
                guest.there_s += 2.0 * self._world.tower.timing.appointment_grace_s

    async def _next_free_s(self) -> float | None:
        """Look up the next slot that takes one more; return a time within it on the loop's clock."""
        answer = await self._ask(Query(what="slots", params={"count": 8}))
        if not isinstance(answer, dict):
            return None
        begins_s = [slot["begins"] - EPOCH_S for slot in answer["slots"] if slot["free"]]
        later_s = [each for each in begins_s if each > self._world.now]
        return later_s[0] + self._rng.uniform(0.0, float(answer["slot_s"])) if later_s else None

    def _wrong(self, stored: list[str]) -> Request:
        now, car = int(EPOCH_S + self._world.now), self._rng.choice(stored) if stored else "nobody's"
        return self._rng.choice(
            (
                Retrieve(by="app", car="nobody's", due=now + 60),
                Retrieve(by="app", car=car, due=now - 60),
                Retrieve(by="app", car=car, due=now + 2 * int(FARTHEST_S)),
                Retrieve(by="app", car=car, room=self._world.tower.shape.bays[0], due=now + 60),
                Arrive(by="door", car=car),
            )
        )

    async def _come(self, guest: Guest) -> None:
        answer = await self._ask(Arrive(by="door", car=guest.car))
        guest.tries += 1
        if isinstance(answer, str) and answer != NO_APPOINTMENT and guest.tries < TRIES:
            guest.comes_s = self._world.now + AGAIN_S
        elif guest.twice and not guest.came and isinstance(answer, dict):
            guest.came, guest.comes_s = True, self._world.now + self._rng.uniform(1.0, 20.0)
        else:
            self._guests.remove(guest)
            if answer == NO_APPOINTMENT and not guest.came:
                await self._ask(Retrieve(by="door", car=guest.car))

    async def _tell(self, guest: Guest) -> None:
        guest.tells_s = inf
        in_s = max(0, round(guest.there_s - self._world.now))
        await self._ask(OnTheWay(by="app", car=guest.car, in_s=in_s))

    async def _call_off(self, guest: Guest) -> None:
        guest.calls_off_s = inf
        await self._ask(Cancel(by="app", job=guest.number))
        rng = random.Random(f"{self._world.seed} comes after all {guest.number}")
        if rng.random() < AFTER_ALL:
            guest.comes_s = self._world.now + rng.uniform(*AFTER_ALL_S)

    async def _ask(self, request: Request) -> dict[str, Any] | str:
        """Ask for something; return the answer, or the rule by which it was refused.

        Raises:
            NobodyThere: the daemon does not answer.

        """
        name = "Book" if isinstance(request, Retrieve) and request.due is not None else type(request).__name__
        try:
            answer = await self._world.ask(request)
        except Refusal as refusal:
            self.did[f"refused {name} {refusal.rule}"] += 1
            return refusal.rule
        self.did[name] += 1
        return dict(answer)
