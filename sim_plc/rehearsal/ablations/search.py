"""Looks for the first seed that misses a safeguard, and makes sure that it is this safeguard which is missed."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from config.schema import Tower
from sim_plc.rehearsal.ablations.ablation import Ablation
from sim_plc.rehearsal.ablations.catalogue import BY_NAME
from sim_plc.rehearsal.campaign.pool import run_one
from sim_plc.rehearsal.campaign.verdict import SeedResult
from sim_plc.rehearsal.faults.alphabet import ALPHABET
from sim_plc.rehearsal.run import Options

MINUTES: Final = 15.0

PLAIN: Final = Options()

SAME: Final = "I24"
"""The invariant that no run can judge of itself: the same seed gives the same trace."""


@dataclass(frozen=True, slots=True)
class Found:
    """A run without a safeguard that broke an invariant, where the same run with it broke none."""

    ablation: Ablation
    result: SeedResult
    tried: int
    """Seeds that were run, this one too."""
    cpu_s: float
    """Of all of them, and of their controls."""

    def __str__(self) -> str:
        broken = next(text for text in self.result.violations if _is_of(text, self.ablation))
        return (
            f"{self.ablation.name:24} seed {self.result.seed:3} {broken.partition(' ')[0]:5} {self.cpu_s:6.1f} s"
            f"  {broken.partition(': ')[2]}"
        )


def ablated(name: str, options: Options = PLAIN, *, control: bool = False) -> Options:
    """Return the options of a run without a safeguard; its faults are of the letters that reach it, if it names any.

    Raises:
        KeyError: there is no such ablation.

    """
    letters = BY_NAME[name].letters
    kinds = tuple(letter for letter in ALPHABET if letter.name in letters) if letters else options.kinds
    return replace(options, kinds=kinds, ablation=name, control=control)


def find(
    tower: Tower, ablation: Ablation, seeds: Iterable[int], minutes: float = MINUTES, options: Options = PLAIN
) -> Found | None:
    """Return the first seed that misses a safeguard, None if none of them does."""
    tried, cpu_s = 0, 0.0
    for seed in seeds:
        result = _run(tower, seed, minutes, ablated(ablation.name, options))
        tried, cpu_s = tried + 1, cpu_s + result.cpu_s
        if any(_is_of(text, ablation) for text in result.violations):
            control = _run(tower, seed, minutes, ablated(ablation.name, options, control=True))
            cpu_s += control.cpu_s
            # A seed that is bad all the same shows something else, and no word of this safeguard.
            if not control.violations:
                return Found(ablation, result, tried, cpu_s)
    return None


def _run(tower: Tower, seed: int, minutes: float, options: Options) -> SeedResult:
    """Run a seed; where its sameness is what is looked for, run it twice."""
    result = run_one(tower, seed, minutes, options)
    if SAME not in BY_NAME[options.ablation].seen_by:
        return result
    again = run_one(tower, seed, minutes, options)
    if again.trace_hash == result.trace_hash:
        return replace(result, cpu_s=result.cpu_s + again.cpu_s)
    text = f"{SAME} at 0.00 s: the trace was {result.trace_hash[:16]}, and {again.trace_hash[:16]} the second time"
    return replace(result, violations=(*result.violations, text), cpu_s=result.cpu_s + again.cpu_s)


def _is_of(violation: str, ablation: Ablation) -> bool:
    return violation.partition(" ")[0] in ablation.seen_by
