"""A rule: what it needs to know of a tower, and how it finds what breaks it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from config.faults import Fault
from config.positions import KeyPath
from config.schema import Tower
from config.sources import Sources


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of meaning. ``needs``: dotted keys without whose true values it has nothing to say."""

    code: str
    needs: tuple[str, ...]
    find: Callable[[Tower, Sources], Iterator[Fault]]

    def judge(self, tower: Tower, sources: Sources, unsound: frozenset[str]) -> Iterator[Fault]:
        """Yield what breaks the rule, unless a stand-in would be judged."""
        if any(_touch(need, key) for need in self.needs for key in unsound):
            return
        for fault in self.find(tower, sources):
            yield replace(fault, code=self.code)


@dataclass(frozen=True, slots=True)
class Side:
    """One of two keys that contradict each other: what there is to say if it is the one to change."""

    path: KeyPath
    value: object
    message: str
    allowed: str


def clash(sources: Sources, first: Side, second: Side) -> Fault:
    """Return the fault of two keys that contradict each other, at the one that stands nearer to its reader.

    A value of the tower's own file is blamed before its profile's, and any before a default; ``first`` if equal.
    """
    side = second if sources.rank(second.path) < sources.rank(first.path) else first
    return sources.fault(side.path, side.message, allowed=side.allowed, value=side.value)


def judge_all(rules: Iterable[Rule], tower: Tower, sources: Sources, unsound: frozenset[str]) -> list[Fault]:
    """Return what breaks any of the rules."""
    return [fault for rule in rules for fault in rule.judge(tower, sources, unsound)]


def _touch(a: str, b: str) -> bool:
    return a == b or a.startswith(f"{b}.") or b.startswith(f"{a}.")
