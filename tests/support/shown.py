"""A bay and the carriage as their sensors show them, docked at each other, and what a book believes of the two."""

from collections.abc import Iterable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import cast

from controller.activities.context import Bench
from controller.domain.book import CARRIAGE, Book
from controller.domain.places import Place, PlaceStatus
from controller.domain.records import PlaceSet, Record
from hal.readings import Loaded

HERE, THERE = 201, 203
CAR, OTHER = "A", "B"
FREE, DOUBT = (PlaceStatus.FREE, None), (PlaceStatus.UNVERIFIED, None)
Belief = tuple[PlaceStatus, str | None]
YES, NO, UNSURE = Loaded.YES, Loaded.NO, Loaded.DOUBTFUL


def holds(car: str) -> Belief:
    return PlaceStatus.OCCUPIED, car


def doubtful(car: str) -> Belief:
    return PlaceStatus.UNVERIFIED, car


@dataclass(frozen=True)
class Shown:
    """What is seen of the tower: the bay, the carriage, and its arms."""

    here: Loaded
    aboard: Loaded
    resumable: bool = False
    centred: bool = True
    docked: bool = True

    def bench(self) -> Bench:
        sights = {HERE: self.here, THERE: NO}
        shuttle = SimpleNamespace(resumable=self.resumable, centred=self.centred, loaded=self.aboard)
        tower = SimpleNamespace(
            dock=SimpleNamespace(docked_at=HERE if self.docked else None),
            shuttle=shuttle,
            latches={2: SimpleNamespace(occupied=sights.__getitem__)},
        )
        shape = SimpleNamespace(rooms=(), bays=(HERE, THERE))
        return cast("Bench", SimpleNamespace(tower=tower, shape=shape, sensors_out=frozenset()))


def book(here: Belief, aboard: Belief, there: Belief = FREE) -> Book:
    beliefs = {CARRIAGE: aboard, HERE: here, THERE: there}
    return Book({number: Place(number, *belief) for number, belief in beliefs.items()})


def beliefs(records: Iterable[Record]) -> dict[int, Belief]:
    places = [record.place for record in records if isinstance(record, PlaceSet)]
    assert all(place.reason for place in places if place.status is PlaceStatus.UNVERIFIED)
    return {place.number: (place.status, place.car) for place in places}
