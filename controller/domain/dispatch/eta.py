"""When a waiting customer will be served: a middle estimate, one that nine in ten keep, and how well both were kept.

The plan gives one instant. How far life is off it hangs on what is moved, on how far whoever brings a car is, and on
how many moves are ahead: each brings a customer's dwell and a machine's hiccup. So each such sort has offsets of its
own, learned from what came of its promises (`off_plan`). What a standing tower made void teaches nothing.

Times in seconds on one clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from controller.domain.dispatch.off_plan import Correction, OffPlan
from controller.domain.jobs import JobKind
from controller.domain.rooms import RoomState

MOST_AHEAD: Final = 6
"""Promises with more moves ahead than this are kept in one sort."""

FIRST_SPREAD_S: Final = 20.0
"""How far the ninth decile lies behind the plan for each move ahead, until a tower has learned its own."""

NEWS_S: Final = 20.0
"""A change of the middle estimate that a customer is told of, with its reason."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What is planned for one waiting request."""

    done_s: float
    kind: JobKind
    room: RoomState | None = None
    """The state of the room that its car comes from; None: it comes from a bay, or its driver waits outside."""
    before: tuple[int, ...] | None = None
    """Who has their turn before; None: whoever comes before it in the plan."""


@dataclass(frozen=True, slots=True)
class Sort:
    """Promises that are off the plan alike."""

    kind: JobKind
    room: RoomState | None = None
    ahead: int = 0


