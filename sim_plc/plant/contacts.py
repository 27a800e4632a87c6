"""Contacts and light barriers are not still near their switching points: for a moment they tell now this, now that.

Each edge of a contact draws a bounce from the seed: an even number of toggles within a time that data sheets name.
So what a wire tells at an instant is a function of that instant, and every toggle is an event of the plant.

    limit switch of a door, bolt or latch   at most 10 ms (makers of limit switches: bounce of 10 ms and less)
    light barrier that looks for a car      at most 60 ms: glass, wheel arches and antennas pass its beam
"""

import math
import random
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from sim_plc.plant.leaf import Leaf
    from sim_plc.plant.room import Room
    from sim_plc.plant.steel import Steel

Wire: TypeAlias = tuple[str, int, str] | tuple[str, str]
"""``("room" | "door" | "gate" | "bay", place, input)``, ``("level", level, "carriage_held")`` or
``("lift" | "turntable" | "arms" | "comb" | "carriage" | "safety", input)``; inputs as `sim_plc.image` names them."""

SWITCH_S: Final = 0.010
BARRIER_S: Final = 0.060

BROKEN_PERIOD_S: Final = 0.015
"""Between two toggles of a contact that is broken: loose, and shaken by the machine."""


@dataclass(slots=True)
class _Bounce:
    toggles: tuple[float, ...]
    broken: bool = False

    def inverted(self, t: float) -> bool:
        """Whether the wire tells the contrary of the truth at ``t``."""
        return bool((len(self.toggles) - bisect_right(self.toggles, t)) % 2)

    def next_s(self, t: float) -> float:
        """Return the first toggle behind ``t``; infinity if it is at rest."""
        index = bisect_right(self.toggles, t)
        return self.toggles[index] if index < len(self.toggles) else math.inf


class Contacts:
    """Bounces of all contacts. `look` at every instant at which the steel has settled."""

    def __init__(self, dice: random.Random) -> None:
        self.next_s = math.inf
        """When a wire toggles next, behind the instant of the last `due`."""
        self._dice = dice
        self._bounces: dict[Wire, _Bounce] = {}
        self._leaves: dict[tuple[str, int], tuple[bool, bool, bool]] = {}
        self._settled: dict[Leaf, int] = {}
        """How often each leaf had settled at the last look: in between its contacts stay as they are."""
        self._latches: dict[int, tuple[bool, bool]] = {}
        self._all_home = True
        self._taken: frozenset[int] | None = None
        self._rooms: dict[int, tuple[bool, bool, bool]] = {}

    def look(self, t: float, steel: "Steel") -> None:
        """Draw a bounce for every contact that has switched since the last look."""
        for place, room in steel.rooms.items():
            for name, leaf in (("door", room.door), ("gate", room.gate)):
                if self._settled.get(leaf) != leaf.settled:
                    self._settled[leaf] = leaf.settled
                    self._look_at_leaf(t, (name, place), leaf)
            self._look_at_room(t, room)
        if steel.loose or self._latches:
            self._look_at_latches(t, steel)
        if self._taken != steel.yard.at.keys():
            self._look_at_places(t, steel)

    def shake(self, t: float, wire: Wire, for_s: float) -> None:
        """Let the contact of a wire chatter for a while, whatever it should tell: it is broken."""
        count = max(2, 2 * round(for_s / BROKEN_PERIOD_S / 2))
        self._begin(wire, _Bounce(tuple(t + (k + 1) * BROKEN_PERIOD_S for k in range(count)), broken=True))

    def due(self, t: float) -> Iterator[tuple[Wire, bool]]:
        """Yield every restless wire, and whether it tells the contrary of the truth at ``t``; forget who has calmed."""
        self.next_s = math.inf
        for wire, bounce in tuple(self._bounces.items()):
            yield wire, bounce.inverted(t)
            next_s = bounce.next_s(t)
            if next_s == math.inf:
                del self._bounces[wire]
            self.next_s = min(self.next_s, next_s)

    def _look_at_leaf(self, t: float, key: tuple[str, int], leaf: "Leaf") -> None:
        now = (leaf.opened, leaf.closed, leaf.bolted)
        before = self._leaves.get(key, now)
        self._leaves[key] = now
        if now != before:
            wires = (("opened",), ("closed_a", "closed_b"), ("bolted_a", "bolted_b"))
            for was, is_so, names in zip(before, now, wires, strict=True):
                for name in names if was != is_so else ():
                    self._bounce(t, (*key, name), SWITCH_S)

    def _look_at_room(self, t: float, room: "Room") -> None:
        now = room.seen()
        before = self._rooms.get(room.place, now)
        self._rooms[room.place] = now
        if now != before:
            for was, is_so, name in zip(before, now, ("occupied_a", "occupied_b", "in_marks"), strict=True):
                if was != is_so:
                    self._bounce(t, ("room", room.place, name), BARRIER_S)

    def _look_at_latches(self, t: float, steel: "Steel") -> None:
        for place in sorted(steel.loose | self._latches.keys()):
            latch = steel.latches[place]
            now, before = (latch.open, latch.closed), self._latches.get(place, (False, True))
            for was, is_so, name in zip(before, now, ("latch_open", "latch_closed"), strict=True):
                if was != is_so:
                    self._bounce(t, ("bay", place, name), SWITCH_S)
                    if steel.docked == place:
                        self._bounce(t, ("carriage", name), SWITCH_S)
            self._latches[place] = now
            if latch.closed:
                del self._latches[place]
        if self._all_home is bool(steel.loose):
            self._all_home = not steel.loose
            self._bounce(t, ("carriage", "all_latches_locked"), SWITCH_S)

    def _look_at_places(self, t: float, steel: "Steel") -> None:
        taken = frozenset(steel.yard.at)
        for place in sorted(taken ^ (taken if self._taken is None else self._taken)):
            for name in ("a", "b"):
                if place in steel.latches:
                    self._bounce(t, ("bay", place, f"occupied_{name}"), BARRIER_S)
                if place == steel.docked:
                    self._bounce(t, ("carriage", f"place_occupied_{name}"), SWITCH_S)
        self._taken = taken

    def _bounce(self, t: float, wire: Wire, longest_s: float) -> None:
        old = self._bounces.get(wire)
        if old is not None and old.broken:
            return
        count = self._dice.choice((0, 2, 2, 4))
        if count:
            self._begin(wire, _Bounce(tuple(sorted(t + self._dice.uniform(0.0, longest_s) for _ in range(count)))))

    def _begin(self, wire: Wire, bounce: _Bounce) -> None:
        self._bounces[wire] = bounce
        self.next_s = min(self.next_s, bounce.toggles[0])
