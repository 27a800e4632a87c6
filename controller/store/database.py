"""The journal's SQLite file: schema, connections, and the checks at opening."""

import os
import sqlite3
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final

from controller.store.chain import START, Sealed, Tail
from controller.store.errors import JournalDamaged

APPLICATION_ID: Final = 0x43544A4C
"""ASCII ``CTJL``, in the file's header: a cartower journal."""

VERSION: Final = 1
"""Raised with every change of the schema or of how an entry is hashed."""

LOG_COMMITS: Final = 100
"""After so many commits the write-ahead log is carried into the file: two syncs more."""

_SCHEMA: Final = f"""
BEGIN IMMEDIATE;
CREATE TABLE entry (
    id INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    prev BLOB NOT NULL,
    hash BLOB NOT NULL
);
CREATE TABLE head (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    entry_id INTEGER NOT NULL,
    hash BLOB NOT NULL
);
CREATE TABLE snapshot (
    entry_id INTEGER PRIMARY KEY REFERENCES entry(id),
    body TEXT NOT NULL,
    hash BLOB NOT NULL
);
CREATE TRIGGER entry_is_never_changed BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER entry_is_never_deleted BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'append-only'); END;
INSERT INTO head VALUES (1, {START.id}, x'{START.hash.hex()}');
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {VERSION};
COMMIT;
"""  # noqa: S608 - put together from constants alone

_memories = count(1)


