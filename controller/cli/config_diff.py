"""`cartower config diff`: what differs between two towers, and whether their PLCs need another program."""

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import click

from controller.cli.examples import shown
from controller.cli.exits import BAD_CONFIGURATION, fail
from controller.cli.options import json_option
from controller.cli.output import BAD, GOOD, emit_json, emit_table, ink

if TYPE_CHECKING:
    from config.difference import Difference, Programs
    from config.schema import Tower

DIFFERENT: Final = 1

EXITS: Final = """\b
Exit codes:
  0   done
  1   with --exit-code: they differ
  2   wrong use of the command line
  5   faults in one of the two
"""


@click.command(
    epilog=shown("cartower config diff guangzhou my.toml", "cartower config diff old.toml new.toml --json", exits=EXITS)
)
@click.argument("old")
@click.argument("new")
@click.option("--exit-code", is_flag=True, help="Exit with 1 if they differ.")
@json_option
def diff(old: str, new: str, *, exit_code: bool, as_json: bool) -> None:
    """Say what differs between two towers, OLD and NEW: files or packaged names.

    Their meaning is compared, not their text: profiles, defaults and calibrations are filled in first. The end
    tells whether PLCs that were programmed for OLD need another program for NEW.
    """
    from config.difference import difference

    found = difference(_tower(old), _tower(new))
    if as_json:
        emit_json(found.to_json())
    else:
        _print(found)
    if exit_code and found.changes:
        sys.exit(DIFFERENT)


def _tower(file: str) -> "Tower":
    from config.faults import ConfigError
    from config.load import load_tower

    try:
        return load_tower(file)
    except ConfigError as error:
        fail(BAD_CONFIGURATION, str(error))


def _print(found: "Difference") -> None:
    rows = [(one.key, one.old or "-", one.new or "-", one.unit, one.concerns) for one in found.changes]
    emit_table(("key", "old", "new", "unit", "concerns"), rows, empty="no difference")
    print("\n".join(verdict(found)))


def verdict(found: "Difference") -> Iterator[str]:
    """Yield what the PLCs need, in words."""
    if not found.programs.needed:
        count = sum(one.concerns.endswith("parameters") for one in found.changes)
        more = "" if not count else f"; {count} parameters of machine or drives change"
        if count == 1:
            more = "; 1 parameter of machine or drives changes"
        yield ink("the PLC programs stay as they are", GOOD, bold=True) + more
        return
    yield ink("the PLCs need a new program or table:", BAD, bold=True)
    yield from (f"  {reason}" for reason in _reasons(found.programs))


def _reasons(programs: "Programs") -> Iterator[str]:
    if programs.identity_changed:
        yield "every station: another tower id"
    if programs.map_changed:
        yield f"another register map: {_some(programs.map_changed)}"
    if programs.stations_added:
        yield f"new stations: {_some(programs.stations_added)}"
    if programs.stations_removed:
        yield f"stations that go: {_some(programs.stations_removed)}"
    if programs.table_changed:
        counts = (
            f"{len(places)} {what}"
            for places, what in (
                (programs.places_added, "added"),
                (programs.places_removed, "removed"),
                (programs.places_moved, "moved"),
            )
            if places
        )
        yield f"every station: another place table ({', '.join(counts) or 'its tolerances'})"
    if programs.constants_changed:
        yield "every station: other times of [machine.plc]"


def _some(names: Sequence[str]) -> str:
    text = ", ".join(names[:6])
    return f"{text} and {len(names) - 6} more" if len(names) > 6 else text
