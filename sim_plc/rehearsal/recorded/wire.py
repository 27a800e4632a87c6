"""The links and the paces of a daemon that lives through a recording."""

import asyncio
import math
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from hal.errors import LinkDown
from hal.plcmap.frame import Frame, join32
from sim_plc.rehearsal.memory_link import Turn
from sim_plc.rehearsal.recorded.deeds import Words, Writes
from sim_plc.rehearsal.recorded.folder import Line
from sim_plc.rehearsal.recorded.reel import SLACK_S, Reel
from sim_plc.rehearsal.recorded.tape import Tape

LATENCY_S: Final = 0.002
"""A request and its answer. What was shown then counts from the asking, so that little hangs on it."""


@dataclass(frozen=True, slots=True)
class Outage:
    """No connection stood; of no length: it broke, and the next one stood at once."""

    begin_s: float
    end_s: float
    why: str


def outages_of(lines: Iterable[Line]) -> list[Outage]:
    """Return when a bus was not connected, from its recorded lines."""
    outages, since, last_s, ever = list[Outage](), None, 0.0, False
    for line in lines:
        fails = line.get("error")
        if line["is"] == "link" and fails is None:
            if since is not None or ever:
                begin_s, why = since or (last_s, "the connection broke")
                outages.append(Outage(begin_s, line["t"], why))
            since, ever = None, True
        elif since is None and (line["is"] == "link" or fails in ("LinkDown", "CertificateRefused")):
            since = (line.get("since", last_s if ever else 0.0), str(line.get("why", "")))
        last_s = line["t"]
    return outages if since is None else [*outages, Outage(since[0], math.inf, since[1])]


def with_sent(lines: Iterable[Line]) -> Iterator[Line]:
    """Yield the recorded requests of a bus with the time at which each was ``sent``: one after another, in turn."""
    last_s = 0.0
    for line in lines:
        if line["is"] == "wire":
            yield {**line, "sent": min(max(line["since"], last_s), line["t"])}
        last_s = line["t"]


