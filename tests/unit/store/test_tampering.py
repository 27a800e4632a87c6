"""Whoever edits the file is found, at opening or by walking the chain."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from controller.store.chain import START, digest, seal
from controller.store.errors import JournalDamaged
from tests.support.journals import open_journal

ENTRIES = 12


def make(path: Path, *, snapshot_at: int | None = None) -> None:
    async def scenario() -> None:
        journal = open_journal(path)
        for n in range(1, ENTRIES + 1):
            await journal.append([("Moved", {"car": f"C{n}", "to": 100 + n})])
            if n == snapshot_at:
                await journal.save_snapshot({"cars": n})
        journal.close()

    asyncio.run(scenario())


def edit(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("DROP TRIGGER entry_is_never_changed")
        raw.execute("DROP TRIGGER entry_is_never_deleted")
        for statement in statements:
            raw.execute(statement)
        raw.commit()


FLIP_BODY = ("UPDATE entry SET body = replace(body, '105', '106') WHERE id = 5",)
BAD_TEXT = ("UPDATE entry SET body = CAST(x'7bff7d' AS TEXT) WHERE id = 5",)
FLIP_KIND = ("UPDATE entry SET kind = 'Stored' WHERE id = 5",)
FLIP_TIME = ("UPDATE entry SET at = at + 1 WHERE id = 5",)
FLIP_HASH = ("UPDATE entry SET hash = zeroblob(32) WHERE id = 5",)
DELETE_ONE = ("DELETE FROM entry WHERE id = 5",)
DELETE_FIRST = ("DELETE FROM entry WHERE id = 1",)
DELETE_LAST = (f"DELETE FROM entry WHERE id > {ENTRIES - 2}",)
DELETE_ALL = ("DELETE FROM entry",)
SWAP = (
    "UPDATE entry SET id = 99 WHERE id = 5",
    "UPDATE entry SET id = 5 WHERE id = 6",
    "UPDATE entry SET id = 6 WHERE id = 99",
)
SWAP_BODIES = (
    "UPDATE entry SET body = (SELECT body FROM entry e WHERE e.id = 11 - entry.id) WHERE id IN (5, 6)",
)
INSERT = ("INSERT INTO entry SELECT id + 1, at, kind, body, hash, hash FROM entry WHERE id = 12",)
HEAD = ("UPDATE head SET entry_id = 11",)
NO_HEAD = ("DELETE FROM head",)

EDITS = {
    name: value
    for name, value in globals().items()
    if name.isupper() and isinstance(value, tuple) and isinstance(value[0], str)
}


@pytest.mark.parametrize("statements", EDITS.values(), ids=EDITS)
def test_an_edited_journal_does_not_open(tmp_path: Path, statements: tuple[str, ...]) -> None:
    make(tmp_path / "j")
    open_journal(tmp_path / "j").close()
    edit(tmp_path / "j", *statements)
    with pytest.raises(JournalDamaged):
        open_journal(tmp_path / "j")


@pytest.mark.parametrize("name", sorted(set(EDITS) - {"NO_HEAD", "HEAD", "INSERT", "DELETE_LAST", "DELETE_ALL"}))
def test_an_edit_before_the_snapshot_is_found_by_walking_the_whole_chain(tmp_path: Path, name: str) -> None:
    make(tmp_path / "j", snapshot_at=9)
    edit(tmp_path / "j", *EDITS[name])
    journal = open_journal(tmp_path / "j")
    report = journal.verify()
    journal.close()
    assert report.damage
    assert any("entry 5" in line or "entry 6" in line or "entry 1 " in line for line in report.damage)


def test_a_sound_journal_verifies(tmp_path: Path) -> None:
    make(tmp_path / "j", snapshot_at=9)
    journal = open_journal(tmp_path / "j")
    report = journal.verify()
    journal.close()
    assert (report.entries, report.damage) == (ENTRIES, ())


def test_an_edited_snapshot_does_not_open_and_is_named(tmp_path: Path) -> None:
    make(tmp_path / "j", snapshot_at=9)
    journal = open_journal(tmp_path / "j")
    edit(tmp_path / "j", "UPDATE snapshot SET body = '{\"cars\":8}'")
    assert journal.verify().damage == ("the snapshot at entry 9 was changed",)
    journal.close()
    with pytest.raises(JournalDamaged, match="snapshot at entry 9"):
        open_journal(tmp_path / "j")


def test_a_snapshot_without_its_entry_does_not_open(tmp_path: Path) -> None:
    make(tmp_path / "j", snapshot_at=9)
    edit(tmp_path / "j", "DELETE FROM entry WHERE id = 9")
    with pytest.raises(JournalDamaged, match="misses its entry"):
        open_journal(tmp_path / "j")


def test_entries_cannot_be_changed_or_deleted_by_plain_statements(tmp_path: Path) -> None:
    make(tmp_path / "j")
    with closing(sqlite3.connect(tmp_path / "j")) as raw:
        for statement in (*FLIP_BODY, *DELETE_ONE):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                raw.execute(statement)


def cut(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.truncate(size - 4096)


def scratch(path: Path) -> None:
    """Overwrite the start of the last page."""
    with path.open("r+b") as file:
        file.seek(path.stat().st_size - 4096)
        file.write(b"\x55" * 64)


def overwrite_text(path: Path) -> None:
    """Change one byte of a body where it lies in the file, behind SQLite's back."""
    content = path.read_bytes()
    assert content.count(b'"to":105}') == 1
    path.write_bytes(content.replace(b'"to":105}', b'"to":107}'))


@pytest.mark.parametrize("harm", [cut, scratch, overwrite_text])
def test_a_damaged_file_does_not_open(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    make(tmp_path / "j")
    harm(tmp_path / "j")
    with pytest.raises(JournalDamaged):
        open_journal(tmp_path / "j")


def test_the_hash_covers_every_field_and_their_borders() -> None:
    one = digest(1, 2.0, "AB", "{}", START.hash)
    others = {
        digest(2, 2.0, "AB", "{}", START.hash),
        digest(1, 2.5, "AB", "{}", START.hash),
        digest(1, 2.0, "A", "B{}", START.hash),
        digest(1, 2.0, "AB", "{ }", START.hash),
        digest(1, 2.0, "AB", "{}", one),
    }
    assert len(others) == 5
    assert one not in others


def test_the_chain_is_the_one_that_released_journals_hold() -> None:
    """A change of this value makes every journal in the field unreadable: raise the version instead."""
    expected = "4ec95ce7c7d68987530fb41652e5502e14e677618ab6954e8dd334482d655467"
    assert seal(START, 1234.5, "A", '{"n":1}').hash.hex() == expected
