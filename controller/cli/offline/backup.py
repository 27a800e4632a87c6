"""`cartower backup`: a copy of the journal, checked."""

from datetime import UTC, datetime
from pathlib import Path

import click

from controller.cli.examples import shown
from controller.cli.offline.objections import told
from controller.cli.options import JOURNAL, json_option, run_dir_option
from controller.cli.output import emit_json
from controller.store.copying import copy_journal
from controller.store.ownership import as_its_folder


@click.command(
    epilog=shown(
        "cartower backup",
        "cartower backup /media/usb --run-dir /var/lib/cartower",
        "cartower backup monday.sqlite --json",
    )
)
@click.argument("target", type=click.Path(path_type=Path), required=False)
@run_dir_option
@json_option
@told
def backup(target: Path | None, run_dir: Path, *, as_json: bool) -> None:
    """Copy the journal to TARGET, a new file or a folder; else into `backups` in the run directory.

    The daemon may go on meanwhile: the copy is one consistent state. It counts only once its pages and its whole
    chain were checked; of a journal that is damaged no copy is made. Note the line `hold` elsewhere: with it `cartower
    audit verify --holds` tells later whether the past was rewritten.
    """
    file = _file(run_dir / "backups" if target is None else target, made=target is None)
    report = copy_journal(run_dir / JOURNAL, file)
    if as_json:
        emit_json(
            {
                "file": str(file),
                "bytes": file.stat().st_size,
                "entries": report.entries,
                "last_hash": report.last_hash,
            }
        )
        return
    print(f"backup\t{file}")
    print(f"entries\t{report.entries}")
    print(f"hold\t{report.entries}:{report.last_hash}")


def _file(target: Path, *, made: bool) -> Path:
    """Return the file that a target means; ``made``: the folder is made if need be."""
    if made:
        target.mkdir(exist_ok=True)
        as_its_folder(target)
    if target.is_dir():
        return target / f"journal-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.sqlite"
    return target
