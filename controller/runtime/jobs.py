"""The jobs: which one has the carriage, its steps, and what becomes of it when a step ends otherwise.

One job at a time works with the carriage. First come, first served among those that can start; a job that waits
for a room or a car never keeps the carriage from another.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace

import structlog

from controller.activities import readings, recovery, resuming, transfer
from controller.activities.context import Bench
from controller.activities.primitive import Errand, StepFailed
from controller.activities.transfer import Done
from controller.domain.book import CARRIAGE, is_active
from controller.domain.jobs import RETURN, STEPS, TERMINAL, Job, JobKind, JobState
from controller.domain.jobs import JobEvent as E
from controller.domain.places import Place, PlaceStatus
from controller.domain.records import JobSet, PlaceSet, Record
from controller.domain.rooms import RoomEvent
from controller.machines.job import job_machine
from controller.runtime.inbox import Board
from controller.runtime.ledger import Ledger
from controller.runtime.rooms import Rooms
from controller.runtime.runner import Rest, Runner
from controller.runtime.selection import Selection
from controller.runtime.signals import ActivityEnded
from hal.errors import HalError
from hal.interfaces import Verdict

log = structlog.get_logger(__name__)

S = JobState
Step = Callable[[Bench, Errand, int], Coroutine[object, object, Done]]

STRAIGHT: dict[JobState, tuple[Step, E]] = {
    S.POSITIONING: (transfer.position, E.DOCKED),
    S.OPENING: (transfer.open_way, E.WAY_OPEN),
    S.PICKING: (transfer.pick, E.PICKED),
    S.CLOSING: (transfer.close_way, E.WAY_CLOSED),
    S.POSITIONING_TO: (transfer.position, E.DOCKED),
    S.OPENING_TO: (transfer.open_way, E.WAY_OPEN),
    S.PLACING: (transfer.place_car, E.PLACED),
    S.CLOSING_TO: (transfer.close_way, E.WAY_CLOSED),
}
"""What is done in each step, and the event of its success."""

AT_TARGET = frozenset({S.POSITIONING_TO, S.OPENING_TO, S.PLACING, S.CLOSING_TO})
TRIES = 3
"""Begun again after a stop, a void or a busy answer, a step may be tried this often before somebody has to look."""

ABORTING = frozenset({"SAFETY", "POWER", "MEMORY_LOST", "MAINTENANCE"})
"""Refusals that say that the unit must not go on."""

AGAIN = frozenset({"BUSY", "SILENT"})
"""Refusals that pass by themselves."""


@dataclass(slots=True)
class StepTime:
    """How long a step took beside its bound, in seconds."""

    step: str
    place: int
    measured_s: float
    bound_s: float
    commands: int


@dataclass(slots=True)
class Log:
    """What was measured of one job since this daemon started."""

    began: float
    whole: bool = True
    """Every step ran without an interruption: the sum may be compared with the bound."""
    steps: list[StepTime] = field(default_factory=list)

    @property
    def bound_s(self) -> float:
        """Sum of the bounds of the steps."""
        return sum(step.bound_s for step in self.steps)

    @property
    def commands(self) -> int:
        """Number of serial commands."""
        return sum(step.commands for step in self.steps)


class Jobs:
    """Every job of the tower. Called by the control task alone."""

    def __init__(
        self,
        bench: Bench,
        ledger: Ledger,
        rooms: Rooms,
        board: Board,
        post: Callable[[ActivityEnded], None],
        now: Callable[[], float],
    ) -> None:
        self._bench = bench
        self._ledger = ledger
        self._rooms = rooms
        self._board = board
        self._now = now
        self._runner = Runner("job", post)
        self._selection = Selection(bench, ledger.book, rooms)
        self._tries = 0
        self._step_began = 0.0
        self.executing = False
        self.wants_abort = ""
        self.wants_hold = ""
        self.logs: dict[int, Log] = {}

    @property
    def quiet(self) -> bool:
        """Whether nothing of the carriage is under way."""
        return not self._runner.busy

    @property
    def working(self) -> Job | None:
        """The job that has the carriage and may go on."""
        for job in self._ledger.book.open_jobs():
            if job.state in STEPS or job.state in (S.RESUMED, S.UNDONE):
                return job
        return None

    @property
    def put_aside(self) -> bool:
        """Whether a job was begun and has not ended: it goes on when the unit executes, or when somebody decides."""
        return any(is_active(job) for job in self._ledger.book.open_jobs())

    def step_elapsed_s(self) -> float:
        """Return for how long the running step has been running."""
        return asyncio.get_running_loop().time() - self._step_began if self._runner.busy else 0.0

    async def dispatch(self) -> None:
        """Go on with the job at hand, or take up the next, if the unit executes and nothing runs."""
        while self.executing and not self._runner.busy:
            job = self.working
            if job is not None:
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
        for job in self._ledger.book.open_jobs():
            if job.state is S.QUEUED or not job_machine(job.state).can(event):
                continue
            left = job.left if job.state in (S.INTERRUPTED, S.UNKNOWN, S.RESUMED) else job.state
            await self._move(job, event, left=left)
            if job.id in self.logs:
                self.logs[job.id].whole = False

    async def cancel(self, job: Job) -> Job:
        """Cancel a job, as far along as it is; the caller has checked that its state allows it."""
        match job.state:
            case S.QUEUED:
                return await self.give_up(job, "cancelled")
            case S.ASSIGNED | S.WAITING | S.POSITIONING:
                await self._runner.cancel()
                return await self.give_up(job, "cancelled")
            case S.OPENING:
                # The way is let open first; then, or wherever the job is taken up again, it turns back.
                return await self._commit(replace(job, diverting=True, reason="cancelled"), was=job.state)
            case _:
                return await self._divert(job)

    async def give_up(self, job: Job, reason: str) -> Job:
        """End a job that has moved nothing, and give its room back."""
        ended = await self._move(job, E.CANCEL, reason=reason)
        if job.room is not None:
            await self._rooms.fire(job.room, RoomEvent.RELEASE)
        return ended

    async def resolve(self, job: Job, event: E, *, target: int | None = None, reason: str = "") -> Job:
        """Carry out an operator's decision on a parked job."""
        self._tries = 0
        if target is None:
            return await self._move(job, event, left=job.left, reason=reason)
        # The way at which the job was parked may be open: closing it is the first step to another place.
        return await self._move(replace(job, target=target, diverting=True), event, left=S.CLOSING, reason=reason)

    async def _go_on(self, job: Job) -> None:
        match job.state:
            case S.ASSIGNED | S.WAITING:
                await self._move(job, E.ROOM_FREE)
            case S.RESUMED:
                await self._move(job, RETURN[resuming.step_to_return_to(self._bench, job)], left=None)
            case S.CONFIRMING:
                await self._confirm(job)
            case S.OPENING if job.diverting:
                await self._turn_back(job)
            case S.POSITIONING if job.diverting and not self._bench.tower.shuttle.resumable:
                await self.give_up(replace(job, diverting=False), "cancelled")
            case S.UNDONE:
                self._start(self._undo(job))
            case _:
                step, _ = STRAIGHT[job.state]
                await self._reserve_room(job)
                self._start(self._run(step, job))

    def _start(self, activity: Coroutine[object, object, Done]) -> None:
        self._step_began = asyncio.get_running_loop().time()
        self._runner.start(activity)

    async def _run(self, step: Step, job: Job) -> Done:
        await self._settle()
        return await step(self._bench, Errand(job.id, job.state.name), self._place(job))

    async def _undo(self, job: Job) -> Done:
        await self._settle()
        assert job.source is not None
        return await transfer.put_back(self._bench, Errand(job.id, job.state.name), job.source)

    async def _settle(self) -> None:
        """Let no command of the carriage stay open behind a new one."""
        rooms = ("outer_gate", "signal")
        open_here = {name for name, _ in self._ledger.book.intents if not name.endswith(rooms)}
        if open_here and recovery.unknown(await recovery.settle_open(self._bench, self._ledger.book, open_here)):
            raise StepFailed("UNKNOWN", "the outcome of an earlier command is not known")

    def _place(self, job: Job) -> int:
        """Return the place that a step of a job works at."""
        if job.state is S.CLOSING:
            # In a diversion it is the way of the given-up target that must be closed.
            place = readings.docked_place_or_none(self._bench) or job.source
        else:
            place = job.target if job.state in AT_TARGET else job.source
        assert place is not None
        return place

    async def _reserve_room(self, job: Job) -> None:
        if job.target not in self._bench.shape.rooms:
            return
        await self._rooms.fire(job.target, RoomEvent.RESERVE)
        if job.state in AT_TARGET - {S.POSITIONING_TO}:
            # A job that is taken up again in these steps docked before its room was proven anew.
            await self._rooms.fire(job.target, RoomEvent.CARRIAGE_DOCKED)

    async def _step_done(self, job: Job, done: Done) -> None:
        self._tries = 0
        self._measure(job, done)
        if job.state is S.UNDONE:
            await self._undone(job, done)
            return
        if job.state is S.OPENING and job.diverting:
            await self._turn_back(job, *done.records)
            return
        _, event = STRAIGHT[job.state]
        place = self._place(job)
        await self._move(job, event, *done.records, *self._effects(job, place))
        await self._tell_room(event, place, job)

    async def _turn_back(self, job: Job, *records: Record) -> None:
        """Close the way again of a job that was cancelled before its pick."""
        await self._move(job, E.CANCEL, *records, diverting=False, reason="cancelled")

    async def _undone(self, job: Job, done: Done) -> None:
        assert job.source is not None
        effects: list[Record] = [
            PlaceSet(Place(job.source, PlaceStatus.OCCUPIED, job.car)),
            PlaceSet(Place(CARRIAGE, PlaceStatus.FREE)),
        ]
        await self._move(job, E.RETURNED, *done.records, *effects)
        if job.room is not None:
            back_in_room = job.room == job.source
            await self._rooms.fire(job.room, RoomEvent.CAR_PLACED if back_in_room else RoomEvent.RELEASE)

    def _effects(self, job: Job, place: int) -> list[Record]:
        match job.state:
            case S.PICKING:
                carried = Place(CARRIAGE, PlaceStatus.OCCUPIED, job.car)
                return [PlaceSet(Place(place, PlaceStatus.FREE)), PlaceSet(carried)]
            case S.PLACING:
                stored = Place(place, PlaceStatus.OCCUPIED, job.car)
                return [PlaceSet(stored), PlaceSet(Place(CARRIAGE, PlaceStatus.FREE))]
            case _:
                return []

    async def _tell_room(self, event: E, place: int, job: Job) -> None:
        if place not in self._bench.shape.rooms:
            return
        match event:
            case E.DOCKED:
                await self._rooms.fire(place, RoomEvent.CARRIAGE_DOCKED)
            case E.PICKED:
                await self._rooms.fire(place, RoomEvent.CAR_TAKEN)
            case E.PLACED:
                await self._rooms.fire(place, RoomEvent.CAR_PLACED)
            case E.WAY_CLOSED if self._ledger.book.where(job.car) != place:
                await self._rooms.fire(place, RoomEvent.RELEASE)

    async def _confirm(self, job: Job) -> None:
        event = E.DIVERSION_DURABLE if job.diverting else E.OUTCOME_DURABLE
        await self._move(job, event)
        self._tell_done(self._ledger.book.jobs[job.id])

    async def _step_failed(self, job: Job, error: Exception) -> None:
        if job.id in self.logs:
            self.logs[job.id].whole = False
        verdict = error.outcome.verdict if isinstance(error, StepFailed) and error.outcome else None
        rule = error.rule if isinstance(error, StepFailed) else ""
        self._tries += 1
        if (isinstance(error, HalError) and self._tries >= TRIES) or verdict is Verdict.UNKNOWN:
            self.wants_abort = str(error)
            await self._move(job, E.LINK_LOST, left=job.state, reason=str(error))
        elif verdict is Verdict.STOPPED_SAFETY or rule in ABORTING:
            self.wants_abort = str(error)
            await self._move(job, E.INTERRUPT, left=job.state, reason=str(error))
        elif self._tries < TRIES and (isinstance(error, HalError) or verdict in _PASSING or rule in AGAIN):
            log.warning("step_again", job=job.id, step=job.state.name, why=str(error))
        else:
            await self.park(job, str(error))

    async def park(self, job: Job, reason: str) -> None:
        """Leave a job to an operator, with the choices that its situation allows; the unit holds."""
        self._tries = 0
        left = job.left if job.state in (S.INTERRUPTED, S.UNKNOWN) else job.state
        await self._move(job, E.PARK, left=left, reason=reason, choices=self._choices(job))
        self.wants_hold = f"job {job.id} is parked: {reason}"
        self._board.tell({"event": "alarm", "code": "JOB_PARKED", "text": self.wants_hold, "active": True})

    async def park_put_aside(self, reason: str) -> None:
        """Leave the jobs that were put aside to an operator: the machine cannot be brought to go on with them."""
        for job in self._ledger.book.open_jobs():
            if job.state in (S.INTERRUPTED, S.UNKNOWN):
                await self.park(job, reason)

    def _choices(self, job: Job) -> tuple[str, ...]:
        choices = ["continue"]
        if job.source is not None and job.source not in self._bench.shape.rooms:
            choices.append("put-back")
        if self._ledger.book.where(job.car) == CARRIAGE:
            choices.append("divert")
        return (*choices, "by-hand")

    async def _divert(self, job: Job) -> Job:
        """Send the car of a job that has begun its exchange to a safe place."""
        changed = replace(job, diverting=True, reason="cancelled")
        if job.kind is not JobKind.RETRIEVE or job.state in (S.PLACING, S.CLOSING_TO, S.CONFIRMING):
            # It keeps its target, and what it is doing: only its end is another.
            return await self._commit(changed, was=job.state)
        if job.state in (S.POSITIONING_TO, S.OPENING_TO):
            await self._runner.cancel()
        if job.room is not None:
            await self._rooms.fire(job.room, RoomEvent.RELEASE)
        # Back where it came from: that bay is this job's own, and it is the nearest.
        return await self._move(replace(changed, target=job.source), E.CANCEL)

    async def _return_one(self) -> bool:
        """Take up a job that was put aside; return whether there was one."""
        for job in self._ledger.book.open_jobs():
            if job.state in (S.INTERRUPTED, S.UNKNOWN):
                step = resuming.step_to_return_to(self._bench, job)
                await self._move(job, RETURN[step], left=None, reason="")
                return True
        return False

    async def _take_up(self) -> bool:
        """Select the first job that can start; return whether there was one."""
        chosen = self._selection.first()
        if chosen is None:
            return False
        job = replace(chosen, started_at=self._now())
        self.logs[job.id] = Log(asyncio.get_running_loop().time())
        self._tries = 0
        await self._move(job, E.SELECTED)
        return True

    async def _move(self, job: Job, event: E, *records: Record, **changes: object) -> Job:
        machine = job_machine(job.state)
        machine.fire(event)
        moved = replace(job, state=machine.state, **changes)  # type: ignore[arg-type]
        if moved.state not in (S.INTERRUPTED, S.UNKNOWN, S.PARKED, S.RESUMED):
            moved = replace(moved, left=None, choices=())
        return await self._commit(moved, *records, was=job.state)

    async def _commit(self, job: Job, *records: Record, was: JobState) -> Job:
        if job.state in TERMINAL:
            job = replace(job, finished_at=self._now())
        await self._ledger.commit(*records, JobSet(job))
        if job.state is not was:
            log.info("job_state", job=job.id, state=job.state.name, was=was.name, reason=job.reason)
            self._board.tell(
                {
                    "event": "job_state",
                    "job": job.id,
                    "kind": job.kind.value,
                    "car": job.car,
                    "state": job.state.name,
                    "was": was.name,
                    "reason": job.reason,
                }
            )
        return job

    def _measure(self, job: Job, done: Done) -> None:
        if job.id in self.logs:
            elapsed = asyncio.get_running_loop().time() - self._step_began
            place = self._place(job) if job.state in STRAIGHT else job.source or 0
            times = StepTime(job.state.name, place, elapsed, done.bound_s, done.commands)
            self.logs[job.id].steps.append(times)

    def _tell_done(self, job: Job) -> None:
        measured = self.logs.get(job.id)
        if measured is None or not measured.whole or job.state is not S.DONE:
            return
        elapsed = asyncio.get_running_loop().time() - measured.began
        bound = measured.bound_s
        self._board.tell(
            {
                "event": "job_done",
                "job": job.id,
                "kind": job.kind.value,
                "car": job.car,
                "measured_s": round(elapsed, 3),
                "bound_s": round(bound, 3),
                "ratio": round(elapsed / bound, 4) if bound else None,
                "overhead_ms_per_step": round((elapsed - bound) / max(1, measured.commands) * 1000, 1),
                "steps": [
                    {
                        "step": step.step,
                        "place": step.place,
                        "measured_s": round(step.measured_s, 3),
                        "bound_s": round(step.bound_s, 3),
                    }
                    for step in measured.steps
                ],
            }
        )


_PASSING = frozenset(
    {Verdict.VOID, Verdict.STOPPED, Verdict.STOPPED_SILENCE, Verdict.STOPPED_RESTART}
)
"""The command is over and its outcome is known: the step may be begun again, from what the sensors show."""
