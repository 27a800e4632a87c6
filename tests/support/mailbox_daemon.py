"""A daemon that does nothing but work off commands through one mailbox, with a journal that survives it."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field

from hal.cadence import SteadyCadence
from hal.errors import HalError
from hal.handshake import Mailbox
from hal.interfaces import Outcome, Prepared, Verdict
from hal.outcome_table import Row
from hal.plcmap.codes import Opcode
from hal.scan import Station
from sim_plc.rehearsal.memory_link import MemoryLink
from tests.support.fake_plc import SHAPE
from tests.support.hal_rig import MemoryEpochs
from tests.support.mailbox_plc import MAP, MECHANISM

STOP_RECORD_S = 0.05
"""How long a STOP's record takes to become durable: a crash before loses it."""

FINAL_DOUBTS = frozenset(row.value for row in (Row.MEMORY_LOST, Row.ALIEN, Row.FORGOTTEN))
"""Texts of an UNKNOWN that no later reading resolves."""


@dataclass
class Entry:
    """One intent in the journal."""

    intent: int
    prepared: Prepared
    checks: set[int]
    outcome: Outcome | None = None


@dataclass
class Journal:
    """What survives a crash of the daemon: intents, the newest sequence, and the epochs used."""

    newest: int
    entries: list[Entry] = field(default_factory=list)
    epochs: MemoryEpochs = field(default_factory=MemoryEpochs)

    def copy(self) -> "Journal":
        """Return what a daemon holds that was cut off from this journal."""
        entries = [Entry(e.intent, e.prepared, set(e.checks), e.outcome) for e in self.entries]
        return Journal(self.newest, entries, MemoryEpochs(self.epochs.newest))

    def open(self) -> list[Entry]:
        """Return the intents without an outcome."""
        return [entry for entry in self.entries if entry.outcome is None]


class Daemon:
    """One daemon start. `start` lets it run; `crash` ends it in the middle of anything."""

    def __init__(self, journal: Journal, link: MemoryLink, numbers: Callable[[], int], rng: random.Random) -> None:
        self.journal = journal
        self.link = link
        self.crashed = False
        self.intends = True
        """Cleared: it settles what is open and issues nothing more."""
        self._numbers = numbers
        self._rng = rng
        self.station = Station(
            MAP, SHAPE, link, cadence=SteadyCadence(), epochs=journal.epochs, owner=self.draw_owner(rng)
        )
        self.mailbox = Mailbox(self.station, MECHANISM, self, stop_limit_s=3.0)
        self._tasks: list[asyncio.Future[None]] = []
        self._unrecorded: Prepared | None = None
        self._one_at_a_time = asyncio.Lock()

    @staticmethod
    def draw_owner(rng: random.Random) -> int:
        """Draw the owner of one start."""
        return rng.randint(1, 0xFFFF)

    def start(self) -> None:
        """Begin to poll, settle and work."""
        self._spawn(self._live())

    async def crash(self) -> None:
        """End at once, as SIGKILL does: nothing is tidied up and nothing more is recorded."""
        self.crashed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.link.cut()

    async def rewriting(self, prepared: Prepared) -> None:
        """Record another check word, durable before it is written."""
        await asyncio.sleep(0.002)
        for entry in self.journal.open():
            if entry.prepared.sequence == prepared.sequence and entry.prepared.content == prepared.content:
                entry.checks.add(prepared.check)
                entry.prepared = prepared

    def stopping(self, prepared: Prepared) -> None:
        """Record a STOP a little later; the journal's one writer keeps the order."""

        async def record() -> None:
            await asyncio.sleep(STOP_RECORD_S)
            if self._unrecorded is prepared:
                self.journal.newest = prepared.sequence

        self._unrecorded = prepared
        self._spawn(record())

    def stop(self) -> None:
        """Stop the mechanism, from another task than the worker's."""
        self._spawn(self._stop())

    def interfere(self) -> None:
        """Ask for a command while another may run."""
        self._spawn(self._one(self._rng.randint(100, 2000)))

    def _spawn(self, coroutine: Coroutine[None, None, None]) -> None:
        self._tasks.append(asyncio.ensure_future(coroutine))

    async def _live(self) -> None:
        try:
            high = (await self.station.probe()).epoch_in_force >> 16
        except HalError:
            high = 0
        await self.journal.epochs.start(high)
        self.mailbox.adopt(self.journal.newest)
        self._spawn(self.station.run())
        async with self._one_at_a_time:
            for entry in self.journal.open():
                await self._settle(entry)
        while True:
            if self.intends:
                await self._one(self._rng.choice((0, 20, 200, 1500, 4000)))
            await asyncio.sleep(self._rng.choice((0.0, 0.0, 0.05, 0.7)))

    async def _one(self, duration_ms: int) -> None:
        """Plan, issue and follow one command."""
        async with self._one_at_a_time:
            entry = await self._issue(duration_ms)
        if entry is None:
            with suppress(HalError, TimeoutError):
                await self.mailbox.settle(None, (), 0.2)
            return
        prepared = entry.prepared
        hint = duration_ms / 1000 if self._rng.random() < 0.5 else None
        deadline_s = duration_ms / 1000 + self._rng.choice((0.3, 2.0, 5.0))
        outcome = await self.mailbox.outcome(prepared, deadline_s, expected_s=hint)
        if outcome.verdict is Verdict.UNKNOWN:
            await self._settle(entry)
        else:
            self._record(entry, outcome)

    async def _issue(self, duration_ms: int) -> Entry | None:
        """Plan a command, make it durable and write it; None: the mailbox takes none now."""
        try:
            prepared = self.mailbox.prepare(Opcode.UNLATCH, duration_ms, self._numbers())
        except HalError:
            return None
        entry = Entry(prepared.content.argument2, prepared, {prepared.check})
        self.journal.entries.append(entry)
        self.journal.newest = prepared.sequence
        self._unrecorded = None
        await asyncio.sleep(self._rng.choice((0.0, 0.002, 0.03)))
        with suppress(HalError):
            await self.mailbox.issue(prepared)
        return entry

    async def _settle(self, entry: Entry) -> None:
        """Settle again and again: an outcome that only a link or a foreign master withheld becomes known later."""
        while entry.outcome is None:
            outcome = await self.mailbox.settle(entry.prepared, entry.checks, 5.0)
            if outcome.verdict is not Verdict.UNKNOWN or outcome.text in FINAL_DOUBTS:
                self._record(entry, outcome)
            await asyncio.sleep(0.5)

    def _record(self, entry: Entry, outcome: Outcome) -> None:
        if not self.crashed:
            entry.outcome = outcome

    async def _stop(self) -> None:
        with suppress(HalError):
            await self.mailbox.stop()
