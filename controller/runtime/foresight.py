"""What the control task foresees: which queued job is best taken up next, when each is served, and why.

It looks through the planner at the book, the rooms and the machine as they are now; how long things take is learned
from what was measured here. It changes nothing and promises nothing to a PLC: a job begins only where the selection
finds that it can.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from math import inf, isfinite
from typing import Final

from controller.activities import readings
from controller.activities.context import Bench
from controller.activities.restricted import held_back, level_block, room_block
from controller.domain.appointments import Appointment, waits_since
from controller.domain.book import CARRIAGE, Book, is_active
from controller.domain.dispatch import priority
from controller.domain.dispatch.ahead import OTHERS_S, may_fetch, stands_s
from controller.domain.dispatch.course import Course
from controller.domain.dispatch.cycles import Cycles, Paces, rough
from controller.domain.dispatch.eta import Sort
from controller.domain.dispatch.planner import plan
from controller.domain.dispatch.room_turns import next_drivers, put_off
from controller.domain.dispatch.scene import Limits, Move, Plan, Request, Scene
from controller.domain.dispatch.staging import DEFAULT as AHEAD
from controller.domain.dispatch.staging import Awaited, Lately, goes_back, staged
from controller.domain.dispatch.turnover import NEVER, Turnover, as_built
from controller.domain.jobs import TERMINAL, Job, JobKind, JobState
from controller.domain.places import PlaceStatus
from controller.domain.restrictions import Restricted
from controller.domain.rooms import RoomState
from controller.domain.travel import Kinematics, Pose, shorter_way_mdeg
from controller.runtime import claims
from controller.runtime.arrival import at_target_s, rest_s, step_s
from controller.runtime.askers import Askers
from controller.runtime.demand import Demand
from controller.runtime.hindrance import Hindrances
from controller.runtime.inbox import Board
from controller.runtime.learning import Learning
from controller.runtime.promises import Promises

LIMITS: Final = Limits()
"""What is planned in. Whether a car that the plan fetches ahead of its room really is, `ahead` says."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned of machine and customers, in coarse steps: equal as long as nothing much has changed."""

    paces: Paces
    served_s: float
    machine: Kinematics
    """As it may move: in turn or together, and at which speeds."""


@dataclass(frozen=True, slots=True)
class AtHand:
    """The job that has the carriage, and for how long its step has been running, in seconds."""

    job: Job
    elapsed_s: float


