"""`cartower whoami`: who I am to the daemon, why, and what I may do."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from controller.api.sync_client import call_once
from controller.cli.examples import shown
from controller.cli.exits import translated
from controller.cli.options import daemon_options, json_option
from controller.cli.output import GOOD, ODD, emit_json, emit_table, for_people, ink


@click.command(epilog=shown("cartower whoami", "cartower whoami --json | jq -r .role"))
@daemon_options
@json_option
@translated
def whoami(socket: Path, *, as_json: bool) -> None:
    """Tell who you are to the daemon: your role, what gives it to you, and what it may do.

    Roles are viewer, operator, technician and engineer; each may do what the ones before it may. [access] in the
    tower's file names the users and groups of each. What an alarm's clearance puts at the tower needs your word that
    you are there and have looked (--at-tower).
    """
    answer = call_once(socket, "whoami")
    if as_json:
        emit_json(answer)
        return
    print(f"{answer['by']}: {ink(answer['role'], bold=True)} ({answer['why']})")
    emit_table(("may", "role", "act", "besides"), map(_row, answer["acts"]), empty="nothing")
    if for_people():
        for role, way in answer["ways"].items():
            print(f"to act as {role}: {way}")


def _row(act: Mapping[str, Any]) -> tuple[str, ...]:
    may = ink("yes", GOOD) if act["may"] else ink("no", ODD)
    besides = ("at the tower" if act["at_tower"] else "", act["more"])
    return may, act["role"], act["act"], "; ".join(filter(None, besides))
