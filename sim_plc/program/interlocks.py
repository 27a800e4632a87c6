"""Interlocks as data: which conditions a wish needs, and why it is refused without them.

A condition is one small pure function over a scene: the process image together with what was accepted earlier in
the same scan or still executes. The first condition that does not hold gives the reason of the refusal; one that is
lost while the command runs stops it, unless the command itself takes it away (``at_start_only``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from hal.plcmap.codes import MechanismKind, Opcode, Reason

Scene = TypeVar("Scene")


@dataclass(frozen=True)
class Condition(Generic[Scene]):
    """One condition: ``holds(scene, place)``, where ``place`` is the one that the command is about."""

    name: str
    reason: Reason
    holds: Callable[[Scene, int], bool]
    at_start_only: bool = False


Wish = tuple[MechanismKind, Opcode]


@dataclass(frozen=True)
class InterlockSet(Generic[Scene]):
    """The table: conditions by wish, in the order in which they are judged. A wish without a row needs nothing."""

    rows: Mapping[Wish, tuple[Condition[Scene], ...]]

    @property
    def names(self) -> frozenset[str]:
        """The names of all conditions."""
        return frozenset(condition.name for row in self.rows.values() for condition in row)

    def refusal(self, scene: Scene, wish: Wish, place: int) -> Reason:
        """Return why a wish is refused, or `Reason.NONE`."""
        for condition in self.rows.get(wish, ()):
            if not condition.holds(scene, place):
                return condition.reason
        return Reason.NONE

    def lost(self, scene: Scene, wish: Wish, place: int) -> Reason:
        """Return which condition a running command has lost, or `Reason.NONE`."""
        for condition in self.rows.get(wish, ()):
            if not condition.at_start_only and not condition.holds(scene, place):
                return condition.reason
        return Reason.NONE

    def without(self, *names: str) -> "InterlockSet[Scene]":
        """Return the set without the named conditions: a PLC that forgot them.

        Raises:
            KeyError: a name that no condition has.

        """
        for name in names:
            if name not in self.names:
                raise KeyError(name)
        return InterlockSet(
            {wish: tuple(c for c in row if c.name not in names) for wish, row in self.rows.items()}
        )

    def permissive(self) -> "InterlockSet[Scene]":
        """Return the empty set: a PLC that lets everything happen."""
        return InterlockSet({})
