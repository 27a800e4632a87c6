"""`cartower inventory audit`: who has looked into which bay when; at a terminal a person is led from bay to bay."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from controller.api.sync_client import SyncClient
from controller.cli.at_tower import at_tower_option, require_yes
from controller.cli.examples import shown
from controller.cli.exits import USAGE, fail, translated
from controller.cli.inventory_text import Bay, seen_text, sensed_text, to_walk
from controller.cli.options import daemon_options, json_option
from controller.cli.output import ODD, emit_json, emit_table, for_people, ink
from controller.cli.resolve import at_a_terminal
from controller.cli.since import since_option
from controller.cli.texts import seconds_text


@click.command(
    epilog=shown(
        "cartower inventory audit",
        "cartower inventory audit --level 3",
        "cartower inventory audit --since 2h",
        "cartower inventory audit --list",
    )
)
@click.option("--list", "only_list", is_flag=True, help="Print every bay in the order of the audit; nothing is asked.")
@click.option("--level", type=click.IntRange(min=1), help="Only the bays of this level.")
@click.option(
    "--since",
    "since_s",
    callback=since_option,
    default="1d",
    show_default=True,
    help="Leave out what a person has seen since: 2h, 1d ago, or a moment.",
)
@click.option("--all", "every", is_flag=True, help="Leave out nothing but bays that are out of use.")
@at_tower_option
@daemon_options
@json_option
@translated
def audit(
    level: int | None, since_s: float, socket: Path, *, only_list: bool, every: bool, at_tower: bool, as_json: bool
) -> None:
    """Look into the bays, one after another: doubtful ones first, then those that nobody has seen for longest.

    At each it says what is believed and what the sensors show, and asks what stands there: a car's id, `empty`, `skip`
    or `quit`. What you say is believed if the sensors agree, as with `cartower place confirm`; if they do not, the bay
    is locked until they do. Whoever goes on later begins where somebody stopped: bays seen since --since are left out.

    The idle carriage looks too, a few times a day (`cartower config explain audit`); --list shows who saw what when.
    Look from outside: nobody enters the tower for this but with the maintenance key turned and in the pocket.
    """
    if as_json and not only_list:
        fail(USAGE, "--json belongs to --list")
    if not only_list and not at_a_terminal():
        fail(USAGE, "the audit asks at each bay, and there is no terminal to ask at; --list prints the bays in order")
    with SyncClient(socket) as client:
        answer = client.call("inventory.audit")
        bays: list[Bay] = [bay for bay in answer["bays"] if level in (None, bay["place"] // 100)]
        if level is not None and not bays:
            fail(USAGE, f"level {level} has no bay")
        if only_list:
            _list({**answer, "bays": bays, "due": sum(bay["due"] for bay in bays)}, as_json=as_json)
            return
        from controller.cli.inventory_walk import walk

        wanted = to_walk(bays, math.inf if every else since_s)
        if wanted and not at_tower:
            require_yes("Are you at the tower, and will you look into each bay before you answer?")
        walk(client, wanted)


def _list(answer: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        emit_json(answer)
        return
    rows = [
        (
            str(bay["place"]),
            bay["status"] if bay["status"] in ("free", "occupied") else ink(bay["status"], ODD),
            bay["car"] or "-",
            "due" if bay["due"] else "-",
            seen_text(bay),
            sensed_text(bay),
        )
        for bay in answer["bays"]
    ]
    emit_table(("bay", "status", "car", "due", "last seen", "contacts"), rows, empty="the tower has no bays")
    if for_people():
        print(_told(answer))


def _told(answer: Mapping[str, Any]) -> str:
    due, a_day, round_s = answer["due"], answer["visits_per_day"], answer["round_s"]
    if not a_day:
        return f"{due} due; the carriage visits none by itself (audit.visits_per_day = 0)"
    idle, whole = seconds_text(answer["idle_s"]), seconds_text(round_s)
    return f"{due} due; the carriage, idle for {idle}, visits {a_day} a day: all in {whole}"
