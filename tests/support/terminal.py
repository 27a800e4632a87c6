"""A terminal for a child process: a pty, and just enough of an emulator to see what stands on the screen."""

import fcntl
import os
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from controller.cli.cells import width

_TOKEN = re.compile(r"\x1b\[\??[0-9;]*[A-Za-z]|\r|\n|[^\x1b\r\n]+")
PATIENCE_S = 60.0
RESTING_LOOKS = 5
"""Longest wait for anything; a busy machine may take its time."""


class Terminal:
    """Runs ``cartower ARGS`` at a terminal of its own. Use as a context manager."""

    def __init__(self, *args: str, columns: int = 80, rows: int = 24, env: dict[str, str] | None = None) -> None:
        self.columns, self.rows = columns, rows
        self._own, self._theirs = os.openpty()
        self.resize(columns, rows)
        self.modes: list[Any] = termios.tcgetattr(self._theirs)
        """As the terminal was before."""
        self.raw = ""
        """Everything that was written to it."""
        # `setsid --ctty` makes it the controlling terminal, so that Ctrl-C typed at it becomes a signal. It means
        # something also where whoever runs the tests was started to ignore it, as a shell starts what it has beside it.
        self.process = subprocess.Popen(
            ["env", "--default-signal=INT", "setsid", "--ctty", sys.executable, "-P", "-m", "controller", *args],
            stdin=self._theirs,
            stdout=self._theirs,
            stderr=self._theirs,
            env={**os.environ, "TERM": "xterm-256color", **(env or {})},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._own)
        os.close(self._theirs)

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size."""
        self.columns, self.rows = columns, rows
        fcntl.ioctl(self._own, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self._own, text.encode())

    def until(self, question: Callable[[list[str]], bool], what: str) -> list[str]:
        """Return the screen once it is as asked."""
        deadline = time.monotonic() + PATIENCE_S
        while not question(self.screen):
            assert time.monotonic() < deadline, f"not {what}:\n" + "\n".join(self.screen)
            self._read(0.1)
        return self.screen

    def rests(self) -> None:
        """Wait until the process only waits, as for a key.

        A signal that comes a moment before it begins to read is kept by Python until the next key is pressed.
        """
        stat, deadline, looks = Path(f"/proc/{self.process.pid}/stat"), time.monotonic() + PATIENCE_S, 0
        while looks < RESTING_LOOKS:
            assert time.monotonic() < deadline, "it does not rest"
            looks = looks + 1 if stat.read_text("utf-8").rpartition(")")[2].split()[0] == "S" else 0
            time.sleep(0.01)

    def end(self) -> int:
        """Return the exit code once the process has ended."""
        deadline = time.monotonic() + PATIENCE_S
        while self.process.poll() is None:
            assert time.monotonic() < deadline, "it does not end:\n" + "\n".join(self.screen)
            self._read(0.05)
        self._read(0.0)
        return self.process.returncode

    @property
    def screen(self) -> list[str]:
        """The lines that stand on the screen; a full-screen program's own while it has the terminal."""
        return _shown(self.raw)

    @property
    def modes_now(self) -> list[Any]:
        """As the terminal is."""
        return termios.tcgetattr(self._theirs)

    def _read(self, patience_s: float) -> None:
        while select.select([self._own], [], [], patience_s)[0]:
            self.raw += os.read(self._own, 1 << 16).decode(errors="replace")
            patience_s = 0.0


def _shown(raw: str) -> list[str]:
    """Play what was written: plain text from the left, lines replaced as a whole, one other screen."""
    main, other = [""], [""]
    lines, row = main, 0
    for token in _TOKEN.findall(raw):
        match token:
            case "\x1b[?1049h":
                lines, row = other, 0
            case "\x1b[?1049l":
                lines, row = main, len(main) - 1
            case "\x1b[H":
                row, lines[0] = 0, ""
            case "\x1b[J" | "\x1b[2J":
                del lines[row + 1 :]
            case "\n":
                row += 1
                lines[row:] = lines[row:] or [""]
                lines[row] = ""
            case _ if not token.startswith("\x1b") and token != "\r":
                lines[row] += token
    return [line.rstrip() for line in lines]


def too_wide(lines: list[str], columns: int) -> list[str]:
    """Return the lines that do not fit."""
    return [line for line in lines if width(line) > columns]


def arguments(run_dir: Path, *args: str) -> tuple[str, ...]:
    """Return a command for the daemon of a run directory."""
    return (*args, "--run-dir", str(run_dir))
