"""The processes of a demonstration, the plant and the daemon with their logs in the run directory, and a watcher."""

import asyncio
import contextlib
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final

from config.schema import TcpBus, Tower
from sim_plc.demo.failure import DemoFailed

END_S: Final = 10.0
"""How long a process may take to bring everything to rest after SIGTERM."""

LOG_SHOWN: Final = 15
"""Last lines of a log that are shown when its process failed."""

PLANT: Final = "plant"
DAEMON: Final = "daemon"


class Stage:
    """Starts processes, notices those that end, and ends them: the last started first."""

    def __init__(self, run_dir: Path) -> None:
        self.run_dir = run_dir
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *args: str) -> None:
        """Start ``python -P -m ARGS`` with its output in a log file.

        It gets a session of its own, so that Ctrl-C reaches the demonstration alone and the end is in order.
        """
        with self.log_of(name).open("wb") as log:
            self._processes[name] = subprocess.Popen(  # noqa: S603 - our own modules
                [sys.executable, "-P", "-m", *args],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def log_of(self, name: str) -> Path:
        """Return the log file of a process."""
        return self.run_dir / f"{name}.log"

    def check(self) -> None:
        """See that everything runs.

        Raises:
            DemoFailed: a process has ended.

        """
        for name, process in self._processes.items():
            if process.poll() is not None:
                raise DemoFailed(f"the {name} ended with exit code {process.returncode}\n{self.tail(name)}")

    def tail(self, name: str) -> str:
        """Return the last lines of a log."""
        lines = self.log_of(name).read_text("utf-8", errors="replace").splitlines()
        return "\n".join(f"  {name}: {line}" for line in lines[-LOG_SHOWN:])

    async def end(self) -> list[str]:
        """End every process in order; return what was not as it should be."""
        complaints = []
        for name, process in reversed(self._processes.items()):
            process.terminate()
            try:
                code = await asyncio.to_thread(process.wait, END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                complaints.append(f"the {name} did not end within {END_S:g} s")
            else:
                if code != 0:
                    complaints.append(f"the {name} ended with exit code {code}\n{self.tail(name)}")
        self._processes.clear()
        return complaints


class Watcher:
    """`cartower watch` at the terminal, or into the pipe, that the demonstration was started at."""

    def __init__(self, run_dir: Path, output: IO[str]) -> None:
        self._run_dir = run_dir
        self._output = output
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Let it watch."""
        self._output.flush()
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-P", "-m", "controller", "watch", "--run-dir", str(self._run_dir)],
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.DEVNULL,
        )

    def end(self) -> None:
        """Take the terminal back. Idempotent."""
        if self._process is None:
            return
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_S)
        self._process.kill()
        self._process.wait()
        self._process = None


def own_addresses(tower: Tower) -> Sequence[str]:
    """Return overrides that give each bus of a tower an address of its own: free ports, lines in the run directory."""
    pairs = []
    for name, bus in tower.bus.items():
        if isinstance(bus, TcpBus):
            pairs += ["--set", f"bus.{name}.host=127.0.0.1", "--set", f"bus.{name}.port={_free_port()}"]
        else:
            pairs += ["--set", f"bus.{name}.device={name}.tty"]
    return pairs


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
