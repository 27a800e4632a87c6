"""Places and what is believed of them."""

from dataclasses import dataclass
from enum import StrEnum


class PlaceStatus(StrEnum):
    """What the controller knows of a place. Only FREE and OCCUPIED may be used."""

    FREE = "free"
    OCCUPIED = "occupied"
    UNVERIFIED = "unverified"
    """Belief and sensors differ, or nothing proves the belief: locked against use until somebody decides."""
    BLOCKED = "blocked"
    """Taken out of use by a person."""


@dataclass(frozen=True, slots=True)
class Place:
    """One bay, or one transfer room as a place for a car. ``car`` is the belief, if any."""

    number: int
    status: PlaceStatus
    car: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Car:
    """A car that the tower knows of, wherever it is."""

    id: str
    model: str = ""
