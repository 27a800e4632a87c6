"""An inner door or outer gate: a leaf that travels, then a bolt."""

import math
from typing import Final

from config.schema import Door
from sim_plc.image import DoorInputs, DoorOutputs
from sim_plc.plant import profile
from sim_plc.plant.slide import Slide

_JAM_SHARE: Final = 0.4
"""Of its way a leaf gets before it is stuck: a stone in the rail."""


_STONE_SHARE: Final = 0.4
"""Of its stroke a leaf stays open over a stone."""


class Leaf:
    """Position 0 is closed, ``stroke_mm`` open. Starts closed and bolted."""

    def __init__(self, spec: Door) -> None:
        self._spec = spec
        self._profile = profile.at_rest(0.0)
        self._bolt = Slide(spec.bolt_s, at=1.0)
        self._goal = "stand"
        self._told: tuple[bool, ...] = ()
        """All that it hung on when it was told something else last: nothing but time changes it since."""
        self._wires = (False, False, True)
        self._mains = True
        self._blocked = False
        self.moving = False
        self.closed = self.locked = True
        """Leaf at its closed end; and with the bolt home."""
        self.opened = False
        """Leaf at its open end."""
        self.bolted = True
        self.obstructed = False
        self.escape = False
        """The release inside is pulled: bolt drawn and leaf pushed open by hand, whatever the wires say."""
        self.forced = False
        """Somebody has drawn the bolt and pushed the leaf open from outside."""
        self.stone = False
        """Something lies in its rail: it closes half-way and no farther."""
        self.jams = 0
        """How many more times it gets stuck on its way before it comes free."""
        self.next_s = math.inf
        self.settled = 0
        """How often it has settled: nothing but time changes it in between."""

    @property
    def by_hand(self) -> bool:
        """Bolt and leaf are somebody's hand's, not the motor's."""
        return self.escape or self.forced

    @property
    def closing(self) -> bool:
        """Leaf driven towards closed."""
        return self.moving and self._goal == "close"

    @property
    def opening(self) -> bool:
        """Leaf driven towards open."""
        return self.moving and self._goal == "open"

    def at(self, t: float) -> tuple[float, float, float]:
        """Return position, velocity of the leaf and position of the bolt (1 home)."""
        return (*self._profile.at(t), self._bolt.at(t))

    def command(self, t: float, wires: DoorOutputs, *, blocked: bool, mains: bool) -> None:
        """Take motor and bolt wires; ``blocked``: something stands in the plane."""
        told = (wires.open, wires.close, wires.bolt, blocked, mains, self.escape, self.forced)
        if told == self._told:
            return
        self._told = told
        self._wires = told[:3]
        self._blocked, self._mains = blocked, mains
        self._settle(t)

    def advance(self, t: float) -> None:
        """Let happen what is due at ``t``."""
        if self.moving and self._profile.end_s <= t:
            self.moving = False
        self._bolt.advance(t)
        self._settle(t)

    def fill(self, inputs: DoorInputs) -> None:
        """Fill every input."""
        inputs.opened = self.opened
        inputs.closed_a = inputs.closed_b = self.closed
        inputs.bolted_a = inputs.bolted_b = self.bolted
        inputs.obstructed = self.obstructed

    def _settle(self, t: float) -> None:
        self.settled += 1
        self._note_ends()
        self._feel()
        self._move_bolt(t)
        goal = self._wanted()
        if goal != self._goal:
            self._goal, self._told = goal, ()
            self._go(t, goal)
        self._note_ends()
        self.next_s = min(self._profile.end_s if self.moving else math.inf, self._bolt.next_s)

    def _note_ends(self) -> None:
        """Note where leaf and bolt stand, before and after something is done about it."""
        self.closed = not self.moving and self._profile.rest == 0
        self.opened = not self.moving and self._profile.rest == self._spec.stroke_mm
        self.bolted = self._bolt.stands_at(1.0)
        self.locked = self.closed and self.bolted

    def _feel(self) -> None:
        close = self._wires[1] and self._mains
        self.obstructed = close and (self.obstructed or (self._blocked and not self.closed))

    def _move_bolt(self, t: float) -> None:
        if self.by_hand:
            self._bolt.go(t, 0.0)
        elif not self._mains:
            self._bolt.halt(t)
        else:
            self._bolt.go(t, 1.0 if self._wires[2] and self.closed else 0.0)

    def _wanted(self) -> str:
        opening, closing, _ = self._wires
        drawn = self._bolt.stands_at(0.0)
        if self.by_hand:
            return "open" if drawn else "stand"
        if not self._mains or opening == closing:
            return "stand"
        if opening:
            return "open" if drawn else "stand"
        return "stand" if self.obstructed else "close"

    def _shut_mm(self, position_mm: float) -> float:
        """Return where a leaf that closes comes to: a stone stops one that has not passed it."""
        return min(position_mm, _STONE_SHARE * self._spec.stroke_mm) if self.stone else 0.0

    def _go(self, t: float, goal: str) -> None:
        spec, (position, velocity) = self._spec, self._profile.at(t)
        if goal == "stand":
            plan = profile.stop(t, position, velocity, spec.acceleration_mm_s2)
        else:
            target = float(spec.stroke_mm) if goal == "open" else self._shut_mm(position)
            if self.jams:
                self.jams -= 1
                target = position + _JAM_SHARE * (target - position)
            plan = profile.move(t, position, velocity, target, spec.speed_mm_s, spec.acceleration_mm_s2)
        self._profile = plan
        self.moving = plan.end_s > t
