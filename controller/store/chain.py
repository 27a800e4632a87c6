"""Entries and the chain of hashes that ties each to all before it. Pure.

The chain is plain SHA-256: it finds damage and careless edits; who can rewrite the whole file can rewrite the
chain too, unless its last hash is kept elsewhere.
"""

import hashlib
import json
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

GENESIS: Final = bytes(32)
"""The hash before the first entry."""


@dataclass(frozen=True, slots=True)
class Tail:
    """The last entry of a chain: its number (0: none yet) and hash."""

    id: int
    hash: bytes


START: Final = Tail(0, GENESIS)


@dataclass(frozen=True, slots=True)
class Sealed:
    """One entry as stored: ``at`` is wall time in seconds, ``text`` the canonical JSON of the body."""

    id: int
    at: float
    kind: str
    text: str
    prev: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as read: ``at`` is wall time in seconds since the epoch."""

    id: int
    at: float
    kind: str
    body: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What all entries up to and with ``entry_id`` amount to."""

    entry_id: int
    body: Mapping[str, object]


_ENCODER: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical(body: Mapping[str, object]) -> str:
    """Return the one JSON text of a body: sorted keys, no spaces.

    Raises:
        TypeError, ValueError: something that JSON cannot say exactly, a NaN among it.

    """
    text = _ENCODER.encode(body)
    text.encode()  # a lone surrogate is refused here, not by the database
    return text


def seal(tail: Tail, at: float, kind: str, text: str) -> Sealed:
    """Return the entry that follows ``tail``."""
    number = tail.id + 1
    return Sealed(number, at, kind, text, tail.hash, digest(number, at, kind, text, tail.hash))


def seal_all(tail: Tail, lines: Iterable[tuple[float, str, str]]) -> tuple[list[Sealed], Tail]:
    """Return the entries of ``lines`` (time, kind, text) that continue ``tail``, and the tail after them."""
    sealed = []
    for at, kind, text in lines:
        entry = seal(tail, at, kind, text)
        sealed.append(entry)
        tail = Tail(entry.id, entry.hash)
    return sealed, tail


def digest(number: int, at: float, kind: str, text: str, prev: bytes) -> bytes:
    """Return the hash of an entry: lengths are hashed too, so that no two entries read alike."""
    parts = kind.encode(errors="surrogateescape"), text.encode(errors="surrogateescape")
    head = struct.pack(">QdQQ", number, at, len(parts[0]), len(parts[1]))
    return hashlib.sha256(b"".join((prev, head, *parts))).digest()


def snapshot_digest(entry_id: int, text: str, entry_hash: bytes) -> bytes:
    """Return the hash that ties a snapshot to the entry it reaches."""
    number = struct.pack(">Q", entry_id)
    return hashlib.sha256(entry_hash + number + text.encode(errors="surrogateescape")).digest()


def breaks(entries: Iterable[Sealed], tail: Tail, head: Tail) -> Iterator[str]:
    """Yield what is wrong with ``entries`` that should lead from ``tail`` to ``head``."""
    for entry in entries:
        if entry.id != tail.id + 1:
            yield f"entry {tail.id + 1} is missing before entry {entry.id}"
        if entry.prev != tail.hash:
            yield f"entry {entry.id} does not follow the one before it"
        if entry.hash != digest(entry.id, entry.at, entry.kind, entry.text, entry.prev):
            yield f"entry {entry.id} was changed"
        tail = Tail(entry.id, entry.hash)
    if tail != head:
        yield f"the chain ends with entry {tail.id}, but entry {head.id} was written last"


def opened(entry: Sealed) -> Entry:
    """Return a stored entry as its reader wants it."""
    return Entry(entry.id, entry.at, entry.kind, json.loads(entry.text))
