"""What people keep a tower from, until somebody takes it back: a level, a room, and the power that it moves on.

A restriction outlives every restart. It moves nothing and undoes nothing: what is under way ends as it would have,
and nothing begins that it forbids.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Restricted(StrEnum):
    """What is restricted."""

    LEVEL = "level"
    """No car is put into a bay of it, and none is taken out. The carriage passes it as before."""
    ROOM = "room"
    """It serves nobody, once whoever is in it has gone."""
    GENERATOR = "generator"
    """The tower runs on standby power: few axes at a time, and the jobs that its file names for that."""


@dataclass(frozen=True, slots=True)
class Restriction:
    """One of them: ``number`` is the level, or the room's place; 0 where it is the whole tower's."""

    kind: Restricted
    number: int = 0
    why: str = ""
    by: str = ""

    @property
    def key(self) -> "Key":
        """What it is known by; a second one of the same key takes the first one's place."""
        return self.kind, self.number

    def __str__(self) -> str:
        """Say in words what is so, and why."""
        return f"{SAID[self.kind].format(self.number)}: {self.why}" if self.why else SAID[self.kind].format(self.number)


Key = tuple[Restricted, int]

Restrictions = Mapping[Key, Restriction]
"""All that are in force."""

SAID: Final = {
    Restricted.LEVEL: "level {} is blocked",
    Restricted.ROOM: "room {} is out of service",
    Restricted.GENERATOR: "the tower runs on its generator",
}
OVER: Final = {
    Restricted.LEVEL: "level {} is in use again",
    Restricted.ROOM: "room {} is in service again",
    Restricted.GENERATOR: "the tower runs on the mains again",
}
"""What is so from then on, and again behind it; with the number."""


def said(key: Key) -> str:
    """Return in words what a restriction brings."""
    kind, number = key
    return SAID[kind].format(number)


def over(key: Key) -> str:
    """Return in words what its end brings."""
    kind, number = key
    return OVER[kind].format(number)
