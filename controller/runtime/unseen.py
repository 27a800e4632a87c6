"""Cars that were moved and nobody wrote it down: by another master, or by us behind what the journal has lost."""

from collections.abc import Sequence
from typing import Final

from controller.activities.context import Bench
from controller.domain.book import Book
from controller.domain.records import Record
from controller.store.belief import in_doubt
from hal.plcmap.codes import serial_ahead

TOWER: Final = "tower"
SHUTTLE: Final = "shuttle"
"""What alone brings a car from one place to another."""

REASON: Final = "the shuttle has done more than the journal knows"


def doubts(bench: Bench, book: Book, at: float) -> Sequence[Record]:
    """Return what takes every certainty from the book, if the shuttle has accepted commands that it does not hold.

    Sensors see whether a car stands somewhere, never which; and a job that was not ended may have been, since. It is
    to be kept before the station is adopted: then nothing tells the difference any more.
    """
    image = bench.tower.stations[TOWER].last_image
    if image is None:
        return []
    accepted, known = image.mechanisms[SHUTTLE].accepted, book.sequences.get(f"{TOWER}/{SHUTTLE}", 0)
    ahead = accepted != 0 and (known == 0 or serial_ahead(accepted, known) > 0)
    # A STOP of our own is known by its number and follows without a record; a command before it may be lost like that.
    return in_doubt(book, REASON, at) if ahead or f"{TOWER}/{SHUTTLE}" in book.overtaken else []