class Database:
    """Where a journal lies: a file, or the memory of this process (then gone with `close`)."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._address = f"file:journal-{next(_memories)}?mode=memory&cache=shared" if path is None else str(path)
        # A shared memory database lives as long as one connection to it.
        self._anchor = None if path is not None else self.connect()

    def connect(self) -> sqlite3.Connection:
        """Return a new connection: durable at each commit, foreign keys held.

        It may be closed by another thread than the one that uses it; who shares one takes turns.
        """
        connection = sqlite3.connect(
            self._address, uri=self.path is None, isolation_level=None, timeout=5.0, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            # SQLite keeps to itself what goes wrong when it empties its log of its own accord: see `empty_log`.
            connection.execute("PRAGMA wal_autocheckpoint = 0")
            if self.path is None:
                # Connections to one memory would lock each other's tables; a file's readers never do (WAL).
                connection.execute("PRAGMA read_uncommitted = ON")
            connection.text_factory = _text
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def close(self) -> None:
        """Forget a memory database; a file stays."""
        if self._anchor is not None:
            self._anchor.close()
            self._anchor = None

    def hold(self) -> sqlite3.Connection | None:
        """Return a connection that writes nothing, and beside which no other one does so when it is closed.

        SQLite's last connection carries the log into the file, with syncs of its own: behind a failed one that would
        be a second try. None for a memory.
        """
        if self.path is None:
            return None
        with damage_named(self.path):
            connection = read_only(self.path)
            connection.execute("SELECT entry_id FROM head").fetchall()  # from its first look on it counts
            return connection

    def prepare(self) -> None:
        """Create the schema in an empty file; else check that it is a sound journal of this version.

        Raises: JournalDamaged, OSError.
        """
        if self.path is not None:
            renew_log(self.path)
        with damage_named(self.path), closing(self.connect()) as connection:
            if _number(connection, "SELECT count(*) FROM sqlite_master") == 0:
                connection.executescript(_SCHEMA)
                if self.path is not None:
                    sync_folder(self.path)
            else:
                check(connection, self.path)


def read_only(path: Path, *, still: bool = False) -> sqlite3.Connection:
    """Return a connection that changes nothing. The file must be there.

    ``still``: nothing is made beside it or looked for there, and whoever writes it meanwhile goes unnoticed.
    """
    mode = "mode=ro&immutable=1" if still else "mode=ro"
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True, isolation_level=None, timeout=5.0)
    connection.text_factory = _text
    return connection


def for_a_look(path: Path) -> tuple[sqlite3.Connection, bool]:
    """Return a connection as `read_only` does, and whether it is a still one.

    SQLite reads a file with a log only where it finds or makes the log's index. On a full disk, a read-only one, or
    for somebody who may put nothing there, it makes none; a journal that rests needs none.

    Raises: sqlite3.OperationalError.
    """
    connection = read_only(path)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as error:
        connection.close()
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY or not rests(path):
            raise
        return read_only(path, still=True), True
    except sqlite3.Error:
        connection.close()
        raise
    return connection, False


def rests(path: Path) -> bool:
    """Whether all of a journal is in its file, nothing in a log."""
    log = log_of(path)
    return not log.exists() or log.stat().st_size == 0


def log_of(path: Path) -> Path:
    """Return the write-ahead log of a journal."""
    return path.with_name(path.name + "-wal")


def check(connection: sqlite3.Connection, path: Path | None) -> None:
    """Check that a file is a sound journal of this version, page by page; its chain is not looked at.

    Raises: JournalDamaged.
    """
    check_kind(connection, path)
    complaints = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(5)")]
    orphans = connection.execute("PRAGMA foreign_key_check")
    complaints += [f"a row of {row[0]} misses its {row[2]}" for row in orphans]
    if complaints != ["ok"]:
        raise JournalDamaged(f"journal {path}: {'; '.join(complaints)}")


def check_kind(connection: sqlite3.Connection, path: Path | None) -> None:
    """Check that a file is a journal of this version.

    Raises: JournalDamaged.
    """
    if _number(connection, "PRAGMA application_id") != APPLICATION_ID:
        raise JournalDamaged(f"{path} is not a cartower journal")
    version = _number(connection, "PRAGMA user_version")
    if version != VERSION:
        raise JournalDamaged(f"journal {path} has version {version}, this program reads {VERSION}")


def renew_log(file: Path) -> None:
    """Write the write-ahead log of an earlier process once more, as it is, and sync it, before anything rests on it.

    Its last sync may have failed: then the kernel shows, but never writes, what the disk does not hold (LSFMM 2018,
    "PostgreSQL's fsync() surprise"). Whoever reads it meanwhile reads the same bytes. No daemon may have it open.

    Raises: OSError.
    """
    log = log_of(file)
    if log.exists():
        with log.open("r+b") as stream:
            content = stream.read()
            stream.seek(0)
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())


def sync_folder(file: Path) -> None:
    """Make the name of a new file durable, not only its content."""
    sync(file.parent)


def sync(place: Path) -> None:
    """Wait until what a file or a folder holds is on the disk.

    Raises: OSError.
    """
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def damage_named(path: Path | None) -> Iterator[None]:
    """Turn what SQLite says of a broken file into JournalDamaged; an unreadable disk stays an OSError."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_ERROR:
            # Our questions are always the same: if a table or column that they name is not there, its name was hit.
            raise JournalDamaged(f"journal {path}: {error}") from error
        raise OSError(f"journal {path} cannot be read: {error}") from error
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise JournalDamaged(f"journal {path}: {error}") from error


def head(connection: sqlite3.Connection) -> Tail:
    """Return what the file says was written last.

    Raises: JournalDamaged.
    """
    row = connection.execute("SELECT entry_id, hash FROM head").fetchone()
    if row is None:
        raise JournalDamaged("the journal's head is missing")
    _must_be("the journal's head", row, _TAIL)
    return Tail(row[0], row[1])


def entries_after(connection: sqlite3.Connection, number: int) -> Generator[Sealed, None, None]:
    """Yield the stored entries with a number above ``number``, in order.

    Closed early it lets go of the file; a connection that is closed before a query of its has ended does not.
    """
    query = "SELECT id, at, kind, body, prev, hash FROM entry WHERE id > ? ORDER BY id"
    with closing(connection.execute(query, (number,))) as rows:
        yield from map(_sealed, rows)


