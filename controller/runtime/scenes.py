"""What the planner is shown: what waits, and the tower as it is now and as it is foreseen to be.

It is read from the book, the rooms and the machine; how long things take is what was learned here.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, isfinite

from controller.activities import readings
from controller.activities.context import Bench
from controller.activities.restricted import held_back, level_block, room_block
from controller.domain.appointments import Appointment, waits_since
from controller.domain.book import CARRIAGE, Book, is_active
from controller.domain.dispatch import priority
from controller.domain.dispatch.ahead import OTHERS_S
from controller.domain.dispatch.cycles import Cycles
from controller.domain.dispatch.room_turns import Coming, Foreseen, LetIn, let_in, next_drivers, put_off
from controller.domain.dispatch.scene import Move, Request, Scene
from controller.domain.dispatch.turnover import NEVER, Turnover
from controller.domain.jobs import Job, JobKind, JobState
from controller.domain.places import PlaceStatus
from controller.domain.rooms import RoomState
from controller.domain.travel import Pose, shorter_way_mdeg
from controller.runtime import claims
from controller.runtime.arrival import at_target_s, rest_s, step_s
from controller.runtime.askers import Askers


@dataclass(frozen=True, slots=True)
class AtHand:
    """The job that has the carriage, and for how long its step has been running, in seconds."""

    job: Job
    elapsed_s: float


class Scenes:
    """Reads them; changes nothing. Times in seconds of the loop's clock, but ``now``: wall time since the epoch."""

    def __init__(
        self,
        bench: Bench,
        book: Book,
        askers: Askers,
        room: Callable[[int], RoomState],
        turnover: Turnover,
        cycles: Callable[[], Cycles],
        now: Callable[[], float],
    ) -> None:
        self._bench = bench
        self._book = book
        self._askers = askers
        self._room = room
        self._turnover = turnover
        self._cycles = cycles
        self._now = now

    def requests(self) -> list[Request]:
        """Return what waits and can be planned."""
        queued = [job for job in self._book.open_jobs() if job.state is JobState.QUEUED]
        return [self._request(job, source) for job in queued if (source := self._source(job)) is not None]

    def _source(self, job: Job) -> int | None:
        """Return where a queued job's car is to be fetched; None where it is not: nothing can be planned for it."""
        if held_back(self._bench, job) is not None:
            return None
        if job.kind is JobKind.STORE:
            return job.room
        place = self._book.places.get(job.source) if job.source is not None else None
        if place is None or place.status is not PlaceStatus.OCCUPIED or place.car != job.car:
            return None
        return None if level_block(self._bench, place.number) else place.number

    def _request(self, job: Job, source: int) -> Request:
        now_s = self._clock()
        waited_s = self._now() - waits_since(job.created_at, job.due)
        return Request(
            job.id,
            job.kind,
            now_s - max(0.0, waited_s),
            source,
            job.room if job.kind is JobKind.RETRIEVE else job.target,
            self._accepted_s(source, now_s) if job.kind is JobKind.STORE else now_s,
            _weight(job, waited_s),
            sum(other.id > job.id and other.started_at is not None for other in self._book.jobs.values()),
        )

    def _accepted_s(self, room: int, now_s: float) -> float:
        """Return when the car of a STORE can be fetched from its room."""
        vacant_s = self._turnover.vacant_s(room, now_s)
        match self._room(room):
            case RoomState.ACCEPTED:
                return now_s
            case RoomState.MEASURING:
                return now_s + self._cycles().gate_s()
            case RoomState.RESERVED | RoomState.OPEN_FOR_CAR:
                return now_s + self._turnover.served_s
            case _:
                return vacant_s + self._turnover.served_s

    def of(self, here: int, at_hand: AtHand | None, free_bays: tuple[int, ...]) -> Scene:
        """Return what the planner plans in, with the carriage free next at ``here``."""
        now_s = self._clock()
        drivers = next_drivers(self._askers.in_turn()) if self._askers.driver_waits else 0
        vacant_s = put_off(self._vacancies(at_hand, now_s), drivers, lambda room: self._visit_s(room, free_bays))
        free_s, bays = self._free_s(at_hand, now_s), (*free_bays, *self._kept_free())
        return Scene(now_s, here, free_s, vacant_s, self._turnover.served_s, bays)

    def let_in(self, at_hand: AtHand | None, free_bays: Sequence[int], moves: Sequence[Move]) -> dict[int, LetIn]:
        """Return when each driver who waits outside is foreseen to drive in, while these moves are made."""
        if not self._askers.driver_waits or not free_bays:
            return {}
        vacant_s = self._vacancies(at_hand, self._clock())
        rooms = Foreseen(vacant_s, self._turnover.served_s, lambda room: self._visit_s(room, free_bays))
        return let_in(self._askers.in_turn(), moves, rooms)

    def coming(self, at_hand: AtHand | None) -> Coming | None:
        """Return when the carriage is free, and the rooms in use then; None while nobody knows where that is.

        When a room that is kept for somebody will be left hangs on when they come.
        """
        here, now_s = self.place(at_hand), self._clock()
        if here is None:
            return None
        left_s = {room: at_s for room, at_s in self._vacancies(at_hand, now_s).items() if now_s < at_s < inf}
        in_use = {room: at_s for room, at_s in left_s.items() if self.kept_in(room) is None}
        return Coming(self._cycles(), here, self._free_s(at_hand, now_s), in_use)

    def _vacancies(self, at_hand: AtHand | None, now_s: float) -> dict[int, float]:
        """Return from when each room takes a car that is brought, behind the job at hand; from ``now_s`` if it does.

        The time is read once for each picture: a room that is vacant now is not vacant later than that.
        """
        rooms = [room for room in self._bench.shape.rooms if self._room(room) not in NEVER]
        # A room that goes out of service behind whoever is in it still gives the car that was accepted there.
        found = {room: inf if room_block(self._bench, room) else self.vacant_s(room, now_s) for room in rooms}
        found |= dict.fromkeys(self._others_rooms(at_hand) & found.keys(), inf)
        if at_hand is None:
            return found
        job, free_s = at_hand.job, self._free_s(at_hand, now_s)
        if job.kind is JobKind.RETRIEVE and job.target in found and room_block(self._bench, job.target) is None:
            found[job.target] = free_s + self._turnover.served_s
        elif job.kind is JobKind.STORE and job.source in found:
            found[job.source] = min(found[job.source], free_s)
        return found

    def _free_s(self, at_hand: AtHand | None, now_s: float) -> float:
        return now_s if at_hand is None else now_s + self._left_s(at_hand) + self.stands_s(at_hand)

    def stands_s(self, at_hand: AtHand) -> float:
        """Return how long the job at hand will still stand before its room, as far as can be foreseen; else 0."""
        job = at_hand.job
        if not job.ahead or job.returning or job.target is None:
            return 0.0
        now_s = self._clock()
        due_s = self.vacant_s(job.target, now_s) - now_s
        gets_there_s = self._left_s(at_hand) - at_target_s(self._cycles(), job)
        return max(0.0, (due_s if isfinite(due_s) else OTHERS_S) - gets_there_s)

    def _visit_s(self, room: int, free_bays: Sequence[int]) -> float:
        """Return for how long a driver has a room, until the car is fetched out of it."""
        return self._turnover.served_s + self._cycles().single_s(room, room, free_bays[0])

    def _left_s(self, at_hand: AtHand) -> float:
        """Return what is left of a job but for its wait for a room."""
        left_of_step_s = max(0.0, step_s(self._cycles(), at_hand.job) - at_hand.elapsed_s)
        return left_of_step_s + rest_s(self._cycles(), at_hand.job)

    def _others_rooms(self, at_hand: AtHand | None) -> set[int]:
        """Return the rooms that jobs count on which were put aside: these are had when somebody has acted."""
        own = 0 if at_hand is None else at_hand.job.id
        aside = (job for job in self._book.open_jobs() if is_active(job) and job.id != own)
        return {place for job in aside for place in (job.source, job.target) if place is not None}

    def vacant_s(self, room: int, now_s: float) -> float:
        """Return from when a room takes a car; one that is kept for somebody, when they have gone again.

        Infinity where nobody can tell: of a car that nobody came for and that cannot be put back, too.
        """
        kept = self.kept_in(room)
        if kept is None:
            return self._turnover.vacant_s(room, now_s)
        if claims.left_behind(self._book, room) is not None:
            return inf
        return now_s + max(0.0, kept.comes - self._now()) + self._turnover.served_s

    def _kept_free(self) -> list[int]:
        """Return the bays that are kept free for the relocations that wait, and that these give others for."""
        waiting = (job for job in self._book.open_jobs() if job.state is JobState.QUEUED)
        to_come = (job for job in waiting if job.kind is JobKind.RELOCATE and self._source(job) is not None)
        targets = (job.target for job in to_come if job.target is not None)
        free = (target for target in targets if self._book.places[target].status is PlaceStatus.FREE)
        return [target for target in free if level_block(self._bench, target) is None]

    def place(self, at_hand: AtHand | None) -> int | None:
        """Return the place where the carriage is free next: that of its job, or the one that it stands nearest to."""
        if at_hand is not None:
            return at_hand.job.target
        docked = readings.docked_place_or_none(self._bench)
        if docked is not None or self._book.places[CARRIAGE].status is not PlaceStatus.FREE:
            return docked
        tower = self._bench.tower
        height_mm, angle_mdeg = tower.lift.position_mm, tower.turntable.position_mdeg

        def off(item: tuple[int, Pose]) -> tuple[int, int, int]:
            place, pose = item
            return abs(pose.height_mm - height_mm), shorter_way_mdeg(angle_mdeg, pose.angle_mdeg), place

        return min(self._bench.shape.poses.items(), key=off)[0]

    def kept_in(self, room: int) -> Appointment | None:
        """Return whose car is kept in a room until they come."""
        return claims.kept(self._book, room) if self._room(room) is RoomState.CAR_PRESENT else None

    @staticmethod
    def _clock() -> float:
        return asyncio.get_running_loop().time()


def _weight(job: Job, waited_s: float) -> float:
    if job.kind is JobKind.RELOCATE:
        return priority.OPERATOR
    return priority.CUSTOMER if job.due is None else priority.of_appointment(waited_s)
