"""What a link has gone through: counters since its start and its newest times, for people to look at."""

import asyncio
from array import array
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final

from hal.errors import BadAnswer, HalError, LinkDown, NoAnswer, Refused

SAMPLES: Final = 512
"""Newest samples that a quantile looks at."""

WINDOW_S: Final = 10.0
"""Span over which the load of a line is taken."""


class Recent:
    """The newest `SAMPLES` of a time in seconds, in a memory of fixed size."""

    def __init__(self) -> None:
        self._ring = array("f")
        self._next = 0

    def add(self, sample_s: float) -> None:
        """Keep a sample; the oldest goes."""
        if len(self._ring) < SAMPLES:
            self._ring.append(sample_s)
            return
        self._ring[self._next] = sample_s
        self._next = (self._next + 1) % SAMPLES

    def quantile(self, part: float) -> float | None:
        """Return the sample that ``part`` (0 to 1) of the others do not exceed; None without samples."""
        ordered = sorted(self._ring)
        return ordered[min(int(part * len(ordered)), len(ordered) - 1)] if ordered else None


@dataclass(slots=True)
class UnitStatistics:
    """What one unit was asked and how it went. Every request that was sent ends in exactly one of the others."""

    requests: int = 0
    answers: int = 0
    refused: int = 0
    """Modbus exceptions."""
    unanswered: int = 0
    """No answer in time."""
    unfitting: int = 0
    """Answers of another unit, function, length, echo or check sum."""
    lost: int = 0
    """The connection broke while waiting."""
    given_up: int = 0
    """The asking side stopped waiting."""
    round_trip: Recent = field(default_factory=Recent)
    """From the request to its answer, exceptions among them."""
    wait: Recent = field(default_factory=Recent)
    """From the wish to ask to the turn on the link."""

    def count(self, error: type[BaseException] | None) -> bool:
        """Take the end of one exchange; return whether the unit answered."""
        self.requests += 1
        if error is None:
            self.answers += 1
        elif issubclass(error, Refused):
            self.refused += 1
        elif issubclass(error, NoAnswer):
            self.unanswered += 1
        elif issubclass(error, BadAnswer):
            self.unfitting += 1
        elif issubclass(error, LinkDown):
            self.lost += 1
        else:
            assert not issubclass(error, HalError), f"{error.__name__} has no counter"
            self.given_up += 1
        return error is None or issubclass(error, Refused)


class LinkStatistics:
    """The units of one link, and how busy it is."""

    def __init__(self) -> None:
        self.units: dict[int, UnitStatistics] = {}
        """By unit id; those that were asked."""
        self._window_from_s: float | None = None
        self._busy_s = 0.0
        self._last_load: float | None = None

    def exchange(self, unit: int, waited_s: float, gap_s: float) -> "_Exchange":
        """Count what happens inside the context that is returned.

        ``waited_s``: how long it waited for its turn. ``gap_s``: silence that belongs to it on a line.
        """
        counted = self.units.get(unit)
        if counted is None:
            counted = self.units[unit] = UnitStatistics()
        counted.wait.add(waited_s)
        return _Exchange(self, counted, gap_s)

    def load(self) -> float | None:
        """Return the part of the last `WINDOW_S` in which an exchange was under way; None before the first."""
        if self._window_from_s is None:
            return None
        now_s = asyncio.get_running_loop().time()
        self._roll(now_s)
        if self._last_load is not None:
            return self._last_load
        return min(1.0, self._busy_s / max(now_s - self._window_from_s, 1e-3))

    def occupied(self, began_s: float, ended_s: float) -> None:
        """Take a span, by the loop's clock, in which the link could carry nothing else."""
        if self._window_from_s is None:
            self._window_from_s = began_s
        self._roll(began_s)
        self._busy_s += ended_s - began_s

    def _roll(self, now_s: float) -> None:
        """Begin a new window if this one is full."""
        assert self._window_from_s is not None
        span_s = now_s - self._window_from_s
        if span_s >= WINDOW_S:
            self._last_load = min(1.0, self._busy_s / span_s)
            self._window_from_s, self._busy_s = now_s, 0.0


class _Exchange:
    """Times one exchange; the error that leaves the context tells how it ended."""

    __slots__ = ("_began_s", "_gap_s", "_link", "_unit")

    def __init__(self, link: LinkStatistics, unit: UnitStatistics, gap_s: float) -> None:
        self._link = link
        self._unit = unit
        self._gap_s = gap_s
        self._began_s = 0.0

    def __enter__(self) -> None:
        self._began_s = asyncio.get_running_loop().time()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        ended_s = asyncio.get_running_loop().time()
        if self._unit.count(kind):
            self._unit.round_trip.add(ended_s - self._began_s)
        self._link.occupied(self._began_s, ended_s + self._gap_s)
