"""Disks that the kernel itself refuses: full, too large a file, and read-only. The errors are real, never played.

Where this process may mount, it is a tmpfs of its own of a few megabytes; where it may not, a limit on the length of
files (EFBIG) stands for both.
"""

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SIZE_KB: Final = 4096
BLOCK: Final = 4096
BALLAST: Final = "ballast"


@dataclass(frozen=True)
class BadDisk:
    """A folder whose disk can be made bad and mended while others use it."""

    folder: Path
    mounted: bool

    def fill(self, pid: int) -> None:
        """Leave no room for another block; without a mount: none for process ``pid``."""
        if not self.mounted:
            longest = max(file.stat().st_size for file in self.folder.rglob("*-wal"))
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (longest + BLOCK // 2, resource.RLIM_INFINITY))
            return
        with (self.folder / BALLAST).open("ab", buffering=0) as ballast, suppress(OSError):
            while True:
                ballast.write(bytes(BLOCK))

    def make_room(self) -> None:
        """Take the ballast away; a limit went with its process."""
        (self.folder / BALLAST).unlink(missing_ok=True)

    def run_on_read_only(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run a command while nobody may write; meanwhile nobody else may have a file open for writing."""
        if not self.mounted:
            return _run(*command, limit=0)
        _run("mount", "-o", "remount,ro", str(self.folder))
        try:
            return _run(*command)
        finally:
            _run("mount", "-o", "remount,rw", str(self.folder))


@contextmanager
def bad_disk(folder: Path, *, may_mount: bool = True) -> Iterator[BadDisk]:
    """Make a folder on a disk of its own, or, where that is not allowed, on the one that there is."""
    folder.mkdir()
    mounted = may_mount and _mounted(folder)
    disk = BadDisk(folder, mounted)
    try:
        yield disk
    finally:
        if mounted:
            _run("umount", "--lazy", str(folder))


def _mounted(folder: Path) -> bool:
    if os.geteuid() != 0:
        return False
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_KB}k", "tmpfs", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _run(*command: str, limit: int | None = None) -> "subprocess.CompletedProcess[str]":
    """Run a command; ``limit``: the longest file that it may write, in bytes."""

    def narrow() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=narrow)
