"""`cartower unit`: the commands of the unit's state machine."""

import sys
from pathlib import Path
from typing import Final

import click

from controller.api.sync_client import SyncClient
from controller.cli.exits import EXIT_CODES, OTHERWISE, translated
from controller.cli.options import daemon_options, json_option
from controller.cli.output import emit_json
from controller.cli.waiting import wait_for_unit
from controller.domain.unit import UnitState

LEADS_TO: Final = {
    "reset": UnitState.IDLE,
    "start": UnitState.EXECUTE,
    "stop": UnitState.STOPPED,
    "hold": UnitState.HELD,
    "unhold": UnitState.EXECUTE,
    "suspend": UnitState.SUSPENDED,
    "unsuspend": UnitState.EXECUTE,
    "abort": UnitState.ABORTED,
    "clear": UnitState.STOPPED,
}
"""Where each command leads if nothing comes between."""


@click.command(epilog=EXIT_CODES)
@click.argument("command", type=click.Choice(list(LEADS_TO)))
@click.option("--wait", is_flag=True, help="Wait until the tower has got there, or has ended elsewhere.")
@daemon_options
@json_option
@translated
def unit(command: str, socket: Path, *, wait: bool, as_json: bool) -> None:
    """Give the tower a command. It acts at once: reset and start move the machine.

    After power-up or a stop: reset (drives on, reference, verify the inventory), then start. After an E-stop: put
    the cause right, turn the device reset at the tower, then clear, reset and start.
    """
    with SyncClient(socket) as client:
        state = str(client.call("unit", command=command)["state"])
        reason = ""
        if wait:
            state, reason = wait_for_unit(client)
    if as_json:
        emit_json({"state": state, "reason": reason} if wait else {"state": state})
    else:
        print(f"unit {state}" + (f": {reason}" if reason else ""))
    if wait and state != LEADS_TO[command]:
        sys.exit(OTHERWISE)
