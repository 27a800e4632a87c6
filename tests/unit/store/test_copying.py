"""Copies of a journal: of one that is in use, whole or not at all, and put in the place of another."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from controller.store import copying, reading
from controller.store.chain import Entry, Sealed, opened
from controller.store.database import LOG_COMMITS
from controller.store.errors import JournalDamaged
from controller.store.reading import entries_behind, entries_since, hash_of, kept, last_of, looking, verify_file
from controller.store.writer import WriterThread
from tests.support.journals import open_journal


def fill(path: Path, first: int, last: int, *, snapshot: bool = False) -> None:
    async def scenario() -> None:
        with closing(open_journal(path)) as journal:
            for n in range(first, last + 1):
                await journal.append([("Counted", {"n": n})])
            if snapshot:
                await journal.save_snapshot({"sum": last})

    asyncio.run(scenario())


def counted(path: Path) -> list[object]:
    return [entry.body["n"] for entry in entries_behind(path, 0)]


def test_a_journal_in_use_is_copied_as_it_is_at_that_moment(tmp_path: Path) -> None:
    source, target = tmp_path / "journal.sqlite", tmp_path / "copy.sqlite"

    async def scenario() -> None:
        with closing(open_journal(source)) as journal:
            await journal.append([("Counted", {"n": 1})])
            report = copying.copy_journal(source, target)
            await journal.append([("Counted", {"n": 2})])
            assert (report.entries, report.damage) == (1, ())

    asyncio.run(scenario())
    assert counted(target) == [1]
    assert counted(source) == [1, 2]
    assert target.stat().st_mode & 0o777 == 0o640
    assert [each for each in tmp_path.iterdir() if "copy" in each.name] == [target], "one file, nothing beside it"


def test_a_copy_is_never_written_over(tmp_path: Path) -> None:
    source, target = tmp_path / "journal.sqlite", tmp_path / "copy.sqlite"
    fill(source, 1, 2)
    target.write_text("kept")
    with pytest.raises(FileExistsError):
        copying.copy_journal(source, target)
    assert target.read_text() == "kept"


def test_a_journal_that_a_start_has_refused_can_be_replaced_at_once(tmp_path: Path) -> None:
    """Its refusal held a query that had not ended: it was "being read" for good (`small`, seed 319, aimed)."""
    journal, backup = tmp_path / "journal.sqlite", tmp_path / "backup.sqlite"
    fill(journal, 1, 8)
    copying.copy_journal(journal, backup)
    with closing(sqlite3.connect(journal)) as connection:
        connection.execute("DROP TRIGGER entry_is_never_changed")
        connection.execute("UPDATE entry SET body = '{}' WHERE id IN (2, 4, 6, 7)")
        connection.commit()
    with pytest.raises(JournalDamaged, match="entry 2 was changed") as refused:
        open_journal(journal)
    assert copying.swap_in(backup, journal, tmp_path / "aside.sqlite")
    assert refused.value
    assert counted(journal) == list(range(1, 9))


def test_of_a_damaged_journal_no_copy_stays(tmp_path: Path) -> None:
    source = tmp_path / "journal.sqlite"
    fill(source, 1, 5)
    with closing(sqlite3.connect(source)) as raw:
        raw.execute("DROP TRIGGER entry_is_never_changed")
        raw.execute("UPDATE entry SET body = '{}' WHERE id = 3")
        raw.commit()
    with pytest.raises(JournalDamaged, match="entry 3 was changed"):
        copying.copy_journal(source, tmp_path / "copy.sqlite")
    assert [each for each in tmp_path.iterdir() if "copy" in each.name] == []


def test_a_copy_that_broke_off_is_begun_anew(tmp_path: Path) -> None:
    source = tmp_path / "journal.sqlite"
    fill(source, 1, 2)
    (tmp_path / ".copy.sqlite.part").write_text("half")
    copying.copy_journal(source, tmp_path / "copy.sqlite")
    assert counted(tmp_path / "copy.sqlite") == [1, 2]


def test_a_place_that_cannot_be_written_is_an_os_error(tmp_path: Path) -> None:
    fill(tmp_path / "journal.sqlite", 1, 1)
    with pytest.raises(OSError, match="none"):
        copying.copy_journal(tmp_path / "journal.sqlite", tmp_path / "none" / "copy.sqlite")


def test_what_is_appended_continues_the_chain(tmp_path: Path) -> None:
    file = tmp_path / "journal.sqlite"
    fill(file, 1, 3, snapshot=True)
    copying.append_to(file, 99.0, [("Counted", {"n": 4}), ("Counted", {"n": 5})])
    assert verify_file(file).damage == ()
    with kept(file) as found:
        assert found.snapshot is not None
        assert [entry.body["n"] for entry in found.tail] == [4, 5]
        assert found.last is not None
        assert (found.last.id, found.last.at) == (5, 99.0)


def test_of_a_long_tail_one_entry_at_a_time_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "journal.sqlite"
    fill(file, 1, 9)
    made: list[int] = []

    def counting(entry: Sealed) -> Entry:
        made.append(entry.id)
        return opened(entry)

    monkeypatch.setattr(reading, "opened", counting)
    with kept(file) as found:
        assert made == [9], "the last of all"
        assert next(found.tail).id == 1
        assert made == [9, 1]


def test_a_journal_is_put_in_the_place_of_another_which_is_kept(tmp_path: Path) -> None:
    journal, part, aside = (tmp_path / name for name in ("journal.sqlite", "new.sqlite", "old.sqlite"))
    fill(journal, 1, 9)
    fill(part, 1, 2)
    assert copying.swap_in(part, journal, aside) is True
    assert (counted(journal), counted(aside)) == ([1, 2], list(range(1, 10)))
    assert not part.exists()
    fill(journal, 3, 3)
    assert counted(journal) == [1, 2, 3]


@pytest.mark.parametrize("step", ["os.link", "Path.replace", "database.sync_folder"])
def test_wherever_putting_in_place_breaks_off_a_whole_journal_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    journal, part, aside = (tmp_path / name for name in ("journal.sqlite", "new.sqlite", "old.sqlite"))
    fill(journal, 1, 9)
    fill(part, 1, 2)

    def power_cut(*_args: object) -> None:
        raise OSError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(f"controller.store.copying.{step}", power_cut)
        with pytest.raises(OSError, match="power cut"):
            copying.swap_in(part, journal, aside)
    assert verify_file(journal).damage == ()
    assert counted(journal) == ([1, 2] if step == "database.sync_folder" else list(range(1, 10)))


def test_the_log_of_a_killed_daemon_goes_aside_with_its_journal(tmp_path: Path) -> None:
    """The log holds all but the file's head: met by the new file, it would be played into it."""
    journal, part, aside = (tmp_path / name for name in ("journal.sqlite", "new.sqlite", "old.sqlite"))
    live = tmp_path / "live.sqlite"
    with closing(open_journal(live)) as opened:
        asyncio.run(opened.append([("Counted", {"n": n}) for n in range(1, 10)]))
        for end in ("", "-wal"):
            (tmp_path / f"journal.sqlite{end}").write_bytes((tmp_path / f"live.sqlite{end}").read_bytes())
    fill(part, 1, 2)
    copying.swap_in(part, journal, aside)
    assert counted(journal) == [1, 2]
    assert counted(aside) == list(range(1, 10))
    assert verify_file(aside).damage == ()


