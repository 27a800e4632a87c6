"""What a tower believes, as its journal tells it: with the daemon down, or beside it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from controller.domain.book import Book, counts_service
from controller.domain.jobs import Job, JobState
from controller.domain.places import Place, PlaceStatus
from controller.domain.records import JobSet, PlaceSet, Record, from_entry
from controller.store.errors import JournalDamaged
from controller.store.past_service import counted_anew
from controller.store.reading import kept


@dataclass(frozen=True, slots=True)
class Belief:
    """The book as of entry ``entry`` (0: nothing was ever written) of wall time ``at`` in seconds."""

    book: Book
    entry: int
    at: float


def believed(journal: Path) -> Belief:
    """Fold a journal.

    Raises:
        JournalDamaged: it is not what was written, or of a newer version.
        OSError: it cannot be read.

    """
    try:
        with kept(journal) as found:
            book = Book.empty(()) if found.snapshot is None else Book.from_body(found.snapshot.body)
            for entry in found.tail:
                book.apply(from_entry(entry.kind, entry.body), entry.at)
            if found.snapshot is not None and not counts_service(found.snapshot.body):
                book.service = counted_anew(found.every)
    except ValueError as error:
        raise JournalDamaged(f"{journal}: {error}") from error
    return Belief(book, 0, 0.0) if found.last is None else Belief(book, found.last.id, found.last.at)


def in_doubt(
    book: Book, reason: str, at: float, places: Collection[int] | None = None, jobs: Collection[Job] | None = None
) -> Sequence[Record]:
    """Return what takes the certainties about places and jobs from an old belief, the world having moved on since.

    Each place becomes unverified with the car it was believed to hold (a blocked one stays blocked), and each job
    that had not ended counts as closed by hand at ``at``: what it was to move may have been moved long ago. None: all
    places, all jobs.
    """
    doubted = [
        PlaceSet(Place(each.number, PlaceStatus.UNVERIFIED, each.car, reason))
        for each in book.places.values()
        if each.status is not PlaceStatus.BLOCKED and (places is None or each.number in places)
    ]
    closed = [
        JobSet(replace(job, state=JobState.CLOSED_BY_HAND, left=None, choices=(), reason=reason, finished_at=at))
        for job in (book.open_jobs() if jobs is None else jobs)
    ]
    return [*doubted, *closed]
