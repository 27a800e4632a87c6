"""Bays that a person takes out of use, and gives back: which requests are granted, and what is believed then.

A blocked bay keeps its car in the book, so that it stays on the sheet for bringing it down by hand; no job puts a car
into it or takes one out. Giving it back believes what the bay's sensors agree to, and nothing else.
"""

from controller.activities import readings
from controller.activities.context import Bench
from controller.activities.readings import SEEN
from controller.domain.book import Book
from controller.domain.events import BlockPlace, FreePlace, Refusal
from controller.domain.places import Place, PlaceStatus
from hal.readings import Loaded


class LockedPlaces:
    """Judges requests against the book; returns the place that grants them."""

    def __init__(self, bench: Bench, book: Book) -> None:
        self._bench = bench
        self._book = book

    def block(self, request: BlockPlace) -> Place:
        """Return the bay as it is believed once it is out of use; again with another reason is granted too.

        Raises:
            Refusal: UNKNOWN_BAY, or an open job counts on the bay (BAY_RESERVED).

        """
        place = self._bay(request.place)
        job = self._book.reserved().get(place.number)
        if job is not None:
            raise Refusal("BAY_RESERVED", f"bay {place.number} is reserved by job {job}: let it end, or resolve it")
        if place.status is PlaceStatus.FREE and self._spare() <= self._book.awaited_bays():
            raise Refusal("BAY_RESERVED", f"bay {place.number} is the last one for a car that is being taken in")
        return Place(place.number, PlaceStatus.BLOCKED, place.car, _reason(request.why, request.by))

    def free(self, request: FreePlace) -> Place:
        """Return the bay as its sensors let it be believed: usable if they agree with the book, else unverified.

        Raises:
            Refusal: UNKNOWN_BAY, or the bay is not blocked (NOT_BLOCKED).
            NotOnline: nobody sees the bay.

        """
        place = self._bay(request.place)
        if place.status is not PlaceStatus.BLOCKED:
            raise Refusal("NOT_BLOCKED", f"bay {place.number} is {place.status}, not blocked")
        sight = readings.presence(self._bench, place.number)
        match place.car, sight:
            case None, Loaded.NO:
                return Place(place.number, PlaceStatus.FREE)
            case str(), Loaded.YES:
                return Place(place.number, PlaceStatus.OCCUPIED, place.car)
            case _:
                reason = f"given back with {place.car or 'nothing'} in the book, sensors show {SEEN[sight]}"
                return Place(place.number, PlaceStatus.UNVERIFIED, place.car, reason)

    def _bay(self, number: int) -> Place:
        if number not in self._bench.shape.bays:
            raise Refusal("UNKNOWN_BAY", f"{number} is not a bay of this tower")
        return self._book.places[number]

    def _spare(self) -> int:
        """Return how many bays are free and reserved by nobody."""
        taken = self._book.reserved()
        bays = (self._book.places[bay] for bay in self._bench.shape.bays if bay not in taken)
        return sum(bay.status is PlaceStatus.FREE for bay in bays)


def _reason(why: str, by: str) -> str:
    return f"{why} (blocked by {by})" if by else why
