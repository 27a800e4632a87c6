"""The journal: append-only, hash-chained, durable at each append. The truth for inventory, jobs and audit."""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Literal

from controller.store import database
from controller.store.chain import (
    START,
    Entry,
    Sealed,
    Snapshot,
    Tail,
    breaks,
    canonical,
    opened,
    seal,
    snapshot_digest,
)
from controller.store.database import Database, damage_named
from controller.store.errors import JournalClosed, JournalDamaged, JournalFailed
from controller.store.lock import FileLock
from controller.store.writer import Executor

Record = tuple[str, Mapping[str, object]]
"""Kind and JSON-able body of an entry."""


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What a look at the whole chain found; ``damage`` names the first breaks, empty is good.

    Who keeps ``last_hash`` elsewhere can tell later whether the whole chain was rewritten.
    """

    entries: int
    last_hash: str
    damage: tuple[str, ...]


class Journal:
    """One tower's journal; made by `open`.

    Reading uses connections of its own and never waits for the writer. The writer's connection is made and used in
    the executor alone. Appends may be cancelled: then the caller cannot know whether they became durable.
    """

    def __init__(self, place: Database, lock: FileLock | None, now: Callable[[], float], executor: Executor) -> None:
        self._place = place
        self._lock = lock
        self._now = now
        self._executor = executor
        self._turn = threading.Lock()
        self._writer: sqlite3.Connection | None = None
        self._closed = False
        self._failure: Exception | None = None
        self._tail = START
        self._acknowledged = START.id

    @classmethod
    def open(cls, path: Path | Literal[":memory:"], *, now: Callable[[], float], executor: Executor) -> "Journal":
        """Open or create the journal at ``path`` and check it; blocks while it reads.

        ``now`` gives wall time in seconds. The whole database is checked, of the chain what follows the newest
        snapshot; `verify` walks all of it.

        Raises:
            JournalLocked: another process (or this one) has it open.
            JournalDamaged: it is not what was written.
            OSError: it cannot be read.

        """
        file = None if path == ":memory:" else Path(path)
        lock = None if file is None else FileLock(file.with_name(file.name + ".lock"))
        journal = cls(Database(file), lock, now, executor)
        try:
            journal._start()
        except BaseException:
            journal.close()
            raise
        return journal

    def _start(self) -> None:
        self._place.prepare()
        self.load()
        with damage_named(self._place.path), closing(self._place.connect()) as connection:
            self._tail = database.head(connection)
        self._acknowledged = self._tail.id

    @property
    def failed(self) -> bool:
        """Whether a commit failed: no append is accepted until a restart."""
        return self._failure is not None

    @property
    def acknowledged(self) -> int:
        """Number of the last entry whose append returned (0: none)."""
        return self._acknowledged

    async def append(self, records: Sequence[Record]) -> None:
        """Keep ``records`` in one durable transaction; returns when it is. Strictly in the order of the calls.

        Raises:
            TypeError, ValueError: a body that is not JSON; nothing was written.
            JournalFailed: this or an earlier commit failed; it is never tried again.
            JournalClosed: after `close`.

        """
        self._must_work()
        if not records:
            return
        at = self._now()
        lines = [(at, kind, canonical(body)) for kind, body in records]
        self._acknowledged = await self._executor(lambda: self._keep(lines))

    async def save_snapshot(self, body: Mapping[str, object]) -> None:
        """Keep ``body`` as what all acknowledged entries amount to, so that `load` need not start from the first.

        Raises: like `append`.
        """
        self._must_work()
        number, text = self._acknowledged, canonical(body)
        if number != START.id:
            await self._executor(lambda: self._keep_snapshot(number, text))

    def read(self, after: int | None = None) -> Iterator[Entry]:
        """Yield the entries with a number above ``after`` (None: after the newest snapshot), oldest first.

        Raises: JournalDamaged, OSError.
        """
        with damage_named(self._place.path), closing(self._place.connect()) as connection:
            if after is None:
                newest = database.last_snapshot(connection)
                after = START.id if newest is None else newest[0]
            yield from map(opened, database.entries_after(connection, after))

    def load(self) -> tuple[Snapshot | None, list[Entry]]:
        """Return the newest snapshot and every entry after it: what the tower believes when it starts.

        Raises: JournalDamaged when snapshot or tail are not what was written; OSError.
        """
        with damage_named(self._place.path), closing(self._place.connect()) as connection:
            connection.execute("BEGIN")
            snapshot, start = _snapshot(connection)
            tail = list(database.entries_after(connection, start.id))
            _refuse_breaks(breaks(tail, start, database.head(connection)), self._place.path)
            return snapshot, [opened(entry) for entry in tail]

    def verify(self) -> VerifyReport:
        """Walk the whole chain.

        Raises: JournalDamaged when the file is too broken to walk; OSError.
        """
        return _walk(self._place)

    def close(self) -> None:
        """Let a commit under way end, then give the file free; what is still queued is refused. Idempotent."""
        with self._turn:
            self._closed = True
            if self._writer is not None:
                self._writer.close()
                self._writer = None
        self._place.close()
        if self._lock is not None:
            self._lock.release()

    def _must_work(self) -> None:
        if self._closed:
            raise JournalClosed("the journal is closed")
        if self._failure is not None:
            raise JournalFailed(f"the journal failed before: {self._failure}") from self._failure

    def _keep(self, lines: list[tuple[float, str, str]]) -> int:
        """Write entries; runs in the executor. Return the number of the last."""
        with self._turn:
            self._must_work()
            sealed, tail = _seal_all(self._tail, lines)
            self._commit(lambda connection: database.insert(connection, sealed, tail))
            self._tail = tail
            return tail.id

    def _keep_snapshot(self, number: int, text: str) -> None:
        """Write a snapshot; runs in the executor."""
        with self._turn:
            self._must_work()

            def write(connection: sqlite3.Connection) -> None:
                digest = snapshot_digest(number, text, database.tail_at(connection, number).hash)
                database.insert_snapshot(connection, number, text, digest)

            self._commit(write)

    def _commit(self, write: Callable[[sqlite3.Connection], None]) -> None:
        """Let ``write`` run once on the writer's connection; whatever goes wrong is final."""
        try:
            if self._writer is None:
                self._writer = self._place.connect()
            write(self._writer)
        except Exception as error:
            self._failure = error
            raise JournalFailed(f"journal {self._place.path} failed: {error}") from error


