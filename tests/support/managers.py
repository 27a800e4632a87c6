"""A service manager in a test: what it is told by sd_notify(3), and that it starts a daemon again as the unit says."""

import select
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.processes import Child, Site
from tests.support.unit_file import UnitFile


@dataclass
class Listener:
    """Somebody to tell. ``address`` as NOTIFY_SOCKET has it."""

    address: str
    _socket: socket.socket

    def environment(self, watchdog_s: float | None = None) -> Mapping[str, str]:
        """Return what a manager gives to the process that it starts."""
        watched = {} if watchdog_s is None else {"WATCHDOG_USEC": str(round(watchdog_s * 1e6))}
        return {"NOTIFY_SOCKET": self.address, **watched}

    def told(self, within_s: float = 0.0) -> list[str]:
        """Return the lines of the next message; none if there is none in time."""
        if not select.select([self._socket], [], [], within_s)[0]:
            return []
        return self._socket.recv(4096).decode().splitlines()

    def until(self, line: str, within_s: float) -> float:
        """Wait for a message with a line; return when it came, by the monotonic clock.

        Raises:
            AssertionError: it did not come in time.

        """
        deadline = time.monotonic() + within_s
        while line not in self.told(max(0.0, deadline - time.monotonic())):
            assert time.monotonic() < deadline, f"{line}: not within {within_s:g} s"
        return time.monotonic()

    def drain(self) -> list[str]:
        """Return the lines of all that has come."""
        lines: list[str] = []
        while fresh := self.told():
            lines += fresh
        return lines


@contextmanager
def listener(where: Path | str) -> Iterator[Listener]:
    """Listen at a path, or at an abstract address ``@name``."""
    address = str(where)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ours:
        ours.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        yield Listener(address, ours)


@dataclass
class Keeper:
    """Starts a daemon, and again behind each end, as its unit says. ``pause_s``: between the two."""

    unit: UnitFile
    here: Site
    manager: Listener
    pause_s: float
    watchdog_s: float
    codes: list[int] = field(default_factory=list)
    """How those that ended did."""

    def start(self) -> Child:
        return self.here.start_daemon(self.manager.environment(self.watchdog_s))

    def after(self, daemon: Child, within_s: float) -> None:
        """Wait for the end of a daemon that is to be started again, and for the pause behind it.

        Raises:
            AssertionError: by its unit nobody starts it again.
            subprocess.TimeoutExpired: it did not end in time.

        """
        self.codes.append(daemon.process.wait(within_s))
        assert self.unit.restarts(self.codes[-1]), f"it is left for good: {self.codes}"
        time.sleep(self.pause_s)
