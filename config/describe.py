"""What each key of a tower's file means, and which of the files of one tower sets it."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any, Final

from config.bus import RtuBus, TcpBus
from config.explain import Node, allowed, schema_of
from config.faults import dotted, shown
from config.positions import KeyPath
from config.schema import Tower
from config.sources import Sources
from config.units import unit_of

ANY: Final = {"bus": "NAME", "calibration": "PLACE"}
"""Tables whose keys are free names, and what stands for such a name here."""


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """One key: everything the schema knows about it."""

    key: str
    """Dotted: ``bus.NAME.port``."""
    of: str
    """The kind of bus that has it; empty for every other key."""
    unit: str
    allowed: str
    default: str
    """As TOML writes it, or in words."""
    meaning: str
    is_table: bool

    def to_json(self) -> dict[str, Any]:
        """Return the key as plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Setting:
    """One file that sets a key; of several for the same key the first is in force."""

    key: str
    where: str
    value: str

    def to_json(self) -> dict[str, str]:
        """Return the setting as plain values."""
        return asdict(self)


@cache
def catalogue() -> tuple[KeyInfo, ...]:
    """Return every key, each table before its keys."""
    return tuple(_catalogue())


def _catalogue() -> Iterator[KeyInfo]:
    schema = schema_of(Tower)
    for path, node in schema.every():
        yield _info(path, node)
        if path == ("bus",):
            for model, kind in ((TcpBus, "tcp"), (RtuBus, "rtu")):
                for below, child in schema_of(model).every():
                    yield _info((*path, ANY["bus"], *below), child, kind)
        if path == ("calibration",):
            _, offset = schema.walk((*path, ANY["calibration"]))
            for below, child in schema.every(node=offset):
                yield _info((*path, ANY["calibration"], *below), child)


def _info(path: KeyPath, node: Node, of: str = "") -> KeyInfo:
    is_table = node.get("type") == "object"
    default = node.get("default")
    text = "" if default is None or is_table else shown(list(default) if isinstance(default, tuple) else default)
    if not text and not is_table and path[0] == "machine":
        text = "the profile's"
    elif not text and not is_table and "default" not in node:
        text = "none: it must be given"
    key = str(path[-1])
    return KeyInfo(dotted(path), of, unit_of(key), allowed(node), text, node.get("description", ""), is_table)


def look_up(name: str) -> list[KeyInfo]:
    """Return the keys that a dotted name means: the key itself, else all that end so; none if there are none.

    In place of NAME and PLACE stands any name; a bus or a place by itself is told with its table.
    """
    wanted = _generic(name)
    wanted = next((table for table, free in ANY.items() if wanted == f"{table}.{free}"), wanted)
    exact = [info for info in catalogue() if info.key == wanted]
    return exact or [info for info in catalogue() if info.key.endswith(f".{wanted}")]


def below(table: KeyInfo) -> list[KeyInfo]:
    """Return the keys of a table, without those of its tables."""
    depth = table.key.count(".") + (2 if table.key in ANY else 1)
    return [info for info in catalogue() if info.key.startswith(f"{table.key}.") and info.key.count(".") == depth]


def near(name: str) -> list[str]:
    """Return known keys that a mistyped one may have meant, the nearest first."""
    wanted = _generic(name)
    keys = list(dict.fromkeys(info.key for info in catalogue()))
    found = get_close_matches(wanted, keys, n=3, cutoff=0.75)
    last = wanted.rpartition(".")[2]
    by_last = {key.rpartition(".")[2]: key for key in reversed(keys)}
    found += [by_last[each] for each in get_close_matches(last, list(by_last), n=2, cutoff=0.75)]
    return list(dict.fromkeys(found))[:3]


def settings(key: str, sources: Sources) -> list[Setting]:
    """Return the files of one tower that set a key, the one in force first."""
    path: KeyPath = tuple(key.split("."))
    found = []
    for layer in sources.layers:
        depth = len(layer.mount)
        local = path[depth:]
        if path[:depth] == layer.mount and local and layer.document.holds(local):
            fault = layer.document.fault(path, layer.mount, "", value=_value(layer.document.values, local))
            where = f"{fault.file}:{fault.line}:{fault.column}" if fault.line else fault.file
            found.append(Setting(key, where, fault.value))
    return found


def _value(values: dict[str, Any], path: KeyPath) -> object:
    found: Any = values
    for key in path:
        found = found[key]
    return found


def _generic(name: str) -> str:
    """Return a dotted key with NAME or PLACE for a free name."""
    parts = name.strip().strip("[]").split(".")
    if len(parts) > 1 and parts[0] in ANY:
        parts[1] = ANY[parts[0]]
    return ".".join(parts)
