"""What was done and nobody wrote down: by another master, or by us behind what the journal has lost."""

from collections.abc import Sequence
from typing import Final

from controller.activities.context import Bench
from controller.domain.book import CARRIAGE, Book
from controller.domain.jobs import Job, JobKind, JobState
from controller.domain.records import Record
from controller.store.belief import in_doubt
from hal.plcmap.codes import serial_ahead

TOWER: Final = "tower"
SHUTTLE: Final = "shuttle"
"""What alone brings a car from one place to another."""

REASON: Final = "the shuttle has done more than the journal knows"
ROOM_REASON: Final = "room {room} has let people in or out since the journal's end"

_IN_THE_ROOM: Final = {
    JobKind.STORE: frozenset(
        {
            JobState.QUEUED,
            JobState.ASSIGNED,
            JobState.POSITIONING,
            JobState.OPENING,
            JobState.PICKING,
            JobState.UNDONE,
        }
    ),
    JobKind.RETRIEVE: frozenset({JobState.PLACING, JobState.CLOSING_TO, JobState.CONFIRMING, JobState.UNDONE}),
}
"""Steps in which the job's car is in its room, or comes to it through the gate, or may be there."""

_AT_THE_ARMS: Final = frozenset({JobState.PICKING, JobState.PLACING, JobState.UNDONE})


def doubts(bench: Bench, book: Book, at: float) -> Sequence[Record]:
    """Return what takes the certainties from the book that commands may have outlived which it does not hold.

    Of the shuttle: every one. Of a room's gate or sign: which car stands in that room, and the jobs that count on it.
    Sensors see whether a car stands somewhere, never which; and a job that was not ended may have been, since. It is
    to be kept before the station is adopted: then nothing tells the difference any more.
    """
    if _unseen(bench, book, SHUTTLE):
        return in_doubt(book, REASON, at)
    records: list[Record] = []
    for number, place in enumerate(bench.shape.rooms, 1):
        if any(_unseen(bench, book, f"room{number}.{own}") for own in ("outer_gate", "signal")):
            records += _room_in_doubt(book, place, at)
    return records


def _unseen(bench: Bench, book: Book, mechanism: str) -> bool:
    """Tell whether a mechanism of the tower station has accepted commands that the book does not hold."""
    image = bench.tower.stations[TOWER].last_image
    if image is None:
        return False
    name = f"{TOWER}/{mechanism}"
    accepted, known = image.mechanisms[mechanism].accepted, book.sequences.get(name, 0)
    # A STOP of our own is known by its number and follows without a record; a command before it may be lost like that.
    return (accepted != 0 and (known == 0 or serial_ahead(accepted, known) > 0)) or name in book.overtaken


def _room_in_doubt(book: Book, room: int, at: float) -> Sequence[Record]:
    """Return what makes a room's car unverified and ends the jobs that count on which car it is."""
    reason = ROOM_REASON.format(room=room)
    jobs = [job for job in book.open_jobs() if _counts_on(job, room)]
    places = [room, CARRIAGE] if any(_step(job) in _AT_THE_ARMS for job in jobs) else [room]
    return in_doubt(book, reason, at, places, jobs)


def _counts_on(job: Job, room: int) -> bool:
    own = (job.room, job.source) if job.kind is JobKind.STORE else (job.target,)
    return room in own and _step(job) in _IN_THE_ROOM.get(job.kind, ())


def _step(job: Job) -> JobState:
    return job.state if job.left is None else job.left
