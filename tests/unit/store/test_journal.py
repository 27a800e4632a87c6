"""The journal: durable, in order, one transaction an append, a failed commit final."""

import asyncio
import math
import sqlite3
import threading
import tracemalloc
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TypeVar

import pytest

from controller.store import database
from controller.store.chain import Entry, Snapshot
from controller.store.errors import JournalClosed, JournalDamaged, JournalFailed, JournalLocked
from controller.store.journal import Journal
from controller.store.writer import WriterThread
from tests.support.journals import open_journal

T = TypeVar("T")


def bodies(entries: Iterable[Entry]) -> list[object]:
    return [entry.body["n"] for entry in entries]


def loaded(journal: Journal) -> tuple[Snapshot | None, list[Entry]]:
    snapshot, tail = journal.load()
    return snapshot, list(tail)


def test_what_was_appended_is_read_again_by_the_next_process(tmp_path: Path) -> None:
    async def scenario() -> None:
        first = open_journal(tmp_path / "j")
        await first.append([("A", {"n": 1, "name": "粤A·12345"}), ("B", {"n": 2})])
        await first.append([("C", {"n": 3})])
        first.close()
        second = open_journal(tmp_path / "j")
        snapshot, tail = second.load()
        entries = list(tail)
        assert snapshot is None
        assert entries == [
            Entry(1, 1234.5, "A", {"n": 1, "name": "粤A·12345"}),
            Entry(2, 1234.5, "B", {"n": 2}),
            Entry(3, 1234.5, "C", {"n": 3}),
        ]
        assert list(second.read()) == entries
        assert list(second.read(after=2)) == entries[2:]
        await second.append([("D", {"n": 4})])
        assert second.acknowledged == 4
        assert second.verify().damage == ()
        second.close()

    asyncio.run(scenario())


def test_a_memory_journal_does_the_same_and_is_gone_when_closed() -> None:
    async def scenario() -> None:
        journal = open_journal(":memory:")
        await journal.append([("A", {"n": 1})])
        reading = journal.read()
        assert next(reading).kind == "A"
        await journal.append([("B", {"n": 2})])
        assert bodies(journal.load()[1]) == [1, 2]
        reading.close()  # type: ignore[attr-defined]
        journal.close()
        other = open_journal(":memory:")
        assert loaded(other) == (None, [])
        other.close()

    asyncio.run(scenario())


def test_connections_are_durable_at_each_commit(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "j")
    connection = database.Database(tmp_path / "j").connect()
    try:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
    finally:
        connection.close()
        journal.close()


def test_appends_keep_the_order_of_their_calls_through_the_writer_thread(tmp_path: Path) -> None:
    async def scenario() -> list[object]:
        executor = WriterThread()
        journal = open_journal(tmp_path / "j", executor)
        async with asyncio.TaskGroup() as group:
            for n in range(200):
                group.create_task(journal.append([("N", {"n": n})]))
        found = bodies(journal.load()[1])
        journal.close()
        executor.close()
        return found

    assert asyncio.run(scenario()) == list(range(200))


