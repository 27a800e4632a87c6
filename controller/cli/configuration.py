"""What can be said about a tower without a daemon: its configuration, and the tables for its PLC engineer."""

from pathlib import Path

import click

from controller.cli.examples import shown
from controller.cli.exits import BAD_CONFIGURATION, USAGE, fail
from controller.cli.lazy import LazyGroup
from controller.cli.whole_file import write_whole


@click.group(
    cls=LazyGroup,
    commands_at={
        "check": ("controller.cli.config_check:check", "Name every fault of a tower's file."),
        "explain": ("controller.cli.config_explain:explain", "What a key means, and where a tower sets it."),
        "diff": ("controller.cli.config_diff:diff", "What differs between two towers, and for whom it matters."),
        "schema": ("controller.cli.configuration:schema", "The JSON Schema of a tower's file, for editors."),
    },
    epilog=shown("cartower config check my.toml", "cartower config explain ring"),
)
def config() -> None:
    """Check, explain and compare configurations of towers."""


@click.command(epilog=shown("cartower config schema", "cartower config schema -o tower.schema.json"))
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write here, not to the output.")
def schema(output: Path | None) -> None:
    """Print the JSON Schema of a tower's file, with which an editor completes keys and marks faults.

    A first line `#:schema tower.schema.json` in a tower's file leads Taplo and Even Better TOML to it.
    """
    from config.json_schema import schema_text

    _put(schema_text(), output)


@click.command(
    "plc-map",
    epilog=shown(
        "cartower plc-map --config my.toml -o map.csv",
        "cartower plc-map --config my.toml --table places",
    ),
)
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
    _put(tables(tower.shape)[names[table]], output)


def _put(text: str, output: Path | None) -> None:
    """Write to a file, or to the output."""
    if output is None:
        print(text, end="")
        return
    try:
        write_whole(output, text)
    except OSError as error:
        fail(USAGE, f"cannot write {output}: {error.strerror}")
