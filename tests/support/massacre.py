"""A daemon at work that is killed at drawn instants, again and again, and what each of its successors finds."""

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from controller.domain.book import CARRIAGE, Book
from controller.domain.places import PlaceStatus
from hal.plcmap.codes import Opcode
from tests.support.kills import ENDED, Truth, anything_moves, autopsy, place_of, real, watching
from tests.support.processes import Child, Site, eventually

IDLE_SHARE = 0.15
"""Of all kills, those that nothing is ordered for."""

LATE_SHARE = 0.2
"""Of all kills, those behind which the PLC has stopped by silence before the next daemon starts."""

SILENCE_S = 1.8

ROOM_SHARE = 0.3
"""Of all orders, those that bring a car out, as long as a room is vacant."""

FEW = 10
"""As many cars stay inside, to be moved about."""

MOMENTS_S = (0.0, 4.0)
"""How long after an order, or after the start, the daemon is killed."""

END_S = 60.0
"""How long a job may take to its end."""


@dataclass(frozen=True)
class Death:
    """One kill and what was found behind it."""

    moving: bool
    open_intents: int
    restart_s: float
    """From exec to a status with every station reconciled."""
    unverified: tuple[int, ...]
    """Bays and rooms that were not verified then."""
    parked: tuple[int, ...]


@dataclass
class Massacre:
    """One tower, one seed; `kill` again and again, then `end`."""

    site: Site
    daemon: Child
    seed: int
    bays: Sequence[int]
    deaths: list[Death] = field(default_factory=list)
    parked: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)

    def kill(self) -> None:
        """Let the tower work, kill the daemon at a drawn instant, and hold its successor against the plant."""
        if self.deaths:
            self._begin_again()
        if not self._open_jobs() and self._dice.random() >= IDLE_SHARE:
            self._order()
        time.sleep(self._dice.uniform(*MOMENTS_S))
        moving = anything_moves(self.site.truth())
        self.daemon.kill()
        look = autopsy(self.site)
        if self._dice.random() < LATE_SHARE:
            time.sleep(SILENCE_S)
        before = self.site.truth()
        self.daemon = self.site.start_daemon()
        self.site.wait_reconciled(self.daemon)
        restart_s = time.monotonic() - self.daemon.began
        book = look()
        unverified = self.site.unverified()
        self.deaths.append(Death(moving, len(book.intents), restart_s, unverified, self._parked()))
        self._nothing_false(book, unverified, before)

    def end(self) -> None:
        """Let the last job end and hold everything against the plant."""
        self._begin_again()
        eventually(lambda: not self._open_jobs() or None, END_S, "the last job ends")
        truth = self.site.truth()
        assert self.site.unverified() == ()
        assert self._believed(verified=False) == real(truth)
        assert truth["crimes"] == []

    def _begin_again(self) -> None:
        """Do what a person has to do after each start."""
        with watching(self.site) as watch:
            watch.reset_and_start()

    def _order(self) -> None:
        """Order a car from its bay to a free one or, while nobody is served, to a room, where its owner takes it."""
        bays = [place for place in self.site.ask("places") if place["place"] in self.bays]
        free = [bay["place"] for bay in bays if bay["status"] == "free"]
        full = sorted(str(bay["car"]) for bay in bays if bay["status"] == "occupied")
        car = self._dice.choice(full)
        with self.site.client() as client, self.site.plant() as plant:
            vacant = [room["place"] for room in client.call("status")["rooms"] if room["state"] == "VACANT"]
            if vacant and len(full) > FEW and self._dice.random() < ROOM_SHARE:
                client.call("retrieve", car=car, room=self._dice.choice(vacant))
            else:
                client.call("relocate", car=car, bay=self._dice.choice(free))
            for room in client.call("status")["rooms"]:
                if room["state"] in ("CAR_PRESENT", "CUSTOMER_ADMITTED"):
                    plant.call("customer.collect", room=room["place"])

    def _nothing_false(self, book: Book, unverified: Sequence[int], before: Truth) -> None:
        """Hold what is believed before anything moves again: it is so, and nothing is in needless doubt.

        An owner goes on driving meanwhile: a car may be believed in a room that it was in, or rolled out of, when the
        daemon began to look (``before``) or now; and of a room that it left, everything may be in doubt.
        """
        truth, where = self.site.truth(), f"kill {len(self.deaths)} of seed {self.seed}: {self.deaths[-1]}"
        for car, place in self._believed(verified=True).items():
            there = {real(truth).get(car)}
            if place not in self.bays:
                there |= in_rooms(before, car) | in_rooms(truth, car)
            assert place in there, f"{car} is not at {place} but {there}, {where}"
        left = {
            place.number
            for place in book.places.values()
            if place.number not in (*self.bays, CARRIAGE) and place.car is not None
            if any(each["cars"].get(str(place.number)) != place.car for each in (before, truth))
        }
        assert set(unverified) <= touched(book) | left, where
        assert truth["crimes"] == [], where
        # No station has lost its memory: every row of the table that can be met names the outcome.
        assert not self.deaths[-1].parked, where
        assert {line["verdict"] for line in self.daemon.logged("intent_settled")} <= NAMED, where

    def _believed(self, *, verified: bool) -> dict[str, object]:
        """Return where each car inside is believed to be; ``verified``: only those that are called so."""
        return {
            car["id"]: place_of(car)
            for car in self.site.ask("cars")
            if car["where"] != "outside" and (car["status"] == "verified" or not verified)
        }

    def _open_jobs(self) -> list[Mapping[str, Any]]:
        with self.site.client() as client:
            jobs = client.call("jobs", all=True)["jobs"]
        return [job for job in jobs if job["state"] not in {state.value for state in ENDED}]

    def _parked(self) -> tuple[int, ...]:
        with self.site.client() as client:
            return tuple(job["id"] for job in client.call("jobs", all=True)["jobs"] if job["state"] == "PARKED")