def test_every_write_happens_in_the_writer_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: set[str] = set()
    insert = database.insert

    def watched(*args: object) -> None:
        seen.add(threading.current_thread().name)
        insert(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(database, "insert", watched)

    async def scenario() -> None:
        executor = WriterThread("the-writer")
        journal = open_journal(tmp_path / "j", executor)
        await journal.append([("A", {"n": 1})])
        await journal.append([("A", {"n": 2})])
        journal.close()
        executor.close()

    asyncio.run(scenario())
    assert seen == {"the-writer_0"}


def test_append_returns_only_when_durable(tmp_path: Path) -> None:
    """A second connection sees the entry at the moment the append returns, and not while it waits."""

    async def scenario() -> None:
        gate = threading.Event()
        pool = WriterThread()

        def slow(work: Callable[[], T], /) -> Awaitable[T]:
            return pool(lambda: (gate.wait(5), work())[1])

        journal = open_journal(tmp_path / "j", slow)
        task = asyncio.create_task(journal.append([("A", {"n": 1})]))
        await asyncio.sleep(0.02)
        assert not task.done()
        assert loaded(journal) == (None, [])
        gate.set()
        await task
        assert bodies(journal.load()[1]) == [1]
        journal.close()
        pool.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("body", [{"n": math.nan}, {"n": object()}, {"n": "\ud800"}, {"n": {1, 2}}])
def test_what_json_cannot_say_is_refused_and_harms_nothing(body: dict[str, object]) -> None:
    async def scenario() -> None:
        journal = open_journal(":memory:")
        with pytest.raises((TypeError, ValueError)):
            await journal.append([("A", {"n": 1}), ("B", body)])
        assert not journal.failed
        await journal.append([("A", {"n": 2})])
        assert bodies(journal.load()[1]) == [2]
        journal.close()

    asyncio.run(scenario())


def test_nothing_to_append_writes_nothing() -> None:
    async def scenario() -> None:
        journal = open_journal(":memory:")
        await journal.append([])
        assert journal.verify().entries == 0
        journal.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("error", [sqlite3.OperationalError("disk I/O error"), OSError(28, "No space left on device")])
def test_a_failed_commit_is_final_and_never_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    tries = 0

    def fails(*_: object) -> None:
        nonlocal tries
        tries += 1
        raise error

    async def scenario() -> None:
        journal = open_journal(tmp_path / "j")
        await journal.append([("A", {"n": 1})])
        with monkeypatch.context() as patch:
            patch.setattr(database, "insert", fails)
            with pytest.raises(JournalFailed) as caught:
                await journal.append([("A", {"n": 2})])
        assert caught.value.__cause__ is error
        assert journal.failed
        with pytest.raises(OSError, match="failed before"):  # JournalFailed is an OSError
            await journal.append([("A", {"n": 3})])
        with pytest.raises(JournalFailed):
            await journal.append([])
        with pytest.raises(JournalFailed):
            await journal.save_snapshot({})
        assert bodies(journal.load()[1]) == [1]
        journal.close()

    asyncio.run(scenario())
    assert tries == 1


def test_a_commit_that_fails_half_way_leaves_no_part_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Breaking(sqlite3.Connection):
        def execute(self, sql: str, *args: object) -> sqlite3.Cursor:
            if sql == "COMMIT":
                raise sqlite3.OperationalError("disk I/O error")
            return super().execute(sql, *args)  # type: ignore[arg-type]

    async def scenario() -> None:
        journal = open_journal(tmp_path / "j")
        await journal.append([("A", {"n": 1})])
        journal.close()
        journal = open_journal(tmp_path / "j")
        real = sqlite3.connect
        with monkeypatch.context() as patch:
            patch.setattr(sqlite3, "connect", lambda *a, **k: real(*a, factory=Breaking, **k))
            with pytest.raises(JournalFailed):
                await journal.append([("A", {"n": 2}), ("A", {"n": 3})])
        journal.close()
        again = open_journal(tmp_path / "j")
        assert bodies(again.load()[1]) == [1]
        again.close()

    asyncio.run(scenario())


def test_appends_queued_behind_a_failure_are_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        executor = WriterThread()
        journal = open_journal(tmp_path / "j", executor)

        def fails(*_: object) -> None:
            raise sqlite3.OperationalError("disk I/O error")

        monkeypatch.setattr(database, "insert", fails)
        results = await asyncio.gather(*(journal.append([("A", {"n": n})]) for n in range(5)), return_exceptions=True)
        assert all(isinstance(result, JournalFailed) for result in results)
        assert loaded(journal) == (None, [])
        journal.close()
        executor.close()

    asyncio.run(scenario())


def test_only_one_may_have_it_open(tmp_path: Path) -> None:
    first = open_journal(tmp_path / "j")
    with pytest.raises(JournalLocked, match="is in use by process") as caught:
        open_journal(tmp_path / "j")
    assert caught.value.pid is not None
    assert isinstance(caught.value, BlockingIOError)
    first.close()
    first.close()
    open_journal(tmp_path / "j").close()


def test_a_closed_journal_takes_nothing(tmp_path: Path) -> None:
    async def scenario() -> None:
        journal = open_journal(tmp_path / "j")
        await journal.append([("A", {"n": 1})])
        journal.close()
        with pytest.raises(JournalClosed):
            await journal.append([("A", {"n": 2})])
        with pytest.raises(JournalClosed):
            await journal.save_snapshot({})

    asyncio.run(scenario())


def test_snapshot_and_tail_amount_to_the_fold_of_all(tmp_path: Path) -> None:
    def fold(start: int, entries: list[Entry]) -> int:
        return start + sum(number for number in bodies(entries) if isinstance(number, int))

    async def scenario() -> None:
        journal = open_journal(tmp_path / "j")
        believed = 0
        for n in range(1, 41):
            await journal.append([("N", {"n": n}), ("N", {"n": -2 * n})])
            believed -= n
            if n % 7 == 0:
                await journal.save_snapshot({"sum": believed})
        journal.close()
        again = open_journal(tmp_path / "j")
        snapshot, tail = loaded(again)
        assert snapshot is not None
        assert snapshot.entry_id == 70
        start = snapshot.body["sum"]
        assert isinstance(start, int)
        assert fold(start, tail) == fold(0, list(again.read(after=0))) == believed
        assert list(again.read()) == tail
        again.close()

    asyncio.run(scenario())


def test_a_snapshot_reaches_no_further_than_what_was_acknowledged(tmp_path: Path) -> None:
    """An append that was called but has not returned is not in the caller's belief yet."""

    async def scenario() -> None:
        executor = WriterThread()
        journal = open_journal(tmp_path / "j", executor)
        await journal.append([("N", {"n": 1})])
        on_its_way = asyncio.create_task(journal.append([("N", {"n": 2})]))
        await asyncio.sleep(0)
        await journal.save_snapshot({"sum": 1})
        await on_its_way
        snapshot, tail = journal.load()
        assert snapshot is not None
        assert snapshot.entry_id == 1
        assert bodies(tail) == [2]
        journal.close()
        executor.close()

    asyncio.run(scenario())


def test_an_empty_journal_takes_no_snapshot() -> None:
    async def scenario() -> None:
        journal = open_journal(":memory:")
        await journal.save_snapshot({"sum": 0})
        assert loaded(journal) == (None, [])
        journal.close()

    asyncio.run(scenario())


def test_another_file_is_not_taken_for_a_journal(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "other")
    other.execute("CREATE TABLE entry (id)")
    other.close()
    with pytest.raises(JournalDamaged, match="not a cartower journal"):
        open_journal(tmp_path / "other")
    (tmp_path / "text").write_text("not a database at all " * 100)
    with pytest.raises(JournalDamaged):
        open_journal(tmp_path / "text")
    with pytest.raises(OSError, match="No such file"):
        open_journal(tmp_path / "nowhere" / "j")


def test_a_journal_of_another_version_is_refused(tmp_path: Path) -> None:
    open_journal(tmp_path / "j").close()
    raw = sqlite3.connect(tmp_path / "j")
    raw.execute("PRAGMA user_version = 2")
    raw.close()
    with pytest.raises(JournalDamaged, match="version 2"):
        open_journal(tmp_path / "j")


def test_a_refused_opening_frees_the_lock(tmp_path: Path) -> None:
    (tmp_path / "j").write_text("not a database at all " * 100)
    with pytest.raises(JournalDamaged):
        open_journal(tmp_path / "j")
    (tmp_path / "j").unlink()
    open_journal(tmp_path / "j").close()


def test_cancelling_an_append_breaks_neither_chain_nor_order(tmp_path: Path) -> None:
    async def scenario() -> list[object]:
        executor = WriterThread()
        journal = open_journal(tmp_path / "j", executor)
        tasks = [asyncio.create_task(journal.append([("N", {"n": n})])) for n in range(20)]
        await asyncio.sleep(0)
        tasks[3].cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(results[3], asyncio.CancelledError)
        assert journal.verify().damage == ()
        found = bodies(journal.load()[1])
        journal.close()
        executor.close()
        return found

    found = asyncio.run(scenario())
    assert [n for n in found if n != 3] == [n for n in range(20) if n != 3]


def test_a_load_holds_one_entry_at_a_time() -> None:
    """A daemon that ran for weeks has a long tail: its next start must fit into the memory that it ran in."""

    async def scenario() -> None:
        journal = open_journal(":memory:")
        await journal.append([("N", {"n": n, "pad": "x" * 200}) for n in range(2_000)])
        tracemalloc.start()
        try:
            count = sum(1 for _ in journal.load()[1])
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            journal.close()
        assert count == 2_000
        assert peak < 100_000, f"{peak} bytes: 2,000 entries kept are more than a megabyte"

    asyncio.run(scenario())


def test_an_entry_is_handed_out_only_once_it_is_proven(tmp_path: Path) -> None:
    async def scenario() -> None:
        journal = open_journal(tmp_path / "j")
        await journal.append([("N", {"n": n}) for n in range(1, 6)])
        with sqlite3.connect(tmp_path / "j") as other:
            other.execute("DROP TRIGGER entry_is_never_changed")
            other.execute("""UPDATE entry SET body = '{"n":7}' WHERE id = 3""")
        seen = []
        with pytest.raises(JournalDamaged, match="entry 3 was changed"):  # noqa: PT012 - what came before it counts
            for entry in journal.load()[1]:
                seen.append(entry.body["n"])  # noqa: PERF401 - as above
        assert seen == [1, 2]
        journal.close()

    asyncio.run(scenario())


def test_what_is_behind_the_newest_snapshot_is_counted(tmp_path: Path) -> None:
    async def scenario() -> None:
        journal = open_journal(tmp_path / "j")
        await journal.append([("N", {"n": n}) for n in range(3)])
        assert journal.behind == 3
        await journal.save_snapshot({"sum": 3})
        await journal.append([("N", {"n": 4})])
        assert journal.behind == 1
        journal.close()
        again = open_journal(tmp_path / "j")
        assert again.behind == 1
        again.close()

    asyncio.run(scenario())
