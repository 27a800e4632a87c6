"""The journal: append-only, hash-chained, durable at each append. The truth for inventory, jobs and audit."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Literal

from controller.store import database
from controller.store.chain import START, Entry, Snapshot, Tail, canonical, opened, seal_all, snapshot_digest
from controller.store.database import Database, damage_named
from controller.store.errors import JournalClosed, JournalFailed
from controller.store.lock import FileLock
from controller.store.reading import VerifyReport, newest_snapshot, proven, walk
from controller.store.writer import Executor

Record = tuple[str, Mapping[str, object]]
"""Kind and JSON-able body of an entry."""


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
        self._holder: sqlite3.Connection | None = None
        self._commits = 0
        self._closed = False
        self._failure: Exception | None = None
        self._tail = START
        self._acknowledged = START
        self._summed_up = START.id

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
        self._holder = self._place.hold()
        with damage_named(self._place.path), closing(self._place.connect()) as connection:
            connection.execute("BEGIN")
            _, start = newest_snapshot(connection)
            for _ in proven(connection, start, self._place.path):
                pass
            self._tail = database.head(connection)
        self._acknowledged, self._summed_up = self._tail, start.id

    @property
    def failed(self) -> bool:
        """Whether a commit failed: no append is accepted until a restart."""
        return self._failure is not None

    @property
    def acknowledged(self) -> int:
        """Number of the last entry whose append returned (0: none)."""
        return self._acknowledged.id

    @property
    def head(self) -> Tail:
        """Number and hash of that entry: who keeps both elsewhere can tell later whether it is still there."""
        return self._acknowledged

    @property
    def behind(self) -> int:
        """How many acknowledged entries follow the newest snapshot: what a start has to fold."""
        return self._acknowledged.id - self._summed_up

    async def append(self, records: Sequence[Record]) -> float:
        """Keep ``records`` in one durable transaction; return, when it is, their wall time. In the order of the calls.

        Raises:
            TypeError, ValueError: a body that is not JSON; nothing was written.
            JournalFailed: this or an earlier commit failed; it is never tried again.
            JournalClosed: after `close`.

        """
        self._must_work()
        at = self._now()
        if records:
            lines = [(at, kind, canonical(body)) for kind, body in records]
            self._acknowledged = await self._executor(lambda: self._keep(lines))
        return at

    async def save_snapshot(self, body: Mapping[str, object]) -> None:
        """Keep ``body`` as what all acknowledged entries amount to, so that `load` need not start from the first.

        Raises: like `append`.
        """
        await self.sum_up(lambda: body)

    def sum_up(self, body: Callable[[], Mapping[str, object]]) -> Coroutine[None, None, None]:
        """Keep what ``body`` returns as what the entries amount to that are acknowledged now, when this is called.

        ``body`` is asked in a thread of its own, so that no append waits for more than one commit.

        Raises: like `append`, when awaited.
        """
        return self._sum_up(self.acknowledged, body)

    async def _sum_up(self, number: int, body: Callable[[], Mapping[str, object]]) -> None:
        self._must_work()
        if number != START.id:
            text = await asyncio.to_thread(lambda: canonical(body()))
            await self._executor(lambda: self._keep_snapshot(number, text))
            self._summed_up = number

    def read(self, after: int | None = None) -> Iterator[Entry]:
        """Yield the entries with a number above ``after`` (None: after the newest snapshot), oldest first.

        Raises: JournalDamaged, OSError.
        """
        with damage_named(self._place.path), closing(self._place.connect()) as connection:
            if after is None:
                newest = database.last_snapshot(connection)
                after = START.id if newest is None else newest[0]
            yield from map(opened, database.entries_after(connection, after))

    def load(self) -> tuple[Snapshot | None, Iterator[Entry]]:
        """Return the newest snapshot and each entry after it, one at a time: what the tower believes when it starts.

        Only when the last entry was handed out is it certain that none is missing behind it.

        Raises: JournalDamaged when snapshot or tail are not what was written, the tail's while it is read; OSError.
        """
        with damage_named(self._place.path), ExitStack() as stack:
            connection = stack.enter_context(closing(self._place.connect()))
            connection.execute("BEGIN")
            snapshot, start = newest_snapshot(connection)
            return snapshot, self._tail_of(connection, start, stack.pop_all())

    def _tail_of(self, connection: sqlite3.Connection, start: Tail, look: ExitStack) -> Iterator[Entry]:
        with damage_named(self._place.path), look:
            yield from map(opened, proven(connection, start, self._place.path))

    def verify(self) -> VerifyReport:
        """Walk the whole chain.

        Raises: JournalDamaged when the file is too broken to walk; OSError.
        """
        with damage_named(self._place.path), closing(self._place.connect()) as connection:
            connection.execute("BEGIN")
            return walk(connection)

    def close(self) -> None:
        """Let a commit under way end, then give the file free; what is still queued is refused. Idempotent.

        After a failure nothing more is written: the log stays as it is, for the next opening.
        """
        with self._turn:
            self._closed = True
            writer, holder, self._writer, self._holder = self._writer, self._holder, None, None
            # Who is closed last carries the log into the file; the holder cannot.
            for each in (holder, writer) if self._failure is None else (writer, holder):
                if each is not None:
                    each.close()
        self._place.close()
        if self._lock is not None:
            self._lock.release()

    def _must_work(self) -> None:
        if self._closed:
            raise JournalClosed("the journal is closed")
        if self._failure is not None:
            raise JournalFailed(f"the journal failed before: {self._failure}") from self._failure

    def _keep(self, lines: list[tuple[float, str, str]]) -> Tail:
        """Write entries; runs in the executor. Return the last as the tail of all up to it."""
        with self._turn:
            self._must_work()
            sealed, tail = seal_all(self._tail, lines)
            self._commit(lambda connection: database.insert(connection, sealed, tail))
            self._tail = tail
            return tail

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
            self._commits += 1
            if self._commits % database.LOG_COMMITS == 0:
                database.empty_log(self._writer)
        except Exception as error:
            self._failure = error
            raise JournalFailed(f"journal {self._place.path} failed: {error}") from error
