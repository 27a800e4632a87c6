"""What is kept: durable before it is believed, whole behind a restart, chained; and what people are told of it."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Final

from config.schema import Tower
from controller import app
from controller.domain.book import Book
from controller.domain.records import Record, to_entry
from controller.runtime import alarm_sources
from controller.runtime.ledger import Ledger
from controller.store import journal
from controller.store.chain import Sealed, Tail
from controller.store.journal import Journal
from sim_plc.rehearsal.ablations.ablation import Ablation, Cut, Swap
from sim_plc.rehearsal.ablations.stand_ins import answers


def _believed_first(_original: Any) -> object:
    """Stand in for the commit: who asked hears of it while it is still being written."""

    async def write(self: Ledger, changes: tuple[Record, ...]) -> None:
        await self._log.append([to_entry(record) for record in changes])

    async def commit(self: Ledger, *changes: Record) -> None:
        self._fold(changes)
        keeping = asyncio.create_task(write(self, changes))
        self._keeping.add(keeping)
        keeping.add_done_callback(self._kept)

    return commit


def _believed_all_the_same(original: Callable[..., Any]) -> object:
    async def keep(self: Ledger, changes: tuple[Record, ...]) -> None:
        try:
            await original(self, changes)
        except OSError:
            self.failed = False
            self._fold(changes)

    return keep


def _restored_without(part: Callable[[Book], dict[Any, Any]]) -> Callable[[Callable[..., Any]], object]:
    """Return what stands in for the restoring of the book: one part of it is empty."""

    def stand_in(original: Callable[..., Any]) -> object:
        async def restore(kept: Journal, tower: Tower) -> Book:
            book = await original(kept, tower)
            assert isinstance(book, Book)
            part(book).clear()
            return book

        return restore

    return stand_in


def _unchained(original: Callable[..., tuple[list[Sealed], Tail]]) -> object:
    """Stand in for the sealing: no entry is sealed over the one before it."""

    def seal_all(tail: Tail, lines: Iterable[tuple[float, str, str]]) -> tuple[list[Sealed], Tail]:
        return original(Tail(tail.id, bytes(len(tail.hash))), lines)

    return seal_all


STORE: Final = (
    Ablation(
        "answered-before-durable",
        "What is to be kept is believed and answered before it is durable.",
        ("I12", "I18"),
        Cut((Swap(Ledger, "commit", _believed_first),)),
        letters=("SLOW_SYNC", "PC_POWER", "PC_POWER_COMMIT", "CRASH"),
    ),
    Ablation(
        "failed-commit-believed",
        "A commit that the disk refuses is believed all the same, and the daemon goes on.",
        ("I12",),
        Cut((Swap(Ledger, "_keep", _believed_all_the_same),)),
        letters=("SYNC_EIO", "WRITE_EIO", "DISK_FULL", "READ_ONLY"),
    ),
    Ablation(
        "jobs-forgotten",
        "A daemon that starts knows nothing of the jobs of its forerunner.",
        ("I11", "I12"),
        Cut((Swap(app, "_restore", _restored_without(lambda book: book.jobs)),)),
        letters=("CRASH", "SHUT_DOWN", "PC_POWER"),
    ),
    Ablation(
        "alarms-forgotten",
        "A daemon that starts knows nothing of the alarms of its forerunner.",
        ("I18",),
        Cut((Swap(app, "_restore", _restored_without(lambda book: book.alarms)),)),
        letters=("CRASH", "SHUT_DOWN", "E_STOP", "CUT"),
    ),
    Ablation(
        "trip-unalarmed",
        "No cause of the safety chain raises an alarm.",
        ("I18",),
        Cut((Swap(alarm_sources, "_safety", answers({})),)),
        letters=("E_STOP",),
    ),
    Ablation(
        "entries-unchained",
        "The journal seals its entries over nothing: any of them could be taken out.",
        ("I17",),
        Cut((Swap(journal, "seal_all", _unchained),)),
        letters=("HOLD", "E_STOP"),
    ),
)
