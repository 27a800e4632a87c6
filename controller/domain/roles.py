"""Roles of people, and what may be demanded of whoever asks for something. Pure.

Least privilege as IEC 62443-3-3 SR 2.1 asks for it: each role holds all that the ones below it hold.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Final

from controller.domain.clearance import Clearance

ROLE: Final = "ROLE"
"""Rule of a refusal: the asker's role is too low."""

ON_SITE: Final = "ON_SITE"
"""Rule of a refusal: nobody has said that they are at the tower and have looked."""


class Role(IntEnum):
    """Who somebody is to the tower; each role may do whatever a lower one may."""

    VIEWER = 1
    """Looks."""
    OPERATOR = 2
    """Runs the day, and gets a car out at night."""
    TECHNICIAN = 3
    """Works on the machine."""
    ENGINEER = 4
    """Decides what the tower is to believe and to leave out."""

    @property
    def word(self) -> str:
        """Its name, as people and configurations write it."""
        return self.name.lower()

    def __str__(self) -> str:
        return f"{'an' if self.name[0] in 'AEIOU' else 'a'} {self.word}"


BY_WORD: Final[Mapping[str, Role]] = MappingProxyType({role.word: role for role in Role})


@dataclass(frozen=True, slots=True)
class Need:
    """The least role, and whether somebody must say that they are at the tower and have looked."""

    role: Role
    at_tower: bool = False

    def with_(self, other: "Need") -> "Need":
        """Return what meets both."""
        return Need(max(self.role, other.role), self.at_tower or other.at_tower)


NEED_OF: Final[Mapping[Clearance, Need]] = MappingProxyType(
    {
        Clearance.ITSELF: Need(Role.OPERATOR),
        Clearance.CUSTOMER: Need(Role.OPERATOR),
        Clearance.OPERATOR: Need(Role.OPERATOR),
        Clearance.OPERATOR_ON_SITE: Need(Role.OPERATOR, at_tower=True),
        Clearance.TECHNICIAN: Need(Role.TECHNICIAN, at_tower=True),
        Clearance.ENGINEER: Need(Role.ENGINEER, at_tower=True),
    }
)
"""What the catalogue's word for who clears something, and where, demands. Operators may help what passes by itself."""
