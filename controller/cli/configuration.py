"""What can be said about a tower without a daemon: its configuration, and the tables for its PLC engineer."""

import sys
from pathlib import Path

import click

from controller.cli.exits import BAD_CONFIGURATION, EXIT_CODES, USAGE, fail
from controller.cli.options import json_option, profile_option, set_option
from controller.cli.output import emit_json


@click.group()
def config() -> None:
    """Check a tower's configuration."""


@config.command(epilog=EXIT_CODES)
@click.argument("file")
@profile_option
@set_option
@json_option
def check(file: str, profile: str | None, overrides: dict[str, str], *, as_json: bool) -> None:
    """Say everything there is to say about FILE, or a packaged tower's name such as guangzhou.

    Every fault is named at once, each with its line and column, its value and what is allowed.
    """
    from config.check import check as check_file

    report = check_file(file, profile=profile, overrides=overrides)
    if as_json:
        emit_json(report.to_json())
    else:
        print(report.text())
    if not report.ok:
        sys.exit(BAD_CONFIGURATION)


@click.command("plc-map", epilog=EXIT_CODES)
@click.option("--config", "config_file", required=True, help="Tower: a TOML file, or the name of a packaged one.")
@click.option(
    "--table",
    type=click.Choice(["registers", "places", "codes"]),
    default="registers",
    show_default=True,
    help="Every register, the place table, or the numbers that stand in the registers.",
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write here, not to the output.")
def plc_map(config_file: str, table: str, output: Path | None) -> None:
    """Print the tables that a PLC program is written from, as CSV."""
    from config.faults import ConfigError
    from config.load import load_tower
    from config.plc_map import tables

    try:
        tower = load_tower(config_file)
    except ConfigError as error:
        fail(BAD_CONFIGURATION, str(error))
    names = {"registers": "plc_map.csv", "places": "plc_places.csv", "codes": "plc_codes.csv"}
    text = tables(tower.shape)[names[table]]
    if output is None:
        print(text, end="")
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        fail(USAGE, f"cannot write {output}: {error.strerror}")
