"""`cartower run`: the daemon."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from controller.cli.examples import shown
from controller.cli.exits import BAD_CONFIGURATION, fail
from controller.cli.options import profile_option, run_dir_option, set_option

if TYPE_CHECKING:
    from config.schema import Site, Tower


@click.command(
    epilog=shown(
        "cartower run --config guangzhou",
        "cartower run --config my.toml --run-dir /var/lib/cartower --set bus.tower.host=10.0.0.5",
    )
)
@click.option("--config", "config_file", required=True, help="Tower: a TOML file, or the name of a packaged one.")
@run_dir_option
@profile_option
@set_option
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    show_default=True,
    help="Least level of what is logged on standard error.",
)
@click.option(
    "--capture",
    type=click.File("x", lazy=False),
    metavar="FILE",
    help="Take down every byte on the wires, in a new file: time, bus, direction, bytes.",
)
@click.option(
    "--record",
    type=click.Path(exists=False, path_type=Path),
    metavar="FOLDER",
    help="Take down the whole run, in a new folder: what is read, written, asked and told. It can be run again.",
)
@click.pass_obj
def run(
    serve: "Callable[[Tower, Site, str, TextIO | None, Path | None], int]",
    config_file: str,
    run_dir: Path,
    profile: str | None,
    overrides: dict[str, str],
    log_level: str,
    capture: "TextIO | None",
    record: Path | None,
) -> None:
    """Serve a tower until SIGTERM or SIGINT.

    At its start the tower stands still: STOPPED once every station has been read and every earlier command's
    outcome is known, else ABORTED. `cartower unit reset` and `cartower unit start` let it work.
    """
    if record is not None and record.exists():
        raise click.BadParameter(f"{record} is there already; no recording is written over", param_hint="--record")
    from config.faults import ConfigError
    from config.load import load_tower
    from config.schema import Site

    try:
        tower = load_tower(config_file, profile=profile, overrides=overrides)
    except ConfigError as error:
        fail(BAD_CONFIGURATION, str(error))
    sys.exit(serve(tower, Site(run_dir=run_dir.absolute()), log_level, capture, record))
