"""When a waiting customer will be served: a middle estimate, one that nine in ten keep, and how well both were kept.

The plan gives one instant. How far life is off it hangs on how many moves are ahead: each brings a customer's dwell
and a machine's hiccup. So for each number of moves ahead two offsets are tracked, the median of what came of such
promises and the ninth decile, by stochastic approximation of a quantile (Robbins & Monro 1951; as adaptive conformal
inference, Gibbs & Candes 2021, whose coverage comes right in the long run whatever the errors are like).

Times in seconds on one clock; offsets are seconds behind the planned instant, negative ones before it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

MIDDLE, LATE = 0.5, 0.9
"""The two quantiles that are told."""

MOST_AHEAD: Final = 6
"""Promises with more moves ahead than this are kept in one class."""

FIRST_SPREAD_S: Final = 20.0
"""How far the ninth decile lies behind the plan for each move ahead, until a tower has learned its own."""

STEP, FIRST_STEP = 0.08, 0.6
"""How far one kept or broken promise moves an offset, as a share of the spread: in the long run, and the first one."""

LEARNED: Final = 5.0
"""Promises of a class after which a step is half the first."""

NEWS_S: Final = 20.0
"""A change of the middle estimate that a customer is told of, with its reason."""


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


class Forecast:
    """Tells when each waiting request will be served, and learns from what came of it."""

    def __init__(self) -> None:
        self._offsets = {ahead: {MIDDLE: 0.0, LATE: FIRST_SPREAD_S * (ahead + 1)} for ahead in range(MOST_AHEAD + 1)}
        self._learned = dict.fromkeys(self._offsets, 0)
        self._told: dict[int, Eta] = {}
        self._outlooks: dict[int, Outlook] = {}
        self._open: dict[int, dict[int, float]] = {}
        """By request and class: the planned instant when it was first told in that class."""
        self._first: dict[int, Eta] = {}
        self.kept = Kept()

    def tell(
        self,
        now_s: float,
        planned_s: Mapping[int, float],
        rooms: frozenset[int],
        limits: frozenset[Limit] = frozenset(),
    ) -> dict[int, Eta]:
        """Return the estimate of each request of a plan, whose served instants come in the order of its moves."""
        told: dict[int, Eta] = {}
        ahead: tuple[int, ...] = ()
        for request, served_s in planned_s.items():
            told[request] = self._tell(now_s, request, served_s, Outlook(ahead, rooms, limits))
            ahead = (*ahead, request)
        return told

    def served(self, request: int, at_s: float) -> None:
        """Learn that a request was served."""
        first = self._first.pop(request, None)
        if first is not None:
            kept, error_s = self.kept, abs(at_s - first.p50_s)
            within = kept.within_p90 + (at_s <= first.p90_s)
            self.kept = replace(
                kept, promises=kept.promises + 1, within_p90=within, error_sum_s=kept.error_sum_s + error_s
            )
        for ahead, planned_s in self._open.pop(request, {}).items():
            self._learn(ahead, at_s - planned_s)
        self._forget(request)

    def gave_up(self, request: int) -> None:
        """Forget a request that was cancelled: nothing is learned from it."""
        self._first.pop(request, None)
        self._open.pop(request, None)
        self._forget(request)

    def offsets(self) -> Iterator[tuple[int, float, float]]:
        """Yield moves ahead, and the offsets of the middle and of the late estimate in seconds."""
        for ahead, offsets in self._offsets.items():
            yield ahead, offsets[MIDDLE], offsets[LATE]

    def _tell(self, now_s: float, request: int, served_s: float, outlook: Outlook) -> Eta:
        ahead = min(len(outlook.ahead), MOST_AHEAD)
        offsets = self._offsets[ahead]
        p50_s = max(now_s, served_s + offsets[MIDDLE])
        eta = Eta(request, len(outlook.ahead), p50_s, max(p50_s, served_s + offsets[LATE]))
        self._open.setdefault(request, {}).setdefault(ahead, served_s)
        self._first.setdefault(request, eta)
        return self._with_reason(eta, outlook)

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

    def _learn(self, ahead: int, off_s: float) -> None:
        offsets = self._offsets[ahead]
        self._learned[ahead] += 1
        step = max(STEP, FIRST_STEP / (1 + self._learned[ahead] / LEARNED))
        step_s = step * max(offsets[LATE] - offsets[MIDDLE], FIRST_SPREAD_S / 4)
        for quantile, offset_s in offsets.items():
            offsets[quantile] += step_s * (quantile if off_s > offset_s else quantile - 1)

    def _forget(self, request: int) -> None:
        self._told.pop(request, None)
        self._outlooks.pop(request, None)


def why_changed(before: Outlook, after: Outlook, later_s: float) -> str:
    """Return in words why an estimate moved by ``later_s`` seconds (negative: it comes sooner)."""
    reasons = []
    if lost := before.rooms - after.rooms:
        reasons.append(f"{_rooms(lost)} no longer in service")
    if found := after.rooms - before.rooms:
        reasons.append(f"{_rooms(found)} in service again")
    reasons += sorted(limit.said for limit in after.limits - before.limits)
    reasons += sorted(limit.over for limit in before.limits - after.limits)
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
