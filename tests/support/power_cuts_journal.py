"""A journal at work under the power-cut rig: what it did to its files, what it acknowledged, and what is left of it."""

import asyncio
import random
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from controller.store.chain import Entry
from controller.store.database import Database, read_only
from controller.store.errors import JournalDamaged, JournalFailed
from controller.store.journal import Journal, Record
from sim_plc.rehearsal.file_layer import IOERR_FSYNC, OK, Act, Kind, tapped
from sim_plc.rehearsal.platter import Platter
from tests.support.journals import open_journal

NAME: Final = "journal.sqlite"


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """From here on all entries up to a number count as durable."""

    entry: int


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The sync of a file has failed, and the kernel has forgotten what it could not write."""

    name: str


Event = Act | Acknowledged | Forgotten


@dataclass(frozen=True, slots=True)
class Work:
    """How much a recorded journal works: ``lives``: so often it is opened and closed."""

    lives: int = 3
    appends: int = 20
    longest: int = 2000
    """Characters of the longest entry."""
    snapshot_every: int = 7
    failing_sync: int | None = None
    """Which sync of a log fails, counted from the first opening; the life ends with it."""
    looked_at: bool = False
    """Somebody opens the journal beside it behind the failed sync, and stays."""


@dataclass
class Tally:
    """What cuts have shown; ``lost``: cuts behind which an acknowledged entry was missing."""

    cuts: int = 0
    acknowledged: int = 0
    """Entries that had been acknowledged at the cuts, all together."""
    lost: int = 0
    lost_entries: int = 0
    corrupt: int = 0
    complaints: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Return the figures in one line."""
        return (
            f"{self.cuts} cuts, {self.acknowledged} entries acknowledged before them, {self.lost} cuts lost "
            f"{self.lost_entries} of these, {self.corrupt} journals corrupt"
        )


def recorded(folder: Path, seed: str, work: Work, synchronous: str = "FULL") -> list[Event]:
    """Let a journal work in an empty folder; return all that happened in order."""
    chance, events, syncs = random.Random(seed), list[Event](), 0

    def tap(act: Act) -> int:
        nonlocal syncs
        if act.kind is Kind.SYNC and act.name.endswith("-wal"):
            syncs += 1
            if syncs == work.failing_sync:
                events.append(Forgotten(act.name))
                return IOERR_FSYNC
        events.append(act)
        return OK

    with tapped(folder, tap), synced(synchronous), ExitStack() as looks:
        for _ in range(work.lives):
            before = syncs
            asyncio.run(_life(folder / NAME, work, chance, events))
            if work.looked_at and before < (work.failing_sync or 0) <= syncs:
                look = looks.enter_context(closing(read_only(folder / NAME)))
                look.execute("SELECT entry_id FROM head").fetchone()
    return events


async def _life(path: Path, work: Work, chance: random.Random, events: list[Event]) -> None:
    """Open, append and close as a daemon does."""
    journal = open_journal(path)
    number = journal.acknowledged
    # What a daemon believes when it starts, it acts upon: from here on it must stay.
    events.append(Acknowledged(number))
    try:
        for turn in range(1, work.appends + 1):
            records = [_record(number + n, chance, work.longest) for n in range(1, chance.randint(1, 3) + 1)]
            await journal.append(records)
            number += len(records)
            events.append(Acknowledged(number))
            if turn % work.snapshot_every == 0:
                await journal.save_snapshot({"sum": number * (number + 1) // 2})
    except JournalFailed:
        assert work.failing_sync is not None
    finally:
        journal.close()


def _record(number: int, chance: random.Random, longest: int) -> Record:
    text = f"{chance.getrandbits(4 * chance.randint(1, longest)):x}"
    return "Counted", {"n": number, "text": text}


@contextmanager
def synced(how: str) -> Iterator[None]:
    """Let connections of the journal sync as ``how`` says: FULL is what they do by themselves."""
    connect = Database.connect

    def otherwise(self: Database) -> sqlite3.Connection:
        connection = connect(self)
        connection.execute(f"PRAGMA synchronous = {how}")
        return connection

    if how != "FULL":
        Database.connect = otherwise  # type: ignore[method-assign]
    try:
        yield
    finally:
        Database.connect = connect  # type: ignore[method-assign]


def cut(events: Sequence[Event], cuts: int, folder: Path, seed: str, tally: Tally) -> None:
    """Cut the power at random instants of a recording; open and judge in ``folder`` what each has left."""
    chance = random.Random(seed)
    instants = sorted(chance.randint(0, len(events)) for _ in range(cuts))
    disk, acknowledged, done = Platter(), 0, 0
    for instant in instants:
        for event in events[done:instant]:
            match event:
                case Acknowledged(entry):
                    acknowledged = entry
                case Forgotten(name):
                    disk.forget(name)
                case Act():
                    disk.take(event)
        done = instant
        _judge(disk.after_cut(chance), acknowledged, folder, tally)


def _judge(files: dict[str, bytes], acknowledged: int, folder: Path, tally: Tally) -> None:
    for old in folder.iterdir():
        old.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    tally.cuts += 1
    tally.acknowledged += acknowledged
    try:
        kept = _opened(folder / NAME)
    except (JournalDamaged, OSError, AssertionError) as error:
        tally.corrupt += 1
        tally.complaints.append(f"{acknowledged} acknowledged: {error!r}")
        return
    if kept < acknowledged:
        tally.lost += 1
        tally.lost_entries += acknowledged - kept


def _opened(path: Path) -> int:
    """Open a journal as the next daemon does, prove that it is whole and takes more; return its last number.

    Raises:
        JournalDamaged, OSError, AssertionError: it is not, or does not.

    """
    journal = open_journal(path)
    try:
        snapshot, tail = journal.load()
        entries = list(journal.read(after=0))
        count = len(entries)
        assert [entry.body["n"] for entry in entries] == list(range(1, count + 1)), "not each entry once, in order"
        start = 0 if snapshot is None else int(str(snapshot.body["sum"]))
        assert start + _sum(tail) == count * (count + 1) // 2, "snapshot and tail are not what all entries amount to"
        asyncio.run(_one_more(journal, count + 1))
        report = journal.verify()
        assert (report.entries, report.damage) == (count + 1, ()), report.damage
        return count
    finally:
        journal.close()


async def _one_more(journal: Journal, number: int) -> None:
    await journal.append([("Counted", {"n": number})])


def _sum(entries: Iterable[Entry]) -> int:
    return sum(int(str(entry.body["n"])) for entry in entries)
