"""The folder that `cartower run --record` leaves: its files read, each plain or packed with gzip."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from config.schema import Tower

FORMAT: Final = 1

TOWER: Final = "tower.json"
JOURNAL: Final = "journal.sqlite"
RUN: Final = "run.jsonl"
PACKED: Final = ".gz"

Line = dict[str, Any]


class BadRecording(ValueError):
    """The folder holds no recording that this program can read."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What the folder holds."""

    tower: Tower
    journal: bytes | None
    """As the daemon found it; None: there was none."""
    owner: int
    wall_s: float
    """Wall time when the run began."""
    program: str
    lines: tuple[Line, ...]
    """In their order, the first one left out; see `controller.recording`."""


def read(folder: Path) -> Recording:
    """Read a recording.

    Raises:
        BadRecording: it is none.
        OSError: a file cannot be read.

    """
    tower, run = _bytes(folder / TOWER), _bytes(folder / RUN)
    if tower is None or run is None:
        raise BadRecording(f"{folder}: no recording: {TOWER} and {RUN} belong to it")
    lines = lines_of(run, str(folder / RUN))
    head = next(lines, {})
    if head.get("is") != "begin" or head.get("format") != FORMAT:
        raise BadRecording(f"{folder / RUN}: not in format {FORMAT}")
    try:
        described = Tower.model_validate_json(tower)
        whole = tuple(lines)
        return Recording(
            described, _bytes(folder / JOURNAL), head["owner"], head["wall_s"], head["program"], whole
        )
    except (KeyError, ValueError) as error:
        raise BadRecording(f"{folder}: {error}") from error


def lines_of(run: bytes, name: str) -> Iterator[Line]:
    """Yield the lines of a run, as far as they are whole.

    Raises:
        BadRecording: one is no line of JSON; ``name`` names the file.

    """
    # What follows the last line break was being written when the daemon was killed.
    whole = run[: run.rfind(b"\n") + 1]
    for number, line in enumerate(whole.splitlines(), start=1):
        try:
            yield json.loads(line)
        except ValueError as error:
            raise BadRecording(f"{name}:{number}: {error}") from error


def _bytes(file: Path) -> bytes | None:
    packed = file.with_name(file.name + PACKED)
    if file.exists():
        return file.read_bytes()
    return gzip.decompress(packed.read_bytes()) if packed.exists() else None
