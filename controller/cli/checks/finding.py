"""One line of `cartower doctor`."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    """The tower works, but not for long, or not as well as it could."""
    FAIL = "fail"
    """The tower does not work like this."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, what was seen, and what a person does about it (nothing if all is well)."""

    level: Level
    what: str
    seen: str
    todo: str = ""


def ok(what: str, seen: str) -> Finding:
    """Return a finding that asks for nothing."""
    return Finding(Level.OK, what, seen)


def warn(what: str, seen: str, todo: str) -> Finding:
    """Return a finding that asks for something soon."""
    return Finding(Level.WARN, what, seen, todo)


def fail(what: str, seen: str, todo: str) -> Finding:
    """Return a finding that asks for something now."""
    return Finding(Level.FAIL, what, seen, todo)