def verify_file(path: Path) -> VerifyReport:
    """Check the journal at ``path`` and walk its whole chain, whoever has it open.

    Raises: JournalDamaged when it is no journal, or too broken to walk; OSError.
    """
    if path.stat().st_size == 0:
        raise JournalDamaged(f"{path} is empty")
    place = Database(path)
    place.prepare()
    return _walk(place)


def _walk(place: Database) -> VerifyReport:
    with damage_named(place.path), closing(place.connect()) as connection:
        connection.execute("BEGIN")
        written = database.head(connection)
        entries = database.entries_after(connection, START.id)
        damage = islice(chain(breaks(entries, START, written), _odd_snapshot(connection)), 10)
        return VerifyReport(written.id, written.hash.hex(), tuple(damage))


def _seal_all(tail: Tail, lines: list[tuple[float, str, str]]) -> tuple[list[Sealed], Tail]:
    """Return the entries that continue ``tail``, and the tail after them."""
    sealed = []
    for at, kind, text in lines:
        entry = seal(tail, at, kind, text)
        sealed.append(entry)
        tail = Tail(entry.id, entry.hash)
    return sealed, tail


def _snapshot(connection: sqlite3.Connection) -> tuple[Snapshot | None, Tail]:
    """Return the newest snapshot, if any, and the entry that its tail follows."""
    newest = database.last_snapshot(connection)
    if newest is None:
        return None, START
    number, text, digest = newest
    start = database.tail_at(connection, number)
    if snapshot_digest(number, text, start.hash) != digest:
        raise JournalDamaged(f"the snapshot at entry {number} was changed")
    return Snapshot(number, json.loads(text)), start


def _odd_snapshot(connection: sqlite3.Connection) -> Iterator[str]:
    """Yield what is wrong with the newest snapshot."""
    try:
        _snapshot(connection)
    except JournalDamaged as error:
        yield str(error)


def _refuse_breaks(found: Iterator[str], path: Path | None) -> None:
    damage = list(islice(found, 3))
    if damage:
        raise JournalDamaged(f"journal {path}: {'; '.join(damage)}")
