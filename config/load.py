"""From files to a `Tower`: the tower's file over its profile, its calibration beside it, overrides on top."""

import json
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from config.document import NOWHERE, Document, read_document, read_text
from config.explain import validate
from config.faults import ConfigError, Fault, did_you_mean
from config.judge import judge
from config.positions import KeyPath, Spot
from config.schema import Tower
from config.sources import Layer, Sources

DEFAULT_PROFILE: Final = "medium"

OVERRIDE: Final = "override"
"""What faults call the file of an overriding value."""

_NONE: Final[Mapping[str, str]] = MappingProxyType({})


def load_tower(path: Path | str, *, profile: str | None = None, overrides: Mapping[str, str] = _NONE) -> Tower:
    """Return the tower that a file, or a packaged tower's bare name (``guangzhou``), describes.

    ``profile`` replaces the file's. ``overrides`` are dotted keys with values as TOML writes them; what is not
    TOML is a text: ``{"bus.tower.port": "15123", "bus.bays.device": "/dev/ttyS0"}``.

    Raises:
        ConfigError: with every fault that was found, each with its file, line and column.

    """
    tower, sources = parse_tower(path, profile=profile, overrides=overrides)
    faults = judge(tower, sources)
    if faults:
        raise ConfigError(faults)
    return tower


def parse_tower(
    path: Path | str, *, profile: str | None = None, overrides: Mapping[str, str] = _NONE
) -> tuple[Tower, Sources]:
    """Return a tower whose keys and ranges are right but whose meaning is not judged yet, and where it came from.

    Raises:
        ConfigError: with every fault of syntax, key, type or range.

    """
    file = find(path, "towers")
    document = read_document(file)
    if "calibration" in document.values:
        message = f"measured poses belong in {calibration_file(file).name}, which commissioning writes"
        raise ConfigError([document.fault(("calibration",), (), message)])
    above = overriding(overrides if profile is None else {**overrides, "profile": json.dumps(profile)})
    top = (Layer(above), Layer(document))
    layers = (*top, _profile_layer(Sources(document, top)), *_calibration_layers(file))
    sources = Sources(document, layers)
    return validate(Tower, sources), sources


def packaged(kind: str) -> dict[str, Path]:
    """Return the packaged files of a kind (``towers``, ``profiles``, ``scenarios``) by bare name."""
    folder = Path(str(resources.files("config"))) / kind
    return {file.stem: file for file in sorted(folder.glob("*.toml"))}


def find(path: Path | str, kind: str) -> Path:
    """Return the file that a path or a packaged bare name means.

    Raises:
        ConfigError: a bare name that is not packaged.

    """
    path = Path(path)
    if path.suffix or len(path.parts) != 1:
        return path
    known = packaged(kind)
    if path.name not in known:
        message = f"no such packaged name among {kind}{did_you_mean(path.name, list(known))}"
        raise ConfigError([Fault(path.name, 0, 0, "", "", message, ", ".join(known))])
    return known[path.name]


def calibration_file(tower: Path) -> Path:
    """Return where the calibration of a tower's file stands, if it has one."""
    return tower.with_name(f"{tower.stem}.calibration.json")


def overriding(overrides: Mapping[str, str]) -> Document:
    """Return the document of overriding values."""
    values: dict[str, Any] = {}
    spots: dict[KeyPath, Spot] = {}
    for key, text in overrides.items():
        path = tuple(key.split("."))
        table = values
        for part in path[:-1]:
            table = table.setdefault(part, {})
            if not isinstance(table, dict):
                raise ConfigError([Fault(OVERRIDE, 0, 0, key, text, "lies below a key that is itself overridden")])
        table[path[-1]] = _typed(text)
        spots |= {path[:depth]: Spot(NOWHERE, NOWHERE) for depth in range(1, len(path) + 1)}
    return Document(OVERRIDE, values, spots)


def _typed(text: str) -> Any:
    try:
        values = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return values["value"] if len(values) == 1 else text


def _profile_layer(sources: Sources) -> Layer:
    name = sources.merged().get("profile", DEFAULT_PROFILE)
    known = packaged("profiles")
    if not isinstance(name, str) or name not in known:
        hint = did_you_mean(str(name), list(known))
        fault = sources.fault(("profile",), f"no such profile{hint}", allowed=", ".join(known), value=name)
        raise ConfigError([fault])
    return Layer(read_document(known[name]), ("machine",))


def _calibration_layers(tower: Path) -> tuple[Layer, ...]:
    file = calibration_file(tower)
    if not file.exists():
        return ()
    try:
        values = json.loads(read_text(file, str(file)))
    except json.JSONDecodeError as error:
        raise ConfigError([Fault(str(file), error.lineno, error.colno, "", "", f"is not JSON: {error.msg}")]) from error
    if not isinstance(values, dict):
        raise ConfigError([Fault(str(file), 1, 1, "", "", "must hold one object: place -> offsets")])
    return (Layer(Document(str(file), values, _spots_of_json(values)), ("calibration",)),)


def _spots_of_json(values: Mapping[str, object]) -> dict[KeyPath, Spot]:
    """Return the keys of a calibration file: which file is to blame is known, the line is not."""
    spots: dict[KeyPath, Spot] = {}
    for place, offsets in values.items():
        spots[(place,)] = Spot(NOWHERE, NOWHERE)
        for key in offsets if isinstance(offsets, dict) else ():
            spots[place, key] = Spot(NOWHERE, NOWHERE)
    return spots
