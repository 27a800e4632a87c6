"""The disk of the tower's computer: its power goes, its syncs take long, it fails, it fills up, its bits rot.

The journal lies on real files. Beside them a `Platter` keeps what would be left of them without their cache: after a
power cut the files are what it says. Other files in the folder, such as another computer's journal, are not looked at.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sim_plc.rehearsal.file_layer import (
    CANTOPEN,
    FULL,
    IOERR,
    IOERR_FSYNC,
    IOERR_WRITE,
    OK,
    READONLY,
    Act,
    Kind,
    tapped,
)
from sim_plc.rehearsal.platter import Platter

JOURNAL: Final = "journal.sqlite"
LOG: Final = f"{JOURNAL}-wal"
_SHARED: Final = f"{JOURNAL}-shm"


@dataclass(frozen=True, slots=True, eq=False)
class Illness:
    """How a disk fails: the result code of each kind of act that does; ``growing``: only where a file gets longer."""

    codes: dict[Kind, int]
    growing: bool = False


def no_sync() -> Illness:
    """Return a disk on which syncs fail; what they were for counts as written, and never will be (Linux)."""
    return Illness({Kind.SYNC: IOERR_FSYNC})


def no_write() -> Illness:
    """Return a disk that takes no block any more."""
    return Illness({Kind.WRITE: IOERR_WRITE})


def full() -> Illness:
    """Return a disk without another free block: what is there already may still be written over."""
    return Illness({Kind.WRITE: FULL, Kind.CREATE: CANTOPEN}, growing=True)


def read_only() -> Illness:
    """Return a disk that the kernel has made read-only under its users."""
    return Illness(dict.fromkeys((Kind.WRITE, Kind.TRUNCATE, Kind.DELETE), READONLY) | {Kind.CREATE: CANTOPEN})


class Disk:
    """Holds the journal in ``folder``; use within `mounted`."""

    def __init__(self, folder: Path, rng: random.Random) -> None:
        self.refused = 0
        """How many acts have failed: of a disk that is ill, or a process that is gone."""
        self.harmed = False
        """Whether the journal is not what was written, since the last time somebody put that right."""
        self.sync_s: tuple[float, float] | None = None
        """How long each sync takes; None: no time."""
        self._waits: list[tuple[float, float]] = []
        """From when until when, in virtual time, whoever wrote had to wait for syncs; in order."""
        self.on_cut: Callable[[], None] = _nobody
        """Called when the fuse has burnt down; `cut` must follow at the same instant."""
        self._folder = folder
        self._rng = rng
        self._platter = Platter()
        self._ills: list[Illness] = []
        self._silent = False
        self._fuse = 0
        self._held: list[Act] | None = None
        """What was done since the first sync that takes its time; None: nothing takes any."""

    @contextmanager
    def mounted(self) -> Iterator[None]:
        """Follow what is done to the journal while the context is open."""
        self.look_again()
        with tapped(self._folder, self._tap):
            yield

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Let nothing be written while the context is open: whoever would is dead."""
        self._silent = True
        try:
            yield
        finally:
            self._silent = False

    def fall_ill(self, illness: Illness) -> None:
        """Fail from now on; of several illnesses the youngest that touches an act has its way."""
        self._ills.append(illness)

    def recover(self, illness: Illness) -> None:
        """Be rid of an illness."""
        self._ills.remove(illness)

    def light_fuse(self, acts: int) -> None:
        """Let the power go in the middle of a commit: before the act of this number from now on, from 1; 0: never."""
        self._fuse = acts

    @property
    def burnt(self) -> bool:
        """Whether the fuse has burnt down, and `cut` has not been called since."""
        return self._silent

    def begin(self) -> None:
        """Begin a piece of work: its syncs may take their time."""
        if self.sync_s is not None and self._held is None:
            self._held = []

    def takes_s(self) -> float:
        """Return how long the syncs of the work that has just been done take."""
        if not self._held:
            self._held = None
            return 0.0
        assert self.sync_s is not None
        syncs = sum(act.kind is Kind.SYNC for act in self._held)
        return sum(self._rng.uniform(*self.sync_s) for _ in range(syncs))

    def kept_waiting(self, from_s: float, until_s: float) -> None:
        """Take that whoever writes waits so long, behind all that waited before."""
        self._waits.append((from_s, until_s))

    def waited_s(self, from_s: float, until_s: float) -> float:
        """Return how much of a time somebody waited for syncs."""
        total_s = 0.0
        for begun_s, ended_s in reversed(self._waits):
            if ended_s <= from_s:
                break
            total_s += max(0.0, min(ended_s, until_s) - max(begun_s, from_s))
        return total_s

    def settle(self) -> None:
        """Let the syncs that took their time be over."""
        held, self._held = self._held, None
        for act in held or ():
            self._platter.take(act)

    def cut(self) -> tuple[str, ...]:
        """Lose the power: leave of the journal what is not lost with the cache. Return each file's name and length."""
        self._held = None
        left = self._platter.after_cut(self._rng)
        for file in self._files():
            file.unlink()
        for name, content in left.items():
            (self._folder / name).write_bytes(content)
        self._silent, self._fuse = False, 0
        self._platter = Platter.holding(left)
        return tuple(f"{name} {len(content)}" for name, content in left.items())

    def look_again(self) -> None:
        """Take what is there for durable: somebody has put it there by other ways than a journal's."""
        files = {file.name: file.read_bytes() for file in self._files() if file.name != _SHARED}
        self._platter = Platter.holding(files)

    def flip(self, name: str, share: float) -> bool:
        """Turn one bit of a file over, at a share (0 to 1) of its length; tell whether the file had any."""
        file = self._folder / name
        content = bytearray(file.read_bytes()) if file.exists() else bytearray()
        if not content:
            return False
        bit = min(int(share * len(content) * 8), len(content) * 8 - 1)
        content[bit // 8] ^= 1 << bit % 8
        file.write_bytes(content)
        self._spoil()
        return True

    def lose_log(self) -> bool:
        """Delete the write-ahead log; tell whether there was one with anything in it."""
        log = self._folder / LOG
        if not log.exists() or not log.stat().st_size:
            return False
        log.unlink()
        self._spoil()
        return True

    def move_away(self, name: str) -> None:
        """Give the journal another name, with all that belongs to it."""
        for file in self._files():
            file.rename(self._folder / file.name.replace(JOURNAL, name, 1))
        self.look_again()

    def _spoil(self) -> None:
        (self._folder / _SHARED).unlink(missing_ok=True)
        self.harmed = True
        self.look_again()

    def _files(self) -> list[Path]:
        """Return the journal's files in the order of their names; the lock is none."""
        return sorted(file for file in self._folder.glob(f"{JOURNAL}*") if _ours(file.name))

    def _tap(self, act: Act) -> int:
        if not _ours(act.name):
            return OK
        if self._fuse:
            self._fuse -= 1
            if not self._fuse:
                self._silent = True
                self.on_cut()
        code = self._code(act)
        if code != OK:
            self.refused += 1
            if act.kind is Kind.SYNC and not self._silent:
                self._platter.forget(act.name)
        elif self._held or (self._held is not None and act.kind is Kind.SYNC):
            self._held.append(act)
        else:
            self._platter.take(act)
        return code

    def _code(self, act: Act) -> int:
        """Return the result code of an act."""
        if self._silent:
            return IOERR
        for illness in reversed(self._ills):
            code = illness.codes.get(act.kind, OK)
            if code != OK and (not illness.growing or act.kind is not Kind.WRITE or self._grows(act)):
                return code
        return OK

    def _grows(self, act: Act) -> bool:
        file = self._folder / act.name
        return act.offset + len(act.data) > (file.stat().st_size if file.exists() else 0)


def _nobody() -> None:
    """Nobody waits for a fuse."""


def _ours(name: str) -> bool:
    return name in {JOURNAL, LOG, _SHARED, f"{JOURNAL}-journal"}
