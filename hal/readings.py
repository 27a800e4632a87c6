"""Readings from two sensors: proven, excluded or in doubt."""

from enum import Enum


class Loaded(Enum):
    """Whether something stands somewhere, by two sensors of equal rank."""

    YES = "yes"
    NO = "no"
    DOUBTFUL = "doubtful"
    """The two do not agree: neither proven nor excluded."""


def loaded(*, a: bool, b: bool) -> Loaded:
    """Return what two sensors prove together."""
    if a != b:
        return Loaded.DOUBTFUL
    return Loaded.YES if a else Loaded.NO
