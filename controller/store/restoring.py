"""A backup in the journal's place, with every certainty taken from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from controller.domain.records import Asked, PlaceSet, Record, to_entry
from controller.store.belief import Belief, believed, in_doubt
from controller.store.copying import append_to, copy_journal, discard, swap_in


@dataclass(frozen=True, slots=True)
class Restored:
    """What was done: ``aside`` is the old journal, None if there was none."""

    entries: int
    unverified: int
    closed: tuple[int, ...]
    aside: Path | None


def put_back(backup: Path, journal: Path, at: float, by: str) -> Restored:
    """Put a backup in the place of the journal, which is kept; the caller holds the journal's lock.

    ``at``: wall time in seconds; ``by``: who does it, for the audit trail. A crash at any moment leaves the old
    journal at its place, or the new one.

    Raises: JournalDamaged, OSError; nothing was changed.
    """
    stamp = f"{datetime.fromtimestamp(at, UTC):%Y%m%dT%H%M%SZ}"
    part, aside = journal.with_name(f"{journal.name}.restored"), journal.with_name(f"{journal.name}.before-{stamp}")
    discard(part)
    try:
        copy_journal(backup, part)
        belief = believed(part)
        records = _records(belief, backup, at, by)
        append_to(part, at, [to_entry(record) for record in records])
        there = swap_in(part, journal, aside)
    except BaseException:
        discard(part)
        raise
    closed = tuple(job.id for job in belief.book.open_jobs())
    unverified = sum(isinstance(record, PlaceSet) for record in records)
    return Restored(belief.entry, unverified, closed, aside if there else None)


def when(at: float) -> str:
    """Return wall time in seconds as people write it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def _records(belief: Belief, backup: Path, at: float, by: str) -> Sequence[Record]:
    asked = Asked(f"Restore {{'file': {str(backup)!r}, 'entries': {belief.entry}}}", by)
    return [asked, *in_doubt(belief.book, f"restored from a backup of {when(belief.at)}", at)]
