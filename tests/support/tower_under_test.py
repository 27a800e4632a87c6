"""The one place that names the tower under test: `pytest --shape NAME` chooses it, and everybody else asks here.

A test that is about a certain tower loads that one by its name instead.
"""

from typing import Final

from config.schema import Tower
from tests.support.towers import tower_named

DEFAULT: Final = "small"

_chosen: list[str] = []
"""Empty until somebody has chosen or asked: from then on every answer is the same."""


def choose(name: str) -> None:
    """Make a tower the one under test, before anybody asks for it.

    Raises:
        RuntimeError: another one was asked for already, so that half of the tests would run on that.

    """
    if _chosen and _chosen != [name]:
        raise RuntimeError(f"tower {name} is chosen too late: {_chosen[0]} is in use")
    _chosen[:] = [name]


def chosen() -> str:
    """Return the name of the tower under test."""
    if not _chosen:
        _chosen.append(DEFAULT)
    return _chosen[0]


def tower_under_test(*, profile: str = "brisk", **overrides: str) -> Tower:
    """Return the tower under test with the machine of a profile; ``overrides`` with dots as double underscores."""
    keys = {key.replace("__", "."): value for key, value in overrides.items()}
    return tower_named(chosen(), profile, keys)


def roomy_tower(*, profile: str = "brisk", **overrides: str) -> Tower:
    """Return the tower under test if three rooms can be used side by side in it, else the reference tower."""
    tower = tower_under_test(profile=profile, **overrides)
    if len(tower.shape.rooms) >= 3:
        return tower
    keys = {key.replace("__", "."): value for key, value in overrides.items()}
    return tower_named("guangzhou", profile, keys)


def share_of_all(share: float) -> float:
    """Return which part of a tower's requests to strike for as many to be struck a second as at the default one."""
    return share * len(tower_named(DEFAULT).maps) / len(tower_under_test().maps)
