"""From all that was done to some files: what a disk may hold if the power goes at any instant.

What was synced is there. Of what was not, each sector of 512 bytes may be there, be missing, or be torn at any byte; a
file may have grown without its content; of the names made or removed since the folder was synced, a first part counts.
A write spoils no byte beside its own (SQLite asks for no more where it finds "powersafe overwrite", as on Linux).
"""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from sim_plc.rehearsal.file_layer import Act, Kind

SECTOR: Final = 512


@dataclass
class _Inode:
    durable: bytearray = field(default_factory=bytearray)
    pending: list[Act] = field(default_factory=list)
    """Writes and truncations since the last sync."""

    def sync(self) -> None:
        for act in self.pending:
            _apply(self.durable, act)
        self.pending.clear()


@dataclass
class Platter:
    """What a folder's disk holds for good, and beside it what its cache does, which goes with the power."""

    _names: dict[str, _Inode] = field(default_factory=dict)
    """As a running process sees them."""
    _durable: dict[str, _Inode] = field(default_factory=dict)
    _renamed: list[tuple[str, _Inode | None]] = field(default_factory=list)
    """Names made, and removed (None), since the folder was synced."""

    @classmethod
    def holding(cls, files: Mapping[str, bytes]) -> "Platter":
        """Return one with files on it for good: content by name."""
        there = {name: _Inode(bytearray(content)) for name, content in files.items()}
        return cls(there, dict(there))

    def take(self, act: Act) -> None:
        """Follow what was done."""
        match act.kind:
            case Kind.CREATE:
                self._names[act.name] = _Inode()
                self._renamed.append((act.name, self._names[act.name]))
            case Kind.DELETE:
                # SQLite deletes without asking whether the file is there.
                self._names.pop(act.name, None)
                self._renamed.append((act.name, None))
            case Kind.SYNC:
                self._names[act.name].sync()
            case Kind.SYNC_FOLDER:
                _rename(self._durable, self._renamed)
                self._renamed.clear()
            case Kind.WRITE | Kind.TRUNCATE:
                self._names[act.name].pending.append(act)

    def forget(self, name: str) -> None:
        """Fail a sync as Linux does: what was pending counts as written, is still read, and never reaches the disk."""
        self._names[name].pending.clear()

    def after_cut(self, chance: random.Random) -> dict[str, bytes]:
        """Return content by name as a power cut now may leave it."""
        names = dict(self._durable)
        _rename(names, self._renamed[: chance.randint(0, len(self._renamed))])
        kept = chance.choice((0.0, 1.0, chance.random()))
        return {name: _survivor(inode, kept, chance) for name, inode in names.items()}


def _rename(names: dict[str, _Inode], renamed: Iterable[tuple[str, _Inode | None]]) -> None:
    for name, inode in renamed:
        if inode is None:
            names.pop(name, None)
        else:
            names[name] = inode


def _survivor(inode: _Inode, kept: float, chance: random.Random) -> bytes:
    """Return a file of which each pending sector is kept with a probability."""
    content = bytearray(inode.durable)
    for act in inode.pending:
        if act.kind is Kind.TRUNCATE:
            if chance.random() < kept:
                _apply(content, act)
            continue
        if chance.random() < 0.5:
            content.extend(bytes(max(0, act.offset + len(act.data) - len(content))))
        for piece in _sectors(act):
            if chance.random() < kept:
                _apply(content, piece if chance.random() < 0.9 else _torn(piece, chance))
    return bytes(content)


def _sectors(act: Act) -> Iterable[Act]:
    end = act.offset + len(act.data)
    at = act.offset
    while at < end:
        border = min(end, (at // SECTOR + 1) * SECTOR)
        yield Act(Kind.WRITE, act.name, at, act.data[at - act.offset : border - act.offset])
        at = border


def _torn(piece: Act, chance: random.Random) -> Act:
    return Act(Kind.WRITE, piece.name, piece.offset, piece.data[: chance.randint(0, len(piece.data))])


def _apply(content: bytearray, act: Act) -> None:
    if act.kind is Kind.TRUNCATE:
        del content[act.offset :]
        content.extend(bytes(act.offset - len(content)))
    else:
        content.extend(bytes(max(0, act.offset - len(content))))
        content[act.offset : act.offset + len(act.data)] = act.data
