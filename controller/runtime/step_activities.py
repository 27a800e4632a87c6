"""What runs while a job is in a step: its activity, behind what must be settled and proven of the exchange before."""

from controller.activities import readings, recovery, transfer
from controller.activities.context import Bench
from controller.activities.primitive import Errand
from controller.activities.transfer import Done
from controller.domain.book import Book
from controller.domain.jobs import Job, JobState
from controller.domain.places import PlaceStatus
from controller.domain.records import Record
from controller.runtime import steps
from hal.errors import NotOnline

S = JobState


class StepActivities:
    """Moves the carriage and its car for a job; of the job itself it changes nothing."""

    def __init__(self, bench: Bench, book: Book) -> None:
        self._bench = bench
        self._book = book

    async def run(self, job: Job) -> Done:
        """Do the step of the straight way that a job is in.

        Raises:
            StepFailed: the machine does not do it, or a place is in doubt, or the arms are in another job's exchange.
            HalError: a station is lost, or nobody knows what it did.

        """
        step, _ = steps.STRAIGHT[job.state]
        await recovery.settle_carriage(self._bench, self._book)
        place = steps.place_of(self._bench, job)
        is_over = steps.IS_OVER.get(job.state)
        if is_over is not None and not is_over(self._bench, place):
            await self._prove_doubtful(job, place)
            steps.require_verified(self._bench, self._book, place)
        if job.state is S.CLOSING and self._bench.tower.shuttle.resumable:
            await self._take_aboard(job)
        return await step(self._bench, Errand(job.id, job.state.name), place)

    async def undo(self, job: Job) -> Done:
        """Put the car of a job back where it came from.

        Raises:
            StepFailed: as in `run`.
            HalError: as in `run`.

        """
        await recovery.settle_carriage(self._bench, self._book)
        assert job.source is not None
        source = job.source
        if self._bench.tower.shuttle.resumable and readings.docked_place(self._bench) != source:
            await self._take_aboard(job)

        async def verify() -> None:
            await self._bench.keeper.commit(*self.shown_of_exchange(job, S.UNDONE))
            steps.require_verified(self._bench, self._book, source)

        return await transfer.put_back(self._bench, Errand(job.id, job.state.name), source, verify)

    async def _take_aboard(self, job: Job) -> None:
        """Bring the car of a cut exchange onto the carriage: its job has been given another end since."""
        steps.require_own(self._bench, self._book, job)
        here = transfer.cut_at(self._bench)
        done = await transfer.take_aboard(self._bench, Errand(job.id, job.state.name))
        await self._bench.keeper.commit(*done.records, *steps.picked(job, here))

    async def _prove_doubtful(self, job: Job, place: int) -> None:
        """Settle what was left in doubt while the carriage did not know where it stood: now that it is back it sees."""
        if self._book.places[place].status is PlaceStatus.UNVERIFIED:
            await self._bench.keeper.commit(*self.shown_of_exchange(job, job.state))

    def shown_of_exchange(self, job: Job, step: JobState | None) -> list[Record]:
        """Return what sensors say of the two places of an exchange that a job was put aside in, against the book.

        ``step``: the one that the job was in; of one that exchanges no car nothing is said.
        """
        docked = readings.docked_place_or_none(self._bench)
        if step in steps.IS_OVER:
            place = job.target if step in steps.AT_TARGET else job.source
        else:
            taken_back = step is S.CLOSING and job.diverting
            put_back = step is S.UNDONE and docked in (job.source, job.target)
            place = docked if taken_back or put_back else None
        if place is None:
            return []
        try:
            return recovery.compare_exchange(self._bench, self._book, place, job.car)
        except NotOnline:
            # Whoever sees the tower next compares everything.
            return []
