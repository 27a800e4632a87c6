"""What fails beneath SQLite: told once, never tried again, and not one more write to the files behind it."""

import asyncio
from pathlib import Path

import pytest

from controller.store import database
from controller.store.errors import JournalFailed
from sim_plc.rehearsal.file_layer import FULL, IOERR_FSYNC, IOERR_WRITE, OK, READONLY, Act, Kind, tapped
from tests.support.journals import open_journal

FAILURES = [
    (Kind.SYNC, IOERR_FSYNC),
    (Kind.WRITE, IOERR_WRITE),
    (Kind.WRITE, FULL),
    (Kind.WRITE, READONLY),
]


@pytest.mark.parametrize(("kind", "code"), FAILURES, ids=["sync", "write", "disk full", "read-only"])
def test_nothing_is_written_or_synced_behind_a_failure(tmp_path: Path, kind: Kind, code: int) -> None:
    failing, behind = False, list[Act]()

    def tap(act: Act) -> int:
        if failing and (act.kind is kind or behind):
            behind.append(act)
            return code
        return OK

    async def scenario() -> None:
        nonlocal failing
        journal = open_journal(tmp_path / "j")
        for n in range(3):
            await journal.append([("A", {"n": n})])
        failing = True
        with pytest.raises(JournalFailed):
            await journal.append([("A", {"n": 3})])
        assert journal.failed
        with pytest.raises(JournalFailed):
            await journal.append([("A", {"n": 4})])
        journal.close()

    with tapped(tmp_path, tap):
        asyncio.run(scenario())
    assert [act.kind for act in behind] == [kind], "the one that failed, and none after it"
    journal = open_journal(tmp_path / "j")
    kept = [entry.body["n"] for entry in journal.read(after=0)]
    report = journal.verify()
    journal.close()
    assert kept in ([0, 1, 2], [0, 1, 2, 3]), "a sync that failed may have been done, a write may not"
    assert report.damage == ()


def test_an_orderly_end_leaves_one_file(tmp_path: Path) -> None:
    async def scenario() -> None:
        journal = open_journal(tmp_path / "j")
        await journal.append([("A", {"n": 1})])
        journal.close()

    asyncio.run(scenario())
    assert sorted(file.name for file in tmp_path.iterdir()) == ["j", "j.lock"]


def test_the_log_is_emptied_on_the_way_and_what_fails_then_is_told(tmp_path: Path) -> None:
    """SQLite would keep it to itself, and try again at each later commit."""
    failing, synced = False, list[str]()

    def tap(act: Act) -> int:
        if act.kind is Kind.SYNC:
            synced.append(act.name)
        return IOERR_FSYNC if failing and act.kind is Kind.SYNC and act.name == "j" else OK

    async def scenario() -> None:
        nonlocal failing
        journal = open_journal(tmp_path / "j")
        synced.clear()
        for n in range(database.LOG_COMMITS):
            await journal.append([("A", {"n": n})])
        assert synced.count("j") == 1, "the file itself, once in so many commits"
        failing = True
        for n in range(database.LOG_COMMITS - 1):
            await journal.append([("A", {"n": n})])
        with pytest.raises(JournalFailed):
            await journal.append([("A", {"n": 0})])
        synced.clear()
        journal.close()
        assert synced == []

    with tapped(tmp_path, tap):
        asyncio.run(scenario())
    journal = open_journal(tmp_path / "j")
    assert journal.acknowledged == 2 * database.LOG_COMMITS
    journal.close()


def test_the_log_does_not_grow_beyond_what_it_is_emptied_of(tmp_path: Path) -> None:
    """What stays open beside the writer must not look at an old state for ever: the log could not begin anew."""
    sizes = []

    async def scenario() -> None:
        journal = open_journal(tmp_path / "j")
        for n in range(4 * database.LOG_COMMITS):
            await journal.append([("A", {"n": n})])
            sizes.append((tmp_path / "j-wal").stat().st_size)
        journal.close()

    asyncio.run(scenario())
    assert max(sizes) < 1.2 * sizes[database.LOG_COMMITS - 1]


def test_a_log_of_an_earlier_process_is_written_anew_before_anything_rests_on_it(tmp_path: Path) -> None:
    """Its sync may have failed: the kernel shows then, but never writes, what the disk does not hold."""
    acts: list[Act] = []

    async def scenario() -> None:
        first = open_journal(tmp_path / "j")
        await first.append([("A", {"n": 1})])
        first._failure = OSError("as behind a failed sync")
        first.close()
        left = (tmp_path / "j-wal").read_bytes()
        assert left
        acts.clear()
        second = open_journal(tmp_path / "j")
        first_acts = [(act.kind, act.name) for act in acts if act.name == "j-wal"][:2]
        assert first_acts == [(Kind.WRITE, "j-wal"), (Kind.SYNC, "j-wal")]
        assert acts[0].data == left
        await second.append([("A", {"n": 2})])
        second.close()

    def tap(act: Act) -> int:
        acts.append(act)
        return OK

    with tapped(tmp_path, tap):
        asyncio.run(scenario())


def test_an_error_of_the_tap_itself_is_not_swallowed(tmp_path: Path) -> None:
    def tap(_: Act) -> int:
        raise RuntimeError("a mistake in a test")

    with pytest.raises(RuntimeError, match="a mistake"), tapped(tmp_path, tap), pytest.raises(OSError, match="disk"):
        open_journal(tmp_path / "j")
