"""What dispatch rules make of the same days, beside each other and beside what no rule can beat.

    python -m tests.bench.dispatch [--days 20] [--seed 1] [--towers small,guangzhou/2] [--families saturday]
        [--rules fcfs,tower] [--picture FILE]

Families of days x towers (guangzhou with one, two and three rooms) x rules: mean, p95 and longest wait from coming to
gate open, cars given out an hour, which part waited ten minutes at most, a proxy of energy a car; on which part of the
days the mean wait is longer than under first come, first served, and by how much on the worst of them. The bound is of
the mean wait of those who fetch a car (`sim_plc.study.bound`); who waits on the street with a car is in no bound, and
a rule that brings booked cars ahead may fall below it.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from config.demand import Demand, load_demand
from config.load import load_tower
from config.packaged import packaged
from config.schema import Tower
from sim_plc.study.bound import mean_bound_s
from sim_plc.study.day import live
from sim_plc.study.draw import Day, draw_day
from sim_plc.study.figures import Figures, figures
from sim_plc.study.lived import Lived
from sim_plc.study.rules import FCFS, RULES
from sim_plc.study.site import Site, site_of
from sim_plc.study.variants import with_rooms
from tests.bench.dispatch_chart import NAMES, Row, chart

TOWERS = ("small", "guangzhou/1", "guangzhou/2", "guangzhou/3", "autostadt")
"""By name; behind the stroke, the number of rooms."""

SAME_S = 0.01
"""A mean wait that is longer by less is not."""


def tower_of(name: str) -> Tower:
    """Return a tower by its name in `TOWERS`."""
    file, _, rooms = name.partition("/")
    tower = load_tower(file)
    built = with_rooms(tower, int(rooms)) if rooms else tower
    if built is None:
        raise SystemExit(f"{file} has no place for {rooms} rooms")
    return built


def drawn(site: Site, demand: Demand, seed: int, count: int) -> list[Day]:
    """Return so many days at a site, with as many appointments a slot as it offers."""
    holds = site.slot_holds(demand.booked.slot_min * 60)
    bays, rate = len(site.bays), site.cars_an_hour
    return [draw_day(demand, site.name, bays, rate, seed, day, holds) for day in range(count)]


@dataclass(frozen=True)
class Result:
    """One rule on the days of one family at one tower."""

    rule: str
    figures: Figures
    means_s: tuple[float, ...]
    """The mean wait of each day."""
    cpu_ms: float
    """Processor time of a day."""


def mean_of(lived: Lived) -> float:
    """Return a day's mean wait; of a day without customers 0."""
    return fmean(each.wait_s for each in lived.served) if lived.served else 0.0


def results(site: Site, days: Sequence[Day], rules: Sequence[str]) -> Iterator[Result]:
    """Live the days under each of these rules."""
    for name in rules:
        rule = RULES[name]
        began_s = time.process_time()
        lived = [live(site, day, rule) for day in days]
        cpu_ms = (time.process_time() - began_s) * 1000 / len(days)
        yield Result(name, figures(site, lived), tuple(map(mean_of, lived)), cpu_ms)


def worse(result: Result, first: Result) -> tuple[float, float]:
    """Return on which part of the days a rule's mean wait is longer than first come, first served, and the most."""
    more = [mine - theirs for mine, theirs in zip(result.means_s, first.means_s, strict=True)]
    longer = [each for each in more if each > SAME_S]
    return len(longer) / len(more), max(longer, default=0.0)


def line(result: Result, first: Result, bound: float | None) -> str:
    """Return one row of the table."""
    waits, fetch = result.figures.all, result.figures.fetch
    part, most_s = worse(result, first)
    change = waits.mean_s / first.figures.all.mean_s - 1 if first.figures.all.mean_s else 0.0
    above = f"{fetch.mean_s / bound:5.2f}" if bound else "    -"
    return (
        f"  {result.rule:14} {waits.mean_s:7.1f} {change:+6.1%} {waits.p95_s:7.0f} {waits.worst_s:7.0f} "
        f"{result.figures.fetched_an_hour:6.2f} {waits.in_time:7.1%} {result.figures.energy_mj:7.3f} "
        f"{fetch.mean_s:7.1f} {above} {part:6.0%} {most_s:6.1f} {result.cpu_ms:6.1f}"
    )


HEAD = (
    f"  {'rule':14} {'mean s':>7} {'':>6} {'p95':>7} {'worst':>7} {'cars/h':>6} {'in time':>7} {'MJ/car':>7} "
    f"{'fetch s':>7} {'/ LB':>5} {'worse':>6} {'by s':>6} {'ms/day':>6}"
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--towers", default=",".join(TOWERS))
    parser.add_argument("--families", default=",".join(packaged("demands")))
    parser.add_argument("--rules", default=",".join(RULES), help=f"{FCFS} is always one of them")
    parser.add_argument("--picture", type=Path, help="draw the mean waits as SVG")
    wishes = parser.parse_args()
    rows: list[Row] = []
    rules = [name for name in RULES if name == FCFS or name in wishes.rules.split(",")]
    for name in wishes.towers.split(","):
        tower = tower_of(name)
        for family in wishes.families.split(","):
            demand = load_demand(family)
            site = site_of(tower, demand.visits)
            capacity = site.cars_an_hour
            days = drawn(site, demand, wishes.seed, wishes.days)
            lower = mean_bound_s(site, days)
            people = fmean(len(day.customers) for day in days)
            print(f"{name} ({len(site.rooms)} rooms, {capacity:.1f} cars/h at most), {family}: {people:.0f} customers")
            print(HEAD + (f"   LB {lower:.1f} s" if lower else ""))
            found = list(results(site, days, rules))
            first = next(each for each in found if each.rule == FCFS)
            for each in found:
                print(line(each, first, lower), flush=True)
            mean_s = first.figures.all.mean_s
            if mean_s:
                shares = {each.rule: each.figures.all.mean_s / mean_s for each in found if each.rule in NAMES}
                rows.append(Row(name, family, mean_s, shares))
    if wishes.picture:
        wishes.picture.write_text(chart(rows, wishes.days), "utf-8")


if __name__ == "__main__":
    main()
