"""The hard-wired safety chain: causes, and their latches."""

from collections.abc import Set as AbstractSet
from enum import Enum
from typing import Final

from sim_plc.image import SafetyInputs


class Cause(Enum):
    """What opens the chain."""

    E_STOP = "e_stop"
    LIGHT_CURTAIN = "light_curtain"
    """Somebody in the plane of a gate whose room's inner door is not closed and locked."""
    PERSON_IN_SHAFT = "person_in_shaft"
    OVERSPEED = "overspeed"
    SLACK_ROPE = "slack_rope"
    OVER_TRAVEL = "over_travel"
    PHASE_LOSS = "phase_loss"
    FIRE = "fire"
    GATE_RELEASE = "gate_release"
    PERSON_IN_OPEN_ROOM = "person_in_open_room"


_SHOWN: Final = (
    Cause.E_STOP,
    Cause.LIGHT_CURTAIN,
    Cause.PERSON_IN_SHAFT,
    Cause.OVERSPEED,
    Cause.SLACK_ROPE,
    Cause.OVER_TRAVEL,
    Cause.PHASE_LOSS,
    Cause.FIRE,
    Cause.GATE_RELEASE,
    Cause.PERSON_IN_OPEN_ROOM,
)
"""Causes whose latch is an input, in the order in which `Chain.fill` fills them."""


class Chain:
    """Open while a cause is live or its latch stands. Starts closed."""

    def __init__(self) -> None:
        self.live: frozenset[Cause] = frozenset()
        self.latched: frozenset[Cause] = frozenset()
        self.closed = True
        """Whether anything may move."""
        self._show()

    def update(self, live: AbstractSet[Cause]) -> None:
        """Take the live causes; each new one latches."""
        if live != self.live:
            self.live = frozenset(live)
            self.latched |= self.live
            self._show()

    def reset(self) -> None:
        """Drop the latches whose cause is gone."""
        self.latched = self.live
        self._show()

    def fill(self, inputs: SafetyInputs) -> None:
        """Fill every input but the maintenance key: a cause shows until its latch is reset."""
        inputs.chain_closed, inputs.e_stop = self.closed, self._e_stop
        (
            inputs.e_stop_latched,
            inputs.light_curtain,
            inputs.person_in_shaft,
            inputs.overspeed,
            inputs.slack_rope,
            inputs.over_travel,
            inputs.phase_loss,
            inputs.fire,
            inputs.gate_release,
            inputs.person_in_open_room,
        ) = self._latches

    def _show(self) -> None:
        self.closed = not self.latched
        self._e_stop = Cause.E_STOP in self.live
        self.causes = tuple(sorted(cause.value for cause in self.live))
        self.latched_causes = tuple(sorted(cause.value for cause in self.latched))
        self._latches = tuple(cause in self.latched for cause in _SHOWN)
