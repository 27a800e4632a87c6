"""Copies of a journal: made while it is in use, checked before they count, and put in its place."""

import os
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

from controller.store import database
from controller.store.chain import canonical, seal_all
from controller.store.database import Database, damage_named
from controller.store.errors import JournalDamaged
from controller.store.ownership import as_its_folder
from controller.store.reading import VerifyReport, looking, verify_file

MODE: Final = 0o640
"""Of a copy: as closed to others as a daemon's journal should be."""

BUSY_S: Final = 5.0
"""How long to wait for somebody who reads."""

_BESIDE: Final = ("-wal", "-shm")
"""What SQLite keeps beside a file that is in use."""


def copy_journal(source: Path, target: Path) -> VerifyReport:
    """Copy a journal, whoever has it open, into the new file ``target``; return the report on the copy.

    The copy is one consistent state, a single file, durable and whole down to its chain; nothing is left of one that
    is not. Writers go on meanwhile.

    Raises:
        FileExistsError: ``target`` is there; it is never written over.
        JournalDamaged: the source, or what came of it, is not what was written.
        OSError: either cannot be read or written.

    """
    part = target.with_name(f".{target.name}.part")
    if target.exists():
        raise FileExistsError(f"{target} is there already")
    discard(part)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, MODE))
    try:
        _copy(source, part)
        report = _whole(part, source)
        database.sync(part)
        part.rename(target)
        database.sync_folder(target)
    except BaseException:
        discard(part)
        raise
    return report


def append_to(file: Path, at: float, records: Iterable[tuple[str, Mapping[str, object]]]) -> None:
    """Write entries (kind and body) to a journal that no daemon has open, in one durable transaction.

    Raises: JournalDamaged, OSError; TypeError or ValueError for a body that is not JSON.
    """
    lines = [(at, kind, canonical(body)) for kind, body in records]
    with damage_named(file), closing(Database(file).connect()) as connection:
        sealed, tail = seal_all(database.head(connection), lines)
        database.insert(connection, sealed, tail)


def swap_in(part: Path, journal: Path, aside: Path) -> bool:
    """Put ``part`` in the place of ``journal``, which is kept as ``aside``; the caller holds the journal's lock.

    A crash at any moment leaves the old journal at its place, or the new one, which whoever owns the folder can open.
    Return whether there was an old one.

    Raises:
        FileExistsError: ``aside`` is there.
        OSError: a file cannot be moved, or somebody reads the old journal.

    """
    _settle(part)
    as_its_folder(part)
    there = journal.exists()
    if there:
        _settle_old(journal)
        os.link(journal, aside)
    for end in _BESIDE:
        beside = journal.with_name(journal.name + end)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + end))
    part.replace(journal)
    database.sync_folder(journal)
    return there


def discard(file: Path) -> None:
    """Remove a copy and what is beside it, as far as it is there."""
    for end in ("", *_BESIDE):
        file.with_name(file.name + end).unlink(missing_ok=True)


def _copy(source: Path, part: Path) -> None:
    with looking(source) as connection, damage_named(part), closing(sqlite3.connect(part)) as copy:
        connection.execute("COMMIT")  # a backup reads in a transaction of its own
        connection.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")


def _whole(part: Path, source: Path) -> VerifyReport:
    report = verify_file(part)
    if report.damage:
        raise JournalDamaged(f"{source}: {'; '.join(report.damage)}")
    return report


def _settle(file: Path) -> None:
    """Make a journal one file: nothing is left in its write-ahead log."""
    with closing(sqlite3.connect(file, timeout=BUSY_S)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")


def _settle_old(journal: Path) -> None:
    """Let the old journal's log go into its file: the log's name must not meet the new file.

    A journal that is broken, which may be why it is replaced, is kept in its parts: opened for writing, SQLite would
    throw away a log that it cannot read. So is one of which that shows only here. A disk that is full takes no new one.
    """
    try:
        with looking(journal):
            pass
    except (JournalDamaged, OSError):
        return
    try:
        _settle(journal)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            raise OSError(f"{journal} is being read: try again when that has ended") from error
        if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
            raise OSError(f"{journal} cannot be put aside: {error}") from error
