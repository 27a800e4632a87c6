"""Towers by name, each read once: a thousand tests ask for the same few, and nobody can change one."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from config.load import load_tower
from config.schema import Tower

_NONE: Final[Mapping[str, str]] = MappingProxyType({})


def tower_named(name: str, profile: str | None = None, overrides: Mapping[str, str] = _NONE) -> Tower:
    """Return a packaged tower, as `config.load.load_tower` does; the same one whenever the same is asked for."""
    return _loaded(name, profile, tuple(overrides.items()))


@cache
def _loaded(name: str, profile: str | None, overrides: tuple[tuple[str, str], ...]) -> Tower:
    return load_tower(name, profile=profile, overrides=dict(overrides))
