"""A byte of the file is flipped, wherever: it is named, or nothing that was written reads otherwise."""

import asyncio
import re
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from controller.store import database, reading
from controller.store.errors import JournalDamaged
from controller.store.reading import entries_behind, hash_of, verify_file
from tests.support.journals import open_journal

ENTRIES: Final = 30
SNAPSHOTS: Final = (10, 20)
STEP: Final = 89
"""The quick suite flips every so-manieth byte; a prime, so that no column of a page is left out."""


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "journal.sqlite"

    async def scenario() -> None:
        with closing(open_journal(path)) as made:
            for n in range(1, ENTRIES + 1):
                await made.append([("Moved", {"car": f"C{n:02}", "to": 100 + n, "text": "x" * 7 * n})])
                if n in SNAPSHOTS:
                    await made.save_snapshot({"upto": n, "text": "s" * 300})

    asyncio.run(scenario())
    return path


def flipped(journal: Path, folder: Path, at: int, mask: int = 0xFF) -> Path:
    content = bytearray(journal.read_bytes())
    content[at] ^= mask
    path = folder / "flipped.sqlite"
    path.write_bytes(content)
    return path


def complaint(path: Path) -> str:
    """Return what `cartower audit verify` would say of a journal, empty if it is whole."""
    try:
        return "; ".join(verify_file(path).damage)
    except (JournalDamaged, OSError) as error:
        return str(error)


def raw(journal: Path, question: str) -> bytes:
    with closing(database.read_only(journal)) as connection:
        value: bytes | str | int = connection.execute(question).fetchone()[0]
    return value if isinstance(value, bytes) else str(value).encode()


WHAT: Final = {
    "an entry's body": ("SELECT body FROM entry WHERE id = 15", "entry 15 was changed"),
    "an entry's hash": ("SELECT hash FROM entry WHERE id = 15", "entry 1[56] "),
    "the last hash": (f"SELECT hash FROM entry WHERE id = {ENTRIES}", f"entry {ENTRIES}"),
    "the newest snapshot": (f"SELECT body FROM snapshot WHERE entry_id = {SNAPSHOTS[1]}", "snapshot at entry 20"),
    "the older snapshot": (f"SELECT body FROM snapshot WHERE entry_id = {SNAPSHOTS[0]}", "snapshot at entry 10"),
    "a snapshot's hash": (f"SELECT hash FROM snapshot WHERE entry_id = {SNAPSHOTS[1]}", "snapshot at entry 20"),
    "the schema": ("SELECT substr(sql, 1, 18) FROM sqlite_master WHERE name = 'entry'", "flipped.sqlite"),
}


@pytest.mark.parametrize("what", WHAT)
def test_what_was_hit_is_named(journal: Path, tmp_path: Path, what: str) -> None:
    question, named = WHAT[what]
    text = raw(journal, question)
    places = [found.start() for found in re.finditer(re.escape(text), journal.read_bytes())]
    assert places
    for place in places:
        for at in (place, place + len(text) // 2, place + len(text) - 1):
            said = complaint(flipped(journal, tmp_path, at, 0x04))
            assert re.search(named, said), (at, text[at - place : at - place + 9], said)


@pytest.mark.parametrize("table", ["entry", "head", "snapshot"])
def test_a_column_whose_name_was_hit_is_damage_and_no_disk_that_cannot_be_read(
    journal: Path, tmp_path: Path, table: str
) -> None:
    """A daemon that started on it called the disk bad, and no copy was put back (`small`, seed 1409, aimed)."""
    schema = raw(journal, f"SELECT sql FROM sqlite_master WHERE name = '{table}'")
    path = flipped(journal, tmp_path, journal.read_bytes().index(schema) + schema.index(b" hash") + 1, 0x04)
    with pytest.raises(JournalDamaged, match="no such column: hash"):
        verify_file(path)
    with pytest.raises(JournalDamaged, match="no such column: hash"):
        open_journal(path)


@pytest.mark.parametrize(
    ("at", "what"),
    [(0, "magic"), (16, "page size"), (19, "version to read"), (68, "application id"), (60, "version"), (100, "tree")],
)
def test_a_header_that_was_hit_is_named_with_the_file(journal: Path, tmp_path: Path, at: int, what: str) -> None:
    assert re.search("flipped.sqlite", complaint(flipped(journal, tmp_path, at))), what


@pytest.mark.parametrize("step", [STEP, pytest.param(5, marks=pytest.mark.campaign)])
def test_no_flipped_byte_changes_what_is_read_unnoticed(journal: Path, tmp_path: Path, step: int) -> None:
    whole = readable(journal)
    found: Counter[str] = Counter()
    for at in range(0, journal.stat().st_size, step):
        path = flipped(journal, tmp_path, at)
        if complaint(path):
            found["named"] += 1
        else:
            # Room that nothing uses, and counters of which SQLite makes itself new ones.
            assert readable(path) == whole, f"byte {at} reads otherwise, and nobody says so"
            found["without effect"] += 1
    print(f"\n{sum(found.values())} bytes flipped one by one: {dict(found)}")
    assert found["named"] > found["without effect"] / 4


@pytest.mark.parametrize("step", [STEP * 7, pytest.param(23, marks=pytest.mark.campaign)])
def test_a_hit_in_a_log_that_was_left_changes_nothing_before_it(journal: Path, tmp_path: Path, step: int) -> None:
    """SQLite ends a log where its check sums end: entries behind are gone, and only a hash noted elsewhere tells."""
    folder = tmp_path / "killed"
    folder.mkdir()
    written = written_and_killed(journal, folder)
    log = folder / "journal.sqlite-wal"
    assert log.stat().st_size > 0
    lengths = set()
    for at in range(0, log.stat().st_size, step):
        hit = tmp_path / "hit"
        shutil.copytree(folder, hit)
        content = bytearray(log.read_bytes())
        content[at] ^= 0xFF
        (hit / log.name).write_bytes(content)
        left = hit / "journal.sqlite"
        assert complaint(left) == ""
        kept = [(entry.id, entry.body) for entry in entries_behind(left, 0)]
        assert kept == written[: len(kept)]
        if len(kept) < len(written):
            with pytest.raises(JournalDamaged, match="is missing"):
                hash_of(left, len(written))
        lengths.add(len(kept))
        shutil.rmtree(hit)
    assert len(lengths) > 1


def written_and_killed(journal: Path, folder: Path) -> list[tuple[int, object]]:
    """Go on with a copy of a journal and leave it in ``folder`` as a killed daemon does; return what was written."""

    async def scenario() -> list[tuple[int, object]]:
        working = folder / "working.sqlite"
        shutil.copy(journal, working)
        with closing(open_journal(working)) as made:
            for n in range(6):
                await made.append([("More", {"n": n})])
            written: list[tuple[int, object]] = [(entry.id, entry.body) for entry in made.read(after=0)]
            for end in ("", "-wal"):
                shutil.copy(f"{working}{end}", f"{folder / 'journal.sqlite'}{end}")
        return written

    return asyncio.run(scenario())


def readable(path: Path) -> list[object]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        snapshots = connection.execute("SELECT * FROM snapshot ORDER BY entry_id").fetchall()
    with reading.kept(path) as found:
        return [found.snapshot, list(found.tail), list(found.every), found.last, snapshots]
