"""What it is worth where cars and the empty carriage stand, on the same days.

    python -m tests.bench.slotting [--days 20] [--seed 1] [--towers guangzhou/2,autostadt] [--families normal,saturday]

For each tower and family of days, under the rule of the daemon: the mean wait of those without an
appointment, of those with one, and of all, from coming to gate open; against the same days with cars where they come to
stand; on which part of the days the mean wait of those without an appointment is longer, and by how much on the worst;
and how many moves that nobody asked for a day has. Cars stand by chance in the morning: a night has more to do than one
behind a day that put its cars well.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from config.demand import load_demand
from sim_plc.study.day import live
from sim_plc.study.draw import Day
from sim_plc.study.figures import figures
from sim_plc.study.rules import RULES, TOWER
from sim_plc.study.site import Site, site_of
from sim_plc.study.stand import AS_IT_COMES, Stand
from tests.bench.dispatch import SAME_S, drawn, tower_of

RULE = TOWER

STANDS: dict[str, Stand] = {
    "as it comes": AS_IT_COMES,
    "stored by demand": Stand(by_demand=True),
    "dwell point": Stand(dwell=True),
    "night, 20 moves": Stand(night_moves=20),
    "night, 20, dues": Stand(night_moves=20, dues=True),
    "night, 60 moves": Stand(night_moves=60),
    "night 20, dwell": Stand(night_moves=20, dwell=True),
}


@dataclass(frozen=True)
class Result:
    """One way to stand on some days: the means over all customers, and the mean of each day's customers unbooked."""

    booked_s: float
    unbooked_s: float
    all_s: float
    by_day_s: tuple[float, ...]
    moves: float
    """That nobody asked for, a day."""


def result(site: Site, days: Sequence[Day], stand: Stand) -> Result:
    """Live the days."""
    lived = [live(site, day, RULES[RULE], stand) for day in days]
    total = figures(site, lived)
    by_day = tuple(figures(site, [each]).unbooked.mean_s for each in lived)
    moves = fmean(each.moved_by_night + each.dwell_moves for each in lived)
    return Result(total.booked.mean_s, total.unbooked.mean_s, total.all.mean_s, by_day, moves)


def line(name: str, mine: Result, plain: Result) -> str:
    """Return one row of the table."""
    more = [a - b for a, b in zip(mine.by_day_s, plain.by_day_s, strict=True)]
    longer = [each for each in more if each > SAME_S]

    def change(of: Callable[[Result], float]) -> str:
        return f"{of(mine):7.1f} {of(mine) / of(plain) - 1:+6.1%}" if of(plain) else "      -      -"

    parts = (change(lambda each: each.unbooked_s), change(lambda each: each.booked_s), change(lambda each: each.all_s))
    return (
        f"  {name:<18}{'   '.join(parts)}   longer on {len(longer) / len(more):4.0%} of days,"
        f" {max(longer, default=0.0):5.1f} s at most   {mine.moves:5.1f} moves"
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--towers", default="guangzhou/2,autostadt")
    parser.add_argument("--families", default="normal,saturday")
    options = parser.parse_args()
    for name in options.towers.split(","):
        for family in options.families.split(","):
            demand = load_demand(family)
            site = site_of(tower_of(name), demand.visits)
            days = drawn(site, demand, options.seed, options.days)
            print(f"{name}, {family}: {options.days} days; unbooked, booked, all: mean wait in s, against the first")
            plain: Result | None = None
            for title, stand in STANDS.items():
                known = replace(stand, models=demand.models, brought=demand.returns.share)
                found = result(site, days, known)
                plain = plain or found
                print(line(title, found, plain), flush=True)


if __name__ == "__main__":
    main()
