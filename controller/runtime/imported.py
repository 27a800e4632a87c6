"""An inventory that a person states: what is believed of it beside what the sensors show."""

from dataclasses import replace

from controller.activities import readings
from controller.activities.context import Bench
from controller.activities.readings import SEEN
from controller.activities.recovery import CUT
from controller.domain.book import CARRIAGE, Book
from controller.domain.events import ImportInventory, StockedCar
from controller.domain.jobs import JobState
from controller.domain.places import Car, Place, PlaceStatus
from controller.domain.records import CarKnown, PlaceSet, Record
from controller.domain.refusal import Refusal
from controller.runtime.awaited import require_not_awaited
from hal.readings import Loaded


class Imported:
    """Judges an inventory against the book and the sensors; changes nothing."""

    def __init__(self, bench: Bench, book: Book) -> None:
        self._bench = bench
        self._book = book

    def records(self, request: ImportInventory) -> tuple[list[Record], list[dict[str, object]]]:
        """Return the records of an imported inventory, and where the sensors disagree with it.

        Raises:
            Refusal: a place or car named twice, a place that is no bay, a car that is somewhere else, or jobs that
                have not ended.

        """
        if any(job.state is not JobState.QUEUED for job in self._book.open_jobs()):
            raise Refusal("JOBS_OPEN", "jobs are under way: import when they have ended")
        stated = self._stated(request)
        records: list[Record] = [CarKnown(Car(line.id, line.model)) for line in request.cars]
        disagreements: list[dict[str, object]] = []
        for bay in self._bench.shape.bays:
            car, sight = stated.get(bay), readings.presence(self._bench, bay)
            agrees = sight is (Loaded.NO if car is None else Loaded.YES)
            status = PlaceStatus.OCCUPIED if car else PlaceStatus.FREE
            reason = "" if agrees else f"stated {car or 'empty'}, sensors show {SEEN[sight]}"
            if self._book.places[bay].status is PlaceStatus.BLOCKED:
                records.append(PlaceSet(replace(self._book.places[bay], car=car)))
            else:
                records.append(PlaceSet(Place(bay, status if agrees else PlaceStatus.UNVERIFIED, car, reason)))
            if not agrees:
                disagreements.append({"place": bay, "stated": car, "sensed": SEEN[sight]})
        return [*records, *self._carriage()], disagreements

    def _stated(self, request: ImportInventory) -> dict[int, str]:
        stated: dict[int, str] = {}
        for line in request.cars:
            if line.place not in self._bench.shape.bays:
                raise Refusal("UNKNOWN_BAY", f"car {line.id}: {line.place} is not a bay of this tower")
            if line.place in stated:
                raise Refusal("PLACE_TWICE", f"bay {line.place} is named twice")
            if line.id in stated.values():
                raise Refusal("CAR_TWICE", f"car {line.id} is named twice")
            self._not_elsewhere(line)
            stated[line.place] = line.id
        return stated

    def _not_elsewhere(self, line: StockedCar) -> None:
        """Refuse to believe a car in a bay that stands in a room, or is about to be stored through one."""
        where = self._book.where(line.id)
        if where in self._bench.shape.rooms:
            raise Refusal("CAR_IN_A_ROOM", f"car {line.id} stands in room {where}: state it when that has been cleared")
        sight = readings.presence(self._bench, line.place)
        require_not_awaited(self._book, line.id, self._book.places[line.place], sight)

    def _carriage(self) -> list[Record]:
        sight = self._bench.tower.shuttle.loaded
        if readings.may_hang(self._bench):
            return [PlaceSet(Place(CARRIAGE, PlaceStatus.UNVERIFIED, None, CUT))]
        if sight is Loaded.NO:
            return [PlaceSet(Place(CARRIAGE, PlaceStatus.FREE))]
        return [PlaceSet(Place(CARRIAGE, PlaceStatus.UNVERIFIED, None, f"sensors show the carriage {SEEN[sight]}"))]