def test_a_broken_journal_is_kept_in_its_parts(tmp_path: Path) -> None:
    journal, part, aside = (tmp_path / name for name in ("journal.sqlite", "new.sqlite", "old.sqlite"))
    fill(part, 1, 2)
    journal.write_text("no journal at all, and long enough to be looked at as one" * 20)
    (tmp_path / "journal.sqlite-wal").write_text("its log")
    copying.swap_in(part, journal, aside)
    assert counted(journal) == [1, 2]
    assert aside.read_text().startswith("no journal at all")
    assert (tmp_path / "old.sqlite-wal").read_text() == "its log"


@pytest.mark.parametrize("live", [False, True])
def test_a_journal_whose_first_page_is_hit_is_kept_in_its_parts_too(tmp_path: Path, *, live: bool) -> None:
    """Its header alone is whole: that it is damaged shows only when its log is carried into it."""
    journal, part, aside = (tmp_path / name for name in ("journal.sqlite", "new.sqlite", "old.sqlite"))
    fill(part, 1, 2)
    fill(journal, 1, 9)
    log = tmp_path / "journal.sqlite-wal"
    if live:
        log.write_bytes(b"its log")
    content = bytearray(journal.read_bytes())
    content[100:108] = b"\xa5" * 8
    journal.write_bytes(content)
    copying.swap_in(part, journal, aside)
    assert counted(journal) == [1, 2]
    assert aside.read_bytes()[100:108] == b"\xa5" * 8
    assert not log.exists()


