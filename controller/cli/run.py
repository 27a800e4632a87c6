"""`cartower run`: the daemon."""

import asyncio
import sys
import time
from pathlib import Path

import click

from controller.cli.exits import BAD_CONFIGURATION, EXIT_CODES, fail
from controller.cli.options import profile_option, run_dir_option, set_option


@click.command(epilog=EXIT_CODES)
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
def run(
    config_file: str, run_dir: Path, profile: str | None, overrides: dict[str, str], log_level: str
) -> None:
    """Serve a tower until SIGTERM or SIGINT.

    At its start the tower stands still: STOPPED once every station has been read and every earlier command's
    outcome is known, else ABORTED. `cartower unit reset` and `cartower unit start` let it work.
    """
    from config.faults import ConfigError
    from config.load import load_tower
    from config.schema import Site
    from controller import app, logs

    logs.set_up(now=time.time, level=log_level)
    try:
        tower = load_tower(config_file, profile=profile, overrides=overrides)
    except ConfigError as error:
        fail(BAD_CONFIGURATION, str(error))
    sys.exit(asyncio.run(app.run(tower, Site(run_dir=run_dir.absolute()))))
