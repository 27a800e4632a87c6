"""How commands print: aligned and lightly coloured on a terminal, plain tab-separated lines into a pipe, or JSON."""

import json
import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import click

from controller.cli.cells import left, width

GOOD: Final = "green"
ODD: Final = "yellow"
BAD: Final = "red"

GAP: Final = "  "
LEAST_WRAP: Final = 16
"""A last column narrower than this is left to the terminal."""


def for_people() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout.isatty()


def is_dumb() -> bool:
    """Whether the terminal knows no more than a printer."""
    return os.environ.get("TERM", "dumb") == "dumb"


def ink(text: str, colour: str | None = None, *, bold: bool = False, dim: bool = False, reverse: bool = False) -> str:
    """Return a text in colour, if standard output is a terminal that wants it (https://no-color.org)."""
    if not for_people() or os.environ.get("NO_COLOR") or is_dumb():
        return text
    return click.style(text, fg=colour, bold=bold or None, dim=dim or None, reverse=reverse or None)


def emit_json(body: Mapping[str, object]) -> None:
    """Print one JSON object: indented on a terminal, one line into a pipe."""
    print(json.dumps(body, ensure_ascii=False, indent=2 if for_people() else None))


def emit_table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str, spare: int = 0) -> None:
    """Print a table; without rows a terminal is told ``empty``, and a pipe gets the headers alone.

    A terminal that is too narrow is not shown the last ``spare`` columns, or as many of them as need be.
    """
    lines = [tuple(headers), *map(tuple, rows)]
    if not for_people():
        print("\n".join("\t".join(line) for line in lines))
        return
    if len(lines) == 1:
        print(empty)
        return
    columns = shutil.get_terminal_size().columns
    aligned = align(_wrapped(_narrowed(lines, columns, spare), columns))
    print(ink(aligned[0], bold=True))
    print("\n".join(aligned[1:]))


def _narrowed(lines: Sequence[Sequence[str]], columns: int, spare: int) -> Sequence[Sequence[str]]:
    """Leave out last columns, at most ``spare``, as long as the table is wider than the terminal."""
    for _ in range(spare):
        widths = [max(width(cell) for cell in column) for column in zip(*lines, strict=True)]
        if sum(widths) + len(GAP) * (len(widths) - 1) <= columns:
            break
        lines = [line[:-1] for line in lines]
    return lines


def _wrapped(lines: Sequence[Sequence[str]], columns: int) -> list[Sequence[str]]:
    """Break the last column into further lines where the table is wider than the terminal."""
    others = [max(width(cell) for cell in column) for column in zip(*lines, strict=True)][:-1]
    room = columns - sum(others) - len(GAP) * len(others)
    if room < LEAST_WRAP:
        return list(lines)
    broken: list[Sequence[str]] = []
    for *cells, last in lines:
        styled = click.unstyle(last) != last
        first, *more = [last] if styled or width(last) <= room else textwrap.wrap(last, room)
        broken.append((*cells, first))
        broken += [(*[""] * len(cells), rest) for rest in more]
    return broken


def align(lines: Sequence[Sequence[str]]) -> list[str]:
    """Return lines with their columns aligned to the left; styled texts count without their style."""
    widths = [max(width(cell) for cell in column) for column in zip(*lines, strict=True)]
    return [GAP.join(map(left, line, widths)).rstrip() for line in lines]
