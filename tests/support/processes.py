"""The product as its users run it: a software tower and a daemon as child processes in one run directory."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeVar

import click
from click.testing import CliRunner

from controller.api.messages import NotReachable
from controller.api.sync_client import SyncClient
from controller.cli.main import cartower
from sim_plc.cli import cartower_sim
from sim_plc.control_client import PlantClient
from sim_plc.side_wire import PlantGone

T = TypeVar("T")

LOOK_S = 0.02
START_S = 30.0
"""A start takes about a second; a busy machine may take many."""
LOG_LINES = 60
NOTHING_MORE: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass
class Child:
    """A process and its log."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path
    began: float

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> None:
        """End it as a power cut does: SIGKILL."""
        self.process.kill()
        self.process.wait()

    def terminate(self, within_s: float) -> int:
        """Ask it to end; return its exit code.

        Raises:
            subprocess.TimeoutExpired: it did not end in time.

        """
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(within_s)

    def logged(self, event: str) -> list[Mapping[str, Any]]:
        """Return the lines of the daemon's log that tell of an event."""
        lines = [json.loads(line) for line in self.log.read_text("utf-8").splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("event") == event]


@dataclass
class Site:
    """One run directory. Make it with `site`, which ends whatever still runs."""

    run_dir: Path
    config: tuple[str, ...]
    """Tower, profile and overrides: the same for the tower of software and the daemon."""
    children: list[Child] = field(default_factory=list)
    log_dir: Path | None = None
    """Where the logs lie, if not in the run directory."""

    def start_simulator(self, *more: str) -> Child:
        """Start the PLCs and the plant; return when the side channel answers."""
        child = self._start("sim", "sim_plc", "run", *self.config, "--run-dir", str(self.run_dir), *more)
        self._soon(child, self._plant_answers, START_S)
        return child

    def start_daemon(self, environment: Mapping[str, str] = NOTHING_MORE, more: Sequence[str] = ()) -> Child:
        """Start the daemon, with more in its environment and on its command line; it is not up yet."""
        command = ("controller", "run", *self.config, "--run-dir", str(self.run_dir), *more)
        return self._start("daemon", *command, environment=environment)

    def wait_answering(self, daemon: Child, within_s: float = START_S) -> Mapping[str, Any]:
        """Return the first status of a daemon; it may know nothing yet."""
        return self._soon(daemon, self._status, within_s)

    def wait_reconciled(self, daemon: Child, within_s: float = START_S) -> Mapping[str, Any]:
        """Return the first status of a daemon that has read every station and knows every outcome."""
        return self._soon(daemon, self._reconciled, within_s)

    def client(self) -> SyncClient:
        return SyncClient(self.run_dir / "cartower.sock")

    def plant(self) -> PlantClient:
        return PlantClient(self.run_dir / "plant.sock")

    def ask(self, what: str) -> Sequence[Mapping[str, Any]]:
        """Return the lines that the daemon answers to one of its lists: cars, places."""
        with self.client() as client:
            answer: Sequence[Mapping[str, Any]] = client.call(what)[what]
            return answer

    def unverified(self) -> tuple[int, ...]:
        """Return the bays and rooms that the daemon calls neither free nor occupied."""
        return tuple(place["place"] for place in self.ask("places") if place["status"] not in ("free", "occupied"))

    def truth(self) -> Mapping[str, Any]:
        """Return what is really so, by the plant's side channel."""
        with self.plant() as plant:
            return plant.call("truth")

    def cartower(self, *args: str, code: int = 0) -> str:
        """Give a command as a person does; return what it prints."""
        return self._command(cartower, args, code)

    def cartower_sim(self, *args: str, code: int = 0) -> str:
        """Be the people and the world, as a person at the keyboard is; return what it prints."""
        return self._command(cartower_sim, args, code)

    def show_logs(self) -> None:
        """Print the end of each log: pytest shows it beside a failure."""
        for child in self.children:
            state = "runs" if child.running else f"ended with {child.process.returncode}"
            lines = child.log.read_text("utf-8", "replace").splitlines()[-LOG_LINES:]
            print(f"--- {child.log} ({child.name} {state})", *lines, sep="\n")

    def _start(self, name: str, module: str, *args: str, environment: Mapping[str, str] = NOTHING_MORE) -> Child:
        log = (self.log_dir or self.run_dir) / f"{len(self.children):02}-{name}.log"
        with log.open("wb") as out:
            began = time.monotonic()
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", module, *args],
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        child = Child(name, process, log, began)
        self.children.append(child)
        return child

    def _command(self, command: click.Command, args: tuple[str, ...], code: int) -> str:
        """Run a command here: a process of its own would take longer to begin than to end."""
        done = CliRunner().invoke(command, [*args], env={"CARTOWER_RUN_DIR": str(self.run_dir)})
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == code, f"{args}: exit {done.exit_code}\n{done.output}"
        return done.stdout

    def _soon(self, child: Child, look: Callable[[], T | None], within_s: float) -> T:
        def alive() -> T | None:
            assert child.running, f"{child.name} ended with {child.process.returncode}: see {child.log}"
            return look()

        return eventually(alive, within_s, child.name)

    def _plant_answers(self) -> bool | None:
        try:
            with self.plant() as plant:
                return bool(plant.call("truth"))
        except PlantGone:
            return None

    def _status(self) -> Mapping[str, Any] | None:
        try:
            with self.client() as client:
                return client.call("status")
        except NotReachable:
            return None

    def _reconciled(self) -> Mapping[str, Any] | None:
        status = self._status()
        if status is None or status["unit"]["state"] == "ABORTED":
            return None
        return status if all(station["state"] == "ONLINE" for station in status["stations"]) else None


@contextmanager
def site(run_dir: Path, *config: str, overrides: Mapping[str, str]) -> Iterator[Site]:
    """Give a run directory to a test. Whatever was started is ended; after a failure the logs are printed."""
    run_dir.mkdir(parents=True)
    pairs = {"bus.tower.port": str(free_port()), **overrides}
    sets = [part for key, value in pairs.items() for part in ("--set", f"{key}={value}")]
    here = Site(run_dir, (*config, *sets))
    try:
        yield here
    except BaseException:
        here.show_logs()
        raise
    finally:
        for child in here.children:
            if child.running:
                child.kill()


def eventually(look: Callable[[], T | None], within_s: float, what: str, every_s: float = LOOK_S) -> T:
    """Return what ``look`` gives once it is something."""
    deadline = time.monotonic() + within_s
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"{what}: not within {within_s:g} s"
        time.sleep(every_s)


def free_port() -> int:
    """Return a TCP port that nobody has at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert isinstance(port, int)
    return port
