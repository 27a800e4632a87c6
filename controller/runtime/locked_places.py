"""Bays that a person takes out of use, gives back or has looked into: what is granted, and what is believed then.

A blocked bay keeps its car in the book, so that it stays on the sheet for bringing it down by hand; no job puts a car
into it or takes one out. Giving it back believes what the bay's sensors agree to, and nothing else.
"""

from controller.activities import readings
from controller.activities.context import Bench
from controller.activities.readings import SEEN
from controller.activities.restricted import level_block
from controller.domain.book import Book
from controller.domain.events import AuditPlace, BlockPlace, ConfirmPlace, FreePlace
from controller.domain.places import Car, Place, PlaceStatus
from controller.domain.records import CarKnown, PlaceSet, Record
from controller.domain.refusal import Refusal
from controller.runtime.awaited import require_not_awaited
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
        self.require_unclaimed(place)
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
        sight = readings.presence_by_all(self._bench, place.number)
        match place.car, sight:
            case None, Loaded.NO:
                return Place(place.number, PlaceStatus.FREE)
            case str(), Loaded.YES:
                return Place(place.number, PlaceStatus.OCCUPIED, place.car)
            case _:
                reason = f"given back with {place.car or 'nothing'} in the book, sensors show {SEEN[sight]}"
                return Place(place.number, PlaceStatus.UNVERIFIED, place.car, reason)

    def stated(self, request: ConfirmPlace | AuditPlace) -> list[Record]:
        """Return the records of a bay that somebody has looked into.

        What cannot be believed is refused; of an audit it is taken all the same, and locks the bay: what somebody has
        seen to be otherwise is not used any more.

        Raises:
            Refusal: UNKNOWN_BAY, the bay is blocked (PLACE_BLOCKED) or reserved (BAY_RESERVED); and, but for an audit,
                the car is somewhere else (CAR_ELSEWHERE) or awaited (CAR_AWAITED), or the sensors contradict
                (SENSORS_DISAGREE).
            NotOnline: nobody sees the bay.

        """
        place, car = self._bay(request.place), request.car
        if place.status is PlaceStatus.BLOCKED:
            raise Refusal("PLACE_BLOCKED", f"bay {place.number} is out of use: {place.reason}")
        if place.number in self._book.reserved():
            raise Refusal("BAY_RESERVED", f"bay {place.number} is reserved by a job: let it end, or resolve it")
        known = [] if car is None or car in self._book.cars else [CarKnown(Car(car))]
        try:
            self._require_believable(place, car)
        except Refusal as refusal:
            if isinstance(request, ConfirmPlace):
                raise
            # A car is in one place at a time: here only if it is nowhere else.
            there = car if refusal.rule == "SENSORS_DISAGREE" else None
            return [*known, PlaceSet(Place(place.number, PlaceStatus.UNVERIFIED, there, refusal.text))]
        if car is None:
            return [PlaceSet(Place(place.number, PlaceStatus.FREE))]
        return [*known, PlaceSet(Place(place.number, PlaceStatus.OCCUPIED, car))]

    def _require_believable(self, place: Place, car: str | None) -> None:
        """See that a car may stand in a bay, by the book and by the sensors; None: that nothing does."""
        sight = readings.presence_by_all(self._bench, place.number)
        if car is not None:
            elsewhere = self._book.where(car)
            if elsewhere not in (None, place.number):
                text = f"car {car} is believed at place {elsewhere}: say first what stands there"
                raise Refusal("CAR_ELSEWHERE", text)
            require_not_awaited(self._book, car, place, sight)
        if sight is not (Loaded.NO if car is None else Loaded.YES):
            raise Refusal("SENSORS_DISAGREE", f"stated {car or 'empty'}, the sensors show {SEEN[sight]}")

    def require_unclaimed(self, place: Place) -> None:
        """See that no open job counts on a bay, by its number or as one of those that are left.

        Raises:
            Refusal: one does (BAY_RESERVED).

        """
        job = self._book.reserved().get(place.number)
        if job is not None:
            raise Refusal("BAY_RESERVED", f"bay {place.number} is reserved by job {job}: let it end, or resolve it")
        if place.status is PlaceStatus.FREE and self._spare() <= self._book.awaited_bays():
            raise Refusal("BAY_RESERVED", f"bay {place.number} is the last one for a car that is being taken in")

    def _bay(self, number: int) -> Place:
        if number not in self._bench.shape.bays:
            raise Refusal("UNKNOWN_BAY", f"{number} is not a bay of this tower")
        return self._book.places[number]

    def _spare(self) -> int:
        """Return how many bays are free, reserved by nobody, seen by both of their sensors, on levels in use."""
        taken = self._book.reserved()
        bays = [bay for bay in self._bench.shape.bays if bay not in taken and not readings.missing(self._bench, bay)]
        bays = [bay for bay in bays if level_block(self._bench, bay) is None]
        return sum(self._book.places[bay].status is PlaceStatus.FREE for bay in bays)


def _reason(why: str, by: str) -> str:
    return f"{why} (blocked by {by})" if by else why
