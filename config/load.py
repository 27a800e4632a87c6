"""From files to a `Tower`: the tower's file over its profile, its calibration beside it, overrides on top."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from config.examine import examine
from config.faults import ConfigError
from config.schema import Tower

_NONE: Final[Mapping[str, str]] = MappingProxyType({})


def load_tower(path: Path | str, *, profile: str | None = None, overrides: Mapping[str, str] = _NONE) -> Tower:
    """Return the tower that a file, or a packaged tower's bare name (``guangzhou``), describes.

    ``profile`` replaces the file's. ``overrides`` are dotted keys with values as TOML writes them; what is not
    TOML is a text: ``{"bus.tower.port": "15123", "bus.bays.device": "/dev/ttyS0"}``.

    Raises:
        ConfigError: with every fault that was found, each with its file, line and column.

    """
    examined = examine(path, profile=profile, overrides=overrides)
    if examined.faults:
        raise ConfigError(list(examined.faults))
    assert examined.tower is not None, "a file without a fault makes a tower"
    return examined.tower
