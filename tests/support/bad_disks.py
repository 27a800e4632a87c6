"""Disks that the kernel itself refuses: full, too large a file, and read-only. The errors are real, never played.

Where this process may mount, it is a file system of its own of a few megabytes: a tmpfs that is filled, or an ext4 that
finds itself damaged and writes nothing more while others have its files open, which is how a disk goes read-only under
a daemon (`mount -o remount,ro` is refused then). Where it may not, a limit on the length of files (EFBIG) stands for
both.
"""

import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SIZE_KB: Final = 4096
IMAGE_BYTES: Final = 16 << 20
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


@dataclass
class ReadOnlyDisk:
    """A folder whose disk can go read-only under those who write to it, and be mended once nobody does.

    ``image``: holds its ext4; None where a limit on each process stands for it.
    """

    folder: Path
    image: Path | None

    @property
    def kind(self) -> str:
        """What it is, for whoever reads the output of a test."""
        return "a limit on the length of files" if self.image is None else "ext4 on a loop device"

    def spoil(self, pid: int) -> None:
        """Let nothing be written any more; without a mount: by process ``pid``."""
        if self.image is None:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
            return
        device = Path(_done("findmnt", "--noheadings", "--output", "SOURCE", str(self.folder)).strip())
        Path(f"/sys/fs/ext4/{device.name}/trigger_fs_error").write_text("found damaged", "ascii")

    def mend(self) -> None:
        """Repair it as a boot does. Nobody may have a file open; a limit went with its process."""
        if self.image is not None:
            _done("umount", str(self.folder))
            _done("e2fsck", "-fy", str(self.image), fine=(0, 1))
            self.mount()

    def mount(self) -> None:
        """Let the folder be the disk."""
        _done("mount", "-o", "loop,errors=remount-ro", str(self.image), str(self.folder))


@contextmanager
def read_only_disk(folder: Path, *, may_mount: bool = True) -> Iterator[ReadOnlyDisk]:
    """Make a folder on a disk of its own, or, where that is not allowed, on the one that there is."""
    folder.mkdir()
    disk = ReadOnlyDisk(folder, _formatted(folder.with_suffix(".ext4")) if may_mount else None)
    if disk.image is not None:
        try:
            disk.mount()
        except AssertionError:
            disk.image = None
    try:
        yield disk
    finally:
        if disk.image is not None:
            _run("umount", "--lazy", str(folder))


def _formatted(image: Path) -> Path | None:
    """Return a file that holds an empty ext4; None where nobody may mount it."""
    if os.geteuid() != 0 or shutil.which("mkfs.ext4") is None:
        return None
    with image.open("wb") as file:
        file.truncate(IMAGE_BYTES)
    _done("mkfs.ext4", "-q", "-F", str(image))
    return image


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


def _done(*command: str, fine: tuple[int, ...] = (0,)) -> str:
    """Run a command that must succeed; return its output."""
    done = _run(*command)
    assert done.returncode in fine, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def _run(*command: str, limit: int | None = None) -> "subprocess.CompletedProcess[str]":
    """Run a command; ``limit``: the longest file that it may write, in bytes."""

    def narrow() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=narrow)
