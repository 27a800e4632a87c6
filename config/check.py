"""`check`: all that can be said about a tower's file, for a person or a machine; it raises nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from config.advice import notes, warnings
from config.budget import MAX_LOAD, LineLoad, line_loads
from config.examine import Examined, examine
from config.faults import ConfigError, Fault

_NONE: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Report:
    """What is wrong with a tower's file, what may be, what is good to know, and how busy its serial lines are."""

    name: str
    """The tower's name; empty where there are faults."""
    bays: int
    rooms: int
    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...] = ()
    notes: tuple[Fault, ...] = ()
    lines: tuple[LineLoad, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the tower can be run."""
        return not self.faults

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return {
            "ok": self.ok,
            "name": self.name,
            "bays": self.bays,
            "rooms": self.rooms,
            "faults": [fault.to_json() for fault in self.faults],
            "warnings": [warning.to_json() for warning in self.warnings],
            "notes": [note.to_json() for note in self.notes],
            "lines": [line.to_json() | {"limit": MAX_LOAD} for line in self.lines],
        }


def check(path: Path | str, *, profile: str | None = None, overrides: Mapping[str, str] = _NONE) -> Report:
    """Return everything there is to say about a tower's file or a packaged tower's bare name."""
    try:
        return report_of(examine(path, profile=profile, overrides=overrides))
    except ConfigError as error:
        return Report("", 0, 0, tuple(error.faults))


def report_of(examined: Examined) -> Report:
    """Return the report on what was found; only a tower without faults has warnings, notes and loads."""
    tower, sources = examined.tower, examined.sources
    if examined.faults or tower is None:
        return Report("", 0, 0, examined.faults)
    return Report(
        tower.name,
        len(tower.shape.bays),
        len(tower.ring.rooms),
        (),
        tuple(warnings(tower, sources)),
        tuple(notes(tower, sources)),
        tuple(line_loads(tower)),
    )
