"""What a campaign amounts to, for people and for programs."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from sim_plc.rehearsal.campaign.plan import Plan
from sim_plc.rehearsal.campaign.verdict import GRAVITY, SeedResult, Verdict
from sim_plc.rehearsal.faults.alphabet import ALPHABET

HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Summary:
    """All seeds that have ended, as one."""

    tower: str
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
    bad: tuple[SeedResult, ...]
    canary_seen: bool

    @property
    def verdict(self) -> Verdict:
        """The gravest of all; a rig that did not see the canary is broken."""
        worst = max((result.verdict for result in self.bad), key=GRAVITY.index, default=Verdict.GOOD)
        return worst if self.canary_seen or worst is not Verdict.GOOD else Verdict.CRASH

    def body(self) -> dict[str, object]:
        """Return it as JSON-able values."""
        return {**asdict(self), "verdict": self.verdict.value}

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterable[str]:
        whole = "" if self.seeds == self.planned else f" of {self.planned}"
        pace = self.tower_hours / self.cpu_s if self.cpu_s else 0.0
        yield f"{self.tower}: {self.seeds}{whole} seeds of {self.minutes:g} minutes and their healing"
        yield f"  {self.tower_hours:.1f} tower-hours in {self.cpu_s:.0f} s of CPU: {pace * HOUR_S:.0f} x real time"
        yield f"  verdicts: {_listed(self.verdicts)}; canary {'seen' if self.canary_seen else 'NOT SEEN'}"
        yield f"  jobs: {_listed(self.jobs)}"
        yield f"  faults: {_listed(self.strikes)}"
        never = [letter.name for letter in ALPHABET if not self.strikes.get(letter.name)]
        if never:
            yield f"  faults that were never drawn: {', '.join(never)}"
        for result in self.bad:
            yield f"  seed {result.seed}: {result.verdict}: {'; '.join(result.violations)}"


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
        bad=tuple(result for result in mine if result.verdict is not Verdict.GOOD),
        canary_seen=canary_seen,
    )


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "none"
