"""Hears everything that happens at the tower, and hands on the minutes around a fault."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

from controller.domain.records import Record
from controller.domain.refusal import Refusal
from controller.trace import causes
from controller.trace.ring import Cause, Ring, Standing, Take, Words
from controller.trace.shelf import Shelf

log = structlog.get_logger(__name__)

MOST: Final = 12
"""Traces that causes of their own accord may begin within `MOST_S`: a contact that chatters all night must not push
the trace of its first time out of the folder."""

MOST_S: Final = 3600.0

SAFETY_WORD: Final = 6
"""Offset of the safety word in the first fast block; every station's begins alike."""

TOLD: Final = frozenset({"room_state", "job_done", "jog"})
"""Events of the board that no journal keeps; stations are heard of themselves."""


@dataclass(frozen=True, slots=True)
class Span:
    """How far a trace goes back from its cause, and on behind it."""

    before_s: float
    after_s: float


@dataclass(slots=True)
class _Open:
    number: int
    cause: Cause
    at_s: float
    wall_s: float
    timer: asyncio.TimerHandle
    causes: set[Cause] = field(default_factory=set)


class Recorder:
    """Serves `controller.runtime.tracing.Traces`. Everything is called on the loop, at once, and waits for nothing.

    Causes within one span are one trace, which the first of them names.
    """

    def __init__(self, stations: Sequence[str], span: Span, now: Callable[[], float], shelf: Shelf | None) -> None:
        """Take the stations' names, the tower's first; ``now`` is wall time. ``shelf`` None: nothing is recorded."""
        self.stations = stations
        self._span = span
        self._now = now
        self._shelf = shelf
        self._loop = asyncio.get_running_loop()
        self._ring = Ring(len(stations), span.before_s, self._loop.time())
        self._states = ["" for _ in stations]
        self._safety = 0
        self._open: _Open | None = None
        self._begun_s: deque[float] = deque(maxlen=MOST)
        self._left_out = 0

    @property
    def on(self) -> bool:
        """Whether anything is recorded."""
        return self._shelf is not None

    def image(self, station: int, words: Words) -> None:
        """Take what a station, by its place among the names, shows."""
        now_s = self._loop.time()
        self._ring.image(now_s, station, words)
        if station == 0 and words[0][SAFETY_WORD] != self._safety:
            before, self._safety = self._safety, words[0][SAFETY_WORD]
            self._look(now_s, causes.of_safety(before, self._safety))

    def standing(self, station: int, state: str, detail: str) -> None:
        """Take how far a station can be relied on now."""
        now_s, told = self._loop.time(), Standing(station, state, detail)
        self._ring.note(now_s, told)
        before, self._states[station] = self._states[station], state
        self._look(now_s, causes.of_standing(self.stations[station], before, told))

    def record(self, record: Record) -> None:
        """Take what the journal is given."""
        now_s = self._loop.time()
        self._ring.note(now_s, record)
        self._look(now_s, causes.of_record(record))

    def event(self, event: Mapping[str, object]) -> None:
        """Take what the board tells."""
        now_s = self._loop.time()
        if event.get("event") in TOLD:
            self._ring.note(now_s, event)
        self._look(now_s, causes.of_event(event))

    def save(self, why: str) -> Mapping[str, object]:
        """Keep a trace of now; see `controller.domain.events.SaveTrace`.

        Raises:
            Refusal: TRACE_OFF.

        """
        if self._shelf is None:
            raise Refusal("TRACE_OFF", "no traces are kept here: trace.before_s of the configuration is 0")
        now_s = self._loop.time()
        opened = self._begin(now_s, self._shelf, Cause(causes.BY_HAND, why))
        left_s = opened.timer.when() - now_s
        return {"trace": opened.number, "ready_in_s": round(max(left_s, 0.0), 1)}

    def picture(self) -> Mapping[str, object]:
        """Return whether it records, what it keeps, and what it could not keep."""
        return {
            "on": self.on,
            "before_s": self._span.before_s,
            "after_s": self._span.after_s,
            "held_s": round(self._loop.time() - self._ring.began_s, 1) if self.on else 0.0,
            "bytes": self._ring.bytes,
            "open": None if self._open is None else self._open.number,
            "writing": self._shelf is not None and self._shelf.busy,
            "written": 0 if self._shelf is None else self._shelf.written,
            "lost": 0 if self._shelf is None else self._shelf.lost,
            "left_out": self._left_out,
            "trouble": "" if self._shelf is None else self._shelf.trouble,
        }

    def ending(self, moving: Sequence[str]) -> None:
        """Take the daemon's end in order, and what moves at this instant."""
        if moving:
            text = f"the daemon ends while something moves: {', '.join(moving)}"
            self._look(self._loop.time(), Cause(causes.ENDED, text))

    async def close(self) -> None:
        """Write the trace that is open, behind one that is being written; give up on a disk that takes neither soon."""
        if self._shelf is None:
            return
        if self._open is not None:
            self._open.timer.cancel()
        await self._shelf.drain()
        if self._open is not None:
            self._open.timer.cancel()
            self._finish()
            await self._shelf.drain()

    def _look(self, now_s: float, cause: Cause | None) -> None:
        """Begin a trace if there is a cause for one, and not too many have begun of late."""
        if cause is None or self._shelf is None:
            return
        if self._open is None and self._too_many(now_s):
            self._left_out += 1
            log.warning("trace_left_out", cause=cause.text, left_out=self._left_out)
            return
        self._begin(now_s, self._shelf, cause)

    def _too_many(self, now_s: float) -> bool:
        if len(self._begun_s) == MOST and now_s - self._begun_s[0] < MOST_S:
            return True
        self._begun_s.append(now_s)
        return False

    def _begin(self, now_s: float, shelf: Shelf, cause: Cause) -> _Open:
        """Open a trace, or let the open one be for this cause too."""
        if self._open is None:
            self._ring.hold(now_s)
            timer = self._loop.call_at(now_s + self._span.after_s, self._finish)
            self._open = _Open(shelf.next_number(), cause, now_s, self._now(), timer)
        if cause not in self._open.causes:
            self._open.causes.add(cause)
            self._ring.note(now_s, cause)
        return self._open

    def _finish(self) -> None:
        opened, self._open = self._open, None
        assert opened is not None
        assert self._shelf is not None
        ended_s, excerpt = self._loop.time(), self._ring.release()
        take = Take(opened.number, opened.cause, opened.at_s, opened.wall_s, ended_s, self._now(), excerpt)
        self._shelf.put(take)
