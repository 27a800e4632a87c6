"""What people keep a tower from, until somebody takes it back: a level, a room, its power, the speed of an axis.

A restriction outlives every restart. It moves nothing and undoes nothing: what is under way ends as it would have,
and nothing begins that it forbids.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from controller.domain.travel import Speeds


class Restricted(StrEnum):
    """What is restricted."""

    LEVEL = "level"
    """No car is put into a bay of it, and none is taken out. The carriage passes it as before."""
    ROOM = "room"
    """It serves nobody, once whoever is in it has gone."""
    GENERATOR = "generator"
    """The tower runs on standby power: few axes at a time, and the jobs that its file names for that."""
    LIFT = "lift"
    """Its drive runs below its rated speed: everything takes longer."""
    TURNTABLE = "turntable"
    """As of the lift."""
    SHUTTLE = "shuttle"
    """As of the lift; arms and comb."""


SPEEDS: Final = (Restricted.LIFT, Restricted.TURNTABLE, Restricted.SHUTTLE)
"""The axes whose speed can be stated, in the order of `Speeds`."""

LEAST_PERCENT, RATED_PERCENT = 10, 100
"""Speeds of an axis that are reckoned with, in per cent of its rated one: what is slower stands still."""


@dataclass(frozen=True, slots=True)
class Restriction:
    """One of them: ``number`` is the level, the room's place, or the per cent of an axis; 0 of the whole tower."""

    kind: Restricted
    number: int = 0
    why: str = ""
    by: str = ""

    @property
    def key(self) -> "Key":
        """What it is known by; a second one of the same key takes the first one's place."""
        return self.kind, 0 if self.kind in SPEEDS else self.number

    @property
    def said(self) -> str:
        """What it brings, in words."""
        return SAID[self.kind].format(self.number)

    def __str__(self) -> str:
        """Say in words what is so, and why."""
        return f"{self.said}: {self.why}" if self.why else self.said


Key = tuple[Restricted, int]

Restrictions = Mapping[Key, Restriction]
"""All that are in force."""

SAID: Final = {
    Restricted.LEVEL: "level {} is blocked",
    Restricted.ROOM: "room {} is out of service",
    Restricted.GENERATOR: "the tower runs on its generator",
    **{axis: f"the {axis.value} runs at {{}} % of its speed" for axis in SPEEDS},
}
OVER: Final = {
    Restricted.LEVEL: "level {} is in use again",
    Restricted.ROOM: "room {} is in service again",
    Restricted.GENERATOR: "the tower runs on the mains again",
    **{axis: f"the {axis.value} runs at its full speed again" for axis in SPEEDS},
}
"""What is so from then on, and again behind it; with the number."""


def speeds(restrictions: Restrictions) -> Speeds:
    """Return at what share of its rated speed each axis runs."""
    found = (restrictions.get((axis, 0)) for axis in SPEEDS)
    return Speeds(*(1.0 if each is None else each.number / RATED_PERCENT for each in found))


def over(key: Key) -> str:
    """Return in words what its end brings."""
    kind, number = key
    return OVER[kind].format(number)
