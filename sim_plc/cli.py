"""The command line of the software PLCs: run them, and be the people and the world around them."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import wraps
from pathlib import Path
from typing import Any, Final

import click

from sim_plc.control_client import PlantClient
from sim_plc.side_wire import SIDE_CHANNEL, PlantGone, PlantRefusal

REFUSED: Final = 1
USAGE: Final = 2
NOT_REACHABLE: Final = 3
BAD_CONFIGURATION: Final = 5

EXIT_CODES: Final = """\b
Exit codes:
  0  done
  1  the plant refuses, or the demonstration failed
  2  wrong use
  3  no plant at the side channel
  5  faults in a configuration
"""

run_dir_option = click.option(
    "--run-dir",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="CARTOWER_RUN_DIR",
    default=".run",
    show_default=True,
    show_envvar=True,
    help="Where the plant keeps its side channel, its serial lines and its memory.",
)
PEM = click.Path(exists=True, dir_okay=False, path_type=Path)
room_option = click.option("--room", type=click.IntRange(min=1), required=True, help="Room number, or its place.")


def _overrides(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    pairs = [value.partition("=") for value in values]
    for key, equals, _ in pairs:
        if not equals or not key:
            raise click.BadParameter(f"{key!r} is not KEY=VALUE")
    return {key.strip(): text.strip() for key, _, text in pairs}


class _Commands(click.Group):
    """The commands here, and those that bring a daemon with them, which are imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, what a newcomer needs first."""
        return ["demo", *super().list_commands(ctx), "study", "campaign", "replay", "recorded"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command."""
        match cmd_name:
            case "demo":
                from sim_plc.demo.command import demo

                return demo
            case "study":
                from sim_plc.study.command import study

                return study
            case "campaign" | "replay":
                from sim_plc.rehearsal import command

                return command.campaign if cmd_name == "campaign" else command.replay
            case "recorded":
                from sim_plc.rehearsal.recorded.command import recorded

                return recorded
            case _:
                return super().get_command(ctx, cmd_name)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EXIT_CODES,
)
def cartower_sim() -> None:
    """Software PLCs and the steel around them: a tower to try the controller on.

    `demo` shows everything at once. `run` serves a tower's stations over Modbus; the other commands are its people
    and its world, over a side channel in the run directory that the controller never sees.
    """


def plant_command(group: click.Group, name: str) -> Callable[[Callable[..., None]], click.Command]:
    """Register a command that gets a connection to the side channel as its first argument."""

    def register(command: Callable[..., None]) -> click.Command:
        @wraps(command)
        def run(*args: Any, run_dir: Path, **kwargs: Any) -> None:
            try:
                with PlantClient(run_dir / SIDE_CHANNEL) as plant:
                    command(plant, *args, **kwargs)
            except PlantRefusal as refusal:
                _fail(REFUSED, f"refused: {refusal}")
            except PlantGone as error:
                _fail(NOT_REACHABLE, str(error))
            except ValueError as error:
                _fail(USAGE, str(error))

        return group.command(name)(run_dir_option(run))

    return register


@cartower_sim.command()
@click.option("--config", "config_file", required=True, help="Tower: a TOML file, or the name of a packaged one.")
@click.option("--seed", type=int, required=True, help="Decides all that is left to chance.")
@click.option("--scenario", help="Whose cars stand here and whose habits people have; else chance fills the bays.")
@click.option("--profile", help="Machine profile in place of the file's.")
@click.option("--empty", is_flag=True, help="Begin without any car.")
@click.option("--fresh", is_flag=True, help="Begin anew although the run directory holds a plant.")
@click.option("--plc-ca", type=PEM, help="Secured buses: who signs the certificates of those that are let in.")
@click.option("--plc-certificate", type=PEM, help="Secured buses: the stations' certificate.")
@click.option("--plc-key", type=PEM, help="Secured buses: the stations' key.")
@run_dir_option
@click.option(
    "--set", "overrides", multiple=True, callback=_overrides, metavar="KEY=VALUE", help="Override a configuration key."
)
def run(
    config_file: str,
    seed: int,
    scenario: str | None,
    profile: str | None,
    run_dir: Path,
    overrides: Mapping[str, str],
    plc_ca: Path | None,
    plc_certificate: Path | None,
    plc_key: Path | None,
    *,
    empty: bool,
    fresh: bool,
) -> None:
    """Serve a tower's stations until SIGTERM or SIGINT.

    Ending it is a power cut, starting it again a warm restart: the cars stand where they stood, and each PLC
    remembers what it had accepted.
    """
    import asyncio

    from config.faults import ConfigError
    from config.load import load_tower
    from config.scenario import load_scenario
    from sim_plc import app
    from sim_plc.keep import CannotResume
    from sim_plc.tls import Credentials, NoCredentials

    if empty and scenario:
        raise click.UsageError("--empty and --scenario contradict each other")
    try:
        tower = load_tower(config_file, profile=profile, overrides=overrides)
        day = None if scenario is None else load_scenario(scenario, tower)
    except ConfigError as error:
        _fail(BAD_CONFIGURATION, str(error))
        return
    try:
        run_dir.mkdir(parents=True, exist_ok=True)
        files = [path for path in (plc_ca, plc_certificate, plc_key) if path is not None]
        credentials = Credentials(*files) if len(files) == len(fields(Credentials)) else None
        asyncio.run(app.run(tower, run_dir, app.Start(seed, day, empty=empty, fresh=fresh), credentials))
    except (CannotResume, NoCredentials, OSError) as error:
        _fail(REFUSED, str(error))


