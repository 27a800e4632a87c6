"""Inputs that tell something else than what is so, though nothing is stuck: late ones, and copies of others."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from sim_plc.plant.contacts import Wire

_SLACK_S: Final = 1e-9

Value: TypeAlias = bool | int


@dataclass(frozen=True, slots=True)
class Late:
    """Tells what is so once it has been so for ``by_s`` without a break: a filter that is set far too long."""

    by_s: float


@dataclass(frozen=True, slots=True)
class Copy:
    """Tells what another input tells: two cores of one cable touch. Both belong to one station."""

    of: Wire


Lie: TypeAlias = Late | Copy


class Lies:
    """What lies, by wire. Ask at every event, with the truth of all inputs at hand."""

    def __init__(self) -> None:
        self.next_s = math.inf
        """When something that is late tells what it should, behind the instant of the last `told`."""
        self._lies: dict[Wire, Lie] = {}
        self._shown: dict[Wire, Value] = {}
        self._since: dict[Wire, float] = {}

    def __bool__(self) -> bool:
        return bool(self._lies)

    @property
    def bays(self) -> set[int]:
        """The bays with an input that lies."""
        return {int(wire[1]) for wire in self._lies if wire[0] == "bay"}

    def begin(self, wire: Wire, lie: Lie) -> None:
        """Let an input lie from the next `told` on."""
        self.end(wire)
        self._lies[wire] = lie

    def end(self, wire: Wire) -> None:
        """Let an input tell the truth again; nothing happens to one that does."""
        self._lies.pop(wire, None)
        self._shown.pop(wire, None)
        self._since.pop(wire, None)

    def told(self, t: float, truth: Callable[[Wire], Value]) -> Iterator[tuple[Wire, Value]]:
        """Yield what each input that lies tells at ``t``; ``truth`` tells what every input should."""
        self.next_s = math.inf
        for wire, lie in self._lies.items():
            yield wire, truth(lie.of) if isinstance(lie, Copy) else self._late(t, wire, lie.by_s, truth(wire))

    def _late(self, t: float, wire: Wire, by_s: float, so: Value) -> Value:
        shown = self._shown.setdefault(wire, so)
        if so == shown:
            self._since.pop(wire, None)
            return shown
        due_s = self._since.setdefault(wire, t) + by_s
        if t < due_s - _SLACK_S:
            self.next_s = min(self.next_s, due_s)
            return shown
        del self._since[wire]
        self._shown[wire] = so
        return so