def entries_back(connection: sqlite3.Connection) -> Iterator[Sealed]:
    """Yield the stored entries, newest first."""
    rows = connection.execute("SELECT id, at, kind, body, prev, hash FROM entry ORDER BY id DESC")
    return map(_sealed, rows)


def tail_at(connection: sqlite3.Connection, number: int) -> Tail:
    """Return entry ``number`` as the tail of all up to it.

    Raises: JournalDamaged.
    """
    if number == START.id:
        return START
    row = connection.execute("SELECT id, hash FROM entry WHERE id = ?", (number,)).fetchone()
    if row is None:
        raise JournalDamaged(f"entry {number} is missing")
    _must_be(f"entry {number}", row, _TAIL)
    return Tail(row[0], row[1])


def last_snapshot(connection: sqlite3.Connection) -> tuple[int, str, bytes] | None:
    """Return number, text and hash of the newest snapshot, or None.

    Raises: JournalDamaged.
    """
    row = connection.execute("SELECT entry_id, body, hash FROM snapshot ORDER BY entry_id DESC LIMIT 1").fetchone()
    return None if row is None else _snapshot(row)


def snapshots(connection: sqlite3.Connection) -> Iterator[tuple[int, str, bytes]]:
    """Yield number, text and hash of every snapshot that is kept, oldest first.

    Raises: JournalDamaged.
    """
    return map(_snapshot, connection.execute("SELECT entry_id, body, hash FROM snapshot ORDER BY entry_id"))


def insert(connection: sqlite3.Connection, sealed: Iterable[Sealed], tail: Tail) -> None:
    """Write entries that end in ``tail`` as one durable transaction."""
    rows = [(entry.id, entry.at, entry.kind, entry.text, entry.prev, entry.hash) for entry in sealed]
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT INTO entry (id, at, kind, body, prev, hash) VALUES (?, ?, ?, ?, ?, ?)", rows)
    connection.execute("UPDATE head SET entry_id = ?, hash = ?", (tail.id, tail.hash))
    connection.execute("COMMIT")


def insert_snapshot(connection: sqlite3.Connection, number: int, text: str, digest: bytes) -> None:
    """Write a snapshot as one durable transaction; older ones but the last are dropped."""
    connection.execute("BEGIN IMMEDIATE")
    row = number, text, digest
    connection.execute("INSERT OR REPLACE INTO snapshot (entry_id, body, hash) VALUES (?, ?, ?)", row)
    connection.execute(
        "DELETE FROM snapshot WHERE entry_id NOT IN (SELECT entry_id FROM snapshot ORDER BY entry_id DESC LIMIT 2)"
    )
    connection.execute("COMMIT")


def empty_log(connection: sqlite3.Connection) -> None:
    """Carry the log into the file, as far as no reader needs it; the next commit begins it anew.

    Raises: sqlite3.OperationalError.
    """
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()


_Row = tuple[Any, ...]

_TAIL: Final = (int, bytes)


def _sealed(row: _Row) -> Sealed:
    _must_be(f"entry {row[0]}", row, (int, float, str, str, bytes, bytes))
    return Sealed(*row)


def _snapshot(row: _Row) -> tuple[int, str, bytes]:
    _must_be(f"the snapshot at entry {row[0]}", row, (int, str, bytes))
    number, text, digest = row
    return number, text, digest


def _must_be(what: str, row: _Row, kinds: tuple[type, ...]) -> None:
    """Check the types of what was read: SQLite keeps them with each value, where a byte can be hit as anywhere.

    Raises: JournalDamaged.
    """
    if not all(isinstance(value, kind) for value, kind in zip(row, kinds, strict=True)):
        raise JournalDamaged(f"{what} was changed: it holds {', '.join(type(value).__name__ for value in row)}")


def _text(raw: bytes) -> str:
    """Return stored text; bytes that are no UTF-8 stay visible to the chain as a change, not as a failure to read."""
    return raw.decode(errors="surrogateescape")


def _number(connection: sqlite3.Connection, question: str) -> int:
    value: int = connection.execute(question).fetchone()[0]
    return value
