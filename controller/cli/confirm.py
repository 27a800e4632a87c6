"""Asking before something moves: on a terminal a question, elsewhere a refusal. A stop is never asked about."""

import shutil
import sys
import textwrap
from collections.abc import Iterable

import click

from controller.cli.exits import NOT_CONFIRMED, fail

yes_option = click.option("--yes", "-y", is_flag=True, help="Go on without being asked.")


def can_ask() -> bool:
    """Whether a person sits at both ends of a question."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def say(lines: Iterable[str]) -> None:
    """Say something on standard error, where questions are asked; lines are broken to the terminal's width."""
    print("\n".join(broken for line in lines for broken in _broken(line)), file=sys.stderr)


def go_ahead(lines: Iterable[str]) -> None:
    """Say on standard error what will move, and ask; returns only after a yes, else exits `NOT_CONFIRMED`."""
    say(lines)
    if not can_ask():
        fail(NOT_CONFIRMED, "not confirmed: there is no terminal to ask at. The tower was not asked; --yes goes on.")
    try:
        agreed = click.confirm("Go on?", default=False, err=True)
    except click.Abort:
        print(file=sys.stderr)
        agreed = False
    if not agreed:
        fail(NOT_CONFIRMED, "not confirmed: the tower was not asked")


def _broken(line: str) -> list[str]:
    """Return a line broken to the terminal's width, each part indented like its beginning and a little more."""
    indent = line[: len(line) - len(line.lstrip())]
    return textwrap.wrap(line, shutil.get_terminal_size().columns, subsequent_indent=f"{indent}  ") or [""]
