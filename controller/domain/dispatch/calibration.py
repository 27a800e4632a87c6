"""The pace of a machine, learned from its own moves, and how far predictions that rest on it were off.

A travel hangs on the lift or on the turntable, whichever takes longer, and each has a pace of its own. Its bound varies
with its way, so that a share of it and what every command costs by itself can be told apart:
recursive least squares with exponential forgetting (Ljung, System Identification, 2nd ed., 11.2). The bounds of an
exchange, a door and a latch are one number each: of these a smoothed share of the bound is all that can be known.

A machine that has changed, a drive that limits itself, is noticed by a run of predictions that were off to one side;
then what was learned counts for little, and a few moves teach its new pace.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from typing import Final

from controller.domain.dispatch.cycles import Pace, Paces
from controller.domain.travel import deadline_s, latest_s

MEMORY: Final = 200
"""Over how many moves of a kind the past is forgotten: two busy days, before oil and weather have changed."""

FORGETTING: Final = 1 - 1 / MEMORY
PRIOR_SHARE, PRIOR_EACH_S = 0.05, 0.3
"""How far the pace of a machine that was built as its file says is believed to be off, one sigma."""

NOISE_S: Final = 0.1
"""How far one measured primitive is off the model: a poll, a scan, a commit that waits for its turn. One sigma."""


_DOUBT: Final = ((PRIOR_SHARE / NOISE_S) ** 2, (PRIOR_EACH_S / NOISE_S) ** 2)
"""Of share and seconds at first, in units of the noise: variances."""


class Primitive(StrEnum):
    """What is timed by itself."""

    TRAVEL = "travel"
    """One that hangs on the turntable."""
    LIFT = "lift"
    """A travel that hangs on the lift."""
    EXCHANGE = "exchange"
    DOOR = "door"
    LATCH = "latch"


CHANGED: Final = 3
"""So many predictions in a row that were far off to the same side: the machine is another one."""

FAR_OFF_S, FAR_OFF_SHARE = 0.5, 0.05
"""Far off: by more than both, the second as a share of what was predicted. Many sigma of an undisturbed move."""

SHARE_OF_ANOTHER: Final = 0.3
"""How far the pace of a machine that has changed is believed to be off, one sigma."""


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How far predictions, each made before its move, were off."""

    samples: int
    bias_s: float
    """Smoothed mean of measured less predicted."""
    error_s: float
    """Smoothed root mean square of the same."""
    share: float
    """The error as a share of what was measured; 0 without samples."""


