"""What a command cost its component: how long it ran, how far the axis went, and whether anything had to move."""

import asyncio
from dataclasses import dataclass, replace
from typing import Final

from controller.activities.context import Bench
from controller.domain.travel import shorter_way_mdeg
from hal.errors import HalError
from hal.interfaces import Outcome, Prepared, Verdict
from hal.plcmap.codec import Status
from hal.plcmap.codes import Flag, MechanismKind, Opcode, State
from hal.plcmap.shape import place_number
from hal.room import locked

AXES: Final = frozenset({MechanismKind.LIFT, MechanismKind.TURNTABLE, MechanismKind.SHUTTLE})
EXCHANGES: Final = frozenset({Opcode.PICK, Opcode.PLACE})
RETURNING: Final = frozenset({Opcode.PICK, Opcode.PLACE, Opcode.RESUME, Opcode.UNDO})
"""Commands of the shuttle whose end is where they began: the encoder does not tell how far the arms went."""


@dataclass(frozen=True, slots=True)
class Meter:
    """Taken as a command is written, and read at its end."""

    bench: Bench
    prepared: Prepared
    limit_s: float
    """Whoever waits longer has waited for a link or a person, not for the machine."""
    began_s: float
    before: Status | None
    """None: the station could not be seen."""
    there: bool
    """Whether everything was already as the command is to make it."""

    def read(self) -> tuple[int | None, int | None]:
        """Return milliseconds since the command was written, and the way so far in mm or mdeg; None: not known.

        Of what nobody can see nobody knows whether it stands.
        """
        ran_s, after = asyncio.get_running_loop().time() - self.began_s, _status(self.bench, self.prepared)
        if after is None:
            return None, None
        return (round(ran_s * 1000) if ran_s <= self.limit_s else None), self._way(after)

    def on(self, outcome: Outcome) -> Outcome:
        """Return an outcome with what it cost; nothing where an axis or a leaf had only to stay as it was."""
        ran_ms, way = self.read()
        if outcome.verdict is not Verdict.OK:
            return replace(outcome, ran_ms=ran_ms, way=way)
        if self._kind is MechanismKind.SHUTTLE and self._opcode in EXCHANGES:
            # The arms go out and come in again, whatever the encoder shows at both ends.
            way = round(2 * self.bench.kinematics.shuttle.stroke_mm)
        still = self.there or (self._kind in AXES and way == 0)
        return replace(outcome, ran_ms=0 if still else ran_ms, way=way)

    @property
    def _kind(self) -> MechanismKind:
        return self.bench.tower.mechanism(self.prepared.mechanism).kind

    @property
    def _opcode(self) -> int:
        return self.prepared.content.opcode

    def _way(self, after: Status) -> int | None:
        """Return how far the encoder stands from where it stood; an axis that is not homed is a stranger to it."""
        before = self.before
        if self._kind not in AXES or before is None or self._opcode in RETURNING:
            return None
        if not before.flags & after.flags & Flag.HOMED:
            return None
        if self._kind is MechanismKind.TURNTABLE:
            return shorter_way_mdeg(before.position, after.position)
        return abs(after.position - before.position)


def meter(bench: Bench, prepared: Prepared, limit_s: float) -> Meter:
    """Begin to measure a command that is written now."""
    before = _status(bench, prepared)
    there = before is not None and _is_there(bench, prepared, before)
    return Meter(bench, prepared, limit_s, asyncio.get_running_loop().time(), before, there)


def _status(bench: Bench, prepared: Prepared) -> Status | None:
    try:
        return bench.tower.mechanism(prepared.mechanism).status()
    except HalError:  # not there, or not ours: nothing was learned
        return None


def _is_there(bench: Bench, prepared: Prepared, status: Status) -> bool:
    match prepared.content.opcode:
        case Opcode.OPEN:
            return status.state == State.OPEN
        case Opcode.CLOSE:
            return locked(status)
        case Opcode.UNLATCH | Opcode.LATCH as opcode:
            level, latches = next(
                (level, each)
                for level, each in bench.tower.latches.items()
                if each.mechanism.name == prepared.mechanism
            )
            place = place_number(level, prepared.content.argument1)
            return latches.latch_open(place) if opcode == Opcode.UNLATCH else latches.latch_closed(place)
        case _:
            return False
