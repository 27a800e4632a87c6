"""Which bays a car can be put into that nobody has been promised."""

from controller.activities import readings
from controller.activities.context import Bench
from controller.activities.restricted import level_block
from controller.domain.book import Book
from controller.domain.places import PlaceStatus


def free_bays(bench: Bench, book: Book) -> list[int]:
    """Return the bays that are free, counted on by no job, seen by both of their sensors, and on a level in use."""
    taken = book.reserved()
    free = [bay for bay in bench.shape.bays if bay not in taken and book.places[bay].status is PlaceStatus.FREE]
    return [bay for bay in free if not readings.missing(bench, bay) and level_block(bench, bay) is None]