def test_nothing_is_put_in_the_place_of_a_journal_that_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "BUSY_S", 0.01)
    journal, part, aside = (tmp_path / name for name in ("journal.sqlite", "new.sqlite", "old.sqlite"))
    fill(journal, 1, 9)
    fill(part, 1, 2)
    with closing(sqlite3.connect(journal, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM entry").fetchone()
        with pytest.raises(OSError, match="is being read"):
            copying.swap_in(part, journal, aside)
    assert counted(journal) == list(range(1, 10))
    assert not aside.exists()


def test_entries_are_found_by_time_though_the_clock_was_set(tmp_path: Path) -> None:
    file = tmp_path / "journal.sqlite"
    fill(file, 1, 1)
    for number, at in enumerate((5000.0, 100.0, 6000.0), start=2):
        copying.append_to(file, at, [("Counted", {"n": number})])
    assert [entry.body["n"] for entry in entries_since(file, 4000.0)] == [2, 4]


def test_an_entry_is_known_by_its_hash(tmp_path: Path) -> None:
    file = tmp_path / "journal.sqlite"
    fill(file, 1, 3)
    assert hash_of(file, 3) == verify_file(file).last_hash
    with pytest.raises(JournalDamaged):
        hash_of(file, 4)


def test_looking_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "journal.sqlite"
    fill(file, 1, 3)
    before = file.read_bytes()
    last_of(file)
    verify_file(file)
    assert file.read_bytes() == before


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """Return the journal of a daemon that has ended in good order, for whom SQLite can make no index of a log."""
    folder = tmp_path / "run"
    folder.mkdir()
    fill(folder / "journal.sqlite", 1, 3)
    (folder / "journal.sqlite-shm").symlink_to("nowhere")
    return folder / "journal.sqlite"


def test_a_journal_that_rests_is_read_where_nothing_can_be_put_beside_it(closed: Path, tmp_path: Path) -> None:
    assert counted(closed) == [1, 2, 3]
    assert copying.copy_journal(closed, tmp_path / "copy.sqlite").entries == 3


def test_a_log_that_cannot_be_read_is_not_left_out(closed: Path) -> None:
    closed.with_name("journal.sqlite-wal").write_bytes(b"what the file does not hold")
    with pytest.raises(OSError, match="cannot be read"), looking(closed):
        pass


def test_a_daemon_that_starts_during_such_a_look_spoils_it(closed: Path) -> None:
    def start() -> None:
        closed.with_name("journal.sqlite-wal").write_bytes(b"its first entry")

    with pytest.raises(OSError, match="look again"), looking(closed):
        start()


def test_a_journal_that_is_written_all_the_time_is_whole_at_each_look(tmp_path: Path) -> None:
    """Whoever verifies sees one consistent state, and later ones never less; the writer is not kept waiting."""
    path = tmp_path / "journal.sqlite"

    async def scenario() -> list[int]:
        writer = WriterThread()
        seen = []
        with closing(open_journal(path, writer)) as journal:
            for n in range(1, 2 * LOG_COMMITS, 8):
                appends = [asyncio.create_task(journal.append([("Counted", {"n": n + i})])) for i in range(8)]
                await asyncio.sleep(0)
                report = verify_file(path)
                assert report.damage == ()
                seen.append(report.entries)
                await asyncio.gather(*appends)
        writer.close()
        return seen

    seen = asyncio.run(scenario())
    assert seen == sorted(seen)
    assert seen[0] < seen[-1]
    assert counted(path) == list(range(1, 2 * LOG_COMMITS + 1))
