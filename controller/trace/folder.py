"""Files of traces: made under another name and renamed when they are whole, numbered, and only so many."""

import gzip
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

FOLDER_MODE: Final = 0o750
MODE: Final = 0o640
"""As the journal's: it tells who asked for what, and which car stands where."""

SUFFIX: Final = ".jsonl.gz"
PART: Final = ".part"
"""Of a file that is not whole: left by a daemon that was killed, removed by the next one that writes."""

_NAME: Final = re.compile(r"(\d{6,9})-\d{8}T\d{6}Z-[a-z]+\.jsonl\.gz")


@dataclass(frozen=True, slots=True)
class Limits:
    """How many traces are kept, and how many bytes they may take together."""

    traces: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A trace in the folder."""

    number: int
    file: Path
    bytes: int


class Sheet:
    """One trace on its way into the folder. Every call blocks, and raises OSError."""

    def __init__(self, folder: Path, number: int, kind: str, wall_s: float) -> None:
        """Name it: by its number, since clocks are set back, and for people by its time (UTC) and cause."""
        moment = datetime.fromtimestamp(wall_s, UTC)
        self.file = folder / f"{number:06}-{moment:%Y%m%dT%H%M%SZ}-{kind}{SUFFIX}"
        self._part = folder / f".{self.file.name}{PART}"
        self._wall_s = wall_s
        self._open = ExitStack()
        self._stream: gzip.GzipFile | None = None

    def open(self) -> None:
        """Make the folder and the unfinished file."""
        folder = self._part.parent
        folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
        for left in folder.glob(f".*{PART}"):
            left.unlink()
        handle = os.open(self._part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, MODE)
        raw = self._open.enter_context(os.fdopen(handle, "wb"))
        self._stream = self._open.enter_context(gzip.GzipFile(fileobj=raw, mode="wb", mtime=int(self._wall_s)))

    def add(self, lines: Iterable[str]) -> None:
        """Write lines."""
        assert self._stream is not None
        self._stream.write("".join(f"{line}\n" for line in lines).encode())

    def publish(self) -> None:
        """Finish it: now it is there, whole, and stays so through a power cut."""
        if self.file.exists():
            raise FileExistsError(f"{self.file} is there")
        self._open.close()
        _sync(self._part)
        self._part.replace(self.file)
        _sync(self.file.parent)

    def abandon(self) -> None:
        """Leave nothing of it behind, as far as the disk allows: it failed once already."""
        with suppress(OSError):
            self._open.close()
        with suppress(OSError):
            self._part.unlink(missing_ok=True)


def _sync(place: Path) -> None:
    """Wait until what a file or a folder holds is on the disk."""
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def kept(folder: Path) -> list[Kept]:
    """Return the traces in a folder, oldest first; none without a folder.

    Raises:
        OSError: it cannot be read.

    """
    return sorted(_kept(folder), key=lambda each: each.number)


def _kept(folder: Path) -> Iterator[Kept]:
    if not folder.exists():
        return
    for file in folder.iterdir():
        if found := _NAME.fullmatch(file.name):
            with suppress(FileNotFoundError):  # gone meanwhile: the daemon makes room
                yield Kept(int(found[1]), file, file.stat().st_size)


def highest_number(folder: Path) -> int:
    """Return the number of the newest trace, 0 if there is none.

    Raises:
        OSError: the folder cannot be read.

    """
    return max((each.number for each in kept(folder)), default=0)


def free_number(folder: Path, wanted: int) -> int:
    """Return a number, or a higher one if a trace has that or a higher one already.

    Raises:
        OSError: the folder cannot be read.

    """
    return max(wanted, highest_number(folder) + 1)


def make_room(folder: Path, limits: Limits) -> None:
    """Remove the oldest traces that are too many or take too much; the newest one stays.

    Raises:
        OSError: one cannot be removed.

    """
    traces = kept(folder)
    held = sum(each.bytes for each in traces)
    for at, each in enumerate(traces[:-1]):
        if len(traces) - at <= limits.traces and held <= limits.bytes:
            return
        each.file.unlink()
        held -= each.bytes
