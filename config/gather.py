"""The files of one tower, laid over each other: overrides, the tower's file, its profile, its calibration."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from config.document import NOWHERE, Document, parse_json_document, read_document, read_text
from config.faults import ConfigError, Fault, did_you_mean
from config.packaged import packaged
from config.positions import KeyPath, Spot
from config.sources import Layer, Sources

DEFAULT_PROFILE: Final = "medium"

OVERRIDE: Final = "override"
"""What faults call the file of an overriding value."""


@dataclass(frozen=True)
class Gathered:
    """Layers of a tower, what was wrong with them, and the parts of the whole that are therefore stand-ins."""

    sources: Sources
    faults: tuple[Fault, ...]
    unsound: frozenset[str]


def gather(file: Path, document: Document, *, profile: str | None, overrides: Mapping[str, str]) -> Gathered:
    """Lay a tower's document between its overrides and its profile, and the calibration beside ``file`` below them.

    Raises:
        ConfigError: the overrides contradict each other.

    """
    faults: list[Fault] = []
    unsound: set[str] = set()
    above = overriding(overrides if profile is None else {**overrides, "profile": json.dumps(profile)})
    document = _without_calibration(file, document, faults)
    top = (Layer(above), Layer(document))
    machine = _profile_layer(Sources(document, top), faults, unsound)
    measured = _calibration_layers(file, faults, unsound)
    return Gathered(Sources(document, (*top, machine, *measured)), tuple(faults), frozenset(unsound))


def calibration_file(tower: Path) -> Path:
    """Return where the calibration of a tower's file stands, if it has one."""
    return tower.with_name(f"{tower.stem}.calibration.json")


def overriding(overrides: Mapping[str, str]) -> Document:
    """Return the document of overriding values: dotted keys, values as TOML writes them, else texts.

    Raises:
        ConfigError: one key lies below another.

    """
    values: dict[str, Any] = {}
    spots: dict[KeyPath, Spot] = {}
    for key, text in overrides.items():
        path = tuple(key.split("."))
        table = values
        for part in path[:-1]:
            table = table.setdefault(part, {})
            if not isinstance(table, dict):
                message = "lies below a key that is itself overridden"
                raise ConfigError([Fault(OVERRIDE, 0, 0, key, text, message, code="override")])
        table[path[-1]] = _typed(text)
        spots |= {path[:depth]: Spot(NOWHERE, NOWHERE) for depth in range(1, len(path) + 1)}
    return Document(OVERRIDE, values, spots)


def _typed(text: str) -> Any:
    try:
        values = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return values["value"] if len(values) == 1 else text


def _without_calibration(file: Path, document: Document, faults: list[Fault]) -> Document:
    if "calibration" not in document.values:
        return document
    message = f"measured poses belong in {calibration_file(file).name}, which commissioning writes"
    faults.append(document.fault(("calibration",), (), message, code="calibration-elsewhere"))
    values = {key: value for key, value in document.values.items() if key != "calibration"}
    return replace(document, values=values)


def _profile_layer(sources: Sources, faults: list[Fault], unsound: set[str]) -> Layer:
    """Return the named profile; without such a one the default, and the machine counts as unsound."""
    name = sources.merged().get("profile", DEFAULT_PROFILE)
    known = packaged("profiles")
    if not isinstance(name, str) or name not in known:
        unsound.add("machine")
        if isinstance(name, str):
            message = f"no such profile{did_you_mean(name, list(known))}"
            allowed = ", ".join(known)
            faults.append(sources.fault(("profile",), message, allowed=allowed, value=name, code="unknown-profile"))
        name = DEFAULT_PROFILE
    return Layer(read_document(known[name]), ("machine",))


def _calibration_layers(tower: Path, faults: list[Fault], unsound: set[str]) -> tuple[Layer, ...]:
    file = calibration_file(tower)
    if not file.exists():
        return ()
    try:
        return (Layer(parse_json_document(read_text(file, str(file)), str(file)), ("calibration",)),)
    except ConfigError as error:
        faults += error.faults
        unsound.add("calibration")
        return ()
