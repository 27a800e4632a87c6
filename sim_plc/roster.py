"""The papers of every car that was ever here: its sizes and its make."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from sim_plc.plant.cars import Car


class Roster:
    """Cars by their id. A car that comes again is the same car, unless it is enrolled with other sizes."""

    def __init__(self) -> None:
        self._cars: dict[str, Car] = {}
        self._models: dict[str, str] = {}

    def enrol(self, car: Car, model: str = "") -> Car:
        """Take a car in, with its newest sizes; a known model stays if none is given."""
        self._cars[car.id] = car
        self._models[car.id] = model or self.model(car.id)
        return car

    def find(self, car: str) -> Car | None:
        """Return a car by its id, None if it was never here."""
        return self._cars.get(car)

    def model(self, car: str) -> str:
        """Return the make of a car, empty if nobody said."""
        return self._models.get(car, "")

    def to_plain(self) -> list[dict[str, Any]]:
        """Return the papers of all cars."""
        return [asdict(car) | {"model": self._models[car.id]} for car in self._cars.values()]

    @classmethod
    def from_plain(cls, plain: Iterable[Mapping[str, Any]]) -> "Roster":
        """Read what `to_plain` gave."""
        roster = cls()
        for papers in plain:
            sizes = {key: value for key, value in papers.items() if key != "model"}
            roster.enrol(Car(**sizes), papers["model"])
        return roster
