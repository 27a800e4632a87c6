"""The run directory: room, the time that a durable write takes, the socket and the journal."""

import os
import socket
import stat
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from controller.cli.checks.finding import Finding, fail, ok, warn
from controller.cli.checks.owners import group_name

MIB: Final = 1 << 20
LEAST_FREE: Final = 64 * MIB
"""Below this the journal may not get through a day."""
GOOD_FREE: Final = 1024 * MIB

GOOD_FSYNC_S: Final = 0.03
"""Each step of a move waits for one durable write."""
MOST_FSYNC_S: Final = 0.5
WRITES: Final = 5
WRITE_BYTES: Final = 4096

PATH_BYTES: Final = 107
"""Longest path of a socket (unix(7): 108 bytes with the closing 0)."""

SOCKET_MODE: Final = 0o660


def check_run_dir(run_dir: Path) -> Iterator[Finding]:
    """Check that the daemon can keep its state there."""
    what = "run directory"
    if not run_dir.is_dir():
        yield warn(what, f"{run_dir} is not there", "`cartower run` makes it; or name another with --run-dir")
        return
    if not os.access(run_dir, os.W_OK | os.X_OK):
        todo = f"run as the user of the daemon, or: sudo chown {os.getuid()} {run_dir}"
        yield fail(what, f"{run_dir} may not be written by this user", todo)
        return
    yield ok(what, str(run_dir.absolute()))
    disk = os.statvfs(run_dir)
    yield free_space(disk.f_bavail * disk.f_frsize)
    try:
        yield write_time(fsync_times_s(run_dir))
    except OSError as error:
        seen = f"nothing can be written: {error.strerror or error}"
        yield fail("durable write", seen, "make room if the disk is full, else look at `dmesg` and replace it")


def free_space(free: int) -> Finding:
    """Judge so many free bytes."""
    shown = f"{free / MIB:,.0f} MiB free"
    if free < LEAST_FREE:
        return fail("disk", shown, "make room now: without it the journal fails and the tower stops")
    if free < GOOD_FREE:
        return warn("disk", shown, "make room: move old backups and logs away")
    return ok("disk", shown)


def write_time(times_s: list[float]) -> Finding:
    """Judge how long durable writes took."""
    median, worst = statistics.median(times_s), max(times_s)
    shown = f"median {1000 * median:.1f} ms, worst of {len(times_s)} {1000 * worst:.1f} ms"
    if median > MOST_FSYNC_S:
        return fail("durable write", shown, "the disk is failing or overloaded: look at `dmesg` and replace it")
    if median > GOOD_FSYNC_S:
        return warn("durable write", shown, "every step of a move waits for it: use an SSD with power-loss protection")
    return ok("durable write", shown)


def fsync_times_s(run_dir: Path) -> list[float]:
    """Write and sync a few blocks beside the journal; return how long each took."""
    times = []
    with tempfile.TemporaryFile(dir=run_dir) as file:
        for _ in range(WRITES):
            began = time.perf_counter()
            file.write(bytes(WRITE_BYTES))
            file.flush()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - began)
    return times


def check_socket(path: Path) -> Iterator[Finding]:
    """Check the daemon's socket: its name, who may use it, and whether anybody listens."""
    what = "socket"
    if len(os.fsencode(path.absolute())) > PATH_BYTES:
        yield fail(what, f"{path.absolute()} is longer than {PATH_BYTES} bytes", "use a shorter run directory")
        return
    try:
        mode = path.stat().st_mode
    except OSError:
        yield warn(what, f"{path}: no daemon runs here", "start it: `cartower run --config TOWER`")
        return
    if not stat.S_ISSOCK(mode):
        yield fail(what, f"{path} is no socket", f"move it away: mv {path} {path}.old")
        return
    if stat.S_IMODE(mode) != SOCKET_MODE:
        seen = f"{path} has mode {stat.S_IMODE(mode):o}, not {SOCKET_MODE:o}"
        yield warn(what, seen, f"somebody has changed it: chmod {SOCKET_MODE:o} {path}")
    yield _answering(path)


def _answering(path: Path) -> Finding:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.settimeout(1.0)
            probe.connect(str(path))
        except PermissionError:
            group = group_name(path.stat().st_gid)
            return fail("socket", f"{path}: no leave", f"join its group: sudo usermod -aG {group} $USER")
        except ConnectionRefusedError:
            return warn("socket", f"{path}: left behind, nobody listens", "start the daemon: `cartower run`")
        except OSError as error:
            return fail("socket", f"{path}: {error.strerror or error}", "look at the daemon's log")
    return ok("socket", f"{path}: a daemon listens")
