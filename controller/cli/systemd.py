"""`cartower systemd`: the files with which the computer at a tower keeps the daemon running."""

import sys
from importlib import resources
from typing import Final

import click

from controller.cli.examples import shown

FILES: Final = {
    "service": "systemd/cartower@.service",
    "user": "systemd/cartower.sysusers.conf",
    "udev": "udev/70-cartower.rules",
}

PREFIX: Final = "/opt/cartower"
"""The environment that the packaged unit names."""


@click.command(
    epilog=shown(
        "cartower systemd user > /etc/sysusers.d/cartower.conf           # then: systemd-sysusers",
        "cartower systemd service > /etc/systemd/system/cartower@.service",
        "cartower systemd udev > /etc/udev/rules.d/70-cartower.rules     # names for USB adapters",
    )
)
@click.argument("file", type=click.Choice(list(FILES)))
def systemd(file: str) -> None:
    """Print a FILE for systemd: the daemon as a service, its user, or names for serial adapters.

    `systemctl enable --now cartower@NAME` then serves the tower of /etc/cartower/NAME.toml, with its journal and
    socket in /var/lib/cartower/NAME: CARTOWER_RUN_DIR for whoever is in the group cartower. The unit names the
    environment that this command runs in; /opt/cartower suits it, a home does not (it sees none).
    """
    text = resources.files("config").joinpath(FILES[file]).read_text("utf-8")
    click.echo(text.replace(f"{PREFIX}/bin/", f"{sys.prefix}/bin/"), nl=False)
