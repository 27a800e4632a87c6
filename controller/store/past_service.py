"""Service counters of a journal whose newest snapshot is from before there were any: counted from its first entry."""

from collections.abc import Iterable

from controller.domain.book import Book
from controller.domain.records import from_entry
from controller.domain.service import ServiceBook
from controller.store.chain import Entry


def counted_anew(entries: Iterable[Entry]) -> ServiceBook:
    """Return what all entries of a journal, oldest first, amount to.

    Raises:
        ValueError: an entry of a kind or body that this version does not know.

    """
    book = Book.empty(())
    for entry in entries:
        book.apply(from_entry(entry.kind, entry.body), entry.at)
    return book.service
