"""The straight way of a job: what is done in each step, at which place, and what its success changes."""

from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Final

from controller.activities import readings, transfer
from controller.activities.context import Bench
from controller.activities.primitive import Errand, StepFailed
from controller.activities.transfer import Done
from controller.domain.book import CARRIAGE, Book
from controller.domain.jobs import Job, JobState
from controller.domain.jobs import JobEvent as E
from controller.domain.looks import Eye, Finding, Look
from controller.domain.places import Place, PlaceStatus
from controller.domain.records import BaySeen, PlaceSet, Record
from controller.domain.rooms import RoomEvent
from hal.errors import NotOnline
from hal.readings import Loaded

S = JobState
Step = Callable[[Bench, Errand, int], Coroutine[object, object, Done]]

STRAIGHT: Final[dict[JobState, tuple[Step, E]]] = {
    S.POSITIONING: (transfer.position, E.DOCKED),
    S.OPENING: (transfer.open_way, E.WAY_OPEN),
    S.PICKING: (transfer.pick, E.PICKED),
    S.CLOSING: (transfer.close_behind, E.WAY_CLOSED),
    S.POSITIONING_TO: (transfer.position, E.DOCKED),
    S.OPENING_TO: (transfer.open_way, E.WAY_OPEN),
    S.PLACING: (transfer.place_car, E.PLACED),
    S.CLOSING_TO: (transfer.close_way, E.WAY_CLOSED),
}
"""What is done in each step, in order, and the event of its success."""

AT_TARGET: Final = frozenset({S.POSITIONING_TO, S.OPENING_TO, S.PLACING, S.CLOSING_TO})
"""Steps that work at the target; the others work at the source."""

IS_OVER: Final = {S.PICKING: transfer.is_picked, S.PLACING: transfer.is_placed}
"""Steps that move a car between a place and the carriage, with what tells that it is there already."""

TOLD_TO_ROOM: Final = {
    E.DOCKED: RoomEvent.CARRIAGE_DOCKED,
    E.PICKED: RoomEvent.CAR_TAKEN,
    E.PLACED: RoomEvent.CAR_PLACED,
}
"""What a room hears of a step that succeeded there."""

DOCKED: Final = frozenset({S.OPENING, S.PICKING, S.OPENING_TO, S.PLACING, S.CLOSING_TO})
"""Steps that begin with the carriage docked for the job's exchange."""

_AT_A_WAY: Final = DOCKED | {S.CLOSING}
"""Steps that open a way, go through it or close it."""


def place_of(bench: Bench, job: Job) -> int:
    """Return the place that the step of a job works at."""
    if job.state is S.CLOSING:
        # In a diversion it is the way of the given-up target that must be closed.
        place = readings.docked_place_or_none(bench) or job.source
    else:
        place = job.target if job.state in AT_TARGET else job.source
    assert place is not None
    return place


def works_at(bench: Bench, job: Job) -> int | None:
    """Return the place whose way a job was opening, going through or closing when it was put aside; None: no way."""
    step = job.left if job.state not in STRAIGHT else job.state
    return place_of(bench, replace(job, state=step)) if step in _AT_A_WAY else None


def cut_exchange_of(bench: Bench, book: Book) -> Job | None:
    """Return the job that was put aside in the exchange that is cut now; None: none is, or nobody's.

    A job that was given another end since has the place that it was cut at no more; the arms stand in it all the same.
    Without a trusted image of the carriage nothing is known to be cut.
    """
    try:
        if not bench.tower.shuttle.resumable:
            return None
    except NotOnline:
        return None
    here = readings.docked_place_or_none(bench)
    for job in book.open_jobs():
        step = job.left or job.state
        if step is S.CLOSING and job.diverting:
            return job
        if step in (S.PICKING, S.PLACING, S.UNDONE) and here == (job.target if step is S.PLACING else job.source):
            return job
    return None


def require_own(bench: Bench, book: Book, job: Job) -> None:
    """See that an exchange that was cut is not ended in another job's name.

    Raises:
        StepFailed: it is another job's.

    """
    owner = cut_exchange_of(bench, book)
    if owner is not None and owner.id != job.id:
        raise StepFailed("CARRIAGE_BUSY", f"the exchange that was cut is job {owner.id}'s: resolve that first")


def require_verified(bench: Bench, book: Book, place: int) -> None:
    """See that no exchange is begun at a place of which sensors and book disagree; one that was cut there goes on.

    Raises:
        StepFailed: they do, and what is on the carriage would be put there, or what is there taken.

    """
    shuttle, believed = bench.tower.shuttle, book.places[place]
    if believed.status is PlaceStatus.UNVERIFIED and not shuttle.resumable:
        raise StepFailed("PLACE_UNVERIFIED", f"place {place}: {believed.reason}")


def look(bench: Bench, job: Job, place: int, at: float) -> list[Record]:
    """Return the record of a look into a bay, where an exchange has just been proven there by everything that sees it.

    ``at``: wall time in seconds.
    """
    expected = {S.PICKING: Loaded.NO, S.PLACING: Loaded.YES}.get(job.state)
    if expected is None or place in bench.shape.rooms or not _shown_by_all(bench, place, expected):
        return []
    text = f"{job.car} was {'put there' if expected is Loaded.YES else 'taken from there'}"
    return [BaySeen(Look(place, at, Eye.CARRIAGE, Finding.AGREED, f"job {job.id}", text))]


def _shown_by_all(bench: Bench, bay: int, expected: Loaded) -> bool:
    """Return whether the contacts of a bay and the carriage, docked there, show the same now, as expected."""
    if readings.docked_place_or_none(bench) != bay or readings.missing(bench, bay):
        return False
    try:
        return readings.presence_by_all(bench, bay) is expected
    except NotOnline:
        return False


def picked(job: Job, place: int) -> list[Record]:
    """Return the inventory with the car of a job proven on the carriage, and a place empty."""
    return [PlaceSet(Place(place, PlaceStatus.FREE)), PlaceSet(Place(CARRIAGE, PlaceStatus.OCCUPIED, job.car))]


def effects(job: Job, place: int) -> list[Record]:
    """Return what the success of a job's step at a place changes in the inventory."""
    match job.state:
        case S.PICKING:
            return picked(job, place)
        case S.PLACING | S.UNDONE:
            stored = Place(place, PlaceStatus.OCCUPIED, job.car)
            return [PlaceSet(stored), PlaceSet(Place(CARRIAGE, PlaceStatus.FREE))]
        case _:
            return []
