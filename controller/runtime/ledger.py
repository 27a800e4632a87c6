"""The book and the journal behind it: durable first, believed after."""

import asyncio
from collections.abc import Callable, Coroutine

from controller.domain.book import Book
from controller.domain.ports import DurableLog, Summing
from controller.domain.records import EpochRaised, Issued, Overtaken, Record, Stopping, to_entry
from hal.errors import NotOnline
from hal.interfaces import Prepared


class Ledger:
    """Implements `controller.domain.ports.Keeper`, and what `hal` asks for: epochs and a log of frames.

    Commits may come from the control task and from activities (which plan their intents); they become durable and
    are folded in the order of the calls.
    """

    def __init__(self, book: Book, log: DurableLog, summing: Summing | None = None) -> None:
        """Keep records in ``log``, and the book as ``summing`` asks for it (None: never)."""
        self.book = book
        self._log = log
        self._summing = summing
        self._sums_up = False
        self._notes: list[Record] = []
        self._given = 0, 0
        self._turn = asyncio.Lock()
        self._keeping: set[asyncio.Task[None]] = set()
        self.taken = 0
        """How many records it was ever given to keep, durable or not."""
        self.failed = False
        """Whether a commit failed: nothing is kept any more."""
        self.on_failure: Callable[[OSError], None] = lambda _error: None
        """Called once, with what the first commit that failed says, before its caller hears of it."""
        self.on_fold: Callable[[Record], None] = lambda _record: None
        """Called with each record that is believed from now on, at once; it must not raise."""

    async def commit(self, *changes: Record) -> None:
        """Keep the records in one durable transaction, then fold them.

        Raises:
            OSError: they are not durable, and nothing will be from now on.

        """
        # A caller that is cancelled leaves; what it gave becomes durable and is believed all the same.
        await asyncio.shield(self._begin(changes))

    async def drain(self) -> None:
        """Keep what was only noted, and wait until nothing is under way.

        Raises:
            OSError: it is not durable.

        """
        if self._notes:
            await self.commit()
        while self._keeping:
            await asyncio.gather(*self._keeping)

    def _begin(self, changes: tuple[Record, ...]) -> "asyncio.Task[None]":
        self.taken += len(changes)
        return self._under_way(self._keep(changes))

    def _under_way(self, work: Coroutine[None, None, None]) -> "asyncio.Task[None]":
        keeping = asyncio.create_task(work)
        self._keeping.add(keeping)
        keeping.add_done_callback(self._kept)
        return keeping

    async def _keep(self, changes: tuple[Record, ...]) -> None:
        async with self._turn:
            notes, self._notes = self._notes, []
            try:
                at = await self._log.append([to_entry(record) for record in (*notes, *changes)])
            except OSError as error:
                self._fail(error)
                raise
            self._fold(changes, at)
            self._sum_up()

    def _sum_up(self) -> None:
        """Begin a snapshot if it is due, unless the book is ahead of the log by what was only noted."""
        summing = self._summing
        if summing is not None and summing.due and not self._sums_up and not self._notes:
            self._sums_up = True
            self._under_way(self._summed_up(summing.sum_up(self.book.copied().to_body)))

    async def _summed_up(self, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except OSError as error:
            self._fail(error)
            raise
        finally:
            self._sums_up = False

    def _fold(self, changes: tuple[Record, ...], at: float | None = None) -> None:
        for record in changes:
            self.book.apply(record, at)
            self.on_fold(record)

    def _fail(self, error: OSError) -> None:
        if not self.failed:
            self.failed = True
            self.on_failure(error)

    def _kept(self, keeping: asyncio.Task[None]) -> None:
        self._keeping.discard(keeping)
        if not keeping.cancelled():
            # Taken note of here, since a cancelled caller will not: the log refuses everything from now on.
            keeping.exception()

    def note(self, *changes: Record) -> None:
        """Fold records now and keep them with the next commit."""
        self.taken += len(changes)
        self._fold(changes)
        self._notes.extend(changes)

    async def start(self, at_least: int) -> int:
        """Return the high word of this daemon start, durable: above the journal's and ``at_least``."""
        high = max(self._newest_epoch()[0], at_least) + 1
        self._given = high, 0
        await self.commit(EpochRaised(high, 0))
        return high

    def _newest_epoch(self) -> tuple[int, int]:
        """Return the newest epoch, which may not be durable yet: none that comes behind it may be lower."""
        return max(self._given, (self.book.epoch_high, self.book.epoch_low))

    async def next_connection(self) -> int:
        """Return the 32-bit epoch of a new connection, durable.

        Raises:
            NotOnline: the journal keeps nothing any more: the station stays as it is, out of reach.

        """
        high, low = self._newest_epoch()
        high, low = (high, low + 1) if low < 0xFFFF else (high + 1, 1)
        self._given = high, low
        await self._commit_for_hal(EpochRaised(high, low))
        return high << 16 | low

    async def rewriting(self, prepared: Prepared) -> None:
        """Record another check word of an open intent; durable before it returns.

        Raises:
            NotOnline: the journal keeps nothing any more; the frame is not written.

        """
        await self._commit_for_hal(Issued(prepared.mechanism, prepared.sequence, prepared.check, prepared.boot_id))

    def stopping(self, prepared: Prepared) -> None:
        """Record a STOP that is being written; it becomes durable with the next commit."""
        self.note(Stopping(prepared.mechanism, prepared.sequence, prepared.check))

    def overtaken(self, mechanism: str, sequence: int) -> None:
        """Record from where a mechanism's counter goes on; kept soon: a tower at rest commits nothing for long."""
        self.note(Overtaken(mechanism, sequence))
        self._begin(())

    async def _commit_for_hal(self, record: Record) -> None:
        """Commit for a driver, in the drivers' own words: an end of its polling would silence what still moves."""
        try:
            await self.commit(record)
        except OSError as error:
            raise NotOnline(f"nothing can be made durable: {error}") from error
