"""When a component is due for service: its counters against its interval, and a forecast from its pace. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple

from controller.domain.service import (
    DAY_S,
    MS_PER_HOUR,
    PACE_DAYS,
    Counted,
    Kind,
    ServiceBook,
    kind_of,
)

SOON: Final = 0.9
"""From this share of its interval on a component is shown as soon due."""

NAMED: Final = 5
"""Components that an alarm names; of more it tells how many."""


@dataclass(frozen=True, slots=True)
class Interval:
    """After how much a component is due: whichever comes first. None is no limit."""

    cycles: int | None = None
    hours: int | None = None
    way: int | None = None
    """In thousands of what is counted: m or degrees."""
    days: int | None = None


Intervals = Mapping[Kind, Interval]

NO_LIMIT: Final = Interval()

NONE: Final[Intervals] = MappingProxyType({})
"""No interval is known: nothing is ever due."""

GROUPS: Final[Mapping[str, frozenset[Kind]]] = MappingProxyType(
    {
        "carriage": frozenset({Kind.LIFT, Kind.TURNTABLE, Kind.SHUTTLE, Kind.DRIVES}),
        "doors and gates": frozenset({Kind.DOOR, Kind.GATE}),
        "latches": frozenset({Kind.LATCH}),
    }
)
"""What one alarm stands for: forty latches that come due on one day are one errand, and so are all the doors."""


@dataclass(frozen=True, slots=True)
class Limb:
    """One part of an interval: how much of it is used, in its own unit, and when it will be used up."""

    name: str
    """``cycles``, ``hours``, ``way`` or ``days``."""
    used: float
    limit: int
    share: float
    due_at: float | None
    """Wall time; None: at this pace never."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How one component stands."""

    component: str
    kind: Kind
    counted: Counted
    limbs: tuple[Limb, ...]
    """Without a limit there is none."""

    @property
    def share(self) -> float | None:
        """How much of the interval is used: the part that is used most counts. 1.0 is due."""
        return max((limb.share for limb in self.limbs), default=None)

    @property
    def due(self) -> bool:
        """Whether its service is due."""
        return self.share is not None and self.share >= 1

    @property
    def soon(self) -> bool:
        """Whether its service is nearly due."""
        return self.share is not None and SOON <= self.share < 1

    @property
    def due_at(self) -> float | None:
        """When it will be due, by its pace."""
        return min((limb.due_at for limb in self.limbs if limb.due_at is not None), default=None)


def stand(component: str, book: ServiceBook, intervals: Intervals, now: float) -> Standing:
    """Return how a component stands at wall time ``now``."""
    kind, counted = kind_of(component), book.of(component)
    days_looked, recent = _days_looked(book.since, now), _recent(counted, now)
    limbs = tuple(
        _limb(part, DAY_S if part.name == "days" else recent[part.name] / days_looked, now)
        for part in _parts(counted, intervals.get(kind, NO_LIMIT), book.since, now)
    )
    return Standing(component, kind, counted, limbs)


def is_due(component: str, book: ServiceBook, intervals: Intervals, now: float) -> bool:
    """Return whether a component is due: what `stand` says of it, for a fraction of its cost."""
    parts = _parts(book.of(component), intervals.get(kind_of(component), NO_LIMIT), book.since, now)
    return any(part.used >= part.limit * part.unit for part in parts)


def by_urgency(standings: Iterable[Standing]) -> list[Standing]:
    """Return standings, the most used first; what has no limit comes last, the most worn first."""
    return sorted(standings, key=lambda each: (-(each.share or 0.0), -each.counted.total.cycles, each.component))


def due_groups(standings: Iterable[Standing]) -> dict[int, str]:
    """Return the groups, by their number from 1, in which something is due, with what it is."""
    due = [each for each in by_urgency(standings) if each.due]
    found: dict[int, str] = {}
    for number, kinds in enumerate(GROUPS.values(), start=1):
        names = [each.component for each in due if each.kind in kinds]
        if names:
            more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
            found[number] = ", ".join(names[:NAMED]) + more
    return found


class _Part(NamedTuple):
    """What is used of one part of an interval; ``used`` counts in ``unit``-ths of the limit's own unit."""

    name: str
    used: float
    limit: int
    unit: int


def _parts(counted: Counted, interval: Interval, looked_since: float | None, now: float) -> Iterator[_Part]:
    total, base = counted.total, counted.base
    if interval.cycles is not None:
        yield _Part("cycles", max(0, total.cycles - base.cycles), interval.cycles, 1)
    if interval.hours is not None:
        yield _Part("hours", max(0, total.ran_ms - base.ran_ms), interval.hours, MS_PER_HOUR)
    if interval.way is not None:
        yield _Part("way", max(0, total.way - base.way), interval.way, 1000)
    began_at = looked_since if counted.serviced_at is None else counted.serviced_at
    if interval.days is not None and began_at is not None:
        yield _Part("days", max(0.0, now - began_at), interval.days, DAY_S)


def _limb(part: _Part, a_day: float, now: float) -> Limb:
    whole = part.limit * part.unit
    left = whole - part.used
    due_at = now if left <= 0 else None if a_day <= 0 else now + left / a_day * DAY_S
    return Limb(part.name, part.used / part.unit, part.limit, part.used / whole, due_at)


def _days_looked(since: float | None, now: float) -> float:
    """Return over how many days the pace is taken: of a tower younger than a day, one."""
    return 1.0 if since is None else min(float(PACE_DAYS), max(1.0, (now - since) / DAY_S))


def _recent(counted: Counted, now: float) -> Mapping[str, float]:
    """Return what was done in the last days, by the names of the parts."""
    oldest = int(now // DAY_S) - PACE_DAYS
    days = [each for day, each in counted.days.items() if day > oldest]
    return {
        "cycles": sum(each.cycles for each in days),
        "hours": sum(each.ran_ms for each in days),
        "way": sum(each.way for each in days),
    }