@dataclass(frozen=True, slots=True)
class Eta:
    """What is told one waiting customer."""

    request: int
    ahead: int
    """Moves before the own one."""
    p50_s: float
    p90_s: float
    because: str = ""
    """Why it changed by more than `NEWS_S`; empty: it did not."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What slows the tower down or keeps a part of it back: what is said while it is so, and when it is over."""

    said: str
    over: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a forecast rests on, kept to explain the next one: who is ahead, which rooms take cars, what limits."""

    ahead: tuple[int, ...]
    rooms: frozenset[int]
    limits: frozenset[Limit] = frozenset()


@dataclass(frozen=True, slots=True)
class Kept:
    """How promises were kept: those told when a request was planned for the first time."""

    promises: int = 0
    within_p90: int = 0
    error_sum_s: float = 0.0
    """Sum of how far the middle estimates were off, without sign."""

    @property
    def coverage(self) -> float:
        """The share of promises whose p90 was kept; wanted is nine in ten. 0 without promises."""
        return self.within_p90 / self.promises if self.promises else 0.0

    @property
    def mean_error_s(self) -> float:
        """How far the middle estimates were off on the mean, in seconds."""
        return self.error_sum_s / self.promises if self.promises else 0.0


@dataclass(slots=True)
class _Open:
    """What is to be judged of a request once it is served."""

    first: Eta
    told: dict[Sort, tuple[float, float]] = field(default_factory=dict)
    """By sort: the planned instant and the late time when it was first told as one of these."""


class Forecast:
    """Tells when each waiting request will be served, and learns from what came of it."""

    def __init__(self) -> None:
        self._shared = Correction()
        self._sorts: dict[Sort, OffPlan] = {}
        self._told: dict[int, Eta] = {}
        self._outlooks: dict[int, Outlook] = {}
        self._open: dict[int, _Open] = {}
        self.kept = Kept()

    def tell(
        self,
        now_s: float,
        planned: Mapping[int, Planned],
        rooms: frozenset[int],
        limits: frozenset[Limit] = frozenset(),
    ) -> dict[int, Eta]:
        """Return the estimate of each request of a plan, which come in the order of its moves."""
        told: dict[int, Eta] = {}
        ahead: tuple[int, ...] = ()
        for request, each in planned.items():
            before = ahead if each.before is None else each.before
            told[request] = self._tell(now_s, request, each, Outlook(before, rooms, limits))
            ahead = (*ahead, request)
        return told

    def served(self, request: int, at_s: float) -> None:
        """Learn that a request was served."""
        judged = self._open.get(request)
        if judged is not None:
            self._judge(judged, at_s)
        self.gave_up(request)

    def gave_up(self, request: int) -> None:
        """Forget a request that was cancelled: nothing is learned from it."""
        self._open.pop(request, None)
        self._told.pop(request, None)
        self._outlooks.pop(request, None)

    def stood(self, limit: Limit) -> None:
        """Take note that the tower stands: every promise is void, and what is told next is another because of it."""
        self._open.clear()
        for request, outlook in self._outlooks.items():
            self._outlooks[request] = replace(outlook, limits=outlook.limits | {limit})

    def late_s(self, sort: Sort) -> float:
        """Return how many seconds behind the planned instant the late time of a sort lies."""
        return self._of(sort).late_s

    def _of(self, sort: Sort) -> OffPlan:
        if sort not in self._sorts:
            self._sorts[sort] = OffPlan(FIRST_SPREAD_S * (sort.ahead + 1), self._shared)
        return self._sorts[sort]

    def _tell(self, now_s: float, request: int, planned: Planned, outlook: Outlook) -> Eta:
        sort = Sort(planned.kind, planned.room, min(len(outlook.ahead), MOST_AHEAD))
        off = self._of(sort)
        p50_s = max(now_s, planned.done_s + off.middle_s)
        eta = Eta(request, len(outlook.ahead), p50_s, max(p50_s, planned.done_s + off.late_s))
        judged = self._open.setdefault(request, _Open(eta))
        judged.told.setdefault(sort, (planned.done_s, eta.p90_s))
        return self._with_reason(eta, outlook)

    def _judge(self, judged: _Open, at_s: float) -> None:
        first, kept = judged.first, self.kept
        within = at_s <= first.p90_s
        error_sum_s = kept.error_sum_s + abs(at_s - first.p50_s)
        self.kept = Kept(kept.promises + 1, kept.within_p90 + within, error_sum_s)
        for number, (sort, (planned_s, late_s)) in enumerate(judged.told.items()):
            self._of(sort).learn(at_s - planned_s, kept=at_s <= late_s, first=number == 0)

    def _with_reason(self, eta: Eta, outlook: Outlook) -> Eta:
        """Add why an estimate is another than the one told last, if it is; a small change is told without a word."""
        last = self._told.get(eta.request)
        if last is None:
            self._told[eta.request], self._outlooks[eta.request] = eta, outlook
            return eta
        later_s = eta.p50_s - last.p50_s
        if abs(later_s) < NEWS_S:
            return eta
        eta = replace(eta, because=why_changed(self._outlooks[eta.request], outlook, later_s))
        self._told[eta.request], self._outlooks[eta.request] = eta, outlook
        return eta


def why_changed(before: Outlook, after: Outlook, later_s: float) -> str:
    """Return in words why an estimate moved by ``later_s`` seconds (negative: it comes sooner)."""
    reasons = []
    if lost := before.rooms - after.rooms:
        reasons.append(f"{_rooms(lost)} no longer in service")
    if found := after.rooms - before.rooms:
        reasons.append(f"{_rooms(found)} in service again")
    reasons += sorted(limit.said for limit in after.limits - before.limits)
    # One that became another has not ended: an axis that runs at yet another speed.
    reasons += sorted({limit.over for limit in before.limits} - {limit.over for limit in after.limits})
    come = [request for request in after.ahead if request not in before.ahead]
    gone = [request for request in before.ahead if request not in after.ahead]
    if come and later_s > 0:
        reasons.append(f"{_count(len(come))} before it that {'was' if len(come) == 1 else 'were'} not")
    if gone and later_s < 0:
        reasons.append(f"{_count(len(gone))} fewer before it")
    if not reasons:
        reasons.append("those before it take longer" if later_s > 0 else "those before it are quicker")
    return f"{abs(later_s):.0f} s {'later' if later_s > 0 else 'sooner'}: {', '.join(reasons)}"


def _rooms(rooms: frozenset[int]) -> str:
    names = ", ".join(str(room) for room in sorted(rooms))
    return f"room {names}" if len(rooms) == 1 else f"rooms {names}"


def _count(moves: int) -> str:
    return "one move" if moves == 1 else f"{moves} moves"
