"""The root of `cartower`: one command a line, imported when it is used."""

from typing import Final

import click

from controller.cli.examples import shown
from controller.cli.lazy import LazyGroup

COMMANDS: Final = {
    "run": ("controller.cli.run:run", "Serve a tower: the daemon."),
    "status": ("controller.cli.show:status", "What the tower does now."),
    "whoami": ("controller.cli.whoami:whoami", "Who you are to the tower, and what you may do."),
    "watch": ("controller.cli.watch:watch", "Follow the tower live."),
    "unit": ("controller.cli.unit:unit", "Reset, start, stop, hold, unhold, abort or clear the tower; its mode."),
    "jog": ("controller.cli.jog:jog", "Move an axis by hand, as long as it is held."),
    "interlocks": ("controller.cli.jog:interlocks", "Why an axis may not be moved by hand."),
    "alarms": ("controller.cli.alarms:alarms", "What needs a person: what it means, what to do; how many there were."),
    "cars": ("controller.cli.show:cars", "Which car is where."),
    "places": ("controller.cli.show:places", "What is believed of each bay and room."),
    "place": ("controller.cli.place:place", "Take a bay out of use, and give it back."),
    "level": ("controller.cli.level:level", "Take the bays of a level out of use, and give them back."),
    "room": ("controller.cli.room:room", "Take a room out of service, and back."),
    "axis": ("controller.cli.axis:axis", "Tell the tower that a drive runs below its rated speed."),
    "sensor": ("controller.cli.sensor:sensor", "Sensors out of service, and what follows."),
    "service": ("controller.cli.service:service", "Cycles, hours, starts; what is due for service, what was done."),
    "retrieve": ("controller.cli.moves:retrieve", "Bring a car to a room."),
    "arrive": ("controller.cli.moves:arrive", "Somebody with an appointment has come."),
    "on-the-way": ("controller.cli.moves:on_the_way", "Somebody with an appointment is on the way."),
    "store": ("controller.cli.moves:store", "Take a car in through a room."),
    "relocate": ("controller.cli.moves:relocate", "Move a car to another bay."),
    "jobs": ("controller.cli.show:jobs", "Moves under way, and those that have ended."),
    "plan": ("controller.cli.plan:plan", "Which job comes next, and why."),
    "cancel": ("controller.cli.moves:cancel", "Cancel a job, or an appointment."),
    "resolve": ("controller.cli.resolve:resolve", "Parked jobs: what happened, and the way out."),
    "inventory": ("controller.cli.inventory:inventory", "State which car stands where, and look whether it is so."),
    "adopt": ("controller.cli.moves:adopt", "Take the stations over from another master."),
    "io": ("controller.cli.io:io", "Every register and signal by its name, as the daemon reads it."),
    "bus": ("controller.cli.bus:bus", "How the field buses fare; read registers."),
    "doctor": ("controller.cli.doctor:doctor", "Look over this computer and the tower, and say what to do."),
    "events": ("controller.cli.offline.events:events", "What has happened, and what happens now."),
    "trace": ("controller.cli.offline.trace:trace", "The minutes around each fault: timeline and picture."),
    "audit": ("controller.cli.offline.audit:audit", "Prove that the journal is what was written."),
    "backup": ("controller.cli.offline.backup:backup", "Copy the journal, and check the copy."),
    "restore": ("controller.cli.offline.restore:restore", "Put a backup in the journal's place."),
    "sheet": ("controller.cli.offline.sheet:sheet", "Pages for bringing a car down by hand."),
    "bundle": ("controller.cli.offline.bundle:bundle", "One file for whoever helps from afar, without secrets."),
    "init": ("controller.cli.init:init", "Describe a new tower: asks, and writes its file."),
    "config": ("controller.cli.configuration:config", "Check, explain and compare configurations."),
    "plc-map": ("controller.cli.configuration:plc_map", "The tables for the PLC engineer."),
    "systemd": ("controller.cli.systemd:systemd", "The files that keep the daemon running as a service."),
    "completion": ("controller.cli.completion:completion", "The completion script for a shell."),
}

EXAMPLES: Final = (
    "cartower status                      what the tower does now",
    "cartower retrieve C007 --wait        bring a car down: says what will move, and asks",
    "cartower watch                       the tower, live",
    'eval "$(cartower completion bash)"   Tab completes commands, cars, jobs, bays, rooms',
)


def _version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"cartower {version('cartower')}")
        ctx.exit()


@click.group(
    cls=LazyGroup,
    commands_at=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=shown(*EXAMPLES),
)
@click.option(
    "--version", is_flag=True, callback=_version, expose_value=False, is_eager=True, help="Show the version and exit."
)
def cartower() -> None:
    """Open controller for unattended car vending towers.

    Commands talk to the daemon (`cartower run`) over the socket in its run directory: --run-dir, else
    CARTOWER_RUN_DIR, else .run here. On a terminal they print for people, into a pipe plain tab-separated lines,
    with --json one JSON object. Colours are for terminals alone, and not where NO_COLOR is set.
    """
