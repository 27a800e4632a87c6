"""The journal is summed up while the daemon runs: a start is short, however long ago the one before was."""

import json
from collections.abc import Callable, Coroutine, Mapping

import pytest

from controller import app
from controller.domain.book import Book
from controller.domain.events import Relocate
from controller.domain.jobs import JobState
from controller.domain.records import Record, from_entry
from controller.store.chain import canonical
from controller.store.journal import Journal
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, TOP1
from tests.support.scenes import still, stock
from tests.support.stage import Stage, stage

EVERY = 20


def folded(journal: Journal, places: tuple[int, ...], upto: int) -> object:
    """Return what the first ``upto`` entries amount to, from the very first on."""
    book = Book.empty(places)
    for entry in journal.read(0):
        if entry.id <= upto:
            book.apply(from_entry(entry.kind, entry.body), entry.at)
    return json.loads(canonical(book.to_body()))


@pytest.fixture
def summed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, object]]:
    """Let a snapshot be made every `EVERY` entries; return the last entry and the body of each."""
    made: list[tuple[int, object]] = []
    sum_up = Journal.sum_up

    def seen(journal: Journal, body: Callable[[], Mapping[str, object]]) -> Coroutine[None, None, None]:
        made.append((journal.acknowledged, json.loads(canonical(body()))))
        return sum_up(journal, body)

    monkeypatch.setattr(app, "SNAPSHOT_ENTRIES", EVERY)
    monkeypatch.setattr(Journal, "sum_up", seen)
    return made


def journal_of(it: Stage) -> Journal:
    assert it.world.daemon is not None
    return it.world.daemon.journal


def test_a_running_daemon_sums_its_journal_up(summed: list[tuple[int, object]]) -> None:
    """Each snapshot says what a fold of all entries says, and the next start reads only what is behind the newest."""

    async def play() -> None:
        async with stage(cars=stock(LOW1)) as it:
            assert await it.ended(await it.order(Relocate(car=f"C{LOW1}", bay=TOP1))) is JobState.DONE
            await still(it)
            journal, places = journal_of(it), it.world.tower.shape.places
            assert len(summed) >= 3
            for last, body in summed:
                assert body == folded(journal, places, last), f"the snapshot at entry {last}"
            assert journal.behind < 2 * EVERY
            assert journal.verify().damage == ()
            before = it.book.to_body()
            await it.world.stop_daemon()
            read: list[str] = []

            def counted(kind: str, body: Mapping[str, object]) -> Record:
                read.append(kind)
                return from_entry(kind, body)

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(app, "from_entry", counted)
                await it.start()
            assert len(read) < 2 * EVERY
            assert it.book.to_body()["service"] == before["service"]

    loop.run(play())
