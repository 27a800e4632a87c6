"""What bringing booked cars ahead is worth to those who have booked, and what it costs the others: the same days twice.

    python -m tests.bench.prestaging [--days 20] [--seed 1] [--towers small,guangzhou/2] [--families saturday]

Families of days x towers (guangzhou with one, two and three rooms), under the daemon's planner with and without cars
brought ahead. Of booked customers: the median and the p95 of the wait, from coming but not before the appointment; the
bound of the median is that of a tower whose gates begin to open as they come, at whatever hour. Of those without an
appointment, whether they fetch a car or bring one: mean and p95 of the wait from coming to gate open; how much longer
or shorter it is on the mean of the days, with its standard error over the days; and which part of them waits longer and
shorter by more than a second, person by person. Last, for each tower: the median of all its booked customers.
"""

import argparse
from collections.abc import Iterator, Sequence
from math import sqrt
from statistics import fmean, median_low, stdev

from config.demand import load_demand
from config.packaged import packaged
from sim_plc.study.day import live
from sim_plc.study.figures import figures, waits
from sim_plc.study.lived import Lived, Served
from sim_plc.study.rules import RULES, TOWER
from sim_plc.study.site import Site, site_of
from tests.bench.dispatch import TOWERS, drawn, tower_of

WITHOUT = "planned"

SAME_S = 1.0

HEAD = (
    f"  {'':10} {'booked p50':>22} {'p95':>13} | {'others mean':>15} {'p95':>13} "
    f"{'by s':>15} {'longer':>7} {'shorter':>7}"
)


def others(day: Lived) -> Iterator[Served]:
    """Yield those without an appointment."""
    return (each for each in day.served if each.customer.booked_s is None)


def least_s(site: Site, days: Sequence[Lived]) -> float:
    """Return the median wait of booked customers if nothing but the gate had to be waited for."""
    booked = [each.customer for day in days for each in day.served if each.customer.booked_s is not None]
    opened = (Served(each, each.comes_s + site.gate.open_s) for each in booked)
    return median_low(each.late_s for each in opened) if booked else 0.0


def differences(with_it: Lived, without: Lived) -> list[float]:
    """Return how much longer each of the others waits on a day with cars brought ahead; negative: shorter."""
    return [mine.wait_s - theirs.wait_s for mine, theirs in zip(others(with_it), others(without), strict=True)]


def line(family: str, site: Site, with_it: Sequence[Lived], without: Sequence[Lived]) -> str:
    """Return one row of the table."""
    now, before = figures(site, with_it).punctual, figures(site, without).punctual
    theirs_now, theirs = (waits(each for day in days for each in others(day)) for days in (with_it, without))
    by_day = [differences(mine, theirs) for mine, theirs in zip(with_it, without, strict=True)]
    means = [fmean(day) for day in by_day if day]
    error = stdev(means) / sqrt(len(means)) if len(means) > 1 else 0.0
    each = [more_s for day in by_day for more_s in day]
    longer, shorter = (sum(sign * more_s > SAME_S for more_s in each) / max(1, len(each)) for sign in (1, -1))
    return (
        f"  {family:10} {before.p50_s:6.1f} -> {now.p50_s:5.1f} >={least_s(site, with_it):4.1f} "
        f"{before.p95_s:5.0f} -> {now.p95_s:4.0f} | "
        f"{theirs.mean_s:6.1f} -> {theirs_now.mean_s:5.1f} {theirs.p95_s:5.0f} -> {theirs_now.p95_s:4.0f} "
        f"{fmean(means) if means else 0.0:+7.2f} ± {error:5.2f} {longer:7.1%} {shorter:7.1%}"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--towers", default=",".join(TOWERS))
    parser.add_argument("--families", default=",".join(packaged("demands")))
    wishes = parser.parse_args()
    for name in wishes.towers.split(","):
        tower = tower_of(name)
        print(f"{name} ({len(tower.ring.rooms)} rooms)\n{HEAD}", flush=True)
        waits_s: list[float] = []
        for family in wishes.families.split(","):
            demand = load_demand(family)
            site = site_of(tower, demand.visits)
            days = drawn(site, demand, wishes.seed, wishes.days)
            with_it, without = ([live(site, day, RULES[rule]) for day in days] for rule in (TOWER, WITHOUT))
            print(line(family, site, with_it, without), flush=True)
            waits_s += (each.late_s for day in with_it for each in day.served if each.customer.booked_s is not None)
        if waits_s:
            print(f"  all of these: booked p50 {median_low(waits_s):.1f} s, of {len(waits_s)}", flush=True)


if __name__ == "__main__":
    main()
