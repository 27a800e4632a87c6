"""The register of jobs: each change of a job through its table, durable, then told."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog

from controller.domain.jobs import TERMINAL, Job, JobEvent, JobState
from controller.domain.records import JobSet, Record
from controller.machines.job import job_machine
from controller.runtime.inbox import Board
from controller.runtime.ledger import Ledger

log = structlog.get_logger(__name__)

_KEEP_THE_STEP_LEFT = frozenset({JobState.INTERRUPTED, JobState.UNKNOWN, JobState.PARKED, JobState.RESUMED})


class Register:
    """Changes jobs. ``now`` is wall time in seconds since the epoch."""

    def __init__(self, ledger: Ledger, board: Board, now: Callable[[], float]) -> None:
        self._ledger = ledger
        self._board = board
        self._now = now
        self.on_change: Callable[[Job], None] = lambda _job: None
        """Called with each new job, and each that has another state."""

    async def enter(self, job: Job, *records: Record) -> None:
        """Take a new job, with records that belong to it."""
        await self._ledger.commit(*records, JobSet(job))
        self._tell(job, "")

    async def move(self, job: Job, event: JobEvent, *records: Record, **changes: object) -> Job:
        """Let a job take an event, in one commit with other changes of it and with records; return it as it is then.

        Raises:
            IllegalTransition: its state does not accept the event; nothing has changed.

        """
        moved = self._moved(job, event, **changes)
        await self._ledger.commit(*records, JobSet(moved))
        self._tell_if_new(job, moved)
        return moved

    async def cancel(self, given_up: Sequence[tuple[Job, str]], *records: Record) -> list[Job]:
        """Cancel jobs, each for a reason, in one commit with records; return them as they are then.

        Raises:
            IllegalTransition: the state of one does not accept it; nothing has changed.

        """
        ended = [self._moved(job, JobEvent.CANCEL, reason=reason) for job, reason in given_up]
        await self._ledger.commit(*records, *map(JobSet, ended))
        for (job, _), each in zip(given_up, ended, strict=True):
            self._tell_if_new(job, each)
        return ended

    async def note(self, job: Job) -> Job:
        """Keep a job that has changed without an event; return it."""
        await self._ledger.commit(JobSet(job))
        return job

    def _moved(self, job: Job, event: JobEvent, **changes: object) -> Job:
        machine = job_machine(job.state)
        machine.fire(event)
        moved = replace(job, state=machine.state, **changes)  # type: ignore[arg-type]
        if moved.state not in _KEEP_THE_STEP_LEFT:
            moved = replace(moved, left=None, choices=())
        return replace(moved, finished_at=self._now()) if moved.state in TERMINAL else moved

    def _tell_if_new(self, job: Job, moved: Job) -> None:
        if moved.state is not job.state:
            log.info("job_state", job=job.id, state=moved.state.name, was=job.state.name, reason=moved.reason)
            self._tell(moved, job.state.name)

    def _tell(self, job: Job, was: str) -> None:
        self.on_change(job)
        self._board.tell(
            {
                "event": "job_state",
                "job": job.id,
                "kind": job.kind.value,
                "car": job.car,
                "state": job.state.name,
                "was": was,
                "reason": job.reason,
            }
        )
