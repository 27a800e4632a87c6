"""The ledger behind a log that fails: told once, and refused in the words of whoever asks."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from controller.domain.book import Book
from controller.domain.records import EpochRaised
from controller.runtime.ledger import Ledger
from hal.errors import NotOnline
from hal.interfaces import Prepared
from hal.plcmap.frame import Content


class Log:
    """Keeps what it is given until it fails, for good."""

    def __init__(self) -> None:
        self.kept: list[str] = []
        self.failing = False
        self.tries = 0

    async def append(self, records: Sequence[tuple[str, Mapping[str, object]]]) -> float:
        self.tries += 1
        await asyncio.sleep(0)
        if self.failing:
            raise OSError(5, "Input/output error")
        self.kept += [kind for kind, _ in records]
        return 0.0


def test_a_log_that_fails_is_told_once_and_nothing_is_believed() -> None:
    async def scenario() -> None:
        log, told = Log(), list[OSError]()
        ledger = Ledger(Book.empty(()), log)
        ledger.on_failure = told.append
        await ledger.commit(EpochRaised(1, 0))
        log.failing = True
        for high in (2, 3):
            with pytest.raises(OSError, match="Input/output"):
                await ledger.commit(EpochRaised(high, 0))
        assert ledger.failed
        assert len(told) == 1
        assert ledger.book.epoch_high == 1, "not durable, so not believed"

    asyncio.run(scenario())


def test_drivers_hear_of_it_in_their_own_words() -> None:
    """Any other error would end their polling, and with it the sight of what still moves."""

    async def scenario() -> None:
        log = Log()
        ledger = Ledger(Book.empty(()), log)
        log.failing = True
        with pytest.raises(NotOnline, match="durable"):
            await ledger.next_connection()
        with pytest.raises(NotOnline, match="durable"):
            await ledger.rewriting(Prepared("tower/lift", 7, Content(1), 0x1234, 9))
        assert ledger.book.epoch_low == 0

    asyncio.run(scenario())


def test_a_caller_that_has_left_does_not_keep_the_failure_to_itself() -> None:
    async def scenario() -> None:
        log, told = Log(), list[OSError]()
        ledger = Ledger(Book.empty(()), log)
        ledger.on_failure = told.append
        log.failing = True
        leaving = asyncio.create_task(ledger.commit(EpochRaised(1, 0)))
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.wait([leaving])
        await asyncio.sleep(0)
        assert leaving.cancelled()
        assert len(told) == 1

    asyncio.run(scenario())


def test_a_connection_made_while_a_station_is_adopted_does_not_undo_that() -> None:
    """The adopted one would take our own next epoch for another master's."""

    async def scenario() -> None:
        ledger = Ledger(Book.empty(()), Log())
        await ledger.start(4)
        adopted, beside = await asyncio.gather(ledger.start(9), ledger.next_connection())
        assert adopted == 10
        assert beside == 10 << 16 | 1
        assert (ledger.book.epoch_high, ledger.book.epoch_low) == (10, 1)
        assert await ledger.next_connection() == 10 << 16 | 2

    asyncio.run(scenario())


@pytest.mark.parametrize(("low", "epochs"), [(7, (0x50008, 0x50009)), (0xFFFE, (0x5FFFF, 0x60001))])
def test_connections_made_at_once_have_an_epoch_each(low: int, epochs: tuple[int, int]) -> None:
    async def scenario() -> None:
        ledger = Ledger(Book.empty(()), Log())
        await ledger.commit(EpochRaised(5, low))
        assert tuple(await asyncio.gather(ledger.next_connection(), ledger.next_connection())) == epochs

    asyncio.run(scenario())
