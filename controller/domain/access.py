"""Who holds which role, by the names of the host's users and groups. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from controller.domain.roles import Role

NOBODY_NAMED: Final = "[access] in the tower's file names nobody for it; root and the daemon's own user may"


@dataclass(frozen=True, slots=True)
class Holders:
    """Users and groups that hold a role."""

    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Access:
    """Roles by the host's names. Somebody who is named more than once has the highest role that names them."""

    holders: Mapping[Role, Holders] = field(default_factory=dict)
    others: Role = Role.OPERATOR
    """Whom nobody names, and who may open the socket: its group is the leave to run the day."""

    def named(self) -> Iterator[tuple[Role, str, str]]:
        """Yield each role, ``user`` or ``group``, and the name that holds it."""
        for role, holders in self.holders.items():
            yield from ((role, "user", name) for name in holders.users)
            yield from ((role, "group", name) for name in holders.groups)

    def way_to(self, role: Role) -> str:
        """Return how somebody comes to be allowed what takes a role."""
        found = sorted((least, kind, name) for least, kind, name in self.named() if least >= role)
        if not found:
            return NOBODY_NAMED
        # Only a group can be joined; the nearest role is the one to ask for.
        nearest = [(kind, name) for least, kind, name in found if least == found[0][0]]
        groups = [name for kind, name in nearest if kind == "group"]
        if groups:
            return f"members of group {' or '.join(groups)} may (after their next login)"
        names = [name for _, name in nearest]
        return f"user{'s' if len(names) > 1 else ''} {' and '.join(names)} may"
