"""What a campaign amounts to, for people and for programs."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from textwrap import wrap

from sim_plc.rehearsal.campaign.coverage import Coverage, coverage_of
from sim_plc.rehearsal.campaign.plan import Plan
from sim_plc.rehearsal.campaign.verdict import GRAVITY, SeedResult, Verdict
from sim_plc.rehearsal.faults.alphabet import ALPHABET
from sim_plc.rehearsal.promises import PROMISES
from sim_plc.rehearsal.rare_paths import PROBES

HOUR_S = 3600.0

WIDTH = 110

WAITING = {promise.id: promise.missing for promise in PROMISES if promise.missing}
"""Invariants that nobody can judge yet, and why."""


@dataclass(frozen=True, slots=True)
class Summary:
    """All seeds that have ended, as one."""

    tower: str
    first: int
    last: int
    """Of the seeds that were asked for."""
    minutes: float
    program: object
    seeds: int
    planned: int
    verdicts: Mapping[str, int]
    tower_hours: float
    cpu_s: float
    strikes: Mapping[str, int]
    jobs: Mapping[str, int]
    probes: Mapping[str, int]
    coverage: Coverage
    bad: tuple[SeedResult, ...]
    canary_seen: bool

    @property
    def verdict(self) -> Verdict:
        """The gravest of all; a rig that did not see the canary is broken."""
        worst = max((result.verdict for result in self.bad), key=GRAVITY.index, default=Verdict.GOOD)
        return worst if self.canary_seen or worst is not Verdict.GOOD else Verdict.CRASH

    def body(self) -> dict[str, object]:
        """Return it as JSON-able values."""
        body = {**asdict(self), "coverage": self.coverage.body()}
        missed = {name: PROBES[name] for name in self.missed}
        return {**body, "verdict": self.verdict.value, "missed": missed, "waiting": WAITING}

    @property
    def missed(self) -> list[str]:
        """The rare paths that no seed has taken."""
        return [name for name in PROBES if not self.probes.get(name)]

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterable[str]:
        bad = f" in {len(self.bad)}" if self.bad else ""
        yield f"{self.tower}, seeds {self.first} to {self.last}, {self.minutes:g} minutes each and their healing"
        yield f"  verdict: {self.verdict.upper()}{bad}; canary {'seen' if self.canary_seen else 'NOT SEEN'}"
        yield f"  {self._pace()}; program {self.program}"
        yield f"  verdicts: {_listed(self.verdicts)}"
        yield f"  jobs: {sum(self.jobs.values())}: {_listed(self.jobs)}"
        drawn = {letter.name: self.strikes.get(letter.name, 0) for letter in ALPHABET}
        letters = [f"{name} {count}" for name, count in drawn.items() if count]
        yield f"  faults: {sum(drawn.values())} of {len(letters)} letters"
        yield from _wrapped(letters)
        if never := [name for name, count in drawn.items() if not count]:
            yield f"  faults that were never drawn: {len(never)} of {len(ALPHABET)}"
            yield from _wrapped(never)
        yield from self._reached()
        for result in self.bad:
            yield f"  seed {result.seed}: {result.verdict}: {'; '.join(result.violations)}"

    def _reached(self) -> Iterable[str]:
        yield f"  {self.coverage.line()}"
        yield f"  rare paths that were never taken: {len(self.missed)} of {len(PROBES)}"
        yield from _wrapped(self.missed)
        yield "  invariants that nobody can judge yet:"
        yield from (f"    {', '.join(names)}: {why}" for why, names in _by_reason(WAITING).items())

    def _pace(self) -> str:
        whole = "" if self.seeds == self.planned else f" of {self.planned}"
        cpu_s = self.cpu_s or float("inf")
        return (
            f"{self.seeds}{whole} seeds, {self.tower_hours:.1f} tower-hours in {self.cpu_s:.0f} s of CPU: "
            f"{self.tower_hours * HOUR_S / cpu_s:.0f} x real time, {self.seeds / cpu_s:.2f} seeds a CPU-second"
        )


def summary_of(plan: Plan, results: Iterable[SeedResult], *, canary_seen: bool) -> Summary:
    """Return what the results of a plan's seeds amount to; others are left out."""
    mine = sorted((result for result in results if result.seed in plan.seeds), key=lambda result: result.seed)
    strikes, jobs, probes = Counter[str](), Counter[str](), Counter[str]()
    for result in mine:
        strikes.update(result.strikes)
        jobs.update(result.jobs)
        probes.update(result.probes)
    return Summary(
        tower=plan.tower.name,
        first=plan.first,
        last=plan.last,
        minutes=plan.minutes,
        program=plan.key()["program"],
        seeds=len(mine),
        planned=len(plan.seeds),
        verdicts=dict(Counter(result.verdict.value for result in mine)),
        tower_hours=sum(result.virtual_s for result in mine) / HOUR_S,
        cpu_s=sum(result.cpu_s for result in mine),
        strikes=dict(strikes),
        jobs=dict(jobs),
        probes=dict(probes),
        coverage=coverage_of([result.hits for result in mine]),
        bad=tuple(result for result in mine if result.verdict is not Verdict.GOOD),
        canary_seen=canary_seen,
    )


def _by_reason(waiting: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, why in waiting.items():
        found.setdefault(why, []).append(name)
    return found


def _wrapped(words: Iterable[str]) -> list[str]:
    """Return words in lines that fit a terminal; no word with its figure is broken."""
    text = ", ".join(words).replace(" ", "\0").replace(",\0", ", ")
    return [f"    {line}".replace("\0", " ") for line in wrap(text, WIDTH, break_on_hyphens=False)]


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "none"
