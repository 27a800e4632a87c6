"""Step sequences: what a mechanism does, written from top to bottom, run one scan at a time.

A sequence is a generator of waits. Each scan runs it on as far as its inputs allow: consecutive steps whose
conditions hold already cost no scan. Every wait has a deadline computed from physics.
"""

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Final

from hal.plcmap.codes import Reason


class StepFault(Exception):
    """A step failed: the reason becomes that of the command's FAULT."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.name)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Wait:
    """Go on when ``until`` holds; after ``within_s`` fail with ``late``, or just go on if that is None.

    ``every_scan``: the condition follows a continuous input (an encoder), so no scan may be skipped. ``gets_on``: while
    this holds when the time has passed, it is late and not lost, until ``at_most_s`` have passed.
    """

    until: Callable[[], bool]
    within_s: float
    late: Reason | None = Reason.TIMEOUT
    every_scan: bool = False
    gets_on: Callable[[], bool] | None = None
    at_most_s: float = 0.0


Steps = Generator[Wait, None, None]

LOOK_S: Final = 0.5
"""How often a motion that is late is looked at: whether it gets on."""

SLOWEST: Final = 10.0
"""So many times what a motion should take it may take while it gets on: no drive is set slower than to a tenth."""


def motion(done: Callable[[], bool], expected_s: float, gets_on: Callable[[], bool]) -> Wait:
    """Return the wait for a motion that should take ``expected_s``: a drive that limits itself is let get there."""
    return Wait(done, margin_s(expected_s), gets_on=gets_on, at_most_s=margin_s(SLOWEST * expected_s))


def pause(seconds: float) -> Wait:
    """Return a wait for nothing but time: where a mechanism has no feedback of its standstill."""
    return Wait(lambda: False, seconds, late=None)


def margin_s(expected_s: float) -> float:
    """Return the deadline of a step that physics says takes ``expected_s``."""
    return expected_s * 1.25 + 1.0


def travel_s(distance: float, speed: float, acceleration: float) -> float:
    """Return the time of a move from standstill to standstill with equal ramps."""
    distance = abs(distance)
    if distance * acceleration <= speed * speed:
        return 2 * math.sqrt(distance / acceleration)
    return distance / speed + speed / acceleration


class Sequencer:
    """Runs one sequence of steps at a time."""

    def __init__(self) -> None:
        self._steps: Steps | None = None
        self._wait: Wait | None = None
        self._deadline = self._latest = math.inf
        self.progressed = False
        """Whether the last `run` got past a step, so that outputs may have changed."""

    @property
    def active(self) -> bool:
        """Whether a sequence runs."""
        return self._steps is not None

    @property
    def due(self) -> float | None:
        """When the current wait runs out or must be looked at; None: never."""
        if self._wait is not None and self._wait.every_scan:
            return -math.inf
        return self._deadline if self._deadline < math.inf else None

    def begin(self, steps: Steps) -> None:
        """Drop what runs and let ``steps`` run from the next `run` on."""
        self.cancel()
        self._steps = steps

    def cancel(self) -> None:
        """Drop what runs."""
        if self._steps is not None:
            self._steps.close()
        self._steps, self._wait, self._deadline = None, None, math.inf

    def run(self, t: float) -> bool:
        """Run on at scan time ``t``; return whether the sequence ended in this scan.

        Raises:
            StepFault: a step failed or its deadline passed; the sequence is dropped.

        """
        self.progressed = False
        while self._steps is not None and self._may_go_on(t):
            self.progressed = True
            try:
                self._wait = next(self._steps)
            except StopIteration:
                self.cancel()
                return True
            except StepFault:
                self.cancel()
                raise
            self._deadline, self._latest = t + self._wait.within_s, t + self._wait.at_most_s
        return False

    def _may_go_on(self, t: float) -> bool:
        wait = self._wait
        if wait is None or wait.until():
            return True
        if t < self._deadline:
            return False
        if wait.gets_on is not None and t < self._latest and wait.gets_on():
            self._deadline = min(t + LOOK_S, self._latest)
            return False
        if wait.late is None:
            return True
        self.cancel()
        self.progressed = True
        raise StepFault(wait.late)
