"""What differs between two towers, and whether their PLCs need another program."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from config.faults import shown
from config.schema import Bus, RtuBus, Tower
from config.units import unit_of

ABSENT: Final = ""
"""Value of a key that one tower has not."""

DAEMON: Final = "the daemon"

_CONCERNS: Final = (
    ("tower_id", "identity of every PLC"),
    ("ring.bays", "nobody: a sum to check by"),
    ("ring", "register map, place table"),
    ("calibration", "place table"),
    ("hoistway", "tower PLC: limits and end switches"),
    ("machine.plc", "program of every PLC"),
    ("machine.latch", "bay controllers: parameters"),
    ("machine.service", DAEMON),
    ("machine", "tower PLC and drives: parameters"),
    ("bus", "wiring, and settings of the line"),
    ("limits", DAEMON),
    ("timing", DAEMON),
    ("trace", DAEMON),
    ("access", DAEMON),
    ("audit", DAEMON),
    ("generator", DAEMON),
    ("slotting", DAEMON),
    ("dwell", DAEMON),
    ("", "nobody: a name"),
)
"""Whom a change concerns, by the beginning of its key; the first that fits counts."""


@dataclass(frozen=True, slots=True)
class Change:
    """One key with another value."""

    key: str
    old: str
    new: str
    unit: str
    concerns: str


@dataclass(frozen=True, slots=True)
class Programs:
    """What the PLCs must be given."""

    map_changed: tuple[str, ...]
    """Stations of both towers whose registers differ."""
    stations_added: tuple[str, ...]
    stations_removed: tuple[str, ...]
    identity_changed: bool
    """The tower's id: each PLC tells it."""
    places_added: tuple[int, ...]
    places_removed: tuple[int, ...]
    places_moved: tuple[int, ...]
    """Places of both towers with another height or angle."""
    table_changed: bool
    """The place table with its tolerances: each PLC tells its CRC."""
    constants_changed: bool
    """Times that stand in every PLC's program."""

    @property
    def needed(self) -> bool:
        """Whether a daemon of the second tower would stay offline, or be stopped, on PLCs of the first."""
        stations = self.map_changed or self.stations_added or self.stations_removed
        return bool(stations) or self.identity_changed or self.table_changed or self.constants_changed


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that differs."""

    changes: tuple[Change, ...]
    programs: Programs

    def to_json(self) -> dict[str, Any]:
        """Return the difference as plain values."""
        return {"same": not self.changes, "programs_needed": self.programs.needed, **asdict(self)}


def difference(old: Tower, new: Tower) -> Difference:
    """Compare two towers, profiles and calibrations included, key by key and as their PLCs see them."""
    before, after = _values(old, new), _values(new, old)
    changes = tuple(
        Change(key, _text(before, key), _text(after, key), unit_of(key), concern(key))
        for key in dict.fromkeys([*before, *after])
        if _text(before, key) != _text(after, key)
    )
    return Difference(changes, _programs(old, new))


def _programs(old: Tower, new: Tower) -> Programs:
    both = [name for name in old.maps if name in new.maps]
    a, b = old.shape.poses, new.shape.poses
    return Programs(
        tuple(name for name in both if old.maps[name] != new.maps[name]),
        tuple(name for name in new.maps if name not in old.maps),
        tuple(name for name in old.maps if name not in new.maps),
        old.tower_id != new.tower_id,
        tuple(sorted(b.keys() - a.keys())),
        tuple(sorted(a.keys() - b.keys())),
        tuple(sorted(place for place in a.keys() & b.keys() if a[place] != b[place])),
        old.shape.table_crc() != new.shape.table_crc(),
        old.machine.plc != new.machine.plc,
    )


def _values(tower: Tower, other: Tower) -> dict[str, object]:
    """Return every dotted key's value; a bus that the other tower has not is one value."""
    values = tower.model_dump()
    values["bus"] = {
        name: values["bus"][name] if name in other.bus else _summary(bus) for name, bus in tower.bus.items()
    }
    return dict(_leaves(values))


def _summary(bus: Bus) -> str:
    end = bus.device if isinstance(bus, RtuBus) else f"{bus.host}:{bus.port}"
    return f"{bus.kind} {end}: {', '.join(bus.stations)}"


def _leaves(table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, object]]:
    """Yield each dotted key that holds no table, and its value; what is left open is not there."""
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{above}{key}.")
        elif value is not None:
            yield f"{above}{key}", list(value) if isinstance(value, tuple) else value


def _text(leaves: Mapping[str, object], key: str) -> str:
    return shown(leaves[key]) if key in leaves else ABSENT


def concern(key: str) -> str:
    """Return whom a change of a dotted key concerns."""
    return next(text for start, text in _CONCERNS if not start or key == start or key.startswith(f"{start}."))
