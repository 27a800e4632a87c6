"""A journal's file looked at from beside: whoever has it open goes on, and nothing in it is created or changed."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Final

from controller.store import database
from controller.store.chain import START, Entry, Sealed, Snapshot, Tail, breaks, opened, snapshot_digest
from controller.store.database import damage_named
from controller.store.errors import JournalDamaged

OLDER_IN_A_ROW: Final = 20_000
"""A clock may have been wrong for a busy day: so many entries in a row must be older before a walk back ends."""


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What a look at the whole chain found; ``damage`` names the first breaks, empty is good.

    Who keeps ``last_hash`` elsewhere can tell later whether the whole chain was rewritten.
    """

    entries: int
    last_hash: str
    damage: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a start would believe from: the newest snapshot, what follows it, one entry at a time, and the last of all.

    Only when the tail has handed out its last entry is it certain that none is missing.
    """

    snapshot: Snapshot | None
    tail: Iterator[Entry]
    every: Iterator[Entry]
    """All entries from the first on, unproven."""
    last: Entry | None


def verify_file(path: Path) -> VerifyReport:
    """Check the journal at ``path`` and walk its whole chain, whoever has it open.

    Raises: JournalDamaged when it is no journal, or too broken to walk; OSError.
    """
    with looking(path) as connection:
        database.check(connection, path)
        return walk(connection)


@contextmanager
def kept(path: Path) -> Iterator[Kept]:
    """Open what the journal at ``path`` amounts to, in one look: however long it is, no two entries are held.

    Raises: JournalDamaged when snapshot or tail are not what was written, the tail's while it is read; OSError.
    """
    with looking(path) as connection:
        snapshot, start = newest_snapshot(connection)
        tail = map(opened, proven(connection, start, path))
        every = map(opened, database.entries_after(connection, START.id))
        yield Kept(snapshot, tail, every, _last(connection))


def last_of(path: Path) -> Entry | None:
    """Return the last entry; whether it follows the others is not looked at.

    Raises: JournalDamaged, OSError.
    """
    with looking(path) as connection:
        return _last(connection)


def entries_since(path: Path, at: float) -> list[Entry]:
    """Return the entries written since ``at`` (wall time in seconds), oldest first.

    Raises: JournalDamaged, OSError.
    """
    found, older = [], 0
    with looking(path) as connection:
        for entry in database.entries_back(connection):
            older = older + 1 if entry.at < at else 0
            if older >= OLDER_IN_A_ROW:
                break
            if entry.at >= at:
                found.append(opened(entry))
    return found[::-1]


def entries_behind(path: Path, number: int) -> list[Entry]:
    """Return the entries with a number above ``number``, oldest first.

    Raises: JournalDamaged, OSError.
    """
    with looking(path) as connection:
        return [opened(entry) for entry in database.entries_after(connection, number)]


def hash_of(path: Path, number: int) -> str:
    """Return the hash of one entry as hexadecimal digits.

    Raises: JournalDamaged when the entry is missing; OSError.
    """
    with looking(path) as connection:
        return database.tail_at(connection, number).hash.hex()


@contextmanager
def looking(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a journal for one consistent look; its pages are not checked.

    Raises: JournalDamaged when it is no journal of this version; OSError.
    """
    if path.stat().st_size == 0:
        raise JournalDamaged(f"{path} is empty")
    with damage_named(path), ExitStack() as stack:
        connection, still = database.for_a_look(path)
        stack.callback(connection.close)
        database.check_kind(connection, path)
        connection.execute("BEGIN")
        try:
            yield connection
        finally:
            if still and not database.rests(path):
                raise OSError(f"journal {path} was opened by a daemon meanwhile: look again")


def walk(connection: sqlite3.Connection) -> VerifyReport:
    """Walk the whole chain, within a transaction."""
    written = database.head(connection)
    with closing(database.entries_after(connection, START.id)) as entries:
        damage = tuple(islice(chain(breaks(entries, START, written), _odd_snapshots(connection)), 10))
    return VerifyReport(written.id, written.hash.hex(), damage)


def newest_snapshot(connection: sqlite3.Connection) -> tuple[Snapshot | None, Tail]:
    """Return the newest snapshot, if any, and the entry that its tail follows.

    Raises: JournalDamaged.
    """
    newest = database.last_snapshot(connection)
    if newest is None:
        return None, START
    number, text, digest = newest
    start = database.tail_at(connection, number)
    if snapshot_digest(number, text, start.hash) != digest:
        raise JournalDamaged(f"the snapshot at entry {number} was changed")
    return Snapshot(number, json.loads(text)), start


def proven(connection: sqlite3.Connection, start: Tail, path: Path | None) -> Iterator[Sealed]:
    """Yield the entries that follow ``start``, each once it is proven to; within a transaction, none is kept.

    Raises: JournalDamaged at the first break, naming the next ones too.
    """
    written, tail = database.head(connection), start
    with closing(database.entries_after(connection, start.id)) as entries:
        for entry in entries:
            if any(breaks([entry], tail, Tail(entry.id, entry.hash))):
                _refuse(breaks(chain([entry], entries), tail, written), path)
            yield entry
            tail = Tail(entry.id, entry.hash)
    _refuse(breaks((), tail, written), path)


def _last(connection: sqlite3.Connection) -> Entry | None:
    last = next(database.entries_back(connection), None)
    return None if last is None else opened(last)


def _refuse(found: Iterator[str], path: Path | None) -> None:
    damage = list(islice(found, 3))
    if damage:
        raise JournalDamaged(f"journal {path}: {'; '.join(damage)}")


def _odd_snapshots(connection: sqlite3.Connection) -> Iterator[str]:
    """Yield what is wrong with any snapshot; only the newest one is ever believed."""
    for number, text, digest in database.snapshots(connection):
        try:
            if snapshot_digest(number, text, database.tail_at(connection, number).hash) != digest:
                yield f"the snapshot at entry {number} was changed"
        except JournalDamaged as error:
            yield f"the snapshot at entry {number}: {error}"
