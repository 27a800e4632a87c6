"""What the steps of jobs teach of this machine's pace, and what that says of its axes."""

import asyncio
from collections.abc import Mapping
from math import inf
from typing import Final

from controller.activities.context import Bench
from controller.domain.alarms import STANDING, Tag
from controller.domain.book import Book
from controller.domain.dispatch.calibration import Calibration, Primitive
from controller.domain.dispatch.eta import Limit
from controller.domain.jobs import JobState
from controller.domain.restrictions import Restricted
from controller.domain.travel import Part
from controller.runtime.yardstick import StepTime

KNOWN: Final = 6
"""Travels that hung on an axis after which their pace says something about it."""

SLOW: Final[Mapping[Tag, tuple[Primitive, Limit]]] = {
    Tag("LIFT_SLOW"): (
        Primitive.LIFT,
        Limit("the lift is slower than is reckoned with", "the lift keeps its times again"),
    ),
    Tag("TURNTABLE_SLOW"): (
        Primitive.TRAVEL,
        Limit("the turntable is slower than is reckoned with", "the turntable keeps its times again"),
    ),
}
"""By the alarm of an axis that became slow: which pace tells of it, and what whoever waits is told."""

PACE_OF: Final = {
    Restricted.LIFT: Primitive.LIFT,
    Restricted.TURNTABLE: Primitive.TRAVEL,
    Restricted.SHUTTLE: Primitive.EXCHANGE,
}
"""Which pace hangs on the speed of an axis."""

_TRAVELS: Final = frozenset({JobState.POSITIONING, JobState.POSITIONING_TO})
_EXCHANGES: Final = frozenset({JobState.PICKING, JobState.PLACING})


class Learning:
    """Takes one measured step after the other."""

    def __init__(self, bench: Bench) -> None:
        self.calibration = Calibration()
        self._bench = bench
        self._restated_s: dict[Primitive, float] = {}
        """When somebody stated a speed last, since this daemon began: a step that had begun before teaches nothing."""
        self._late_percent: dict[Primitive, float] = {}
        """By how much the last travel that hung on an axis took longer than its bound, if it ended late; else 0."""
        self._measures: Mapping[Tag, float] | None = None
        """What `measures` returned last; None: something was learned since."""

    def measured(self, step: StepTime) -> None:
        """Take what a step took that nothing disturbed."""
        # Where few axes may move at a time a step waits for others: that is not this machine's pace.
        if step.commands != 1 or self._bench.axes is not None:
            return
        primitive = self._primitive(step)
        parts: Mapping[Primitive, Part] = {Primitive.LIFT: step.lift, Primitive.TRAVEL: step.turn}
        part = parts.get(primitive, Part(step.bound_s))
        if _clock() - step.measured_s < self._restated_s.get(primitive, -inf):
            return
        self._measures = None
        self.calibration.learn(primitive, part.bound_s, step.measured_s, late=part.late)
        self._late_percent[primitive] = _percent_above(step.measured_s / part.bound_s) if part.late else 0.0

    def restated(self, axis: Restricted) -> None:
        """Take that somebody has stated the speed of an axis: what was learned of it is of no use."""
        primitive = PACE_OF[axis]
        self._measures = None
        self.calibration.forget(primitive)
        self._restated_s[primitive], self._late_percent[primitive] = _clock(), 0.0

    def measures(self) -> Mapping[Tag, float]:
        """Return what alarms watch of what was learned: by how many percent an axis is slower than is reckoned with.

        A travel that ended beyond its deadline tells by itself, and so does who states a speed; other travels tell
        only once there were some.
        """
        if self._measures is None:
            self._measures = self._measured()
        return self._measures

    def _measured(self) -> Mapping[Tag, float]:
        found = {}
        for tag, (primitive, _) in SLOW.items():
            late = self._late_percent.get(primitive, 0.0)
            told = late or primitive in self._restated_s
            if told or self.calibration.accuracy(primitive).samples >= KNOWN:
                found[tag] = max(late, _percent_above(self.calibration.pace(primitive).share))
        return found

    def _primitive(self, step: StepTime) -> Primitive:
        """Return what a step teaches about: a travel hung on the axis that ran for longer."""
        state = JobState[step.step]
        if state in _TRAVELS:
            lift_s, turn_s = step.lift.ran_s, step.turn.ran_s
            if lift_s is None or turn_s is None:
                lift_s = self.calibration.predicted_s(Primitive.LIFT, step.lift.bound_s)
                turn_s = self.calibration.predicted_s(Primitive.TRAVEL, step.turn.bound_s)
            return Primitive.LIFT if lift_s > turn_s else Primitive.TRAVEL
        if state in _EXCHANGES:
            return Primitive.EXCHANGE
        return Primitive.DOOR if step.place in self._bench.shape.rooms else Primitive.LATCH


def slow_axes(book: Book) -> frozenset[Limit]:
    """Return what limits the tower by the alarms of slow axes that stand."""
    lines = ((book.alarms.get(tag), limit) for tag, (_, limit) in SLOW.items())
    return frozenset(limit for line, limit in lines if line is not None and line.state in STANDING)


def _clock() -> float:
    return asyncio.get_running_loop().time()


def _percent_above(share: float) -> float:
    return 100.0 * (share - 1.0)
