"""What a campaign's faults have struck into: letter by state of the unit by step of a job, as a table."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from controller.domain.jobs import JobState
from controller.domain.unit import UnitState
from sim_plc.rehearsal.cells import IN_PROGRESS, NO_JOB, REACHABLE, Cell, unreachable
from sim_plc.rehearsal.faults.alphabet import ALPHABET

ENOUGH: Final = 5
"""A cell counts as tried in a release's campaign when it was hit so often."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """The hits of a campaign: how often each letter has struck into each pair."""

    hits: Mapping[str, int]
    """By ``LETTER/UNIT/STEP``; pairs that cannot be met, and letters that are no more, are left in it."""
    letters: tuple[str, ...] = tuple(letter.name for letter in ALPHABET)

    def count(self, letter: str, cell: Cell) -> int:
        """Return how often a letter has struck into a pair."""
        return self.hits.get(f"{letter}/{cell}", 0)

    def share(self, times: int = 1) -> float:
        """Return which share of the cells that can be met were hit ``times`` times or more, 0 to 1."""
        counts = [self.count(letter, cell) for letter in self.letters for cell in REACHABLE]
        return sum(count >= times for count in counts) / len(counts)

    def surprises(self) -> list[str]:
        """Return the pairs that were met although the table says that they cannot be."""
        known = {str(cell) for cell in REACHABLE}
        return sorted({pair for key in self.hits if (pair := key.split("/", 1)[1]) not in known})

    def line(self) -> str:
        """Return it as one line."""
        cells = len(self.letters) * len(REACHABLE)
        once, enough = f"{self.share():.1%} of {cells} hit", f"{self.share(ENOUGH):.1%} {ENOUGH} times or more"
        return f"letter x unit x step: {once}, {enough}"

    def markdown(self) -> str:
        """Return the table: a row a pair, a column a letter; then what cannot be met, and why."""
        return "\n".join(self._lines()) + "\n"

    def body(self) -> dict[str, object]:
        """Return it as JSON-able values."""
        return {
            "cells": len(self.letters) * len(REACHABLE),
            "share": self.share(),
            "share_enough": self.share(ENOUGH),
            "surprises": self.surprises(),
            "hits": dict(sorted(self.hits.items())),
            "unreachable": dict(_unreachable()),
        }

    def _lines(self) -> Iterator[str]:
        yield "# What faults have struck into"
        yield ""
        yield f"{self.line()}. Bold: never."
        yield ""
        yield f"| unit | job | {' | '.join(self.letters)} |"
        yield f"| --- | --- |{' ---: |' * len(self.letters)}"
        for cell in REACHABLE:
            counts = (self.count(letter, cell) for letter in self.letters)
            yield f"| {cell.unit} | {cell.step} | {' | '.join(str(count) if count else '**0**' for count in counts)} |"
        yield ""
        yield "## What cannot be met"
        yield ""
        for why, pairs in _by_reason(_unreachable()).items():
            yield f"- {why}: {', '.join(pairs)}"
        if self.surprises():
            yield ""
            yield f"Met all the same: {', '.join(self.surprises())}"


def coverage_of(hits: Collection[Mapping[str, int]]) -> Coverage:
    """Return what the hits of many seeds amount to."""
    total = Counter[str]()
    for one in hits:
        total.update(one)
    return Coverage(dict(total))


def _unreachable() -> Iterator[tuple[str, str]]:
    known = frozenset(REACHABLE)
    for unit in UnitState:
        for step in (None, *JobState):
            cell = Cell(unit.name, step.name if step else NO_JOB)
            if cell not in known and (step is None or step in IN_PROGRESS):
                yield str(cell), unreachable(unit, step)


def _by_reason(reasons: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for pair, why in reasons:
        found.setdefault(why, []).append(pair)
    return found

