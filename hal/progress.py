"""Whether an axis gets on: a motion that closes in on its target is late, one that stands short of its end is lost.

The watch of motion controllers, kept by the encoder alone. Pure: no clock, no link.
"""

from dataclasses import dataclass, field
from math import inf
from typing import Final

from hal.interfaces import Leeway
from hal.plcmap.codec import Status
from hal.plcmap.codes import MechanismKind, Opcode
from hal.plcmap.frame import Content
from hal.plcmap.shape import FULL_TURN_MDEG

STEP: Final = {MechanismKind.LIFT: 5, MechanismKind.TURNTABLE: 50}
"""By so much, in mm or mdeg, an axis must have come nearer to have got on: more than an encoder wavers."""


@dataclass(slots=True)
class Progress:
    """Watches one MOVE_TO or HOME of lift or turntable. ``began_s``: when its deadlines began to count."""

    kind: MechanismKind
    content: Content
    leeway: Leeway
    began_s: float
    _mark: int | None = field(default=None, init=False)
    """Where it stood when it had got on last."""
    _got_on_s: float = field(default=-inf, init=False)

    def see(self, status: Status, now_s: float) -> None:
        """Take what the station shows of the mechanism while the command runs."""
        if self._mark is None:
            self._mark = status.position
        elif self._gained(self._mark, status.position) >= STEP[self.kind]:
            self._mark, self._got_on_s = status.position, now_s

    def until(self, deadline_s: float) -> float:
        """Return when to give the motion up that was to be given up at ``deadline_s``: then, or later if it gets on."""
        return max(deadline_s, min(self.began_s + self.leeway.latest_s, self._got_on_s + self.leeway.still_s))

    def _gained(self, mark: int, position: int) -> int:
        """Return by how much a position is nearer to the target; of a HOME, whose target no encoder knows, any way."""
        if self.content.opcode == Opcode.HOME:
            return self._apart(mark, position)
        target = self.content.argument1
        return self._apart(mark, target) - self._apart(position, target)

    def _apart(self, one: int, other: int) -> int:
        apart = abs(one - other)
        return min(apart % FULL_TURN_MDEG, -apart % FULL_TURN_MDEG) if self.kind is MechanismKind.TURNTABLE else apart


def watched(kind: MechanismKind, content: Content, leeway: Leeway | None, began_s: float) -> Progress | None:
    """Return the watch over a command, None where none is kept.

    None of an exchange: its comb, which carries the car, has no encoder in the image, so that nobody here could tell a
    slow one from one that hangs.
    """
    shown = kind in STEP and content.opcode in (Opcode.MOVE_TO, Opcode.HOME)
    return Progress(kind, content, leeway, began_s) if leeway is not None and shown else None
