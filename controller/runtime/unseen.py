"""Cars that were moved and nobody wrote it down: by another master, or by us behind what the journal has lost."""

from collections.abc import Sequence
from typing import Final

from controller.activities.context import Bench
from controller.domain.book import Book
from controller.domain.records import Record
from controller.store.belief import in_doubt, room_in_doubt
from hal.plcmap.codes import serial_ahead
from hal.plcmap.values import Image

TOWER: Final = "tower"
SHUTTLE: Final = "shuttle"
"""What alone brings a car from one place to another."""

REASON: Final = "the shuttle has done more than the journal knows"
GATE_MOVED: Final = "its gate was moved, and the journal does not know"


def doubts(bench: Bench, book: Book, at: float) -> Sequence[Record]:
    """Return what takes the certainty from what may have changed since the journal's end, by what the tower accepted.

    Everything, if the shuttle has accepted commands that the journal does not hold: a job that was not ended may have
    been, since. Else the cars of rooms whose gates have. Sensors see whether a car stands somewhere, never which. It is
    to be kept before the station is adopted: then nothing tells the difference any more.
    """
    image = bench.tower.stations[TOWER].last_image
    if image is None:
        return []
    if _unknown(image, book, SHUTTLE):
        return in_doubt(book, REASON, at)
    moved = (place for n, place in enumerate(bench.shape.rooms, 1) if _unknown(image, book, f"room{n}.outer_gate"))
    return [record for place in moved for record in room_in_doubt(book, place, GATE_MOVED, at)]


def _unknown(image: Image, book: Book, mechanism: str) -> bool:
    """Return whether a mechanism of the tower may have carried out commands that the journal does not hold."""
    name = f"{TOWER}/{mechanism}"
    accepted, known = image.mechanisms[mechanism].accepted, book.sequences.get(name, 0)
    ahead = accepted != 0 and (known == 0 or serial_ahead(accepted, known) > 0)
    # A STOP of our own is known by its number and follows without a record; a command before it may be lost like that.
    return ahead or name in book.overtaken