class Calibration:
    """Learns from one measured primitive after the other."""

    def __init__(self) -> None:
        self._lines = {Primitive.TRAVEL: _Line(), Primitive.LIFT: _Line()}
        self._weighed = dict.fromkeys((Primitive.EXCHANGE, Primitive.DOOR, Primitive.LATCH), 0)
        self._off = dict.fromkeys(Primitive, 0)
        """How many predictions in a row were far off: above 0 too short, below 0 too long."""
        self._shares = dict.fromkeys((Primitive.EXCHANGE, Primitive.DOOR, Primitive.LATCH), 1.0)
        self._errors = {primitive: _Errors() for primitive in Primitive}

    def learn(self, primitive: Primitive, bound_s: float, measured_s: float, *, late: bool = False) -> bool:
        """Take what a primitive took beside its bound; return whether it says something about the machine's pace.

        One that had nothing to do says nothing, nor does one that took longer than its deadline: a fault was on.
        ``late``: it did, and was seen to get on all the while.
        """
        longest_s = latest_s(bound_s) if late else deadline_s(bound_s)
        if bound_s <= 0 or not 0 < measured_s <= longest_s:
            return False
        predicted_s = self.predicted_s(primitive, bound_s)
        self._errors[primitive].add(measured_s - predicted_s, measured_s)
        if self._has_changed(primitive, predicted_s, measured_s):
            self._doubt(primitive)
        line = self._lines.get(primitive)
        if line is not None:
            line.learn(bound_s, measured_s)
        else:
            # As many samples as there are weigh the same until the memory is full.
            self._weighed[primitive] = min(self._weighed[primitive] + 1, MEMORY)
            self._shares[primitive] += (measured_s / bound_s - self._shares[primitive]) / self._weighed[primitive]
        return True

    def forget(self, primitive: Primitive) -> None:
        """Know nothing any more of a primitive: what it takes was stated anew."""
        if primitive in self._lines:
            self._lines[primitive] = _Line()
        else:
            self._weighed[primitive], self._shares[primitive] = 0, 1.0
        self._off[primitive], self._errors[primitive] = 0, _Errors()

    def _has_changed(self, primitive: Primitive, predicted_s: float, measured_s: float) -> bool:
        """Return whether predictions have been far off to one side for long enough; told once."""
        error_s, before = measured_s - predicted_s, self._off[primitive]
        if abs(error_s) <= max(FAR_OFF_S, FAR_OFF_SHARE * predicted_s):
            self._off[primitive] = 0
            return False
        side = 1 if error_s > 0 else -1
        self._off[primitive] = before + side if before * side >= 0 else side
        if abs(self._off[primitive]) < CHANGED:
            return False
        self._off[primitive] = 0
        return True

    def _doubt(self, primitive: Primitive) -> None:
        line = self._lines.get(primitive)
        if line is not None:
            line.doubt()
        else:
            self._weighed[primitive] = 0

    def predicted_s(self, primitive: Primitive, bound_s: float) -> float:
        """Return the time that a primitive with this bound is expected to take, in seconds."""
        return self.pace(primitive).of(bound_s)

    def accuracy(self, primitive: Primitive) -> Accuracy:
        """Return how far the predictions of a primitive were off lately."""
        return self._errors[primitive].accuracy()

    @property
    def paces(self) -> Paces:
        """The pace of each primitive, as it is known now."""
        kinds = (Primitive.TRAVEL, Primitive.EXCHANGE, Primitive.DOOR, Primitive.LATCH, Primitive.LIFT)
        return Paces(*(self.pace(kind) for kind in kinds))

    def pace(self, primitive: Primitive) -> Pace:
        """Return the pace of a primitive, as it is known now."""
        line = self._lines.get(primitive)
        return Pace(self._shares[primitive]) if line is None else line.pace


class _Line:
    """Share and seconds of a line through (bound, measured), by recursive least squares."""

    def __init__(self) -> None:
        self._share, self._each_s = 1.0, 0.0
        self._p = [[_DOUBT[0], 0.0], [0.0, _DOUBT[1]]]

    @property
    def pace(self) -> Pace:
        """The line, as far as a machine can have it: no command takes less than no time."""
        return Pace(max(self._share, 0.1), max(self._each_s, 0.0))

    def doubt(self) -> None:
        """Let what comes next count for much more than what was learned."""
        self._p = [[(SHARE_OF_ANOTHER / NOISE_S) ** 2, 0.0], [0.0, _DOUBT[1]]]

    def learn(self, bound_s: float, measured_s: float) -> None:
        (a, b), (_, c) = self._p
        u, v = a * bound_s + b, b * bound_s + c
        scale = FORGETTING + u * bound_s + v
        error_s = measured_s - (self._share * bound_s + self._each_s)
        self._share += u / scale * error_s
        self._each_s += v / scale * error_s
        left = [[a - u * u / scale, b - u * v / scale], [b - u * v / scale, c - v * v / scale]]
        # Without news in one direction forgetting would let its doubt grow without end: never above the prior's.
        fresh = all(left[axis][axis] <= _DOUBT[axis] * FORGETTING for axis in (0, 1))
        grown = 1 / FORGETTING if fresh else 1.0
        self._p = [[value * grown for value in row] for row in left]


class _Errors:
    """Smoothed mean and mean square of errors, and the mean of what was measured."""

    def __init__(self) -> None:
        self.samples = 0
        self._bias_s = self._square = self._length_s = 0.0

    def add(self, error_s: float, measured_s: float) -> None:
        self.samples += 1
        weight = 1 / min(self.samples, MEMORY)
        self._bias_s += weight * (error_s - self._bias_s)
        self._square += weight * (error_s * error_s - self._square)
        self._length_s += weight * (measured_s - self._length_s)

    def accuracy(self) -> Accuracy:
        error_s = sqrt(self._square)
        return Accuracy(self.samples, self._bias_s, error_s, error_s / self._length_s if self.samples else 0.0)
