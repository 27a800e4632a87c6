"""The ways to the stations: serial devices and network addresses, looked at without a word to a PLC."""

import os
import re
import socket
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from controller.cli.checks.finding import Finding, fail, ok, warn
from controller.cli.checks.owners import group_name, user_name

LATENCY_MS: Final = 1
"""FTDI adapters hold bytes back for 16 ms unless told otherwise: most of a poll."""

CONNECT_S: Final = 1.0

_UNSTABLE: Final = re.compile(r"^/dev/tty(USB|ACM)\d+$")

SYSFS: Final = Path("/sys/bus/usb-serial/devices")


@dataclass(frozen=True, slots=True)
class Line:
    """A serial line of the configuration; ``device`` with its folder."""

    bus: str
    device: Path


@dataclass(frozen=True, slots=True)
class Address:
    """A network address of the configuration."""

    bus: str
    host: str
    port: int


def check_line(line: Line, sysfs: Path = SYSFS) -> Iterator[Finding]:
    """Check a serial device: its name, whether this user may use it, and how long its adapter holds bytes back."""
    what = f"serial {line.bus}"
    try:
        mode = line.device.stat()
    except OSError as error:
        todo = "plug the adapter in; `ls -l /dev/serial/by-id` shows those that are there"
        yield fail(what, f"{line.device}: {error.strerror}", todo)
        return
    if not stat.S_ISCHR(mode.st_mode):
        yield fail(what, f"{line.device} is no serial device", f"correct bus.{line.bus}.device")
        return
    if _UNSTABLE.match(str(line.device)):
        seen = f"{line.device} is given out in the order of plugging"
        yield warn(what, seen, f"name it by what it is: {_stable_name(line.device) or 'see /dev/serial/by-path'}")
    if os.access(line.device, os.R_OK | os.W_OK):
        yield ok(what, f"{line.device} may be read and written")
    else:
        group, user = group_name(mode.st_gid), user_name(os.getuid())
        seen = f"{line.device} may not be used by {user}; it belongs to the group {group}"
        yield fail(what, seen, f"sudo usermod -aG {group} {user}, then sign in again")
    yield from _latency(what, line.device, sysfs)


def _stable_name(device: Path) -> str:
    """Return a name of the device that stays, if udev has made one."""
    for folder in (Path("/dev/serial/by-id"), Path("/dev/serial/by-path")):
        if folder.is_dir():
            for name in sorted(folder.iterdir()):
                if name.resolve() == device:
                    return str(name)
    return ""


def _latency(what: str, device: Path, sysfs: Path) -> Iterator[Finding]:
    """Check the timer of a USB adapter; others have none."""
    timer = sysfs / device.resolve().name / "latency_timer"
    try:
        milliseconds = int(timer.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return
    if milliseconds > LATENCY_MS:
        seen = f"the adapter holds bytes back for {milliseconds} ms"
        yield warn(what, seen, f"echo {LATENCY_MS} | sudo tee {timer}; a rule of `cartower systemd udev` keeps it")
    else:
        yield ok(what, f"latency timer {milliseconds} ms")


def check_address(address: Address, *, connect: bool) -> Iterator[Finding]:
    """Check a network address: its name, and with ``connect`` whether anybody listens. Nothing is sent."""
    what, shown = f"network {address.bus}", f"{address.host}:{address.port}"
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, ValueError) as error:  # the second: no host can have such a name
        todo = f"correct bus.{address.bus}.host, or name it in /etc/hosts"
        yield fail(what, f"{shown}: {getattr(error, 'strerror', None) or error}", todo)
        return
    if not connect:
        yield ok(what, f"{shown} is {found[0][4][0]}; the daemon holds its connection")
        return
    try:
        socket.create_connection((address.host, address.port), CONNECT_S).close()
    except OSError as error:
        todo = "look at cable, power and address of the PLC; `ping` tells whether it is there"
        yield fail(what, f"{shown}: {error.strerror or error}", todo)
    else:
        yield ok(what, f"{shown} takes connections")
