"""Which job next, to which room or bay: first come, first served among those that can start; the nearest place."""

from collections.abc import Iterable
from dataclasses import replace

from controller.activities import readings
from controller.activities.context import Bench
from controller.activities.situation import situation
from controller.domain.book import CARRIAGE, Book
from controller.domain.interlocks import Wish, WishKind, refusal
from controller.domain.jobs import Job, JobKind, JobState
from controller.domain.places import PlaceStatus
from controller.domain.rooms import RoomState
from controller.runtime.rooms import Rooms


class Selection:
    """Chooses; changes nothing."""

    def __init__(self, bench: Bench, book: Book, rooms: Rooms) -> None:
        self._bench = bench
        self._book = book
        self._rooms = rooms

    def first(self) -> Job | None:
        """Return the first queued job that can start, with its places chosen; None if none can."""
        if not self._carriage_free():
            return None
        for job in self._book.open_jobs():
            ready = self._ready(job) if job.state is JobState.QUEUED else None
            if ready is not None:
                return ready if self.may_travel() else None
        return None

    def may_travel(self) -> bool:
        """Return whether the empty carriage may leave where it stands: a parked job may have left a way open."""
        if not self._carriage_free():
            return False
        now = situation(self._bench)
        # Axes that are not homed are so before the first move: HOME needs what MOVE_TO needs but that.
        wishes = (Wish(WishKind.HOME_LIFT), Wish(WishKind.HOME_TURNTABLE))
        return not now.resumable and all(refusal(wish, now) is None for wish in wishes)

    def _carriage_free(self) -> bool:
        return self._book.places[CARRIAGE].status is PlaceStatus.FREE

    def _ready(self, job: Job) -> Job | None:
        match job.kind:
            case JobKind.STORE:
                return self._ready_store(job)
            case JobKind.RETRIEVE:
                return self._ready_retrieve(job)
            case JobKind.RELOCATE:
                return job if self._holds(job) and self._is(job.target, PlaceStatus.FREE) else None

    def _ready_store(self, job: Job) -> Job | None:
        assert job.room is not None
        if self._rooms.state(job.room) is not RoomState.ACCEPTED:
            return None
        bay = self._nearest(job.room, self.free_bays())
        return None if bay is None else replace(job, source=job.room, target=bay)

    def _ready_retrieve(self, job: Job) -> Job | None:
        if not self._holds(job) or job.source is None:
            return None
        wanted = (job.room,) if job.room is not None else self._bench.shape.rooms
        taken = self._book.reserved()
        vacant = [
            room for room in wanted if self._rooms.state(room) is RoomState.VACANT and taken.get(room, job.id) == job.id
        ]
        spoken_for = {each.room for each in self._book.open_jobs() if each.kind is JobKind.STORE}
        room = self._nearest(job.source, [each for each in vacant if each not in spoken_for])
        return None if room is None else replace(job, target=room, room=room)

    def free_bays(self) -> list[int]:
        """Return the bays that are free, counted on by no job, and seen by both of their sensors."""
        taken = self._book.reserved()
        free = [bay for bay in self._bench.shape.bays if bay not in taken and self._is(bay, PlaceStatus.FREE)]
        return [bay for bay in free if not readings.missing(self._bench, bay)]

    def _holds(self, job: Job) -> bool:
        """Return whether the source verifiably holds the job's car."""
        return self._is(job.source, PlaceStatus.OCCUPIED) and self._book.where(job.car) == job.source

    def _is(self, place: int | None, status: PlaceStatus) -> bool:
        return place is not None and self._book.places[place].status is status

    def _nearest(self, here: int, places: Iterable[int]) -> int | None:
        poses = self._bench.shape.poses
        return min(
            places,
            key=lambda place: (self._bench.kinematics.carriage_s(poses[here], poses[place]), place),
            default=None,
        )
