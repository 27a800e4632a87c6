"""What the control task foresees: which queued job is best taken up next, when each is served, and why.

It looks through the planner at the book, the rooms and the machine as they are now; how long things take is learned
from what was measured here. It changes nothing and promises nothing to a PLC: a job begins only where the selection
finds that it can.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Final

from controller.activities.context import Bench
from controller.activities.restricted import level_block
from controller.domain.appointments import Appointment
from controller.domain.book import Book
from controller.domain.dispatch.ahead import may_fetch, stands_s
from controller.domain.dispatch.beside_bound import Beside, beside
from controller.domain.dispatch.course import Course
from controller.domain.dispatch.cycles import Cycles, Paces, rough
from controller.domain.dispatch.eta import Sort
from controller.domain.dispatch.planner import plan
from controller.domain.dispatch.room_turns import Coming, LetIn
from controller.domain.dispatch.scene import Limits, Move, Plan
from controller.domain.dispatch.staging import DEFAULT as AHEAD
from controller.domain.dispatch.staging import Awaited, Lately, goes_back, staged
from controller.domain.dispatch.turnover import Turnover, as_built
from controller.domain.jobs import TERMINAL, Job, JobKind, JobState
from controller.domain.restrictions import Restricted
from controller.domain.rooms import RoomState
from controller.domain.travel import Kinematics
from controller.runtime import claims
from controller.runtime.askers import Askers
from controller.runtime.demand import Demand
from controller.runtime.hindrance import Hindrances
from controller.runtime.inbox import Board
from controller.runtime.learning import Learning
from controller.runtime.promises import Promises
from controller.runtime.scenes import AtHand, Scenes

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
class _Comes:
    """When somebody with an appointment is expected."""

    in_s: float
    told: bool
    """They have said so."""


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
        self._room = room
        self.hindrances = Hindrances(bench, book, room)
        self._now = now
        self._turnover = Turnover(as_built(bench.kinematics.gate_s()))
        self._known: dict[Kinematics, Cycles] = {}
        """By the machine as it may move: the times of cycles at the pace that was learned last."""
        self.demand = Demand(bench, book, lambda: self.cycles, now)
        self._scenes = Scenes(bench, book, askers, room, self._turnover, lambda: self.cycles, now)
        self.learning = Learning(bench)
        self._paces = self.learning.calibration.paces
        self.promises = Promises(bench, book, room, self.hindrances, board)
        self.why: dict[int, str] = {}
        """By open job: why it was taken up when it was."""

    def drives_in(self, job: int) -> None:
        """Take note that the driver of a job waits outside no longer: what was promised them is kept, or broken."""
        self.promises.forecast.served(job, self._clock())

    def entered(self, room: int, state: RoomState) -> None:
        """Take a change of a room's state."""
        # For how long a car is kept for somebody who has not come tells nothing of how long people stay.
        kept = state is RoomState.CAR_PRESENT and claims.kept(self._book, room) is not None
        self._turnover.entered(room, RoomState.RESERVED if kept else state, self._clock())
        self.promises.stale = True

    def rooms_serve(self, *, on: bool) -> None:
        """Take whether the unit lets rooms serve people: how long they stay otherwise tells nothing of them."""
        self._turnover.serves(on=on, now_s=self._clock())
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
        return self._scenes.place(None)

    def cycle_s(self, source: int, target: int) -> float:
        """Return what a car's move from place to place takes from where the idle carriage stands."""
        here = self.here
        return self.cycles.single_s(source if here is None else here, source, target)

    def plan(self, at_hand: AtHand | None, free_bays: tuple[int, ...]) -> Plan:
        """Return the plan of the queue; with nothing queued, or the carriage's place unknown, an empty one."""
        here = self._scenes.place(at_hand)
        requests = self._scenes.requests()
        if here is None or not requests:
            return Plan()
        return plan(requests, self._scenes.of(here, at_hand, free_bays), self.cycles, LIMITS)

    def beside(self, at_hand: AtHand | None, free_bays: tuple[int, ...], found: Plan) -> Beside | None:
        """Return how a plan that was just made compares with what no order can beat; None: nothing is said of it."""
        here = self._scenes.place(at_hand)
        if here is None or not found.moves:
            return None
        return beside(self.cycles, self._scenes.of(here, at_hand, free_bays), self._scenes.requests(), found.moves)

    @property
    def looks_ahead(self) -> bool:
        """Whether a car may be fetched while its room is still in use."""
        return LIMITS.load_ahead

    def vacant_in_s(self, room: int) -> float:
        """Return how long it is until a room is foreseen to be vacant; infinity: nobody can tell."""
        now_s = self._clock()
        return self._scenes.vacant_s(room, now_s) - now_s

    def may_fetch(self, source: int, room: int) -> bool:
        """Return whether the carriage may set out now for a car whose room is in use; not while nobody sees it."""
        here = self._scenes.place(None)
        return here is not None and may_fetch(stands_s(self.cycles, here, source, room, self.vacant_in_s(room)))

    def stands_s(self, at_hand: AtHand) -> float:
        """Return how long the job at hand will still stand before its room, as far as can be foreseen; else 0."""
        return self._scenes.stands_s(at_hand)

    def coming(self, at_hand: AtHand | None) -> Coming | None:
        """Return when the carriage is free next, and which rooms are left when; None: no car is fetched for these."""
        return self._scenes.coming(at_hand) if self.looks_ahead else None

    def let_in(self, at_hand: AtHand | None, free_bays: tuple[int, ...], found: Plan) -> dict[int, LetIn]:
        """Return when each driver who waits outside is foreseen to drive in, with what is planned."""
        return self._scenes.let_in(at_hand, free_bays, found.moves)

    def brought_next(
        self, appointments: Sequence[Appointment], free_bays: tuple[int, ...], crowded_s: float
    ) -> Move | None:
        """Return the move that brings the car of an appointment ahead now; its request is the appointment's number.

        ``crowded_s``: when somebody waited for a room last.
        """
        here, comes = self._scenes.place(None), {each.id: self._comes(each) for each in appointments}
        soon = {each: self._where(each.car) for each in appointments if comes[each.id].in_s <= AHEAD.most_s}
        if here is None or not soon:
            return None
        now_s = self._clock()
        awaited = [
            Awaited(each.id, now_s + comes[each.id].in_s, where, each.room, comes[each.id].told)
            for each, where in soon.items()
            if level_block(self._bench, where) is None
        ]
        course = replace(self.course(), load_ahead=False)
        limits = replace(AHEAD, late_s=max(0.0, self.promises.forecast.late_s(Sort(JobKind.RETRIEVE))))
        lately = Lately(crowded_s, sum(self._scenes.kept_in(room) is not None for room in self._bench.shape.rooms))
        scene = self._scenes.of(here, None, free_bays)
        return staged(awaited, self._scenes.requests(), scene, course, limits, lately)[0]

    def _comes(self, appointment: Appointment) -> _Comes:
        """Return when a customer is expected: when they have said, as long as they may be believed."""
        in_s = appointment.comes - self._now()
        told = appointment.expected is not None and in_s >= -AHEAD.told_near_s
        return _Comes(in_s if told else appointment.due - self._now(), told)

    def goes_back(
        self, room: int, appointment: Appointment, others: Collection[int], waiting: int, bays: Collection[int]
    ) -> bool:
        """Return whether the car that is kept in a room for an appointment goes back for those who wait for one.

        ``others``: the other rooms that the first of them may have; ``waiting``: how many they are; ``bays``: those
        that are free, at least one.
        """
        back_s = min(self.cycle_s(room, bay) for bay in bays)
        vacant_s = min(map(self.vacant_in_s, others), default=inf)
        behind_s = (waiting - 1) * self._turnover.served_s / max(1, len(others))
        comes = self._comes(appointment)
        return goes_back(comes.in_s, back_s, vacant_s + behind_s, told=comes.told)

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

    @staticmethod
    def _clock() -> float:
        return asyncio.get_running_loop().time()


