"""The pace of a machine, learned from its own moves, and how far predictions that rest on it were off.

A travel's bound varies with its way, so that a share of it and what every command costs by itself can be told apart:
recursive least squares with exponential forgetting (Ljung, System Identification, 2nd ed., 11.2). The bounds of an
exchange, a door and a latch are one number each: of these a smoothed share of the bound is all that can be known.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from typing import Final

from controller.domain.dispatch.cycles import Pace, Paces
from controller.domain.travel import deadline_s

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
    EXCHANGE = "exchange"
    DOOR = "door"
    LATCH = "latch"


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
        self._travel = _Line()
        self._shares = dict.fromkeys((Primitive.EXCHANGE, Primitive.DOOR, Primitive.LATCH), 1.0)
        self._errors = {primitive: _Errors() for primitive in Primitive}

    def learn(self, primitive: Primitive, bound_s: float, measured_s: float) -> bool:
        """Take what a primitive took beside its bound; return whether it says something about the machine's pace.

        One that had nothing to do says nothing, nor does one that took longer than its deadline: a fault was on.
        """
        if bound_s <= 0 or not 0 < measured_s <= deadline_s(bound_s):
            return False
        self._errors[primitive].add(measured_s - self.predicted_s(primitive, bound_s), measured_s)
        if primitive is Primitive.TRAVEL:
            self._travel.learn(bound_s, measured_s)
        else:
            # As many samples as there are weigh the same until the memory is full.
            weight = 1 / min(self._errors[primitive].samples, MEMORY)
            self._shares[primitive] += weight * (measured_s / bound_s - self._shares[primitive])
        return True

    def predicted_s(self, primitive: Primitive, bound_s: float) -> float:
        """Return the time that a primitive with this bound is expected to take, in seconds."""
        return self._pace(primitive).of(bound_s)

    def accuracy(self, primitive: Primitive) -> Accuracy:
        """Return how far the predictions of a primitive were off lately."""
        return self._errors[primitive].accuracy()

    @property
    def paces(self) -> Paces:
        """The pace of each primitive, as it is known now."""
        kinds = (Primitive.TRAVEL, Primitive.EXCHANGE, Primitive.DOOR, Primitive.LATCH)
        return Paces(*(self._pace(kind) for kind in kinds))

    def _pace(self, primitive: Primitive) -> Pace:
        return self._travel.pace if primitive is Primitive.TRAVEL else Pace(self._shares[primitive])


class _Line:
    """Share and seconds of a line through (bound, measured), by recursive least squares."""

    def __init__(self) -> None:
        self._share, self._each_s = 1.0, 0.0
        self._p = [[_DOUBT[0], 0.0], [0.0, _DOUBT[1]]]

    @property
    def pace(self) -> Pace:
        """The line, as far as a machine can have it: no command takes less than no time."""
        return Pace(max(self._share, 0.1), max(self._each_s, 0.0))

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
