"""What was promised as kept is kept: requests, entries, the chain; and who is told to end does so, at rest.

The numbers are those of the project's reliability page: I12 (an acknowledged request survives any crash), I17 (the
audit chain verifies), I20 (from SIGTERM to a safe stop it takes at most 5 s).
"""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from controller.app import Daemon
from controller.domain.book import Book
from controller.domain.events import Arrive, Cancel, Relocate, Request, Retrieve, Store
from controller.domain.jobs import JobState
from controller.store.errors import JournalDamaged
from controller.store.reading import hash_of

if TYPE_CHECKING:
    from sim_plc.plant.truth import Truth

STOP_LIMIT_S: Final = 5.0

Accuse = Callable[[str, str], None]
"""Takes the number of an invariant and what breaks it."""


class LifeWitness(Protocol):
    """Sees what becomes of the tower's own daemons, and what they answer people."""

    def on_begun(self, daemon: Daemon) -> None:
        """Take a daemon that serves."""
        ...

    def on_answered(self, request: Request, answer: Mapping[str, object]) -> None:
        """Take what was granted."""
        ...

    def on_ending(self, free: Callable[[], bool]) -> None:
        """Take that the daemon is told to end; ``free`` tells whether nobody has kept it from that so far."""
        ...

    def on_stopped(self, took_s: float) -> None:
        """Take the end of a daemon that was not kept from it, and how long that took, the disk's syncs apart."""
        ...

    def on_spoilt(self, *, whole: bool) -> None:
        """Take that something was done to the journal at rest: what it lost is nobody's fault.

        ``whole``: it is a sound one, as behind a restore; else something in it is not what was written.
        """
        ...


class Durability:
    """A `LifeWitness` that judges a run.

    ``journal``: the file; ``truth``: of the plant, as it is now; ``forget``: lets others know that the journal is not
    what it was, with the book of the daemon that wrote it last (None: none has since the last time).
    """

    def __init__(
        self,
        accuse: Accuse,
        journal: Path,
        truth: "Callable[[], Truth]",
        forget: Callable[[Book | None], None],
    ) -> None:
        self.begun = 0
        """How often a daemon has begun behind another one."""
        self.longest_stop_s = 0.0
        self._accuse = accuse
        self._journal = journal
        self._truth = truth
        self._forget = forget
        self._daemon: Daemon | None = None
        self._whole = True
        self._jobs: dict[int, str] = {}
        """Cars by the numbers of the jobs that were granted for them."""
        self._cancelled: set[int] = set()

    def on_begun(self, daemon: Daemon) -> None:
        """Judge that nothing is missing that its forerunner had acknowledged."""
        if self._daemon is not None:
            self.begun += 1
            self._judge_entries(self._daemon)
            self._judge_jobs(daemon)
        self._daemon = daemon

    def on_answered(self, request: Request, answer: Mapping[str, object]) -> None:
        """Remember what was granted."""
        match request:
            case Retrieve(car=car, due=None) | Store(car=car) | Relocate(car=car) | Arrive(car=car):
                number = answer["job"]
                assert isinstance(number, int)
                self._jobs[number] = car
            case Cancel(job=job) if answer.get("state") == JobState.CANCELLED.name:
                self._cancelled.add(job)

    def on_ending(self, free: Callable[[], bool]) -> None:
        """Judge in time that nothing moves any more, however long the disk makes the process itself last."""
        asyncio.get_running_loop().call_later(STOP_LIMIT_S, self._judge_rest, self._daemon, free)

    def on_stopped(self, took_s: float) -> None:
        """Judge that it did not take long."""
        self.longest_stop_s = max(self.longest_stop_s, took_s)
        if took_s > STOP_LIMIT_S:
            self._accuse("I20", f"it took {took_s:.2f} s to end")

    def on_spoilt(self, *, whole: bool) -> None:
        """Expect nothing of what was acknowledged before."""
        self._whole = whole
        self._forget(None if self._daemon is None else self._daemon.book)
        self._daemon = None
        self._jobs.clear()
        self._cancelled.clear()

    def judge_end(self) -> None:
        """Judge the whole chain."""
        if self._daemon is None or not self._whole:
            return
        self._judge_jobs(self._daemon)
        try:
            damage = self._daemon.journal.verify().damage
        except JournalDamaged as error:
            damage = (str(error),)
        for text in damage:
            self._accuse("I17", text)

    def _judge_rest(self, ended: Daemon | None, free: Callable[[], bool]) -> None:
        """Judge the carriage, if no other daemon has begun to serve since."""
        if self._daemon is not ended or not free():
            return
        carriage = self._truth().carriage
        axes = {"lift": carriage.lift, "turntable": carriage.turntable, "arms": carriage.arms}
        for name, axis in axes.items():
            if axis.moving:
                self._accuse("I20", f"the {name} moves {STOP_LIMIT_S:g} s behind the word to end")

    def _judge_entries(self, before: Daemon) -> None:
        last = before.journal.head
        if not last.id:
            return
        try:
            found = "another" if hash_of(self._journal, last.id) != last.hash.hex() else ""
        except JournalDamaged:
            found = "missing"
        if found:
            self._accuse("I12", f"entry {last.id} was acknowledged and is {found}")

    def _judge_jobs(self, daemon: Daemon) -> None:
        book = daemon.book
        for number, car in self._jobs.items():
            job = book.jobs.get(number)
            if job is None and number > book.last_job:
                self._accuse("I12", f"job {number} for {car} was granted and is gone")
            elif job is not None and job.car != car:
                self._accuse("I12", f"job {number} was granted for {car} and is for {job.car}")
            elif job is not None and number in self._cancelled and job.state is not JobState.CANCELLED:
                self._accuse("I12", f"job {number} was cancelled and is {job.state.name}")
