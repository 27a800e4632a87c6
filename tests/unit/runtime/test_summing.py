"""When the ledger keeps its book as a snapshot: behind a commit, never with more in it than the log has."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence

from controller.domain.book import Book
from controller.domain.records import EpochRaised, Stopping
from controller.runtime.ledger import Ledger


class Log:
    """A log that is due for a snapshot every three entries; an append takes until the loop's next turn but one."""

    def __init__(self) -> None:
        self.kept = 0
        self.summed: list[tuple[int, Mapping[str, object]]] = []
        self.failing = False

    async def append(self, records: Sequence[tuple[str, Mapping[str, object]]]) -> float:
        await asyncio.sleep(0)
        self.kept += len(records)
        return 0.0

    @property
    def due(self) -> bool:
        return self.kept - (self.summed[-1][0] if self.summed else 0) >= 3

    def sum_up(self, body: Callable[[], Mapping[str, object]]) -> Coroutine[None, None, None]:
        return self._sum_up(self.kept, body)

    async def _sum_up(self, number: int, body: Callable[[], Mapping[str, object]]) -> None:
        if self.failing:
            raise OSError(5, "Input/output error")
        await asyncio.sleep(0.01)  # a busy writer: the book goes on meanwhile
        self.summed.append((number, body()))


def test_the_book_of_the_moment_is_kept_however_late_it_is_written() -> None:
    async def scenario() -> None:
        log = Log()
        ledger = Ledger(Book.empty(()), log, log)
        for low in range(1, 5):
            await ledger.commit(EpochRaised(1, low))
        ledger.note(Stopping("tower/lift", 9, 0))
        await ledger.drain()
        assert [(number, body["epoch"], body["sequences"]) for number, body in log.summed] == [(3, [1, 3], {})]

    asyncio.run(scenario())


def test_a_book_ahead_of_its_log_is_kept_behind_the_next_commit() -> None:
    async def scenario() -> None:
        log = Log()
        ledger = Ledger(Book.empty(()), log, log)
        commit = asyncio.create_task(ledger.commit(*(EpochRaised(1, low) for low in range(1, 4))))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        ledger.note(Stopping("tower/lift", 9, 0))
        await commit
        await asyncio.sleep(0.02)
        assert log.summed == []
        await ledger.drain()
        assert [(number, body["sequences"]) for number, body in log.summed] == [(4, {"tower/lift": 9})]

    asyncio.run(scenario())


def test_a_snapshot_that_fails_is_told_like_a_commit_that_does() -> None:
    async def scenario() -> None:
        log, told = Log(), list[OSError]()
        ledger = Ledger(Book.empty(()), log, log)
        ledger.on_failure = told.append
        log.failing = True
        await ledger.commit(*(EpochRaised(1, low) for low in range(1, 4)))
        await asyncio.sleep(0.01)
        assert ledger.failed
        assert len(told) == 1

    asyncio.run(scenario())
