"""The journal as one line of `cartower doctor`: walked from its first entry."""

from collections.abc import Iterator
from pathlib import Path

from controller.cli.checks.finding import Finding, fail, ok, warn
from controller.store.errors import JournalDamaged
from controller.store.reading import verify_file


def check_journal(file: Path) -> Iterator[Finding]:
    """Walk the whole chain of a journal. It may be in use: readers never wait for the writer."""
    if not file.exists():
        yield warn("journal", f"{file} is not there yet", "`cartower run` makes it")
        return
    try:
        report = verify_file(file)
    except JournalDamaged as error:
        yield fail("journal", str(error), "do not start the daemon: restore a backup, then count the cars by hand")
    except OSError as error:
        yield fail("journal", str(error), "look at the disk (`dmesg`), and at the owner and mode of the file")
    else:
        if report.damage:
            todo = "do not start the daemon: restore a backup, then count the cars by hand"
            yield fail("journal", "; ".join(report.damage), todo)
        else:
            yield ok("journal", f"{report.entries} entries, chain whole, last hash {report.last_hash[:16]}")
