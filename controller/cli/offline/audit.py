"""`cartower audit`: prove that a journal is what was written."""

import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from controller.cli.examples import shown
from controller.cli.exits import OTHERWISE
from controller.cli.lazy import Group
from controller.cli.offline.objections import told
from controller.cli.options import JOURNAL, json_option, run_dir_option
from controller.cli.output import BAD, GOOD, emit_json, ink
from controller.store.errors import JournalDamaged
from controller.store.reading import hash_of, last_of, verify_file

if TYPE_CHECKING:
    from controller.store.chain import Entry

Seal = tuple[int, str]
"""Number of an entry, and the beginning of its hash."""

_SEAL: Final = re.compile(r"([0-9]{1,18}):([0-9a-f]{8,})")
"""A number as large as a database counts to."""


def _seal(_ctx: click.Context, _param: click.Parameter, value: str | None) -> Seal | None:
    """Read ENTRY:HASH."""
    if value is None:
        return None
    found = _SEAL.fullmatch(value.lower())
    if found is None:
        raise click.BadParameter(f"{value!r} is not ENTRY:HASH with at least 8 hexadecimal digits")
    return int(found[1]), found[2]


@click.group(cls=Group, epilog=shown("cartower audit verify"))
def audit() -> None:
    """Prove that the journal is what was written."""


@audit.command(
    epilog=shown(
        "cartower audit verify",
        "cartower audit verify journal-20270101T030000Z.sqlite",
        "cartower audit verify --holds 1207:9f86d081884c7d65 --json",
    )
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option(
    "--holds",
    metavar="ENTRY:HASH",
    callback=_seal,
    help="Check, too, that an entry still has the hash that was noted elsewhere.",
)
@run_dir_option
@json_option
@told
def verify(file: Path | None, holds: Seal | None, run_dir: Path, *, as_json: bool) -> None:
    """Walk the whole chain of FILE, else of the journal in the run directory; the daemon may be up or down.

    Finds damage, and any edit by somebody who did not make the chain anew. Against who did, note number and hash of
    the last entry elsewhere now and then, and ask for them with --holds. Exits 4 if anything is not as it was written.
    """
    journal = run_dir / JOURNAL if file is None else file
    report = verify_file(journal)
    damage = [*report.damage, *_lost(journal, holds)]
    last = None if damage else last_of(journal)
    if as_json:
        at = None if last is None else _when(last)
        emit_json(
            {
                "ok": not damage,
                "file": str(journal),
                "entries": report.entries,
                "last_hash": report.last_hash,
                "last_at": at,
                "damage": damage,
            }
        )
    else:
        for text in damage:
            print(f"{ink('damaged', BAD, bold=True)}\t{text}")
        if not damage:
            print(f"{ink('whole', GOOD, bold=True)}\t{report.entries} entries{'' if last is None else _until(last)}")
            print(f"hold\t{report.entries}:{report.last_hash}")
    if damage:
        sys.exit(OTHERWISE)


def _lost(journal: Path, holds: Seal | None) -> list[str]:
    if holds is None:
        return []
    number, digits = holds
    try:
        found = hash_of(journal, number)
    except JournalDamaged as error:
        return [str(error)]
    return [] if found.startswith(digits) else [f"entry {number} has the hash {found[:16]}, not {digits[:16]}"]


def _when(entry: "Entry") -> str:
    return datetime.fromtimestamp(entry.at, UTC).isoformat(timespec="seconds")


def _until(entry: "Entry") -> str:
    return f", the last of {_when(entry)}"
