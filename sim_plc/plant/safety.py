"""The hard-wired safety chain: causes, and their latches."""

from collections.abc import Set as AbstractSet
from enum import Enum

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


class Chain:
    """Open while a cause is live or its latch stands. Starts closed."""

    def __init__(self) -> None:
        self.live: frozenset[Cause] = frozenset()
        self.latched: frozenset[Cause] = frozenset()

    @property
    def closed(self) -> bool:
        """Whether anything may move."""
        return not self.latched

    def update(self, live: AbstractSet[Cause]) -> None:
        """Take the live causes; each new one latches."""
        if live != self.live:
            self.live = frozenset(live)
            self.latched |= self.live

    def reset(self) -> None:
        """Drop the latches whose cause is gone."""
        self.latched = self.live

    def fill(self, inputs: SafetyInputs) -> None:
        """Fill every input but the maintenance key: a cause shows until its latch is reset."""
        inputs.chain_closed = self.closed
        inputs.e_stop = Cause.E_STOP in self.live
        inputs.e_stop_latched = Cause.E_STOP in self.latched
        inputs.light_curtain = Cause.LIGHT_CURTAIN in self.latched
        inputs.person_in_shaft = Cause.PERSON_IN_SHAFT in self.latched
        inputs.overspeed = Cause.OVERSPEED in self.latched
        inputs.slack_rope = Cause.SLACK_ROPE in self.latched
        inputs.over_travel = Cause.OVER_TRAVEL in self.latched
        inputs.phase_loss = Cause.PHASE_LOSS in self.latched
        inputs.fire = Cause.FIRE in self.latched
        inputs.gate_release = Cause.GATE_RELEASE in self.latched
        inputs.person_in_open_room = Cause.PERSON_IN_OPEN_ROOM in self.latched
