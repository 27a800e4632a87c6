"""Cars, and where each of them is: in one place only."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Car:
    """One car as the sensors see it."""

    id: str
    length_mm: int = 4700
    width_mm: int = 1850
    height_mm: int = 1500
    weight_kg: int = 1600
    wheels: int = 4


@dataclass(slots=True)
class Yard:
    """Every car of the plant but those that drive through a gate (their room has them)."""

    at: dict[int, Car] = field(default_factory=dict)
    """By place: cars that rest on a bay or room."""
    aboard: Car | None = None
    outside: dict[str, Car] = field(default_factory=dict)
    """By id."""
