"""Whoever looks after the computer: keeps copies of the journal, and puts one back when the journal is of no use."""

from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Final

from controller.store.copying import copy_journal
from controller.store.errors import JournalError
from controller.store.lock import FileLock
from controller.store.restoring import put_back
from sim_plc.rehearsal.disk import JOURNAL
from sim_plc.rehearsal.world import World

BY: Final = "0:caretaker"


class Caretaker:
    """Works on the files, as `cartower backup` and `cartower restore` do."""

    def __init__(self, world: World) -> None:
        self.did: Counter[str] = Counter()
        self._world = world
        self._copies: list[Path] = []

    def back_up(self) -> bool:
        """Copy the journal, whoever has it open; tell whether a copy came of it."""
        folder = self._world.folder / "backups"
        folder.mkdir(exist_ok=True)
        copy = folder / f"{len(self._copies):04}.sqlite"
        try:
            copy_journal(self._world.folder / JOURNAL, copy)
        except (JournalError, OSError):
            self.did["no copy"] += 1
            return False
        self._copies.append(copy)
        self.did["copied"] += 1
        return True

    def restore(self) -> bool:
        """Put the newest copy in the journal's place; without one put the journal aside. No daemon may run.

        Return whether it was done: a disk that takes nothing leaves all as it was.
        """
        world, journal = self._world, self._world.folder / JOURNAL
        assert world.down
        with closing(_Locked(journal)):
            try:
                self._replace(journal)
            except OSError:
                self.did["not restored"] += 1
                return False
        world.computer.replaced()
        world.note("restored", len(self._copies))
        return True

    def _replace(self, journal: Path) -> None:
        if self._copies:
            put_back(self._copies[-1], journal, self._stamp_s(), BY)
            self.did["restored"] += 1
        else:
            self._world.computer.disk.move_away(f"{JOURNAL}.spoilt-{self.did['put aside']}")
            self.did["put aside"] += 1

    def _stamp_s(self) -> float:
        """Return the wall time; the kept journal is named after its second, of which no two may be the same."""
        return self._world.computer.clock() + self.did["restored"]


class _Locked:
    """Holds a journal against daemons until it is closed."""

    def __init__(self, journal: Path) -> None:
        self._lock = FileLock(journal.with_name(journal.name + ".lock"))

    def close(self) -> None:
        self._lock.release()
