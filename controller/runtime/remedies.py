"""What becomes of a job whose step ended otherwise than it should."""

from collections.abc import Collection
from enum import Enum
from typing import Final

from controller.activities.again import TRIES, passes
from controller.activities.primitive import StepFailed
from controller.domain.book import CARRIAGE, Book
from controller.domain.jobs import Job
from hal.errors import HalError
from hal.interfaces import Verdict

_ABORTING: Final = frozenset({"SAFETY", "POWER", "MEMORY_LOST", "MAINTENANCE"})
"""Refusals that say that the unit must not go on."""


class Remedy(Enum):
    """The four ways to go on."""

    LOST = "the unit aborts; the job is UNKNOWN until stations and sensors have told"
    ABORT = "the unit aborts; the job goes on when the unit executes again"
    AGAIN = "the step is begun again"
    PARK = "an operator decides"


def remedy(error: Exception, tries: int) -> Remedy:
    """Return what to do about the error that ended a step for the ``tries``-th time, counted from 1."""
    verdict = error.outcome.verdict if isinstance(error, StepFailed) and error.outcome else None
    rule = error.rule if isinstance(error, StepFailed) else ""
    lost, spent = isinstance(error, HalError), tries >= TRIES
    if verdict is Verdict.UNKNOWN or (lost and spent):
        return Remedy.LOST
    if verdict is Verdict.STOPPED_SAFETY or rule in _ABORTING:
        return Remedy.ABORT
    if not spent and (lost or passes(error)):
        return Remedy.AGAIN
    return Remedy.PARK


def choices(job: Job, rooms: Collection[int], book: Book) -> tuple[str, ...]:
    """Return what an operator may decide about a parked job (`controller.domain.events.Resolve`)."""
    put_back = job.source is not None and job.source not in rooms
    divert = book.where(job.car) == CARRIAGE
    return ("continue", *(["put-back"] if put_back else []), *(["divert"] if divert else []), "by-hand", "lock")
