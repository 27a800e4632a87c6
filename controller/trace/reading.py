"""Files of traces read again; `controller.trace.writing` says what stands in them. Knows no station and no daemon."""

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from controller.trace.folder import Kept, kept

KNOWN: Final = 1
"""The version of the format that is read here."""

NEWEST: Final = "last"

Line = Mapping[str, Any]


class TraceDamaged(ValueError):
    """A file is not what was written, or was written by a newer release."""


class NoSuchTrace(LookupError):
    """There is no trace of this number."""


@dataclass(frozen=True, slots=True)
class Trace:
    """A whole trace: its heading, its signals by name with what they showed at the beginning, and its entries."""

    heading: Line
    signals: Mapping[str, Line]
    entries: Sequence[Line]


def find(folder: Path, wanted: str) -> Kept:
    """Return a trace by its number, or the newest by ``last``.

    Raises:
        NoSuchTrace: there is none.
        OSError: the folder cannot be read.

    """
    traces = kept(folder)
    if wanted == NEWEST and traces:
        return traces[-1]
    number = int(wanted) if wanted.isascii() and wanted.isdigit() else -1
    for each in traces:
        if each.number == number:
            return each
    raise NoSuchTrace(f"there is no trace {wanted} in {folder}")


def heading(file: Path) -> Line:
    """Return the heading of a trace: the first line alone is read.

    Raises:
        TraceDamaged: it cannot be understood.
        OSError: the file cannot be read.

    """
    return _checked(file, next(every_line(file), {}))


def read(file: Path) -> Trace:
    """Read a whole trace.

    Raises:
        TraceDamaged: it is torn or changed.
        OSError: the file cannot be read.

    """
    lines = list(every_line(file))
    first = _checked(file, lines[0] if lines else {})
    if lines[-1] != {"what": "end", "lines": len(lines) - 1}:
        raise TraceDamaged(f"{file} is torn: {len(lines)} lines, and the last one is not its end")
    signals = {line["name"]: line for line in lines if line["what"] == "signal"}
    return Trace(first, signals, [line for line in lines[1:-1] if line["what"] != "signal"])


def _checked(file: Path, first: Line) -> Line:
    if first.get("what") != "trace":
        raise TraceDamaged(f"{file} does not begin as a trace does")
    if first["version"] != KNOWN:
        raise TraceDamaged(f"{file} is of version {first['version']}; this release reads version {KNOWN}")
    return first


def every_line(file: Path) -> Iterator[Line]:
    """Yield the lines of a trace as they stand, the last one included.

    Raises:
        TraceDamaged: one is none of a trace, or the file is torn.
        OSError: the file cannot be read.

    """
    with gzip.open(file, "rt", encoding="utf-8") as stream:
        try:
            for text in stream:
                yield _line(text)
        except (EOFError, zlib.error, gzip.BadGzipFile, ValueError) as error:
            raise TraceDamaged(f"{file} cannot be read to its end: {error}") from error


def _line(text: str) -> Line:
    """Read one line.

    Raises:
        ValueError: it is none of a trace.

    """
    line = json.loads(text)
    if not isinstance(line, dict) or "what" not in line:
        raise ValueError("a line is none of a trace")
    return line
