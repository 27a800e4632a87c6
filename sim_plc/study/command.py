"""The command `cartower-sim study`."""

import json
import sys
from pathlib import Path
from typing import Final

import click

from config.demand import Demand, load_demand
from config.faults import ConfigError
from config.load import load_tower
from config.schema import Tower
from sim_plc.study.effects import NIGHT_MOVES, POLICIES
from sim_plc.study.page import page
from sim_plc.study.rules import RULES, TOWER
from sim_plc.study.study import study as run_study
from sim_plc.study.summary import summary
from sim_plc.study.variants import with_rooms

ALL: Final = "all"
"""Of the policies: each of them."""

REFUSED: Final = 1
BAD_CONFIGURATION: Final = 5
INTERRUPTED: Final = 130

TOLD: Final = 20
"""So many lines of progress where nobody sees a line being written over."""

CODES: Final = """\b
Exit codes:
  0    studied
  1    the report cannot be written
  2    wrong use
  5    faults in a configuration
  130  interrupted
"""


@click.command(
    epilog=f"""\b
Examples:
  cartower-sim study --tower guangzhou --demand saturday --days 5
  cartower-sim study --tower guangzhou --demand normal --rooms 2 --effect all
  cartower-sim study --tower my.toml --demand my-demand.toml --days 30

{CODES}"""
)
@click.option(
    "--tower", "tower_file", default="guangzhou", show_default=True, help="A TOML file, or a packaged tower's name."
)
@click.option("--profile", help="Machine profile in place of the file's.")
@click.option(
    "--demand", "demand_file", default="normal", show_default=True, help="A TOML file, or a packaged demand's name."
)
@click.option("--days", type=click.IntRange(1, 3650), default=30, show_default=True, help="From a Monday on.")
@click.option("--rooms", type=click.IntRange(1, 8), help="So many rooms in place of the file's.")
@click.option(
    "--rule", type=click.Choice(list(RULES)), default=TOWER, show_default=True, help="Which car is moved next."
)
@click.option(
    "--effect",
    "policies",
    multiple=True,
    type=click.Choice([*POLICIES, ALL]),
    help="Weigh also what a tower may do of its own accord, each alone, with it beside without. Repeatable.",
)
@click.option(
    "--night-moves",
    type=click.IntRange(1, 1000),
    default=NIGHT_MOVES,
    show_default=True,
    help="Of --effect reslotting: so many cars at most are moved in a night.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Decides all that is left to chance.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where study.html and study.json go  [default: .run/study-TOWER]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the study as one JSON object.")
def study(
    tower_file: str,
    profile: str | None,
    demand_file: str,
    days: int,
    rooms: int | None,
    rule: str,
    seed: int,
    out: Path | None,
    *,
    policies: tuple[str, ...],
    night_moves: int,
    as_json: bool,
) -> None:
    """Try a tower that is not built yet on days of customers.

    The days are drawn by seed from a demand file (packaged: quiet, normal, saturday, sale, returns) and lived on the
    model of travel, by the second and without faults: for the tower as planned, with one more room, with a faster
    lift, and under other dispatch rules, always the same days; with --effect also with and without cars stored by
    demand, moved in the night, or brought ahead, and with a carriage that waits where it is likely wanted next.
    """
    tower, demand = _loaded(tower_file, profile, rooms, demand_file)
    folder = out or Path(".run") / f"study-{tower.name}"
    try:
        asked = tuple(name for name in POLICIES if name in policies or ALL in policies)
        done = run_study(tower, demand, days, seed, rule, _tell, asked, night_moves)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "study.html").write_text(page(done), encoding="utf-8")
        (folder / "study.json").write_text(json.dumps(done.body(), indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        print(error, file=sys.stderr)
        sys.exit(REFUSED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    print(json.dumps(done.body()) if as_json else "\n".join(summary(done)))
    if not as_json:
        print(f"report: {folder / 'study.html'}")


def _loaded(tower_file: str, profile: str | None, rooms: int | None, demand_file: str) -> tuple[Tower, Demand]:
    try:
        tower, demand = load_tower(tower_file, profile=profile), load_demand(demand_file)
    except ConfigError as error:
        print(error, file=sys.stderr)
        sys.exit(BAD_CONFIGURATION)
    if rooms is None or rooms == len(tower.ring.rooms):
        return tower, demand
    changed = with_rooms(tower, rooms)
    if changed is None or not changed.shape.bays:
        raise click.UsageError(f"tower '{tower.name}' has no place for {rooms} rooms")
    return changed, demand


def _tell(done: int, total: int) -> None:
    """Show how far it is: on one line at a terminal, by twentieths elsewhere."""
    if sys.stderr.isatty():
        print(f"\r{done}/{total} days\x1b[K", end="\n" if done == total else "", file=sys.stderr, flush=True)
    elif done * TOLD // total > (done - 1) * TOLD // total:
        print(f"{done}/{total} days", file=sys.stderr)