@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def truth(plant: PlantClient, *, as_json: bool) -> None:
    """Tell what is really so, whatever any controller believes."""
    from sim_plc.truth_text import truth_lines

    answer = plant.call("truth")
    print(json.dumps(answer) if as_json else "\n".join(truth_lines(answer)))


def stock(plant: PlantClient) -> None:
    """Print which car stands in which bay, as a file for `cartower inventory import`."""
    print(plant.call("stock")["csv"], end="")


@cartower_sim.group()
def car() -> None:
    """Let cars come and go."""


@room_option
@click.option("--car", "name", required=True, help="Id of the car.")
@click.option("--length-mm", type=int)
@click.option("--width-mm", type=int)
@click.option("--height-mm", type=int)
@click.option("--weight-kg", type=int)
def car_arrive(plant: PlantClient, room: int, name: str, **sizes: int | None) -> None:
    """Let a car come to a room: it drives in when the sign invites it, and its driver gets out and leaves."""
    plant.call("car.arrive", room=room, car=name, **sizes)


@room_option
def car_leave(plant: PlantClient, room: int) -> None:
    """Let the driver of a refused car come back for it."""
    plant.call("car.leave", room=room)


@cartower_sim.group()
def customer() -> None:
    """Let customers fetch their cars."""


@room_option
@click.option("--car", "name", help="Only this car; else any that stands there.")
def customer_collect(plant: PlantClient, room: int, name: str | None) -> None:
    """Let a customer fetch a car from a room."""
    plant.call("customer.collect", room=room, car=name)


@click.argument("switch", type=click.Choice(["on", "off"]))
def customer_auto(plant: PlantClient, switch: str) -> None:
    """Let every presented car be fetched by itself, after the dwell that customers have here."""
    plant.call("customer.auto", on=switch == "on")


@cartower_sim.group()
def person() -> None:
    """Let people walk into rooms, and out."""


@room_option
def person_enter(plant: PlantClient, room: int) -> None:
    """Let somebody walk into a room as soon as its gate is open."""
    plant.call("person.enter", room=room)


@room_option
def person_leave(plant: PlantClient, room: int) -> None:
    """Let somebody walk out as soon as the gate is open."""
    plant.call("person.leave", room=room)


@cartower_sim.group()
def estop() -> None:
    """Use the E-stop."""


def estop_press(plant: PlantClient) -> None:
    """Push an E-stop button in."""
    plant.call("estop.press")


def estop_release(plant: PlantClient) -> None:
    """Pull it out again. The chain stays open until the device reset."""
    plant.call("estop.release")


@cartower_sim.group()
def device() -> None:
    """Use the tower's cabinet."""


def device_reset(plant: PlantClient) -> None:
    """Turn the reset key: latched causes that are gone are cleared, a lost PLC memory is acknowledged."""
    plant.call("device.reset")


@click.argument("switch", type=click.Choice(["on", "off"]))
def key(plant: PlantClient, switch: str) -> None:
    """Turn the maintenance key."""
    plant.call("key", on=switch == "on")


@cartower_sim.group()
def plc() -> None:
    """Treat a PLC badly."""


@click.argument("station")
@click.option("--cold", is_flag=True, help="Lose its retained memory, too.")
def plc_restart(plant: PlantClient, station: str, *, cold: bool) -> None:
    """Cycle the power of one PLC: tower, bays1, bays2 ..."""
    plant.call("plc.restart", station=station, kind="cold" if cold else "warm")


for _group, _name, _command in (
    (cartower_sim, "truth", truth),
    (cartower_sim, "stock", stock),
    (car, "arrive", car_arrive),
    (car, "leave", car_leave),
    (customer, "collect", customer_collect),
    (customer, "auto", customer_auto),
    (person, "enter", person_enter),
    (person, "leave", person_leave),
    (estop, "press", estop_press),
    (estop, "release", estop_release),
    (device, "reset", device_reset),
    (cartower_sim, "key", key),
    (plc, "restart", plc_restart),
):
    plant_command(_group, _name)(_command)


def _fail(code: int, text: str) -> None:
    print(text, file=sys.stderr)
    sys.exit(code)
