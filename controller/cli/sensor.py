"""`cartower sensor`: take a sensor out of service, and back, with what follows from that."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from controller.api.sync_client import call_once
from controller.cli.examples import shown
from controller.cli.exits import translated
from controller.cli.lazy import Group
from controller.cli.options import daemon_options, json_option
from controller.cli.output import emit_json, emit_table


@click.group(
    cls=Group,
    epilog=shown(
        "cartower sensor list",
        "cartower sensor out bay305.occupied_a --why 'its cable is torn'",
        "cartower sensor in bay305.occupied_a",
    ),
)
def sensor() -> None:
    """Take sensors out of service, and back.

    bay305.occupied_a and .occupied_b: no car is put into the bay; its car is fetched only after somebody has looked
    and said so (`cartower place confirm`). room1.person, .occupied_a, .occupied_b and .weight: the room is out of
    service. What belongs to an interlock or to the safety chain cannot be taken out.
    """


@sensor.command("list", epilog=shown("cartower sensor list", "cartower sensor list --json"))
@daemon_options
@json_option
@translated
def list_(socket: Path, *, as_json: bool) -> None:
    """List the sensors that are out of service: why, by whom, and what may not be done meanwhile."""
    _show(call_once(socket, "sensors"), as_json=as_json)


@sensor.command(epilog=shown("cartower sensor out bay305.occupied_a --why 'its cable is torn'"))
@click.argument("name")
@click.option("--why", required=True, help="What is wrong with it.")
@daemon_options
@json_option
@translated
def out(name: str, why: str, socket: Path, *, as_json: bool) -> None:
    """Take the sensor NAME out of service. It stays out over restarts, until somebody takes it in."""
    _show(call_once(socket, "sensor.out", name=name, why=why), as_json=as_json)


@sensor.command("in", epilog=shown("cartower sensor in bay305.occupied_a"))
@click.argument("name")
@daemon_options
@json_option
@translated
def in_(name: str, socket: Path, *, as_json: bool) -> None:
    """Take the sensor NAME back into service. What it contradicts becomes unverified."""
    _show(call_once(socket, "sensor.in", name=name), as_json=as_json)


def _show(answer: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        emit_json(answer)
        return
    rows = ((each["name"], each["by"] or "-", each["why"], each["restriction"]) for each in answer["sensors"])
    emit_table(("sensor", "by", "why", "meanwhile"), rows, empty="every sensor is in service")
