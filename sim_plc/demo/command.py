"""The command `cartower-sim demo`."""

import asyncio
import json
import sys
from pathlib import Path

import click

from config.faults import ConfigError
from sim_plc.demo.failure import DemoFailed
from sim_plc.demo.report import table
from sim_plc.demo.show import Wishes, show


@click.command()
@click.option("--config", default="guangzhou", show_default=True, help="Tower: a TOML file, or a packaged one's name.")
@click.option("--scenario", default="first-day", show_default=True, help="The day's cars and orders.")
@click.option("--profile", default="brisk", show_default=True, help="Machine profile, on both sides.")
@click.option("--seed", type=int, default=1, show_default=True, help="Decides all that is left to chance.")
@click.option(
    "--picture",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path(".run/first-day.svg"),
    show_default=True,
    help="Where the picture of the run goes.",
)
@click.option("--portrait", type=click.Path(dir_okay=False, path_type=Path), help="Draw the tower at work, too.")
@click.option("--run-dir", type=click.Path(file_okay=False, path_type=Path), help="A new folder; default: temporary.")
@click.option("--stay/--exit", default=False, help="Stay up after the orders, or exit (default).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, everything else on standard error.")
def demo(
    config: str,
    scenario: str,
    profile: str,
    seed: int,
    picture: Path,
    portrait: Path | None,
    run_dir: Path | None,
    *,
    stay: bool,
    as_json: bool,
) -> None:
    """Show a tower at work: software PLCs and the daemon as processes of their own, and a day's orders.

    Exits 0 if every order ended as asked, the plant saw no crime, and the controller believes what is true.
    """
    wishes = Wishes(
        config, scenario, profile, seed, picture, portrait, run_dir, stay=stay, quiet=as_json
    )
    try:
        shown = show(wishes)
    except ConfigError as error:
        print(error, file=sys.stderr)
        sys.exit(5)
    except DemoFailed as failure:
        print(f"the demonstration failed: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except asyncio.CancelledError:
        sys.exit(143)
    if as_json:
        print(json.dumps(shown.result))
    elif not stay:
        worst = shown.result["worst_ratio"]
        print("\n".join(table(shown.record.moves)))
        print(f"{len(shown.record.moves)} moves, worst measured / bound {worst:.3f}; belief equals truth, no crime")
        print(f"picture: {shown.result['picture']}")
