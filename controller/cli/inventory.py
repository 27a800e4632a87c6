"""`cartower inventory`: tell the tower which car stands where, all at once or bay by bay."""

import sys
from pathlib import Path

import click

from controller.api.sync_client import SyncClient
from controller.cli.examples import shown
from controller.cli.exits import OTHERWISE, USAGE, fail, translated
from controller.cli.inventory_audit import audit
from controller.cli.lazy import Group
from controller.cli.options import daemon_options, json_option
from controller.cli.output import emit_json, emit_table, for_people


@click.group(cls=Group, epilog=shown("cartower inventory import stock.csv", "cartower inventory audit"))
def inventory() -> None:
    """State which car stands where, and look whether it is so."""


inventory.add_command(audit)


@inventory.command(
    "import", epilog=shown("cartower inventory import stock.csv", "cartower inventory import stock.json --json")
)
@click.argument("file", type=click.Path(path_type=Path))
@daemon_options
@json_option
@translated
def import_(file: Path, socket: Path, *, as_json: bool) -> None:
    """State that the cars of FILE stand in their bays, and that every other bay is empty.

    What the sensors agree to becomes verified; what they contradict stays unverified and is listed.

    FILE is CSV with the columns car,place and perhaps model, named in its first line; or a TOML scenario with
    [[car]] tables of id, place and perhaps model; or JSON as `cartower cars --json` prints it.
    """
    from controller.cli.stock_file import BadStockFile, read_stock

    try:
        cars = read_stock(file)
    except BadStockFile as error:
        fail(USAGE, str(error))
    with SyncClient(socket) as client:
        answer = client.call("inventory.import", cars=cars)
    disagreements = answer["disagreements"]
    if as_json:
        emit_json(answer)
    else:
        print(f"{answer['agreed']} places agreed, {len(disagreements)} disagree")
        if disagreements or not for_people():
            rows = [(str(each["place"]), each["stated"] or "empty", str(each["sensed"])) for each in disagreements]
            emit_table(("place", "stated", "sensed"), rows, empty="")
    if disagreements:
        sys.exit(OTHERWISE)
