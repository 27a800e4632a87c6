"""`cartower unit`: the commands of the unit's state machine, and its mode."""

import sys
from pathlib import Path
from typing import Final

import click

from controller.api.sync_client import SyncClient
from controller.cli import intent
from controller.cli.at_tower import ask, at_tower_option
from controller.cli.confirm import go_ahead, yes_option
from controller.cli.examples import shown
from controller.cli.exits import OTHERWISE, USAGE, fail, translated
from controller.cli.options import daemon_options, json_option
from controller.cli.output import emit_json
from controller.cli.restriction_text import show_restrictions
from controller.cli.waiting import wait_for_unit
from controller.domain.unit import UnitMode, UnitState

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

MOVING: Final = frozenset({"reset", "start", "unhold", "unsuspend"})
"""Commands that let something move; the others only take motion away, and are never asked about."""


MODE: Final = "mode"
GENERATOR: Final = "generator"
SWITCH: Final = ("on", "off")
MODES: Final = tuple(mode.value.lower() for mode in UnitMode)


@click.command(
    epilog=shown(
        "cartower unit clear --at-tower",
        "cartower unit reset --wait",
        "cartower unit start --yes",
        "cartower unit stop",
        "cartower unit mode manual",
        "cartower unit generator on --why 'the mains failed'",
    )
)
@click.argument("command", type=click.Choice([*LEADS_TO, MODE, GENERATOR]))
@click.argument("mode", type=click.Choice((*MODES, *SWITCH)), required=False)
@click.option("--why", default="", help="For `generator on`: what whoever waits is told.")
@click.option("--wait", is_flag=True, help="Wait until the tower has got there, or has ended elsewhere.")
@yes_option
@at_tower_option
@daemon_options
@json_option
@translated
def unit(
    command: str, mode: str | None, why: str, socket: Path, *, wait: bool, yes: bool, at_tower: bool, as_json: bool
) -> None:
    """Give the tower a command.

    Commands that take motion away act at once. Reset, start, unhold and unsuspend say what will move and ask,
    unless --yes.

    After power-up or a stop: reset (drives on, reference, verify the inventory), then start. After an E-stop: put
    the cause right, turn the device reset at the tower, then clear, reset and start. What a clear or a reset takes
    back there, somebody at the tower must have looked at: --at-tower says so, or you are asked.

    In Stopped, Idle and Aborted the MODE can be changed: production (jobs run), maintenance (reset and references,
    no job) or manual (no job; `cartower jog` moves by hand). It stays as it is until somebody changes it.

    generator on: the tower runs on standby power. What moves ends first; from then on few axes move at a time, and
    only the jobs that [generator] in the tower's file names are begun. Whoever waits has a new time. It stays so over
    restarts, until somebody says generator off.
    """
    allowed = {MODE: MODES, GENERATOR: SWITCH}.get(command, (None,))
    if mode not in allowed:
        modes, switch = ", ".join(MODES), " or ".join(SWITCH)
        fail(USAGE, f"`cartower unit mode` takes one of {modes}, `unit generator` {switch}, no other command takes one")
    if bool(why) != (command == GENERATOR and mode == "on"):
        fail(USAGE, "`cartower unit generator on` takes --why, and no other command does")
    with SyncClient(socket) as client:
        if command == GENERATOR:
            show_restrictions(client.call("unit.generator", on=mode == "on", why=why), as_json=as_json)
            return
        if mode is not None:
            _change_mode(client, mode, as_json=as_json)
            return
        if command in MOVING and not yes:
            go_ahead(intent.unit_command(client.call("status"), client.call("jobs")["jobs"], command))
        state = str(ask(client, "unit", command=command, at_tower=at_tower)["state"])
        reason = ""
        if wait:
            state, reason = wait_for_unit(client)
    if as_json:
        emit_json({"state": state, "reason": reason} if wait else {"state": state})
    else:
        print(f"unit {state}" + (f": {reason}" if reason else ""))
    if wait and state != LEADS_TO[command]:
        sys.exit(OTHERWISE)


def _change_mode(client: SyncClient, mode: str, *, as_json: bool) -> None:
    answer = client.call("unit.mode", mode=mode)
    if as_json:
        emit_json(answer)
        return
    print(f"mode {answer['mode'].lower()}, unit {answer['state']}")
    if answer["behind"]:
        print(f"not there yet, asked again at the next reset: {', '.join(answer['behind'])}")
