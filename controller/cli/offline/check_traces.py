"""The folder of traces as a line of `cartower doctor`: whether the next fault will leave one."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from controller.api.messages import ApiError
from controller.api.sync_client import SyncClient
from controller.cli.checks.finding import Finding, ok, warn
from controller.domain.refusal import Refusal
from controller.trace.folder import kept

MIB: Final = 1 << 20


def check_traces(folder: Path, socket: Path) -> Iterator[Finding]:
    """Check that traces can be written, as far as can be seen from here and as a running daemon tells."""
    trouble = _told(socket)
    if trouble:
        yield warn("traces", trouble, f"make room, and look at the owner and mode of {folder}; the tower does not wait")
        return
    try:
        traces = kept(folder)
    except OSError as error:
        yield warn("traces", str(error), f"look at the owner and mode of {folder}")
        return
    if folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
        yield warn("traces", f"{folder} may not be written by this user", f"sudo chown {os.getuid()} {folder}")
        return
    size = sum(each.bytes for each in traces) / MIB
    yield ok("traces", f"{len(traces)} kept, {size:.1f} MiB" if traces else "none yet")


def _told(socket: Path) -> str:
    """Return what a running daemon could not keep; nothing without one."""
    try:
        with SyncClient(socket) as client:
            return str(client.call("traces")["trouble"])
    except (ApiError, Refusal):  # no daemon, or one that knows no traces: the folder says enough
        return ""