NAMED = {"OK", "STOPPED", "STOPPED_SILENCE", "REFUSED", "VOID"}
"""What an intent may come to behind a kill; UNKNOWN is not among it, and no PLC has restarted."""


def touched(book: Book) -> set[int]:
    """Return the places that may be in doubt behind a death: what an open intent is about, and what was so before.

    RESUME and UNDO go on with an exchange at the place that the job is about.
    """
    places = {place.number for place in book.places.values() if place.status is PlaceStatus.UNVERIFIED}
    for (mechanism, _), intent in book.intents.items():
        if not mechanism.endswith("shuttle"):
            continue
        if intent.planned.opcode in (Opcode.PICK, Opcode.PLACE):
            places.add(intent.planned.argument1)
        elif intent.planned.job is not None:
            job = book.jobs[intent.planned.job]
            places |= {each for each in (job.source, job.target) if each is not None}
    return places | {CARRIAGE}


def in_rooms(truth: Truth, car: str) -> set[int]:
    """Return the room in which a car is, or through whose gate it rolls."""
    places = {**truth["cars"], **truth["crossing"]}
    return {int(place) for place, each in places.items() if each == car}


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def summary(deaths: Sequence[Death]) -> str:
    """Return the figures in one line."""
    restarts = [death.restart_s for death in deaths]
    return (
        f"{len(deaths)} SIGKILLs ({sum(death.moving for death in deaths)} while something moved, "
        f"{sum(death.open_intents > 0 for death in deaths)} with open intents): serving again p50 "
        f"{percentile(restarts, 0.5):.2f} s, p99 {percentile(restarts, 0.99):.2f} s, max {max(restarts):.2f} s; "
        f"unverified {sum(len(death.unverified) for death in deaths)}, "
        f"parked {sum(len(death.parked) for death in deaths)}"
    )