class Foresight:
    """Plans the queue and tells when each job of it will be served. Called by the control task alone.

    ``now`` is wall time in seconds since the epoch; all that is planned is in seconds of the loop's clock.
    """

    def __init__(
        self,
        bench: Bench,
        book: Book,
        askers: Askers,
        room: Callable[[int], RoomState],
        board: Board,
        now: Callable[[], float],
    ) -> None:
        self._bench = bench
        self._book = book
        self._askers = askers
        self._room = room
        self.hindrances = Hindrances(bench, book, room)
        self._now = now
        self._turnover = Turnover(as_built(bench.kinematics.gate_s()))
        self._known: dict[Kinematics, Cycles] = {}
        """By the machine as it may move: the times of cycles at the pace that was learned last."""
        self.demand = Demand(bench, book, lambda: self.cycles, now)
        self.learning = Learning(bench)
        self._paces = self.learning.calibration.paces
        self.promises = Promises(bench, book, room, self.hindrances, board)
        self.why: dict[int, str] = {}
        """By open job: why it was taken up when it was."""

    def entered(self, room: int, state: RoomState) -> None:
        """Take a change of a room's state."""
        # For how long a car is kept for somebody who has not come tells nothing of how long people stay.
        kept = state is RoomState.CAR_PRESENT and claims.kept(self._book, room) is not None
        self._turnover.entered(room, RoomState.RESERVED if kept else state, self._clock())
        self.promises.stale = True

    def handed_over(self, room: int) -> None:
        """Take note that the customer of a car that was kept in a room has come."""
        self.entered(room, self._room(room))

    def changed(self, job: Job) -> None:
        """Take a new job or a new state of one: the promise of one that ends is kept, broken or void."""
        self.promises.stale = True
        if job.state not in TERMINAL:
            return
        self.why.pop(job.id, None)
        if job.state is JobState.DONE:
            self.promises.forecast.served(job.id, self._clock())
            # What its steps have taught is what the next plan reckons with.
            self._known.clear()
            self._paces = self.learning.calibration.paces
        else:
            self.promises.forecast.gave_up(job.id)

    @property
    def cycles(self) -> Cycles:
        """The times of cycles as the machine may move now, at the pace that was learned."""
        motion = self._bench.motion
        known = self._known.get(motion)
        if known is None:
            known = self._known[motion] = Cycles(motion, self._bench.shape, self._paces)
        return known

    @property
    def here(self) -> int | None:
        """The place where the idle carriage stands, or the nearest to it; None: nobody can tell."""
        return self._place(None)

    def cycle_s(self, source: int, target: int) -> float:
        """Return what a car's move from place to place takes from where the idle carriage stands."""
        here = self.here
        return self.cycles.single_s(source if here is None else here, source, target)

    def plan(self, at_hand: AtHand | None, free_bays: tuple[int, ...]) -> Plan:
        """Return the plan of the queue; with nothing queued, or the carriage's place unknown, an empty one."""
        here = self._place(at_hand)
        requests = self._requests()
        if here is None or not requests:
            return Plan()
        return plan(requests, self._scene(here, at_hand, free_bays), self.cycles, LIMITS)

    @property
    def looks_ahead(self) -> bool:
        """Whether a car may be fetched while its room is still in use."""
        return LIMITS.load_ahead

    def vacant_in_s(self, room: int) -> float:
        """Return how long it is until a room is foreseen to be vacant; infinity: nobody can tell."""
        now_s = self._clock()
        return self._vacant_s(room, now_s) - now_s

    def may_fetch(self, source: int, room: int) -> bool:
        """Return whether the carriage may set out now for a car whose room is in use; not while nobody sees it."""
        here = self._place(None)
        return here is not None and may_fetch(stands_s(self.cycles, here, source, room, self.vacant_in_s(room)))

    def stands_s(self, at_hand: AtHand) -> float:
        """Return how long the job at hand will still stand before its room, as far as can be foreseen; else 0."""
        job = at_hand.job
        if not job.ahead or job.returning or job.target is None:
            return 0.0
        due_s = self.vacant_in_s(job.target)
        gets_there_s = self._left_s(at_hand) - at_target_s(self.cycles, job)
        return max(0.0, (due_s if isfinite(due_s) else OTHERS_S) - gets_there_s)

    def brought_next(
        self, appointments: Sequence[Appointment], free_bays: tuple[int, ...], crowded_s: float
    ) -> Move | None:
        """Return the move that brings the car of an appointment ahead now; its request is the appointment's number.

        ``crowded_s``: when somebody waited for a room last.
        """
        here, to_come_s = self._place(None), {each.id: each.due - self._now() for each in appointments}
        soon = {each: self._where(each.car) for each in appointments if to_come_s[each.id] <= AHEAD.most_s}
        if here is None or not soon:
            return None
        now_s = self._clock()
        awaited = [
            Awaited(each.id, now_s + to_come_s[each.id], where, each.room)
            for each, where in soon.items()
            if level_block(self._bench, where) is None
        ]
        course = replace(self.course(), load_ahead=False)
        limits = replace(AHEAD, late_s=max(0.0, self.promises.forecast.late_s(Sort(JobKind.RETRIEVE))))
        lately = Lately(crowded_s, sum(self._kept_in(room) is not None for room in self._bench.shape.rooms))
        return staged(awaited, self._requests(), self._scene(here, None, free_bays), course, limits, lately)[0]

    def goes_back(
        self, room: int, due_in_s: float, others: Collection[int], waiting: int, bays: Collection[int]
    ) -> bool:
        """Return whether the car that is kept in a room goes back for those who wait for one.

        ``due_in_s``: until its appointment; ``others``: the other rooms that the first of them may have; ``waiting``:
        how many they are; ``bays``: those that are free, at least one.
        """
        back_s = min(self.cycle_s(room, bay) for bay in bays)
        vacant_s = min(map(self.vacant_in_s, others), default=inf)
        behind_s = (waiting - 1) * self._turnover.served_s / max(1, len(others))
        return goes_back(due_in_s, back_s, vacant_s + behind_s)

    def _kept_in(self, room: int) -> Appointment | None:
        """Return whose car is kept in a room until they come."""
        return claims.kept(self._book, room) if self._room(room) is RoomState.CAR_PRESENT else None

    def course(self) -> Course:
        """Return the model of time, as this machine and its customers have taught it."""
        return Course(self.cycles, self._turnover.served_s, LIMITS.load_ahead)

    def restated(self, axis: Restricted) -> None:
        """Take that somebody has stated the speed of an axis, from its next motion on."""
        self.learning.restated(axis)
        self._paces = self.learning.calibration.paces
        self._known.clear()

    def learned(self) -> Learned:
        """Return what was learned so far."""
        return Learned(self._paces.rough, rough(self._turnover.served_s), self._bench.motion)

    def course_of(self, learned: Learned) -> Course:
        """Return the model of time of a machine and customers that are like that."""
        return Course(Cycles(learned.machine, self._bench.shape, learned.paces), learned.served_s, LIMITS.load_ahead)

    def _where(self, car: str) -> int:
        place = self._book.where(car)
        assert place is not None, "a car that is to be brought stands somewhere"
        return place

    def hindrance(self, job: Job, free_bays: Collection[int]) -> str:
        """Return why nothing can be planned for a job that waits, as things are; never empty."""
        return self.hindrances.of(job, free_bays)

    def _serves(self, room: int) -> bool:
        return self._room(room) not in NEVER and room_block(self._bench, room) is None

    def _requests(self) -> list[Request]:
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
                return now_s + self.cycles.gate_s()
            case RoomState.RESERVED | RoomState.OPEN_FOR_CAR:
                return now_s + self._turnover.served_s
            case _:
                return vacant_s + self._turnover.served_s

    def _scene(self, here: int, at_hand: AtHand | None, free_bays: tuple[int, ...]) -> Scene:
        now_s = self._clock()
        rooms = [room for room in self._bench.shape.rooms if self._room(room) not in NEVER]
        # A room that goes out of service behind whoever is in it still gives the car that was accepted there.
        vacant_s = {room: inf if room_block(self._bench, room) else self._vacant_s(room, now_s) for room in rooms}
        vacant_s |= dict.fromkeys(self._others_rooms(at_hand) & vacant_s.keys(), inf)
        drivers = next_drivers(self._askers.in_turn()) if self._askers.driver_waits else 0
        vacant_s = put_off(vacant_s, drivers, lambda room: self._visit_s(room, free_bays))
        free_s = now_s
        if at_hand is not None:
            job = at_hand.job
            free_s += self._left_s(at_hand) + self.stands_s(at_hand)
            if job.kind is JobKind.RETRIEVE and job.target in vacant_s and self._serves(job.target):
                vacant_s[job.target] = free_s + self._turnover.served_s
            elif job.kind is JobKind.STORE and job.source in vacant_s:
                vacant_s[job.source] = min(vacant_s[job.source], free_s)
        return Scene(now_s, here, free_s, vacant_s, self._turnover.served_s, (*free_bays, *self._kept_free()))

    def _visit_s(self, room: int, free_bays: Sequence[int]) -> float:
        """Return for how long a driver has a room, until the car is fetched out of it."""
        return self._turnover.served_s + self.cycles.single_s(room, room, free_bays[0])

    def _left_s(self, at_hand: AtHand) -> float:
        """Return what is left of a job but for its wait for a room."""
        left_of_step_s = max(0.0, step_s(self.cycles, at_hand.job) - at_hand.elapsed_s)
        return left_of_step_s + rest_s(self.cycles, at_hand.job)

    def _others_rooms(self, at_hand: AtHand | None) -> set[int]:
        """Return the rooms that jobs count on which were put aside: these are had when somebody has acted."""
        own = 0 if at_hand is None else at_hand.job.id
        aside = (job for job in self._book.open_jobs() if is_active(job) and job.id != own)
        return {place for job in aside for place in (job.source, job.target) if place is not None}

    def _vacant_s(self, room: int, now_s: float) -> float:
        """Return from when a room takes a car; one that is kept for somebody, when they have gone again."""
        kept = self._kept_in(room)
        if kept is None:
            return self._turnover.vacant_s(room, now_s)
        return now_s + max(0.0, kept.due - self._now()) + self._turnover.served_s

    def _kept_free(self) -> list[int]:
        """Return the bays that are kept free for the relocations that wait."""
        waiting = (job for job in self._book.open_jobs() if job.state is JobState.QUEUED)
        targets = (job.target for job in waiting if job.kind is JobKind.RELOCATE and job.target is not None)
        free = (target for target in targets if self._book.places[target].status is PlaceStatus.FREE)
        return [target for target in free if level_block(self._bench, target) is None]

    def _place(self, at_hand: AtHand | None) -> int | None:
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

    @staticmethod
    def _clock() -> float:
        return asyncio.get_running_loop().time()


def _weight(job: Job, waited_s: float) -> float:
    if job.kind is JobKind.RELOCATE:
        return priority.OPERATOR
    return priority.CUSTOMER if job.due is None else priority.of_appointment(waited_s)
