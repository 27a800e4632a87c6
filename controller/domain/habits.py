"""What customers do here: which cars and models they fetch, and at what hours they come. Folded from jobs; pure.

What was long ago counts less: each day with anybody at all counts all days before for a share less. A day on which
nobody came tells nothing, since the tower may have been shut: so a tower that stood still for a month knows what it
knew. Days and hours are those of universal time: habits return with the clock, whatever it is called here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import exp
from typing import Final

DAY_S: Final = 86_400
HOUR_S: Final = 3_600
HOURS: Final = 24

KEPT: Final = exp(-1 / 14)
"""What is left of a count behind a day: two weeks are remembered."""

FORGOTTEN: Final = 0.02
"""A count below this is dropped: a car that left for good is not remembered for ever."""


@dataclass
class Habits:
    """Counts of what happened, the older ones fading. ``days`` counts days in the same way."""

    day: int | None = None
    """The newest day, since the epoch."""
    days: float = 0.0
    hours: list[float] = field(default_factory=lambda: [0.0] * HOURS)
    """How many orders came, by hour of the day."""
    cars: dict[str, float] = field(default_factory=dict)
    """How often each car was fetched."""
    models: dict[str, float] = field(default_factory=dict)
    brought: float = 0.0
    """How many cars were brought."""

    def came(self, at: float) -> None:
        """Take somebody who asked for something at a wall time."""
        self._turn_to(int(at // DAY_S))
        self.hours[int(at % DAY_S // HOUR_S)] += 1.0

    def fetched(self, car: str, model: str) -> None:
        """Take a car that was brought to somebody; ``model`` may be empty."""
        self.cars[car] = self.cars.get(car, 0.0) + 1.0
        if model:
            self.models[model] = self.models.get(model, 0.0) + 1.0

    def stored(self) -> None:
        """Take a car that somebody has brought."""
        self.brought += 1.0

    def rates(self, models: Mapping[str, str]) -> dict[str, float]:
        """Return how often each of some cars is fetched, a day; ``models`` by car, empty where none is known.

        Half of it is what was seen of the car itself, half what its like is fetched: a new car is as wanted as its
        model.
        """
        like: dict[str, int] = {}
        for model in models.values():
            like[model] = like.get(model, 0) + 1
        twice = 2.0 * max(self.days, 1.0)
        return {car: (self.cars.get(car, 0.0) + self._of_model(model, like)) / twice for car, model in models.items()}

    def brought_share(self) -> float:
        """Return which part of all orders brings a car; half before anything is known."""
        return (self.brought + 1.0) / (self.brought + sum(self.cars.values()) + 2.0)

    def chance_of_order(self, at: float, length_s: float) -> float:
        """Return how likely somebody asks for something in a time that begins at a wall time.

        As if one more had come at each hour, and no day more: what was never seen may happen tomorrow. 1 before
        anything is known.
        """
        if not self.days:
            return 1.0
        begin, end = int(at % DAY_S // HOUR_S), int((at + length_s) % DAY_S // HOUR_S)
        most = max(self.hours[begin], self.hours[end])
        return 1.0 - exp(-(most + 1.0) / self.days * length_s / HOUR_S)

    def to_body(self) -> dict[str, object]:
        """Return them as plain values."""
        return {
            "day": self.day,
            "days": self.days,
            "hours": self.hours,
            "cars": self.cars,
            "models": self.models,
            "brought": self.brought,
        }

    @classmethod
    def from_body(cls, body: object) -> "Habits":
        """Return the habits of a snapshot.

        Raises:
            TypeError: they are of another form.
            KeyError: something is missing.

        """
        if not isinstance(body, Mapping):
            raise TypeError(f"not an object: {body!r}")
        day, hours = body["day"], body["hours"]
        if not (day is None or isinstance(day, int)) or not isinstance(hours, list) or len(hours) != HOURS:
            raise TypeError("the day or the hours of the habits")
        hourly = [float(each) for each in hours]
        return cls(
            day, float(body["days"]), hourly, dict(body["cars"]), dict(body["models"]), float(body["brought"])
        )

    def _of_model(self, model: str, like: Mapping[str, int]) -> float:
        """Return how often one car of a model was fetched; of an unknown model, one of all."""
        if model:
            return self.models.get(model, 0.0) / like[model]
        return sum(self.cars.values()) / sum(like.values())

    def _turn_to(self, day: int) -> None:
        """Let everything fade if a day begins. A clock that was set back begins one too."""
        if day == self.day:
            return
        self.day = day
        self.days = self.days * KEPT + 1.0
        self.brought *= KEPT
        self.hours = [each * KEPT for each in self.hours]
        self.cars = _faded(self.cars)
        self.models = _faded(self.models)


def _faded(counts: Mapping[str, float]) -> dict[str, float]:
    return {name: left for name, count in counts.items() if (left := count * KEPT) >= FORGOTTEN}
