"""`cartower axis`: at what speed the drives of the carriage run."""

from pathlib import Path

import click

from controller.api.sync_client import call_once
from controller.cli.examples import shown
from controller.cli.exits import USAGE, fail, translated
from controller.cli.lazy import Group
from controller.cli.options import daemon_options, json_option
from controller.cli.restriction_text import show_restrictions
from controller.domain.restrictions import LEAST_PERCENT, RATED_PERCENT, SPEEDS

EXAMPLES = shown("cartower axis speed lift 50 --why 'the drive is derated'", "cartower axis speed lift 100")


@click.group(cls=Group, epilog=EXAMPLES)
def axis() -> None:
    """Tell the tower at what speed its axes run. `cartower status` shows which are slower than rated."""


@axis.command(epilog=EXAMPLES)
@click.argument("axis", type=click.Choice([each.value for each in SPEEDS]))
@click.argument("percent", type=click.IntRange(LEAST_PERCENT, RATED_PERCENT))
@click.option("--why", default="", help="Why it is slower; whoever waits is told.")
@daemon_options
@json_option
@translated
def speed(axis: str, percent: int, why: str, socket: Path, *, as_json: bool) -> None:
    """Say that the drive of AXIS runs at PERCENT of its rated speed, 10 to 100.

    It sets nothing at the drive: a hot motor, a technician's setting or a worn brake has made it slower, and this
    tells the tower so. From the axis's next motion on, all that is reckoned with it follows: deadlines, plans, what a
    quarter of an hour takes; whoever waits has a new time. It stays so over restarts, until somebody says 100.
    """
    if bool(why) == (percent == RATED_PERCENT):
        fail(USAGE, "a speed below 100 takes --why, and 100 takes none")
    show_restrictions(call_once(socket, "axis.speed", axis=axis, percent=percent, why=why), as_json=as_json)
