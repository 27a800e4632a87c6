"""Cars moved to better bays while nobody is expected: ordinary relocations, which the tower orders by itself.

A car that will likely be fetched soon is moved into a free bay with a shorter trip. Whoever comes meanwhile is served
first: a move that has not begun to pick its car is given up for them. One that has runs to its end, so that it is begun
only at hours at which people have hardly ever come, and far from any appointment.
"""

from collections.abc import Callable
from typing import Final

import structlog

from controller.activities.context import Bench
from controller.activities.restricted import level_block
from controller.domain.book import CARRIAGE
from controller.domain.dispatch.slotting import Shift
from controller.domain.jobs import THE_TOWER, Job, JobKind, JobState
from controller.domain.places import PlaceStatus
from controller.runtime.idleness import Idleness
from controller.runtime.jobs import Jobs
from controller.runtime.ledger import Ledger
from controller.runtime.register import Register

log = structlog.get_logger(__name__)

NEAR_S: Final = 1800.0
"""No car is moved so shortly before an appointment: who has one may be early."""

HOUR_S: Final = 3600.0

_BEFORE_THE_PICK: Final = frozenset({JobState.QUEUED, JobState.ASSIGNED, JobState.POSITIONING, JobState.OPENING})
"""States of a job that can be given up: its car stands where it stood, and a way that opens is shut again."""


class Reslotting:
    """Orders relocations, and gives them up. Called by the control task alone.

    ``now`` is wall time in seconds since the epoch, in which habits and appointments are; ``clock`` the loop's.
    """

    def __init__(
        self,
        bench: Bench,
        ledger: Ledger,
        register: Register,
        jobs: Jobs,
        idleness: Idleness,
        now: Callable[[], float],
        clock: Callable[[], float],
    ) -> None:
        self._bench = bench
        self._limits = bench.slotting
        self._book = ledger.book
        self._register = register
        self._jobs = jobs
        self._idleness = idleness
        self._now = now
        self._clock = clock
        self._needed_s = clock()

    async def give_way(self) -> None:
        """Give up the move that has not opened a way yet, if somebody has come or the tower is not at work."""
        job = self._own()
        if job is None:
            return
        others = any(each is not job for each in self._book.open_jobs())
        if others or self._idleness.people or self._bench.on_generator or not self._idleness.at_work:
            self._needed_s = self._clock()
            if job.state in _BEFORE_THE_PICK and not job.diverting:
                await self._jobs.cancel(job, "gives way to somebody who has come")

    async def begin(self, *, idle: bool) -> bool:
        """Order the next move, if one is worth it and nobody is expected; return whether one is.

        ``idle``: nothing but a job keeps the carriage from being used.
        """
        if not self._limits.moves_per_hour or self._own() is not None:
            return False
        if self._idleness.needed:
            self._needed_s = self._clock()
            return False
        if not idle or self._clock() - self._needed_s < self._limits.idle_s or self._spent():
            return False
        shift = self._worth_it() if self._may_be_moved() else None
        if shift is None or not self._nobody_is_expected(shift):
            return False
        job = self._job(shift)
        if not self._jobs.queue.can_start(job):
            return False
        log.info("reslotting", car=shift.car, bay=shift.target, saves_s=round(shift.saves_s, 1))
        await self._register.enter(job)
        return True

    def _own(self) -> Job | None:
        """Return the move that the tower has ordered by itself and that has not ended."""
        return next(filter(_is_own, self._book.open_jobs()), None)

    def _spent(self) -> bool:
        """Return whether as many were begun in the last hour as may be. A clock that was set counts some twice."""
        own = filter(_is_own, self._book.jobs.values())
        return sum(abs(self._now() - job.created_at) < HOUR_S for job in own) >= self._limits.moves_per_hour

    def _may_be_moved(self) -> bool:
        """Return whether nothing is in doubt: the tower moves no car for its own sake that somebody should look at."""
        doubtful = any(place.status is PlaceStatus.UNVERIFIED for place in self._book.places.values())
        empty = self._book.places[CARRIAGE].status is PlaceStatus.FREE
        return empty and not doubtful and not self._bench.sensors_out and not self._book.open_jobs()

    def _worth_it(self) -> Shift | None:
        demand = self._jobs.foresight.demand
        stands = {car: bay for car, bay in demand.stands().items() if level_block(self._bench, bay) is None}
        best = demand.best_shift(stands, self._jobs.queue.free_bays())
        return best if best is not None and best.saves_s >= self._limits.saves_s else None

    def _nobody_is_expected(self, shift: Shift) -> bool:
        now, length_s = self._now(), self._jobs.foresight.cycle_s(shift.source, shift.target)
        if any(min(each.due, each.comes) - now < NEAR_S + length_s for each in self._book.appointments.values()):
            return False
        return self._book.habits.chance_of_order(now, length_s) <= self._limits.meets

    def _job(self, shift: Shift) -> Job:
        return Job(
            id=self._book.last_job + 1,
            kind=JobKind.RELOCATE,
            car=shift.car,
            source=shift.source,
            target=shift.target,
            room=None,
            state=JobState.QUEUED,
            created_at=self._now(),
            requested_by=THE_TOWER,
        )


def _is_own(job: Job) -> bool:
    """Tell a move to a better bay from the way back of a car that nobody came for: the tower orders that too."""
    return job.kind is JobKind.RELOCATE and job.requested_by == THE_TOWER
