"""Where every car is, at every instant: none is doubled, lost, or goes where there is no way (I1, I2)."""

from collections.abc import Callable, Iterator
from typing import Final

from sim_plc.plant.truth import Truth

OUTSIDE: Final = "outside"
CARRIED: Final = "carriage"

Accuse = Callable[[str, str], None]
"""Takes an invariant that is broken, and how."""

Where = str | int


class Roll:
    """Calls the roll of all cars; keeps where each was."""

    def __init__(self, accuse: Accuse) -> None:
        self._accuse = accuse
        self._where: dict[str, Where] = {}
        self._called: tuple[object, ...] = ()
        """All that the places of cars were read from at the last call."""

    def call(self, truth: Truth) -> None:
        """Judge where every car is now, by where it was."""
        called = (truth.cars, truth.crossing, truth.outside, truth.carriage.car)
        if called == self._called:
            return
        self._called = called
        seen: dict[str, Where] = {}
        for car, where in _roll(truth):
            if car in seen:
                self._accuse("I1", f"car {car} is at {seen[car]} and at {where}")
            seen[car] = where
        if seen != self._where:
            self._compare(seen, truth)
            self._where = seen

    def _compare(self, seen: dict[str, Where], truth: Truth) -> None:
        for car, before in self._where.items():
            now = seen.get(car)
            if now is None:
                self._accuse("I2", f"car {car} vanished from {before}")
            elif now != before and not _way(before, now):
                self._accuse("I2", f"car {car} went from {before} to {now}")
        for car, now in seen.items():
            if car not in self._where and self._where and now != OUTSIDE:
                self._accuse("I2", f"car {car} appeared at {now}")
        for room, car in truth.crossing.items():
            if self._where.get(car) != seen[car] and not truth.gates[room].opened:
                self._accuse("I2", f"car {car} crosses the gate of {room}, which is not open")


def _roll(truth: Truth) -> Iterator[tuple[str, Where]]:
    yield from ((car, place) for place, car in truth.cars.items())
    yield from ((car, f"gate {room}") for room, car in truth.crossing.items())
    yield from ((car, OUTSIDE) for car in truth.outside)
    if truth.carriage.car is not None:
        yield truth.carriage.car, CARRIED


def _way(before: Where, now: Where) -> bool:
    """Tell whether a car can go from one place to another in one step."""
    for one, other in ((before, now), (now, before)):
        if isinstance(one, int) and other == CARRIED:
            return True
        if isinstance(one, str) and one.startswith("gate ") and other in (OUTSIDE, int(one.split()[1])):
            return True
    return False
