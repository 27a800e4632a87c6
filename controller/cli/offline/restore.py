"""`cartower restore`: a backup in the journal's place, with every certainty taken from it."""

import getpass
import os
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from controller.cli.confirm import go_ahead, yes_option
from controller.cli.examples import shown
from controller.cli.offline.objections import told
from controller.cli.options import JOURNAL, json_option, run_dir_option
from controller.cli.output import emit_json
from controller.store.errors import JournalDamaged
from controller.store.lock import FileLock
from controller.store.ownership import as_its_folder
from controller.store.reading import last_of, verify_file
from controller.store.restoring import Restored, put_back, when

NEXT: Final = (
    "start the daemon: `cartower run`",
    "stations that know later commands stand FROZEN: make sure that no other daemon is there, then `cartower adopt`",
    "look which car stands where, then `cartower inventory import FILE`",
    "`cartower unit reset` and `cartower unit start`; before them `cartower unit clear`, if the unit stands ABORTED",
)


@click.command(
    epilog=shown(
        "cartower restore .run/backups/journal-20270101T030000Z.sqlite",
        "cartower restore monday.sqlite --run-dir /var/lib/cartower --yes",
    )
)
@click.argument("backup", type=click.Path(dir_okay=False, path_type=Path))
@yes_option
@run_dir_option
@json_option
@told
def restore(backup: Path, run_dir: Path, *, yes: bool, as_json: bool) -> None:
    """Put BACKUP in the place of the journal. Refused while a daemon runs.

    The old journal is kept beside the new one. The world has moved on since the backup: every place becomes
    unverified, and jobs that had not ended are closed. Then the tower is adopted and its inventory stated anew.
    """
    report = verify_file(backup)
    if report.damage:
        raise JournalDamaged(f"{backup}: {'; '.join(report.damage)}")
    run_dir.mkdir(parents=True, exist_ok=True)
    journal = run_dir / JOURNAL
    with closing(_Locked(journal)):
        if not yes:
            go_ahead(_what_will_be(backup, journal))
        done = put_back(backup, journal, datetime.now(UTC).timestamp(), f"{os.getuid()}:{_user()}")
    _tell(done, journal, as_json=as_json)


class _Locked:
    """Holds a journal against daemons until it is closed."""

    def __init__(self, journal: Path) -> None:
        file = journal.with_name(journal.name + ".lock")
        self._lock = FileLock(file)
        as_its_folder(file)

    def close(self) -> None:
        self._lock.release()


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in a container
        return "?"


def _what_will_be(backup: Path, journal: Path) -> list[str]:
    return [
        f"The journal {journal} ({_extent(journal)}) is replaced by the backup {backup} ({_extent(backup)}).",
        "  The old one is kept beside it. Every place becomes unverified, and jobs that had not ended are closed.",
    ]


def _extent(journal: Path) -> str:
    """Return how far a journal reaches, as far as it can be told."""
    if not journal.exists():
        return "not there"
    try:
        last = last_of(journal)
    except (JournalDamaged, OSError) as error:
        return f"cannot be read: {error}"
    return "empty" if last is None else f"{last.id} entries until {when(last.at)}"


def _tell(done: Restored, journal: Path, *, as_json: bool) -> None:
    if as_json:
        emit_json(
            {
                "journal": str(journal),
                "kept": None if done.aside is None else str(done.aside),
                "entries": done.entries,
                "unverified": done.unverified,
                "closed_jobs": list(done.closed),
                "next": list(NEXT),
            }
        )
        return
    print(f"restored\t{done.entries} entries in {journal}")
    if done.aside is not None:
        print(f"kept\t{done.aside}")
    print(f"unverified\t{done.unverified} places")
    if done.closed:
        print(f"closed\tjobs {', '.join(map(str, done.closed))}")
    for step in NEXT:
        print(f"next\t{step}")
