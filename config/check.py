"""`check`: all that can be said about a tower's file, for a person or a machine; it raises nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from config.budget import MAX_LOAD, LineLoad, line_loads
from config.faults import ConfigError, Fault
from config.judge import judge
from config.load import parse_tower
from config.schema import Tower
from config.sources import Sources
from hal.plcmap.registers import station_maps

SMALL_PLC_LAST_ADDRESS: Final = 1023
"""What many small PLCs offer of each register space."""

_NONE: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Report:
    """What is wrong with a tower's file, what may be, and how busy its serial lines are."""

    name: str
    """The tower's name; empty where the file could not be read."""
    bays: int
    rooms: int
    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...]
    lines: tuple[LineLoad, ...]

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
            "lines": [line.to_json() | {"limit": MAX_LOAD} for line in self.lines],
        }

    def text(self) -> str:
        """Return the report as plain lines, faults first."""
        lines = [str(fault) for fault in self.faults]
        lines += [f"warning: {warning}" for warning in self.warnings]
        lines += [
            f"bus {line.bus} ({line.device}, {line.baud} baud): polling takes {line.load:.1%} of the line at work, "
            f"{line.idle_load:.1%} idle (limit {MAX_LOAD:.0%}); longest exchange {line.longest_s * 1000:.1f} ms"
            for line in self.lines
        ]
        rooms = f"{self.rooms} room{'s' if self.rooms != 1 else ''}"
        verdict = f"faults: {len(self.faults)}" if self.faults else f"ok: {self.bays} bays, {rooms}"
        return "\n".join([*lines, f"{self.name}: {verdict}" if self.name else verdict])


def check(path: Path | str, *, profile: str | None = None, overrides: Mapping[str, str] = _NONE) -> Report:
    """Return everything there is to say about a tower's file or a packaged tower's bare name."""
    try:
        tower, sources = parse_tower(path, profile=profile, overrides=overrides)
    except ConfigError as error:
        return Report("", 0, 0, tuple(error.faults), (), ())
    faults = judge(tower, sources)
    # Registers follow from the topology: with a fault there, neither warnings nor loads mean anything.
    sound = not faults
    return Report(
        tower.name,
        len(tower.shape.bays),
        len(tower.ring.rooms),
        tuple(faults),
        tuple(_warnings(tower, sources)) if sound else (),
        tuple(line_loads(tower)) if sound or _only_of_lines(faults) else (),
    )


def _only_of_lines(faults: list[Fault]) -> bool:
    return all(fault.key.startswith("bus.") for fault in faults)


def _warnings(tower: Tower, sources: Sources) -> Iterator[Fault]:
    for station in station_maps(tower.shape).values():
        if len(station.fast) > 1:
            message = f"station {station.name} needs {len(station.fast)} requests a poll: its image may mix two scans"
            yield sources.fault(("ring",), message)
        if station.owned_end - 1 > SMALL_PLC_LAST_ADDRESS:
            message = f"station {station.name} uses addresses up to {station.owned_end - 1}"
            yield sources.fault(("ring",), message, allowed=f"{SMALL_PLC_LAST_ADDRESS} on many small PLCs")
