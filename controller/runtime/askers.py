"""Who waits for a room, and which rooms each of them may have."""

from collections.abc import Iterable

from controller.activities.context import Bench
from controller.activities.restricted import held_back, level_block, room_block
from controller.domain.book import Book
from controller.domain.dispatch.room_turns import Asker
from controller.domain.jobs import Job, JobKind, JobState
from controller.domain.places import PlaceStatus
from controller.runtime.free_bays import free_bays


class Askers:
    """Reads them from the book; changes nothing."""

    def __init__(self, bench: Bench, book: Book) -> None:
        self._bench = bench
        self._book = book

    def in_turn(self) -> list[Asker]:
        """Return who waits for a room, in the order of asking: drivers outside, and those whose cars can be fetched.

        Of drivers no more than there are bays for.
        """
        queued = self.queued()
        waiting = [job for job in queued if held_back(self._bench, job) is None]
        awaited = self._book.awaited_bays() - sum(job.waits_outside for job in queued)
        room_left = max(0, len(free_bays(self._bench, self._book)) - awaited)
        drivers = [job.id for job in waiting if job.waits_outside][:room_left]
        able = (job for job in waiting if not job.waits_outside or job.id in drivers)
        return [asker for job in able if (asker := self._asker(job)) is not None]

    @property
    def driver_waits(self) -> bool:
        """Whether a driver waits outside."""
        return any(job.waits_outside for job in self._book.open_jobs())

    def queued(self) -> list[Job]:
        """Return the jobs that nobody has taken up yet, in the order of asking."""
        return [job for job in self._book.open_jobs() if job.state is JobState.QUEUED]

    def claimed_rooms(self) -> set[int]:
        """Return the rooms that are somebody's already, whatever they are used for now."""
        drivers = {job.room for job in self._book.open_jobs() if job.kind is JobKind.STORE and job.room is not None}
        return drivers | self._book.reserved().keys()

    def rooms_of(self, job: Job) -> list[int]:
        """Return the rooms that a job may have, as far as no other job counts on them."""
        wanted = (job.room,) if job.room is not None else self._bench.shape.rooms
        taken = self._book.reserved()
        spoken_for = {each.room for each in self._book.open_jobs() if each.kind is JobKind.STORE}
        return [
            room
            for room in wanted
            if room_block(self._bench, room) is None
            and taken.get(room, job.id) == job.id
            and room not in spoken_for
        ]

    def holds(self, job: Job) -> bool:
        """Return whether the source verifiably holds the job's car, and it can be fetched there."""
        if job.source is None or level_block(self._bench, job.source) is not None:
            return False
        occupied = self._book.places[job.source].status is PlaceStatus.OCCUPIED
        return occupied and self._book.where(job.car) == job.source

    def nearest_first(self, here: int, places: Iterable[int]) -> list[int]:
        """Return places by the length of the way from one, of two as near the lower number first."""
        poses = self._bench.shape.poses
        return sorted(places, key=lambda place: (self._bench.motion.carriage_s(poses[here], poses[place]), place))

    def _asker(self, job: Job) -> Asker | None:
        rooms = self.rooms_of(job)
        if job.waits_outside:
            return Asker(job.id, is_driver=True, rooms=tuple(rooms))
        if job.kind is not JobKind.RETRIEVE or job.source is None or not self.holds(job):
            return None
        rooms = self.nearest_first(job.source, rooms)
        source = job.source if job.room is None and not job.put_back else None
        return Asker(job.id, is_driver=False, rooms=tuple(rooms), source=source, passed=self._passed(job))

    def _passed(self, job: Job) -> int:
        """Return how many that asked later have been begun, or let in, before a job."""
        later = (other for other in self._book.jobs.values() if other.id > job.id)
        return sum(other.started_at is not None or self._is_inside(other) for other in later)

    @staticmethod
    def _is_inside(job: Job) -> bool:
        return job.kind is JobKind.STORE and job.room is not None