class TapeLink:
    """A `hal.link.Link` that answers as the recording did at the tape's time, and holds what is written against it."""

    def __init__(
        self, tape: Tape, reels: Mapping[int, Reel], outages: Sequence[Outage], scan_s: float
    ) -> None:
        """Take the stations by their unit. ``scan_s``: how often their heartbeats count."""
        self._tape = tape
        self._reels = reels
        self._outages = outages
        self._scan_s = scan_s
        self._writes = Writes()
        self._turn = Turn()
        self._open = False
        self._broken = 0
        """How many outages had begun when the connection was made."""
        self._generation = 0

    @property
    def connected(self) -> bool:
        """Whether a connection stands."""
        return self._open and self._begun() == self._broken

    @property
    def generation(self) -> int:
        """Rises with each new connection: 0 before the first."""
        return self._generation

    async def connect(self) -> None:
        """Connect if not connected, unless there was no connection then."""
        if self.connected:
            return
        await asyncio.sleep(LATENCY_S)
        now_s = self._tape.now
        for outage in self._outages:
            if outage.begin_s <= now_s < outage.end_s:
                raise LinkDown(outage.why)
        if not self.connected:
            self._open, self._broken = True, self._begun()
            self._generation += 1

    async def close(self) -> None:
        """Close the connection."""
        self._open = False

    async def read_input(self, unit: int, address: int, count: int, *, urgent: bool = False) -> Words:
        """Read what the block showed."""
        async with self._in_turn(urgent=urgent):
            await self._answered(unit)
            return self._block(unit, address, count)

    async def read_holding(self, unit: int, address: int, count: int, *, urgent: bool = False) -> Words:
        """Read what the block showed: the holding registers mirror it."""
        return await self.read_input(unit, address, count, urgent=urgent)

    async def write(self, unit: int, address: int, words: Sequence[int], *, urgent: bool = False) -> None:
        """Hold a write against the recording."""
        reel, written = self._reels[unit], tuple(words)
        if address == reel.station.controller_block:
            async with self._in_turn(urgent=urgent):
                await self._answered(unit)
                self._claim(reel, written)
            return
        self._require_connection()
        # It counts from when it is wished for: then, too, it waited for whatever was under way.
        self._do(reel, address, written)
        then = reel.command(address, Frame.from_words(written))
        # No command is on its way sooner than then, when a disk or a processor held it up: nobody would accept it yet.
        await self._tape.reach(then.sent_s)
        async with self._in_turn(urgent=urgent):
            await asyncio.sleep(LATENCY_S if then.error is None else then.took_s)
        if then.error is not None:
            raise then.error

    async def read_write(
        self,
        unit: int,
        read_address: int,
        read_count: int,
        write_address: int,
        words: Sequence[int],
        *,
        urgent: bool = False,
    ) -> Words:
        """Hold a write of the controller block against the recording; read what the block showed."""
        del write_address
        async with self._in_turn(urgent=urgent):
            await self._answered(unit)
            self._claim(self._reels[unit], tuple(words))
            return self._block(unit, read_address, read_count)

    @asynccontextmanager
    async def _in_turn(self, *, urgent: bool) -> AsyncIterator[None]:
        await self._turn.take(urgent=urgent)
        try:
            yield
        finally:
            self._turn.give()

    def _claim(self, reel: Reel, words: Words) -> None:
        reel.claim(join32(*words[:2]))
        self._do(reel, reel.station.controller_block, words)

    def _do(self, reel: Reel, address: int, words: Words) -> None:
        said = self._writes.take(reel.station, address, words)
        if said is not None:
            self._tape.do(*said)

    async def _answered(self, unit: int) -> None:
        """Wait for an answer's time; raise what came then instead of one."""
        self._require_connection()
        now_s = self._tape.now
        silence = self._reels[unit].silence(now_s)
        # Whoever asks late in a silence is in nobody's way when it ends.
        await asyncio.sleep(LATENCY_S if silence is None else min(silence.wait_s, silence.end_s - now_s))
        if silence is not None:
            raise silence.error
        self._require_connection()

    def _block(self, unit: int, address: int, count: int) -> Words:
        reel, now_s = self._reels[unit], self._tape.now
        words = reel.block(address, count, now_s)
        if words is None:
            what = f"registers {address} to {address + count - 1}"
            self._tape.depart(f"{reel.station.name} reads", "none of them", what)
            raise LinkDown(f"{what} were never read")
        # While the recording waits, its stations live on.
        beats = int(self._tape.behind_s / self._scan_s)
        return words if not beats else (words[0], (words[1] + beats) & 0xFFFF, *words[2:])

    def _require_connection(self) -> None:
        if not self.connected:
            raise LinkDown("not connected")

    def _begun(self) -> int:
        now_s = self._tape.now
        return sum(outage.begin_s <= now_s for outage in self._outages)


class TapeCadence:
    """`hal.cadence.Cadence` that polls when the recorded daemon polled, at the latest after a period."""

    def __init__(self, tape: Tape, polls: Sequence[float]) -> None:
        """Take the times of the recorded polls, ascending."""
        self._tape = tape
        self._polls = polls
        self._kicked = False
        self._wake: Callable[[], None] = lambda: None
        self.vouched_s = -math.inf

    async def next(self, period_s: float) -> None:
        """Wait for the next recorded poll, until `kick`, or for ``period_s``."""
        loop = asyncio.get_running_loop()
        due_s = loop.time() + period_s
        at = bisect_right(self._polls, self._tape.now + SLACK_S)
        poll_s = self._polls[at] if at < len(self._polls) else math.inf
        while not self._kicked and loop.time() < due_s - SLACK_S and self._tape.now < poll_s - SLACK_S:
            await self._tape.nap(poll_s, due_s, self._hold)
        self._kicked = False

    def kick(self) -> None:
        """Let the waiting `next` return at once; without a waiter, the next one does."""
        self._kicked = True
        self._wake()

    def _hold(self, wake: Callable[[], None]) -> None:
        self._wake = wake
