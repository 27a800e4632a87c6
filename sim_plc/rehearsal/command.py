"""The commands `cartower-sim campaign` and `cartower-sim replay`."""

import json
import sys
from pathlib import Path
from shlex import quote
from typing import Final

import click

from config.faults import ConfigError
from config.load import load_tower
from config.schema import Tower
from sim_plc.rehearsal.ablations.catalogue import ABLATIONS, BY_NAME, listed
from sim_plc.rehearsal.ablations.search import ablated
from sim_plc.rehearsal.campaign.ledger import OtherCampaign
from sim_plc.rehearsal.campaign.plan import Plan
from sim_plc.rehearsal.campaign.run import REPORT, run_campaign
from sim_plc.rehearsal.campaign.verdict import EXIT_CODES, Verdict, verdict_of
from sim_plc.rehearsal.chronicle import replay as run_again
from sim_plc.rehearsal.run import Options
from sim_plc.rehearsal.shrink import MOST_RUNS, shrink
from sim_plc.rehearsal.silence import silence_daemons
from sim_plc.rehearsal.story import story
from sim_plc.rehearsal.timeline import timeline_svg

USAGE: Final = 2
BAD_CONFIGURATION: Final = 5
INTERRUPTED: Final = 130

LIST: Final = "list"
"""Instead of an ablation's name."""

CODES: Final = f"""\b
Exit codes:
  0    nothing was broken
  2    wrong use
  5    faults in a configuration
  {EXIT_CODES[Verdict.CRASH]}  the daemon or the rig broke down, or the rig did not see its canary
  {EXIT_CODES[Verdict.LIVENESS]}  something did not come to its end after everything had healed
  {EXIT_CODES[Verdict.SAFETY]}  an invariant was broken
  130  interrupted; the same command goes on
"""

tower_option = click.option(
    "--tower", "tower_file", default="guangzhou", show_default=True, help="A TOML file, or a packaged tower's name."
)
profile_option = click.option("--profile", help="Machine profile in place of the file's.")
minutes_option = click.option(
    "--minutes", type=click.FloatRange(min=0.1), default=15.0, show_default=True, help="Of a tower's life a seed."
)
calm_option = click.option("--calm", is_flag=True, help="No faults, only people and orders.")
aimed_option = click.option(
    "--aimed", is_flag=True, help="Aim every seed's faults at what the unit and its jobs do, not only some seeds'."
)


def _list_ablations(ctx: click.Context, _param: click.Parameter, value: str | None) -> str:
    """Return the ablation's name; for ``list``, name them all and end."""
    if value == LIST:
        print(listed(ABLATIONS))
        ctx.exit()
    return value or ""


ablate_option = click.option(
    "--ablate",
    type=click.Choice([LIST, *BY_NAME]),
    metavar="NAME",
    is_eager=True,
    callback=_list_ablations,
    help="Take one safeguard away, to see whether the rig misses it; list: name them all.",
)
control_option = click.option(
    "--control", is_flag=True, help="Of --ablate, take only the second layer beside the safeguard away: must be good."
)
faithful_option = click.option("--faithful", is_flag=True, help="Run every poll, also those that show nothing new.")


def _seed_range(_ctx: click.Context, _param: click.Parameter, value: str) -> tuple[int, int]:
    """Return the first and the last seed of ``A..B``, or of one seed."""
    first, dots, last = value.partition("..")
    try:
        seeds = int(first), int(last if dots else first)
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is not A..B") from error
    if not 0 <= seeds[0] <= seeds[1]:
        raise click.BadParameter(f"{value!r}: seeds begin at 0 and go up")
    return seeds


