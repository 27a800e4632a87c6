"""`cartower config check`: everything there is to say about a tower's file."""

import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

import click

from controller.cli.examples import shown
from controller.cli.exits import BAD_CONFIGURATION
from controller.cli.options import json_option, profile_option, set_option
from controller.cli.output import BAD, GOOD, ODD, emit_json, for_people, ink

if TYPE_CHECKING:
    from config.check import Report
    from config.faults import Fault

EXITS: Final = """\b
Exit codes:
  0   no fault; with --strict, no warning either
  2   wrong use of the command line
  5   faults, or warnings with --strict; a file that cannot be read is a fault
"""


@click.command(
    epilog=shown(
        "cartower config check guangzhou",
        "cartower config check my.toml --strict",
        "cartower config check my.toml --set bus.bays.baud=57600 --json",
        exits=EXITS,
    )
)
@click.argument("file")
@click.option("--strict", is_flag=True, help="Refuse warnings too.")
@profile_option
@set_option
@json_option
def check(file: str, profile: str | None, overrides: dict[str, str], *, strict: bool, as_json: bool) -> None:
    """Say everything there is to say about FILE, or a packaged tower's name such as guangzhou.

    Every fault is named at once, each with its line and column, its value and what is allowed: of keys and ranges,
    and of meaning. Warnings tell what is allowed and yet may be wrong, notes what is good to know. What is not TOML
    is the only fault that hides others.
    """
    from config.check import check as check_file

    report = check_file(file, profile=profile, overrides=overrides)
    refused = not report.ok or (strict and bool(report.warnings))
    if as_json:
        emit_json(report.to_json() | {"strict": strict, "refused": refused})
    else:
        print("\n".join(report_lines(report, strict=strict)))
    if refused:
        sys.exit(BAD_CONFIGURATION)


def report_lines(report: "Report", *, strict: bool) -> Iterator[str]:
    """Yield the report for a person: faults, warnings, notes, loads, and the verdict last."""
    from config.excerpt import lines_of

    sources = lines_of([*report.faults, *report.warnings]) if for_people() else {}
    for fault in report.faults:
        yield from _finding("fault", BAD, fault, sources)
    for warning in report.warnings:
        yield from _finding("fault" if strict else "warning", BAD if strict else ODD, warning, sources)
    for note in report.notes:
        yield f"note: {note}"
    for line in report.lines:
        yield (
            f"bus {line.bus} ({line.device}, {line.baud} Bd): polling takes {line.load:.1%} of the line at work, "
            f"{line.idle_load:.1%} idle; longest exchange {line.longest_s * 1000:.1f} ms"
        )
    yield _verdict(report, strict=strict)


def _finding(kind: str, colour: str, fault: "Fault", sources: Mapping[str, list[str]]) -> Iterator[str]:
    from config.excerpt import excerpt

    yield f"{ink(kind, colour, bold=True)}: {fault}"
    yield from excerpt(fault, sources)


def _verdict(report: "Report", *, strict: bool) -> str:
    faults = len(report.faults) + (len(report.warnings) if strict else 0)
    if faults:
        return ink(f"{faults} fault{'s' if faults != 1 else ''}", BAD, bold=True)
    rooms = f"{report.rooms} room{'s' if report.rooms != 1 else ''}"
    warnings = f", {len(report.warnings)} warning{'s' if len(report.warnings) != 1 else ''}" if report.warnings else ""
    return f"{report.name}: {ink('ok', GOOD, bold=True)}: {report.bays} bays, {rooms}{warnings}"
