"""The jobs: which one has the carriage, its steps, and what becomes of it when a step ends otherwise.

One job at a time works with the carriage: of those that can start the one that the plan has first. A job that waits for
a room keeps the carriage as long as `controller.domain.dispatch.ahead` says, one that waits for a car never.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace

import structlog

from controller.activities import readings, resuming
from controller.activities.context import Bench
from controller.activities.transfer import Done
from controller.domain.book import CARRIAGE, is_active
from controller.domain.jobs import RETURN, STEPS, Job, JobKind, JobState
from controller.domain.jobs import JobEvent as E
from controller.domain.records import Record
from controller.domain.rooms import RoomEvent
from controller.machines.job import job_machine
from controller.runtime import steps
from controller.runtime.askers import Askers
from controller.runtime.door import Door
from controller.runtime.foresight import Foresight
from controller.runtime.inbox import Board
from controller.runtime.job_queue import JobQueue
from controller.runtime.ledger import Ledger
from controller.runtime.register import Register
from controller.runtime.remedies import Remedy, choices, remedy
from controller.runtime.room_turns import RoomTurns
from controller.runtime.rooms import Rooms
from controller.runtime.runner import Rest, Runner
from controller.runtime.scenes import AtHand
from controller.runtime.selection import Selection
from controller.runtime.signals import ActivityEnded
from controller.runtime.step_activities import StepActivities
from controller.runtime.yardstick import Measured, StepTime

log = structlog.get_logger(__name__)

S = JobState


class Jobs:
    """Every job of the tower. Called by the control task alone."""

    def __init__(
        self,
        bench: Bench,
        ledger: Ledger,
        register: Register,
        rooms: Rooms,
        board: Board,
        post: Callable[[ActivityEnded], None],
        now: Callable[[], float],
    ) -> None:
        self._bench = bench
        self._book = ledger.book
        self._register = register
        self._rooms = rooms
        self._board = board
        self._now = now
        self._runner = Runner("job", post)
        askers = Askers(bench, ledger.book)
        self.foresight = Foresight(bench, ledger.book, askers, rooms.state, board, now)
        self._selection = Selection(bench, ledger.book, askers, rooms, self.foresight)
        self.queue = JobQueue(self._selection, self.foresight, lambda: self.at_hand)
        self._room_turns = RoomTurns(ledger.book, register, askers, rooms, self.foresight, board, lambda: self.at_hand)
        self._activities = StepActivities(bench, ledger.book)
        self._door = Door(bench, ledger.book, askers, rooms, self._selection, self.foresight)
        self._tries = 0
        self._step_began = 0.0
        self.executing = False
        self.wants_abort = ""
        self.wants_hold = ""
        self.measured: dict[int, Measured] = {}

    @property
    def quiet(self) -> bool:
        """Whether nothing of the carriage is under way, not even to its rest."""
        return not self._runner.busy

    @property
    def working(self) -> Job | None:
        """The job that has the carriage and may go on."""
        for job in self._book.open_jobs():
            if job.state in STEPS or job.state in (S.RESUMED, S.UNDONE):
                return job
        return None

    @property
    def put_aside(self) -> bool:
        """Whether a job was begun and has not ended: it goes on when the unit executes, or when somebody decides."""
        return any(is_active(job) for job in self._book.open_jobs())

    def works_at(self) -> frozenset[int]:
        """Return the places whose ways the jobs that were put aside go on at: of a loaded carriage, its own job's."""
        aboard = self._book.places[CARRIAGE].car
        jobs = [job for job in self._book.open_jobs() if is_active(job) and aboard in (None, job.car)]
        return frozenset(place for job in jobs if (place := steps.works_at(self._bench, job)) is not None)

    @property
    def need_carriage(self) -> bool:
        """Whether a job has the carriage, will go on with it, or could take it up now."""
        return self.put_aside or self.queue.somebody_can_start

    def begins(self, job: Job) -> bool:
        """Return whether a job that waits from now on would be taken up at once."""
        return self.executing and self.quiet and not self.need_carriage and self.queue.can_start(job)

    async def give_rooms(self) -> None:
        """Let drivers in whose turn it is, if the unit executes."""
        if self.executing:
            await self._room_turns.give()

    @property
    def at_hand(self) -> AtHand | None:
        """The job that has the carriage, with how far it is."""
        job = self.working
        return None if job is None else AtHand(job, self.step_elapsed_s())

    def step_elapsed_s(self) -> float:
        """Return for how long the running step has been running."""
        return self._step_s() if self._runner.busy else 0.0

    async def dispatch(self) -> None:
        """Go on with the job at hand, or take up the next, if the unit executes and nothing runs."""
        if self.executing:
            await self._take_room()
        while self.executing and not self._runner.busy:
            job = self.working
            if job is not None and job.state is S.WAITING:
                if not await self._end_wait(job):
                    return
            elif job is not None:
                await self._go_on(job)
            elif not await self._return_one() and not await self._take_up():
                return

    async def ended(self, signal: ActivityEnded) -> None:
        """Take the end of the running step."""
        if not self._runner.take(signal):
            return
        job = self.working
        assert job is not None, "a step ran without a job"
        if signal.error is None:
            assert isinstance(signal.result, Done)
            await self._step_done(job, signal.result)
        else:
            await self._step_failed(job, signal.error)
        if not self.executing:
            await self.interrupt(E.INTERRUPT)

    def halt(self) -> Rest:
        """Cancel the running step; its job is to be put aside (`interrupt`) once it is at rest."""
        self.executing = False
        return self._runner.dismiss()

    async def interrupt(self, event: E) -> None:
        """Put the job at hand aside (INTERRUPT) or call it unknown (LINK_LOST); nothing runs."""
        self._door.leave()
        for job in self._book.open_jobs():
            if job.state is S.QUEUED or not job_machine(job.state).can(event):
                continue
            left = job.left if job.state in (S.INTERRUPTED, S.UNKNOWN, S.RESUMED) else job.state
            await self._register.move(job, event, left=left)
            self._spoil_measure(job)

    async def take_over(self) -> None:
        """Put aside the job that a killed daemon had at hand: it stands in its step as if nothing had been.

        The carriage may have moved since, and the machine have lost its references: what the sensors prove then decides
        where it goes on. What was decided on and not begun yet asks them of itself.
        """
        job = self.working
        if job is not None and job.state in STEPS:
            await self._register.move(job, E.INTERRUPT, left=job.state)

    async def cancel(self, job: Job, reason: str = "cancelled") -> Job:
        """Cancel a job, as far along as it is; the caller has checked that its state allows it.

        ``reason`` is that of one that has opened no way yet.

        The carriage may still come to rest when this returns: nothing is begun with it before.
        """
        match job.state:
            case S.QUEUED | S.ASSIGNED | S.POSITIONING:
                return await self.withdraw(job, reason)
            case S.OPENING:
                # The way is let open first; then, or wherever the job is taken up again, it turns back.
                return await self._register.note(replace(job, diverting=True, reason="cancelled"))
            case _:
                return await self._divert(job)

    async def withdraw(self, job: Job, reason: str, *records: Record) -> Job:
        """End a job that is not at its car yet, in one commit with records of what follows from that."""
        if job.state is not S.QUEUED:
            self._runner.dismiss()
        return await self.give_up(job, reason, *records)

    async def give_up(self, job: Job, reason: str, *records: Record) -> Job:
        """End a job that has moved nothing, in one commit with records, and give its room back."""
        (ended,) = await self.give_up_each([(job, reason)], *records)
        return ended

    async def give_up_each(self, given_up: Sequence[tuple[Job, str]], *records: Record) -> list[Job]:
        """End jobs that have moved nothing, each for a reason, in one commit with records; give their rooms back."""
        ended = await self._register.cancel(given_up, *records)
        for job, _ in given_up:
            # A retrieval that waits has no room yet: the one that it was asked for may be another's.
            if job.kind is JobKind.STORE or job.state is not S.QUEUED:
                await self._give_room_back(job)
        return ended

    async def _give_room_back(self, job: Job) -> None:
        """Release the room of a job, unless it was only waited for: that is somebody else's."""
        if job.room is not None and not job.ahead:
            await self._rooms.release(job.room, stays=job.puts_back)

    async def resolve(self, job: Job, event: E, *records: Record, target: int | None = None, reason: str = "") -> Job:
        """Carry out an operator's decision on a parked job, in one commit with what is believed behind it."""
        self._tries = 0
        if target is None:
            return await self._register.move(job, event, *records, left=job.left, reason=reason)
        # The way at which the job was parked may be open: closing it is the first step to another place.
        job = replace(job, target=target, diverting=True, ahead=False)
        return await self._register.move(job, event, *records, left=S.CLOSING, reason=reason)

    async def _go_on(self, job: Job) -> None:
        match job.state:
            case S.ASSIGNED:
                await self._register.move(job, E.ROOM_BUSY if job.ahead else E.ROOM_FREE)
            case S.RESUMED:
                back = RETURN[resuming.step_to_return_to(self._bench, job)]
                await self._register.move(job, back, *self._activities.shown_of_exchange(job, job.left), left=None)
            case S.CONFIRMING:
                await self._confirm(job)
            case S.OPENING if job.diverting:
                await self._turn_back(job)
            case S.POSITIONING if job.diverting and not self._bench.tower.shuttle.resumable:
                await self.give_up(replace(job, diverting=False), "cancelled")
            case S.UNDONE:
                self._start(self._activities.undo(job))
            case _:
                await self._prepare_room(job)
                self._start(self._activities.run(job))

    async def _take_room(self) -> None:
        """Reserve the room that a car was fetched ahead for as soon as it is vacant, or another one if any will do."""
        job = self.working
        if job is None or not job.ahead or job.returning or job.diverting or job.state in (S.WAITING, S.UNDONE):
            return
        room = self._door.room_for(job)
        if room is not None:
            await self._register.note(replace(job, target=room, room=room, ahead=False))
            await self._rooms.fire(room, RoomEvent.RESERVE)

    async def _end_wait(self, job: Job) -> bool:
        """Go on from before a room: into it, to another one, or back; return whether the wait is over."""
        self._door.begin(job)
        room = self._door.room_for(job) if job.ahead else job.target
        if room is not None:
            event = E.ROOM_FREE if room == job.target and self._stands_at(room) else E.REDIRECTED
            self._waited(job)
            await self._register.move(job, event, target=room, room=room, ahead=False, reason="")
            await self._rooms.fire(room, RoomEvent.RESERVE)
        elif why := self._door.put_back(job):
            log.info("put_back", job=job.id, car=job.car, why=why)
            self._waited(job)
            await self._register.move(job, E.REDIRECTED, target=job.source, reason=why)
        elif job.target is not None and not self._stands_at(job.target):
            await self._register.move(job, E.REDIRECTED)
        else:
            return False
        return True

    def _stands_at(self, place: int) -> bool:
        return readings.docked_place_or_none(self._bench) == place

    def _waited(self, job: Job) -> None:
        waited_s = self._door.end()
        if job.id in self.measured:
            self.measured[job.id].waited_s += waited_s

    def _start(self, activity: Coroutine[object, object, Done]) -> None:
        self._step_began = asyncio.get_running_loop().time()
        self._runner.start(activity)

    async def _prepare_room(self, job: Job) -> None:
        """Tell a room what the step that begins wants of it: it may have been proven anew since it was told."""
        if job.target in self._bench.shape.rooms and not job.ahead:
            await self._rooms.fire(job.target, RoomEvent.RESERVE)
        place = steps.place_of(self._bench, job)
        if place in self._bench.shape.rooms and job.state in steps.DOCKED:
            await self._rooms.fire(place, RoomEvent.CARRIAGE_DOCKED)

    async def _step_done(self, job: Job, done: Done) -> None:
        self._tries = 0
        place = steps.place_of(self._bench, job)
        self._measure(job, place, done)
        records = [*done.records, *steps.effects(job, place), *steps.look(self._bench, job, place, self._now())]
        if job.state is S.UNDONE:
            await self._undone(job, records)
        elif job.state is S.OPENING and job.diverting:
            await self._turn_back(job, *records)
        elif job.state is S.POSITIONING_TO and job.ahead and not job.returning:
            await self._register.move(job, E.ROOM_BUSY, *records, reason=f"room {place} is not vacant yet")
        else:
            _, event = steps.STRAIGHT[job.state]
            await self._register.move(job, event, *records)
            await self._tell_room(event, place, job)

    async def _turn_back(self, job: Job, *records: Record) -> None:
        """Close the way again of a job that was cancelled before its pick."""
        await self._register.move(job, E.CANCEL, *records, diverting=False, reason="cancelled")

    async def _undone(self, job: Job, records: list[Record]) -> None:
        await self._register.move(job, E.RETURNED, *records)
        if job.room is not None and job.room == job.source:
            await self._rooms.fire(job.room, RoomEvent.CAR_PLACED)
        else:
            await self._give_room_back(job)

    async def _tell_room(self, event: E, place: int, job: Job) -> None:
        if place not in self._bench.shape.rooms:
            return
        if event in steps.TOLD_TO_ROOM:
            await self._rooms.fire(place, steps.TOLD_TO_ROOM[event])
        elif event is E.WAY_CLOSED and self._book.where(job.car) != place:
            await self._rooms.release(place)

    async def _confirm(self, job: Job) -> None:
        if job.returning:
            await self._queue_again(job)
            return
        ended = await self._register.move(job, E.DIVERSION_DURABLE if job.diverting else E.OUTCOME_DURABLE)
        measured = self.measured.get(job.id)
        if measured is not None and measured.whole and ended.state is S.DONE:
            self._board.tell(measured.report(ended, asyncio.get_running_loop().time()))

    async def _queue_again(self, job: Job) -> None:
        """Let a job wait for its room in the queue, with its car in its bay again."""
        reason = f"no room was vacant in time: {job.car} waits in its bay, {job.source}"
        await self._register.move(job, E.RETURNED, target=None, ahead=False, put_back=True, reason=reason)

    async def _step_failed(self, job: Job, error: Exception) -> None:
        self._spoil_measure(job)
        self._tries += 1
        match remedy(error, self._tries):
            case Remedy.LOST:
                self.wants_abort = str(error)
                await self._register.move(job, E.LINK_LOST, left=job.state, reason=str(error))
            case Remedy.ABORT:
                self.wants_abort = str(error)
                await self._register.move(job, E.INTERRUPT, left=job.state, reason=str(error))
            case Remedy.AGAIN:
                log.warning("step_again", job=job.id, step=job.state.name, why=str(error))
            case Remedy.PARK:
                await self.park(job, str(error), *self._activities.shown_of_exchange(job, job.state))

    async def park(self, job: Job, reason: str, *records: Record) -> None:
        """Leave a job to an operator, with the choices that its situation allows; the unit holds."""
        self._tries = 0
        left = job.left if job.state in (S.INTERRUPTED, S.UNKNOWN) else job.state
        open_to = choices(job, self._bench.shape.rooms, self._book)
        await self._register.move(job, E.PARK, *records, left=left, reason=reason, choices=open_to)
        self.wants_hold = f"job {job.id} is parked: {reason}"

    async def park_put_aside(self, reason: str) -> None:
        """Leave the jobs that were put aside to an operator: the machine cannot be brought to go on with them."""
        for job in self._book.open_jobs():
            if job.state in (S.INTERRUPTED, S.UNKNOWN):
                await self.park(job, reason)

    async def _divert(self, job: Job) -> Job:
        """Send the car of a job that has begun its exchange to a safe place."""
        changed = replace(job, diverting=True, ahead=False, reason="cancelled")
        last = (S.PLACING, S.CLOSING_TO, S.CONFIRMING)
        if job.kind is not JobKind.RETRIEVE or job.returning or job.state in last:
            # It keeps its target, and what it is doing: only its end is another.
            return await self._register.note(changed)
        if job.state in (S.POSITIONING_TO, S.OPENING_TO):
            self._runner.dismiss()
        await self._give_room_back(job)
        # Back where it came from: that bay is this job's own, and it is the nearest.
        return await self._register.move(replace(changed, target=job.source), E.CANCEL)

    async def _return_one(self) -> bool:
        """Take up a job that was put aside; return whether there was one."""
        for job in self._book.open_jobs():
            if job.state in (S.INTERRUPTED, S.UNKNOWN):
                step = resuming.step_to_return_to(self._bench, job)
                await self._register.move(job, RETURN[step], left=None, reason="")
                return True
        return False

    async def _take_up(self) -> bool:
        """Select the job to take up, if any can start; return whether there was one."""
        # The job that has just ended may have left its room.
        await self.give_rooms()
        best = self._selection.best()
        if best is None:
            return False
        chosen, why = best
        self.foresight.why[chosen.id] = why
        job = replace(chosen, started_at=self._now(), reason="")
        self.measured = {number: each for number, each in self.measured.items() if number in self._book.jobs}
        self.measured[job.id] = Measured(asyncio.get_running_loop().time())
        self._tries = 0
        await self._register.move(job, E.SELECTED)
        return True

    def _step_s(self) -> float:
        return asyncio.get_running_loop().time() - self._step_began

    def _measure(self, job: Job, place: int, done: Done) -> None:
        if job.id in self.measured:
            parts = done.lift, done.turn
            times = StepTime(job.state.name, place, self._step_s(), done.bound_s, done.commands, *parts)
            self.measured[job.id].steps.append(times)
            if self.measured[job.id].whole:
                self.foresight.learning.measured(times)

    def _spoil_measure(self, job: Job) -> None:
        if job.id in self.measured:
            self.measured[job.id].whole = False
