"""Stand-ins for what cannot be read, so that the rest of a file can be judged at the same time."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from config.positions import KeyPath


def part_of(path: KeyPath) -> KeyPath:
    """Return what is replaced when a value is at fault: a whole list, a whole bus, else the key."""
    names = tuple(part for part in path if isinstance(part, str))
    first_index = next((i for i, part in enumerate(path) if isinstance(part, int)), len(path))
    return names[:2] if path[:1] == ("bus",) else path[:first_index]


def healed(whole: Mapping[str, Any], good: Mapping[str, Any], faulty: Iterable[KeyPath]) -> dict[str, Any]:
    """Return a copy in which each faulty part is what a good tower has there, or is gone.

    A bus is gone: another tower's would carry other stations. If none is left, a good tower's first bus is there.
    """
    copy = deepcopy(dict(whole))
    for part in faulty:
        _replace(copy, {} if part[0] == "bus" else good, part)
    if not copy.get("bus"):
        name = next(iter(good["bus"]))
        copy["bus"] = {name: good["bus"][name]}
    return copy


def _replace(whole: dict[str, Any], good: Mapping[str, Any], path: KeyPath) -> None:
    table: Any = whole
    better: Any = good
    for key in path[:-1]:
        better = better.get(key, {}) if isinstance(better, Mapping) else {}
        table = table.get(key)
        if not isinstance(table, dict):
            return
    key = path[-1]
    if isinstance(better, Mapping) and key in better:
        table[key] = deepcopy(better[key])
    else:
        table.pop(key, None)
