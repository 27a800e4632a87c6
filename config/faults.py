"""What is wrong with a configuration, and exactly where: for a person at a keyboard and for a machine."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake. ``line`` and ``column`` count from 1; both are 0 where no line of a file is to blame."""

    file: str
    line: int
    column: int
    key: str
    """Dotted, with indexes of arrays: ``bus.bays.stations[2]``. Empty for a mistake of the whole file."""
    value: str
    """What stands there, as it would be written in TOML; empty where nothing stands."""
    message: str
    allowed: str = ""
    code: str = ""
    """Which rule is broken, for machines: ``unknown-key``, ``line-load``. Stable, whatever the message says."""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        what = f" {self.key}" if self.key else ""
        what += f" = {self.value}" if self.value else ""
        allowed = f" (allowed: {self.allowed})" if self.allowed else ""
        return f"{where}:{what}: {self.message}{allowed}" if what else f"{where}: {self.message}{allowed}"

    def to_json(self) -> dict[str, str | int]:
        """Return the fault as plain values."""
        return asdict(self)


@dataclass
class ConfigError(ValueError):
    """A configuration with one or more faults: all of them, in the order of their lines."""

    faults: list[Fault] = field(default_factory=list)

    def __str__(self) -> str:
        return "\n".join(map(str, self.faults))


def by_position(faults: Iterable[Fault]) -> list[Fault]:
    """Return the faults in reading order."""
    return sorted(faults, key=lambda fault: (fault.file, fault.line, fault.column, fault.key))


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """Return a hint at the known name nearest to ``name``, or nothing."""
    near = get_close_matches(name, known, n=1)
    return f", did you mean '{near[0]}'?" if near else ""


def dotted(path: Sequence[str | int]) -> str:
    """Return a key path as people write it: ``order[2].car``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def shown(value: object) -> str:
    """Return a value as TOML would write it, tables and long arrays shortened."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case dict():
            return "{...}" if value else "{}"
        case list():
            text = ", ".join(map(shown, value[:8]))
            return f"[{text}, ...]" if len(value) > 8 else f"[{text}]"
        case _:
            return str(value)
