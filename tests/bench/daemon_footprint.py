"""What the daemon costs the tower's PC: memory, processor, imports and its start, on real processes and links.

Runs the software tower and the daemon as processes of their own. Memory and processor time are what the kernel says
of the daemon's process (/proc). Its imports are timed in turns with the bare ones of all modules that are not ours;
the time of the empty interpreter is taken off both.

    python -m tests.bench.daemon_footprint [--tower guangzhou] [--profile medium] [--minutes 60]
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.support.at_work import keep_busy, start, tower_at_work
from tests.support.processes import Child, Site

IMPORT_ROUNDS = 9

NOTHING = "pass"
OURS = "import controller.app, controller.cli.run"
NOT_OURS = (
    f"import sys; {OURS}; print(*(name for name in sys.modules"
    " if name.partition('.')[0] not in ('__main__', 'controller', 'hal', 'config')))"
)
"""Prints every module that the daemon imports of Python's own and of other packages."""

MEASURE_S = 60.0

RSS_LIMIT_MIB, IDLE_LIMIT, MOVING_LIMIT, IMPORT_LIMIT, START_LIMIT_S = 56, 2.0, 5.0, 2.0, 1.0


def import_ratio() -> tuple[float, float]:
    """Return the import times in ms of the daemon and of all it imports that is not ours, medians in turns."""
    listed = subprocess.run([sys.executable, "-P", "-c", NOT_OURS], check=True, capture_output=True, text=True)
    names = listed.stdout.split()
    bare_imports = f"import importlib\nfor name in {names}: importlib.import_module(name)"
    taken: dict[str, list[float]] = {NOTHING: [], bare_imports: [], OURS: []}
    for _ in range(IMPORT_ROUNDS):
        for code, times in taken.items():
            began = time.perf_counter()
            subprocess.run([sys.executable, "-P", "-c", code], check=True)
            times.append((time.perf_counter() - began) * 1e3)
    bare = statistics.median(taken[NOTHING])
    return statistics.median(taken[OURS]) - bare, statistics.median(taken[bare_imports]) - bare


def resident_mib(child: Child) -> float:
    """Return a process's resident memory in MiB."""
    status = Path(f"/proc/{child.process.pid}/status").read_text("ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def cpu_s(child: Child) -> float:
    """Return a process's processor time so far in seconds."""
    fields = Path(f"/proc/{child.process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load_over(child: Child, seconds: float) -> float:
    """Return the share of a core in percent over the seconds to come."""
    began, spent = time.monotonic(), cpu_s(child)
    time.sleep(seconds)
    return (cpu_s(child) - spent) / (time.monotonic() - began) * 100


def moving_load(here: Site, daemon: Child, seconds: float) -> tuple[float, int]:
    """Keep the tower busy; return the daemon's share of a core in percent, and how many moves that were."""
    start(here)
    began, spent = time.monotonic(), cpu_s(daemon)
    moves = keep_busy(here, seconds)
    return (cpu_s(daemon) - spent) / (time.monotonic() - began) * 100, moves


@dataclass(frozen=True)
class Held:
    """What a process holds."""

    mib: float
    files: int
    threads: int
    log_bytes: int

    @classmethod
    def by(cls, child: Child) -> Self:
        folder = Path(f"/proc/{child.process.pid}")
        files, threads = (len(list((folder / name).iterdir())) for name in ("fd", "task"))
        return cls(resident_mib(child), files, threads, child.log.stat().st_size)


def held_over(daemon: Child, minutes: float) -> list[Held]:
    """Return what the daemon holds at the start and after each tenth of the time."""
    found = [Held.by(daemon)]
    for _ in range(10):
        time.sleep(minutes * 6)
        found.append(Held.by(daemon))
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--tower", default="guangzhou")
    parser.add_argument("--profile", default="medium")
    parser.add_argument("--minutes", type=float, default=2.0, help="how long memory is watched; the README's is 60")
    asked = parser.parse_args()
    # Where bytecode is not kept, ours is compiled at each start and the packages' is not: no comparison.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    ours, bare = import_ratio()
    print(f"import: daemon {ours:.0f} ms, its third-party packages alone {bare:.0f} ms, ratio {ours / bare:.2f}"
          f" (wanted <= {IMPORT_LIMIT:g})")
    with tower_at_work(asked.tower, asked.profile) as (here, daemon, start_s):
        print(f"start of the process to every station's image: {start_s:.2f} s (wanted <= {START_LIMIT_S:g})")
        time.sleep(2)
        print(f"idle: {load_over(daemon, MEASURE_S):.2f} % of a core (wanted <= {IDLE_LIMIT:g})")
        moving, moves = moving_load(here, daemon, MEASURE_S)
        print(f"moving: {moving:.2f} % of a core over {moves} relocations (wanted <= {MOVING_LIMIT:g})")
        found = held_over(daemon, asked.minutes)
        resident = " ".join(f"{each.mib:.1f}" for each in found)
        print(f"resident: {resident} MiB over {asked.minutes:g} minutes of polling "
              f"(wanted <= {RSS_LIMIT_MIB}, growth {found[-1].mib - found[1].mib:+.1f})")
        files, threads = {each.files for each in found[1:]}, {each.threads for each in found[1:]}
        print(f"open files {sorted(files)}, threads {sorted(threads)} (wanted: one figure each); "
              f"log {(found[-1].log_bytes - found[1].log_bytes) / asked.minutes:.0f} bytes a minute at rest")


if __name__ == "__main__":
    main()
