"""Every fault of a tower's file at once: of its parts, of its keys, of its meaning."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from config.document import Document, read_document
from config.explain import UNKNOWN_KEY, Misfit, misfits
from config.faults import Fault, by_position, dotted
from config.gather import Gathered, gather
from config.heal import healed, part_of
from config.judge import judge
from config.packaged import find, packaged
from config.positions import KeyPath
from config.schema import Tower
from config.sources import Sources

_NONE: Final[Mapping[str, str]] = MappingProxyType({})

REFERENCE_TOWER: Final = "guangzhou"


@dataclass(frozen=True)
class Examined:
    """What became of a tower's file."""

    tower: Tower | None
    """The tower if there is no fault; if there are, what could be judged with stand-ins for the rest, or nothing."""
    sources: Sources
    faults: tuple[Fault, ...]


def examine(path: Path | str, *, profile: str | None = None, overrides: Mapping[str, str] = _NONE) -> Examined:
    """Read a tower's file, or a packaged tower by its bare name, and find every fault of it.

    Raises:
        ConfigError: the file cannot be read or is not TOML: nothing else can be said of it then; or the overrides
            contradict each other.

    """
    file = find(path, "towers")
    return examine_document(file, read_document(file), profile=profile, overrides=overrides)


def examine_document(
    file: Path, document: Document, *, profile: str | None = None, overrides: Mapping[str, str] = _NONE
) -> Examined:
    """Do the same to a document that is, or will be, the contents of ``file``.

    Raises:
        ConfigError: the overrides contradict each other.

    """
    gathered = gather(file, document, profile=profile, overrides=overrides)
    found = _fit(gathered)
    faults = [*gathered.faults, *found.faults]
    if found.tower is not None:
        faults += judge(found.tower, gathered.sources, found.unsound)
    return Examined(found.tower, gathered.sources, tuple(by_position(faults)))


@dataclass(frozen=True)
class _Fitted:
    tower: Tower | None
    faults: tuple[Fault, ...]
    unsound: frozenset[str]


def _fit(gathered: Gathered) -> _Fitted:
    """Make a tower of the values; faulty keys are told, then replaced by stand-ins, and named unsound."""
    whole = gathered.sources.merged()
    tower, wrong = misfits(Tower, whole, gathered.sources)
    if tower is not None:
        return _Fitted(tower, (), gathered.unsound)
    stand_in, _ = misfits(Tower, healed(whole, _good(), map(_part, wrong)), gathered.sources)
    return _Fitted(stand_in, tuple(each.fault for each in wrong), gathered.unsound | _unsound(wrong))


def _part(wrong: Misfit) -> KeyPath:
    return wrong.path if wrong.fault.code == UNKNOWN_KEY else part_of(wrong.path)


def _unsound(wrong: list[Misfit]) -> frozenset[str]:
    """Return the keys whose values are stand-ins now. A key too many touches nothing else."""
    parts = {_part(each) for each in wrong if each.fault.code != UNKNOWN_KEY}
    return frozenset("bus" if part[0] == "bus" else dotted(part) for part in parts)


@cache
def _good() -> Mapping[str, Any]:
    """Return the values of the reference tower, with every default."""
    file = packaged("towers")[REFERENCE_TOWER]
    gathered = gather(file, read_document(file), profile=None, overrides=_NONE)
    return Tower.model_validate(gathered.sources.merged()).model_dump()
