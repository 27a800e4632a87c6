"""Who may do what: names that stand twice or stand for anybody, and names that this computer does not know."""

import grp
import pwd
from collections.abc import Callable, Iterator
from typing import Any, Final

from config.faults import Fault
from config.positions import KeyPath
from config.rules.rule import Rule
from config.schema import Access, Tower
from config.sources import Sources

OVERFLOW: Final = ("nobody", "nogroup")
"""What the kernel tells of ids that it cannot translate (user_namespaces(7))."""

Named = tuple[KeyPath, str, str]
"""Key, ``user`` or ``group``, and the name that stands there."""


def named(access: Access) -> Iterator[Named]:
    """Yield each name that holds a role, the lowest role first."""
    for word, holders in (
        ("viewer", access.viewer),
        ("operator", access.operator),
        ("technician", access.technician),
        ("engineer", access.engineer),
    ):
        yield from (((("access", word, "groups", i)), "group", name) for i, name in enumerate(holders.groups))
        yield from (((("access", word, "users", i)), "user", name) for i, name in enumerate(holders.users))


def unknown(access: Access) -> Iterator[Named]:
    """Yield each name that this computer does not know: perhaps it is another one that runs the daemon."""
    find: dict[str, Callable[[str], Any]] = {"group": grp.getgrnam, "user": pwd.getpwnam}
    for each in named(access):
        try:
            find[each[1]](each[2])
        except KeyError:
            yield each


def _twice(tower: Tower, sources: Sources) -> Iterator[Fault]:
    seen: dict[tuple[str, str], str] = {}
    for path, kind, name in named(tower.access):
        role = str(path[1])
        if (kind, name) in seen:
            message = f"is named for {seen[kind, name]} too: the higher role counts"
            yield sources.fault(path, message, value=name)
        seen.setdefault((kind, name), role)


def _anybody(tower: Tower, sources: Sources) -> Iterator[Fault]:
    for path, _, name in named(tower.access):
        if name in OVERFLOW:
            message = "stands for whoever has no id on this host, such as the users of a container: anybody"
            yield sources.fault(path, message, value=name)


def _unknown(tower: Tower, sources: Sources) -> Iterator[Fault]:
    for path, kind, name in unknown(tower.access):
        message = f"this computer knows no {kind} of this name: where the daemon runs, nobody would hold the role by it"
        yield sources.fault(path, message, value=name)


WARNINGS: Final = (Rule("named-twice", (), _twice), Rule("names-anybody", (), _anybody))

NOTES: Final = (Rule("unknown-holder", (), _unknown),)
