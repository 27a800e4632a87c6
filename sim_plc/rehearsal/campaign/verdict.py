"""What came of one seed, as a campaign keeps it: a line of JSON."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Final

from sim_plc.rehearsal.run import Report

LIVENESS_RULES: Final = frozenset({"I11"})
"""Invariants that something ends in time; every other one says that something bad never happens."""

CRASH_RULES: Final = frozenset({"DIED"})
"""No daemon ends by itself."""


class Verdict(StrEnum):
    """How a seed ended. The exit codes of a campaign and of a replay are those of TigerBeetle's simulator."""

    GOOD = "good"
    CRASH = "crash"
    """The daemon or the rig itself broke down."""
    LIVENESS = "liveness"
    """After everything healed something did not come to its end, or the run itself did not."""
    SAFETY = "safety"
    """An invariant was broken."""

    @property
    def exit_code(self) -> int:
        """The code of a process that ends with it."""
        return EXIT_CODES[self]


EXIT_CODES: Final = {Verdict.GOOD: 0, Verdict.CRASH: 127, Verdict.LIVENESS: 128, Verdict.SAFETY: 129}

GRAVITY: Final = (Verdict.GOOD, Verdict.CRASH, Verdict.LIVENESS, Verdict.SAFETY)
"""From the least to the gravest: of many the gravest counts."""


def verdict_of(report: Report) -> Verdict:
    """Return what a report amounts to."""
    broken = {violation.invariant for violation in report.violations}
    if broken - LIVENESS_RULES - CRASH_RULES:
        return Verdict.SAFETY
    if broken & CRASH_RULES:
        return Verdict.CRASH
    return Verdict.LIVENESS if broken else Verdict.GOOD


@dataclass(frozen=True, slots=True)
class SeedResult:
    """One seed that was run."""

    seed: int
    verdict: Verdict
    trace_hash: str = ""
    violations: tuple[str, ...] = ()
    """What was broken, or why the run broke off."""
    strikes: Mapping[str, int] = field(default_factory=dict)
    """By the letter of the fault alphabet."""
    jobs: Mapping[str, int] = field(default_factory=dict)
    """By the state they ended in."""
    probes: Mapping[str, int] = field(default_factory=dict)
    virtual_s: float = 0.0
    cpu_s: float = 0.0
    hits: Mapping[str, int] = field(default_factory=dict)
    """By ``LETTER/UNIT/STEP``: what each strike struck into."""

    def line(self) -> str:
        """Return it as one line of JSON."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_line(cls, line: str) -> "SeedResult":
        """Read `line`.

        Raises:
            ValueError: it is not one.

        """
        try:
            values: dict[str, Any] = json.loads(line)
            values["verdict"] = Verdict(values["verdict"])
            values["violations"] = tuple(values["violations"])
            return cls(**values)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"no result of a seed: {error}") from error


def result_of(report: Report, cpu_s: float) -> SeedResult:
    """Return what a campaign keeps of a report."""
    return SeedResult(
        seed=report.seed,
        verdict=verdict_of(report),
        trace_hash=report.trace_hash,
        violations=tuple(str(violation) for violation in report.violations),
        strikes=dict(Counter(strike.kind.name for strike in report.script)),
        jobs={name: count for name, count in report.jobs.items() if count},
        probes={name: count for name, count in report.probes.items() if count},
        hits=dict(report.hits),
        virtual_s=report.virtual_s,
        cpu_s=cpu_s,
    )
