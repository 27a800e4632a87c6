"""A campaign from its first seed, or from where it was left, to its report."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from sim_plc.rehearsal.campaign.ledger import SeedLedger
from sim_plc.rehearsal.campaign.plan import Plan
from sim_plc.rehearsal.campaign.pool import run_one, run_seeds
from sim_plc.rehearsal.campaign.progress import Progress
from sim_plc.rehearsal.campaign.report import Summary, summary_of
from sim_plc.rehearsal.campaign.verdict import Verdict
from sim_plc.rehearsal.run import Options

REPORT: Final = "report"
COVERAGE: Final = "coverage.md"

CANARY_MINUTES: Final = 2.0
CANARY: Final = Options(faults=False, stolen_s=60.0)
"""A car vanishes: whoever does not see that sees nothing."""

CANARY_BREAKS: Final = "I2 "


def canary_is_seen(plan: Plan) -> bool:
    """Run the seed that must fail, and tell whether it did."""
    result = run_one(plan.tower, plan.first, CANARY_MINUTES, replace(CANARY, coalesced=plan.options.coalesced))
    return result.verdict is Verdict.SAFETY and any(text.startswith(CANARY_BREAKS) for text in result.violations)


def run_campaign(
    plan: Plan, folder: Path, jobs: int, *, fresh: bool = False, show: Callable[[int, int], Progress] = Progress
) -> Summary:
    """Run what is left of a campaign; return what all of it amounts to, and write that beside the results.

    Interrupted, it keeps every seed that has ended; the same call goes on behind them.

    Raises:
        OtherCampaign: the folder holds other results.
        OSError: it cannot be used.

    """
    ledger = SeedLedger(folder, plan.key(), fresh=fresh)
    seen = canary_is_seen(plan)
    left = [seed for seed in plan.seeds if seed not in ledger.results]
    progress = show(len(plan.seeds), len(plan.seeds) - len(left))
    running = run_seeds(plan, left, min(jobs, max(len(left), 1)))
    try:
        for result in running:
            ledger.keep(result)
            progress.take(result)
    finally:
        running.close()
        progress.close()
        ledger.close()
        summary = summary_of(plan, ledger.results.values(), canary_seen=seen)
        (folder / f"{REPORT}.json").write_text(json.dumps(summary.body(), indent=2, sort_keys=True) + "\n")
        (folder / f"{REPORT}.txt").write_text(f"{summary}\n")
        (folder / COVERAGE).write_text(summary.coverage.markdown())
    return summary
