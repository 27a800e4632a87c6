"""The fewest faults and orders with which a seed still fails: what a person has to think about.

Delta debugging (Zeller and Hildebrandt, Simplifying and isolating failure-inducing input, IEEE TSE 28(2), 2002), first
over the faults, then over the orders. A smaller run is another run; it counts if it breaks one of the same invariants.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from config.schema import Tower
from sim_plc.rehearsal.run import Options, Report, rehearse

T = TypeVar("T")

MOST_RUNS: Final = 200


class Exhausted(Exception):
    """As many runs as were allowed have been made."""


@dataclass(frozen=True, slots=True)
class Shrunk:
    """The smallest failing run that was found."""

    options: Options
    report: Report
    runs: int

    @property
    def orders(self) -> tuple[int, ...]:
        """The orders that are left, by number."""
        return tuple(sorted(set(range(1, self.report.orders + 1)) - self.options.unasked))


def fewest(items: Sequence[T], fails: Callable[[Sequence[T]], bool]) -> list[T]:
    """Return a part of ``items`` of which nothing can be left out, if all of them fail (ddmin).

    ``fails`` may raise to end the search; the caller keeps what has failed last.
    """
    kept, grains = list(items), 2
    while kept:
        size = max(1, -(-len(kept) // grains))
        parts = [kept[start : start + size] for start in range(0, len(kept), size)]
        without = [[item for other in parts if other is not part for item in other] for part in parts]
        smaller = next((rest for rest in without if fails(rest)), None)
        if smaller is not None:
            kept, grains = smaller, max(grains - 1, 2)
        elif size == 1:
            return kept
        else:
            grains = min(len(kept), grains * 2)
    return kept


def shrink(
    tower: Tower,
    report: Report,
    minutes: float,
    options: Options,
    *,
    most_runs: int = MOST_RUNS,
    told: Callable[[str], None] = lambda _: None,
) -> Shrunk:
    """Return the smallest run of a failing seed that at most ``most_runs`` runs find; ``told`` hears of progress.

    Raises:
        ValueError: the report is of a run that has not failed.

    """
    if report.good:
        raise ValueError(f"seed {report.seed} has not failed")
    search = _Search(tower, minutes, Shrunk(replace(options, script=report.script), report, 0), most_runs, told)
    try:
        search.strikes()
        search.orders()
    except Exhausted:
        told(f"stopped after {most_runs} runs")
    return replace(search.best, runs=search.runs)


class _Search:
    def __init__(
        self, tower: Tower, minutes: float, start: Shrunk, most_runs: int, told: Callable[[str], None]
    ) -> None:
        self.best = start
        self._tower = tower
        self._minutes = minutes
        self._most_runs = most_runs
        self._told = told
        self.runs = 0
        self._wanted = {violation.invariant for violation in start.report.violations}

    def strikes(self) -> None:
        """Leave out faults."""
        script = self.best.options.script or ()
        fewest(script, lambda kept: self._fails(replace(self.best.options, script=tuple(kept))))

    def orders(self) -> None:
        """Keep back orders."""
        every = range(1, self.best.report.orders + 1)

        def fails(kept: Sequence[int]) -> bool:
            return self._fails(replace(self.best.options, unasked=frozenset(every) - frozenset(kept)))

        fewest(every, fails)

    def _fails(self, options: Options) -> bool:
        if self.runs >= self._most_runs:
            raise Exhausted
        self.runs += 1
        report = rehearse(self._tower, self.best.report.seed, self._minutes, options)
        if not self._wanted & {violation.invariant for violation in report.violations}:
            return False
        self.best = Shrunk(options, report, self.runs)
        self._told(f"run {self.runs}: fails with {len(options.script or ())} faults, {len(self.best.orders)} orders")
        return True
