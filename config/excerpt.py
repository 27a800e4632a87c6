"""The line of a file that a fault points at, with a mark below the spot."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from config.document import read_text
from config.faults import ConfigError, Fault

MAX_WIDTH = 100
"""Longer lines are cut: what matters then is the mark."""


def lines_of(faults: Iterable[Fault]) -> dict[str, list[str]]:
    """Return the lines of each file that faults point into; a file that cannot be read has none."""
    return {name: _lines(Path(name)) for name in {fault.file for fault in faults if fault.line}}


def excerpt(fault: Fault, lines: Mapping[str, list[str]]) -> list[str]:
    """Return the faulty line with its number and a mark below, or nothing where there is no such line."""
    text = lines.get(fault.file, [])
    if not 1 <= fault.line <= len(text) or fault.column > MAX_WIDTH:
        return []
    line = text[fault.line - 1]
    if not line.strip():
        return []
    before, rest = line[: fault.column - 1], line[fault.column - 1 :]
    # Tabs stay tabs, so that the mark stands below its spot whatever a tab is worth.
    blank = "".join(character if character == "\t" else " " for character in before)
    number = str(fault.line)
    return [f"  {number} | {line[:MAX_WIDTH]}", f"  {' ' * len(number)} | {blank}{'^' * _width(fault, rest)}"]


def _width(fault: Fault, rest: str) -> int:
    """Return how many characters of the line are to blame: the value, the key, or the one that is there."""
    if rest.startswith("[") and not fault.value:
        return rest.find("]") + 1 or 1
    for text in (fault.value, fault.key.rpartition(".")[2]):
        if text and rest.startswith(text):
            return len(text)
    return 1


def _lines(file: Path) -> list[str]:
    try:
        return read_text(file, str(file)).split("\n")
    except ConfigError:
        return []
