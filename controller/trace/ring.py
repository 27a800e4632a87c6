"""The last minutes in a memory of fixed size: what the registers were at its beginning, and each change since.

Registers are compared as they were read; nothing is named or formatted here. A station's fast blocks lie one behind
another in one row of words. What counts by itself (heartbeat, snapshot counters) is no change.
"""

import math
from array import array
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from controller.domain.records import Asked, Record

LIMIT_BYTES: Final = 2 << 20
"""What a ring holds at most, as reckoned by the costs below. While a trace is being written there are two of them."""

CHANGE_BYTES: Final = 208
"""Of one change of a station's registers, beside its words: the objects, and the ring's own place for them."""

TOLD_BYTES: Final = 1000
"""Of anything else, which is taken as it is: a record of the journal, an event, a station's state."""

_BOOT_ID: Final = 0
_HEADER: Final = 3
"""Boot id, heartbeat and snapshot counter stand before a block's content, the counter again behind it."""

Words = Sequence[Sequence[int]]
"""The fast blocks of a station as they were read."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a station could be relied on from now on: a `hal.interfaces.StationState` by name."""

    station: int
    state: str
    detail: str


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a trace is kept: a word for programs and file names, and what a person reads."""

    kind: str
    text: str


Told = Standing | Cause | Record | Mapping[str, object]
"""What is no register: the last is an event of the board."""


@dataclass(frozen=True, slots=True)
class Change:
    """Registers of a station that have another value: offset and value, by turns, of unsigned 16 bits."""

    at_s: float
    station: int
    words: bytes

    def pairs(self) -> Iterator[tuple[int, int]]:
        """Yield the offset in the station's row of words and the new value."""
        flat = array("H", self.words)
        yield from zip(flat[::2], flat[1::2], strict=True)


@dataclass(frozen=True, slots=True)
class Note:
    """Something told at an instant of the loop's clock."""

    at_s: float
    told: Told


Entry = Change | Note


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A ring as it was at one instant: what was shown at its beginning, and all that followed, in order."""

    began_s: float
    words: tuple[tuple[int, ...], ...]
    """By station; empty where nothing had been read."""
    standings: tuple[Standing, ...]
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Take:
    """A trace as it was recorded. Loop's clock, and wall time at two instants of it: in between it may have jumped."""

    number: int
    cause: Cause
    at_s: float
    wall_s: float
    ended_s: float
    wall_ended_s: float
    excerpt: Excerpt


class Ring:
    """Keeps what is at most ``span_s`` old and fits; what leaves at the old end goes into the beginning's picture."""

    def __init__(self, stations: int, span_s: float, now_s: float, limit_bytes: int = LIMIT_BYTES) -> None:
        self.began_s = now_s
        """Since when everything is held."""
        self.bytes = 0
        """What the entries cost."""
        self._span_s = span_s
        self._held_from_s = math.inf
        self._limit_bytes = limit_bytes
        self._entries: deque[Entry] = deque()
        self._words: list[array[int]] = [array("H") for _ in range(stations)]
        self._standings = [Standing(at, "OFFLINE", "") for at in range(stations)]
        self._newest: list[Words] = [() for _ in range(stations)]

    def image(self, at_s: float, station: int, words: Words) -> None:
        """Take what a station shows now."""
        before = self._newest[station]
        if before and all(map(_shows_the_same, words, before)):
            return
        self._newest[station] = words
        changed = _changed(words, before)
        self._add(Change(at_s, station, changed), CHANGE_BYTES + len(changed))

    def note(self, at_s: float, told: Told) -> None:
        """Take anything else."""
        self._add(Note(at_s, told), _cost(told))

    def hold(self, now_s: float) -> None:
        """Keep from now on what is not too old now, as far as it fits."""
        self._prune(now_s)
        self._held_from_s = now_s - self._span_s

    def release(self) -> Excerpt:
        """Return what was held until now; what is too old may go again. The entries are shared."""
        self._held_from_s = math.inf
        words = tuple(tuple(row) for row in self._words)
        return Excerpt(self.began_s, words, tuple(self._standings), tuple(self._entries))

    def _prune(self, now_s: float) -> None:
        horizon_s = min(now_s - self._span_s, self._held_from_s)
        while self._entries and self._entries[0].at_s < horizon_s:
            self._drop()
        self.began_s = max(self.began_s, horizon_s)

    def _add(self, entry: Entry, cost: int) -> None:
        self._entries.append(entry)
        self.bytes += cost
        self._prune(entry.at_s)
        while self.bytes > self._limit_bytes:
            self.began_s = self._entries[0].at_s
            self._drop()

    def _drop(self) -> None:
        match self._entries.popleft():
            case Change(_, station, words) as change:
                self.bytes -= CHANGE_BYTES + len(words)
                self._redraw(station, change)
            case Note(_, told):
                self.bytes -= _cost(told)
                if isinstance(told, Standing):
                    self._standings[told.station] = told

    def _redraw(self, station: int, change: Change) -> None:
        """Bring the beginning's picture up to a change that is let go."""
        row = self._words[station]
        for offset, value in change.pairs():
            if offset >= len(row):
                row.extend([0] * (offset + 1 - len(row)))
            row[offset] = value


def _shows_the_same(block: Sequence[int], before: Sequence[int]) -> bool:
    return block[_BOOT_ID] == before[_BOOT_ID] and block[_HEADER:-1] == before[_HEADER:-1]


def _changed(words: Words, before: Words) -> bytes:
    """Return the registers that differ, as a `Change` holds them; all of them if nothing was read before."""
    found, start = array("H"), 0
    for number, block in enumerate(words):
        last = len(block) - 1
        for offset in _differing(block, before[number]) if before else range(len(block)):
            if offset == _BOOT_ID or _HEADER <= offset < last:
                found.append(start + offset)
                found.append(block[offset])
        start += len(block)
    return found.tobytes()


def _differing(block: Sequence[int], before: Sequence[int]) -> list[int]:
    return [offset for offset, (now, was) in enumerate(zip(block, before, strict=True)) if now != was]


def _cost(told: Told) -> int:
    return TOLD_BYTES + (len(told.request) if isinstance(told, Asked) else 0)
