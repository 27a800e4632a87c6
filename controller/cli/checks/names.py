"""Names in [access]: whether this computer knows them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from controller.cli.checks.finding import Finding, ok, warn

if TYPE_CHECKING:
    from config.schema import Tower


def check_names(tower: "Tower") -> Iterator[Finding]:
    """Check that every user and group that holds a role is known here; says nothing where none is named."""
    from config.rules.access import named, unknown

    every, missing = list(named(tower.access)), list(unknown(tower.access))
    for path, kind, name in missing:
        seen = f"{kind} {name} is not known here: nobody is {path[1]} by it"
        todo = f"sudo groupadd {name}" if kind == "group" else f"sudo useradd {name}"
        yield warn("roles", seen, f"{todo}, or mend [access.{path[1]}] in the tower's file")
    if every and not missing:
        yield ok("roles", f"{len(every)} users and groups of [access] are known here")
