"""Looks into bays: who has seen each one last, other than its own two contacts, and what came of it. Pure.

Two see what a bay's contacts cannot: the carriage, docked there with two sensors of its own, and a person. The carriage
looks at each exchange of a car, and where no job has led it for long it goes for a look alone.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Eye(StrEnum):
    """Who looks."""

    CARRIAGE = "carriage"
    PERSON = "person"


class Finding(StrEnum):
    """What came of a look."""

    AGREED = "agreed"
    """What was seen, and what the bay's contacts show, is what the book says."""
    CORRECTED = "corrected"
    """A person has said otherwise than the book, and the contacts agree with the person: the book says so now."""
    DOUBTFUL = "doubtful"
    """They differ: the bay is locked until somebody has looked."""
    FAILED = "failed"
    """The carriage could not look."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look into a bay. ``at`` is wall time in seconds, for people: nothing is paced or ordered by it."""

    place: int
    at: float
    eye: Eye
    finding: Finding
    by: str = ""
    """Which person; of the carriage for which job, empty for a visit."""
    text: str = ""
    """What was seen, in words."""


def in_turn(bays: Collection[int], looks: Mapping[int, Look]) -> list[int]:
    """Return the bays whose turn it is: all that nobody has looked into, else the one for which that is longest ago.

    ``looks`` by bay, the oldest first, as the journal has them: clocks that were set change nothing.
    """
    never = [bay for bay in bays if bay not in looks]
    return never or [bay for bay in looks if bay in bays][:1]