@click.command(
    epilog=f"""\b
Examples:
  cartower-sim campaign --tower small --seeds 0..99
  cartower-sim campaign --tower guangzhou --seeds 100..119 --minutes 60 --jobs 4
  cartower-sim campaign --tower small --ablate list

{CODES}"""
)
@click.option(
    "--seeds", callback=_seed_range, default="0..99", show_default=True, metavar="A..B", help="Both ends included."
)
@tower_option
@profile_option
@minutes_option
@click.option("--jobs", type=click.IntRange(min=1), default=2, show_default=True, help="Processes at a time.")
@calm_option
@aimed_option
@faithful_option
@ablate_option
@control_option
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where results and report go  [default: .run/campaign-TOWER]",
)
@click.option("--fresh", is_flag=True, help="Begin anew although the folder holds results.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object.")
def campaign(
    seeds: tuple[int, int],
    tower_file: str,
    profile: str | None,
    minutes: float,
    jobs: int,
    ablate: str,
    out: Path | None,
    *,
    calm: bool,
    aimed: bool,
    faithful: bool,
    control: bool,
    fresh: bool,
    as_json: bool,
) -> None:
    """Rehearse years of a tower's life by seed, in virtual time.

    Each seed draws stock, people, orders and faults; the daemon is the product's own. After the faults everything
    heals, and every job must end. Interrupted or killed, the same command goes on where it was. A run that must fail
    comes first: a rig that does not see it proves nothing.
    """
    tower = _tower(tower_file, profile)
    plan = Plan(tower, *seeds, minutes, _options(ablate, calm=calm, aimed=aimed, faithful=faithful, control=control))
    folder = Path(".run") / "-".join(["campaign", tower.name, *filter(None, [ablate])]) if out is None else out
    silence_daemons()
    asked = {"calm": calm, "aimed": aimed, "faithful": faithful, "control": control}
    flags = "".join(f" --{name}" for name, on in asked.items() if on)
    flags += f" --ablate {ablate}" if ablate else ""
    machine = f" --profile {profile}" if profile else ""
    same = f"--tower {tower_file}{machine} --minutes {minutes:g}{flags}"
    try:
        summary = run_campaign(plan, folder, jobs, fresh=fresh)
    except (OtherCampaign, OSError) as error:
        print(error, file=sys.stderr)
        sys.exit(USAGE)
    except KeyboardInterrupt:
        print(f"interrupted; what has ended so far: {folder / REPORT}.txt", file=sys.stderr)
        rest = f"--seeds {plan.first}..{plan.last} {same} --jobs {jobs} --out {quote(str(folder))}"
        print(f"go on: cartower-sim campaign {rest}", file=sys.stderr)
        sys.exit(INTERRUPTED)
    print(json.dumps(summary.body()) if as_json else summary)
    if not as_json:
        print(f"  report: {folder / REPORT}.json")
        if summary.bad:
            print(f"  look at one: cartower-sim replay {summary.bad[0].seed} {same} --shrink")
    sys.exit(summary.verdict.exit_code)


@click.command(
    epilog=f"""\b
Examples:
  cartower-sim replay 7 --tower small --picture run.svg
  cartower-sim replay 7 --tower small --log run.jsonl
  cartower-sim replay 7 --tower small --shrink

{CODES}"""
)
@click.argument("seed", type=click.IntRange(min=0))
@tower_option
@profile_option
@minutes_option
@calm_option
@aimed_option
@faithful_option
@ablate_option
@control_option
@click.option("--log", type=click.Path(dir_okay=False, path_type=Path), help="Write everything that happened here.")
@click.option("--picture", type=click.Path(dir_okay=False, path_type=Path), help="Draw what happened when (SVG).")
@click.option("--shrink", "shrinking", is_flag=True, help="Look for the fewest faults and orders that still fail.")
@click.option("--most-runs", type=click.IntRange(min=1), default=MOST_RUNS, show_default=True, help="Of shrinking.")
@click.option("--expect", metavar="HASH", help="Exit 127 if the trace's hash does not begin so.")
def replay(
    seed: int,
    tower_file: str,
    profile: str | None,
    minutes: float,
    log: Path | None,
    picture: Path | None,
    most_runs: int,
    expect: str | None,
    ablate: str,
    *,
    calm: bool,
    aimed: bool,
    faithful: bool,
    control: bool,
    shrinking: bool,
) -> None:
    """Run one seed again, to the same trace, and tell its story.

    The log is the same, byte by byte, whenever and wherever this program runs the seed.
    """
    tower = _tower(tower_file, profile)
    options = _options(ablate, calm=calm, aimed=aimed, faithful=faithful, control=control)
    silence_daemons()
    report, chronicle = run_again(tower, seed, minutes, options)
    if expect is not None and not report.trace_hash.startswith(expect):
        print(f"the trace's hash is {report.trace_hash}: not what was expected", file=sys.stderr)
        sys.exit(Verdict.CRASH.exit_code)
    if shrinking and not report.good:
        small = shrink(tower, report, minutes, options, most_runs=most_runs, told=_tell)
        print(f"{small.runs} runs; left: {len(small.options.script or ())} faults, orders {_numbers(small.orders)}\n")
        report, chronicle = run_again(tower, seed, minutes, small.options)
    if log is not None:
        log.write_text(chronicle.text(), encoding="utf-8")
    if picture is not None:
        picture.write_text(timeline_svg(report, chronicle), encoding="utf-8")
    if ablate:
        print(f"Ablation {ablate}{', control' if control else ''}: {BY_NAME[ablate].told(control=control)}")
    print(story(report, chronicle))
    print(f"\n{report.trace_hash}")
    sys.exit(verdict_of(report).exit_code)


def _options(ablate: str, *, calm: bool, aimed: bool, faithful: bool, control: bool) -> Options:
    if control and not ablate:
        raise click.UsageError("--control is of an ablation: name it by --ablate")
    if calm and aimed:
        raise click.UsageError("--calm leaves nothing that could be aimed")
    options = Options(faults=not calm, aimed=True if aimed else None, coalesced=not faithful)
    return ablated(ablate, options, control=control) if ablate else options


def _tower(file: str, profile: str | None) -> Tower:
    try:
        return load_tower(file, profile=profile)
    except ConfigError as error:
        print(error, file=sys.stderr)
        sys.exit(BAD_CONFIGURATION)


def _numbers(orders: tuple[int, ...]) -> str:
    return ", ".join(map(str, orders)) or "none"


def _tell(text: str) -> None:
    print(text, file=sys.stderr)
