"""A daemon that does nothing but work off commands through the mailboxes of a station; its journal survives it."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, islice

from hal.cadence import SteadyCadence
from hal.errors import HalError
from hal.handshake import Mailbox
from hal.interfaces import Outcome, Prepared, Verdict
from hal.outcome_table import Row
from hal.plcmap.codes import Opcode
from hal.plcmap.registers import StationMap
from hal.scan import Station
from sim_plc.rehearsal.memory_link import MemoryLink
from tests.support.fake_plc import SHAPE
from tests.support.hal_rig import MemoryEpochs
from tests.support.mailbox_plc import MAP

STOP_RECORD_S = 0.05
"""How long a STOP's record takes to become durable: a crash before loses it."""

FINAL_DOUBTS = frozenset(row.value for row in (Row.MEMORY_LOST, Row.ALIEN, Row.FORGOTTEN))
"""Texts of an UNKNOWN that no later reading resolves."""


@dataclass(frozen=True)
class Tempo:
    """How fast a daemon works: each value is drawn from one of these."""

    durations_ms: tuple[int, ...] = (0, 20, 200, 1500, 4000)
    pauses_s: tuple[float, ...] = (0.0, 0.0, 0.05, 0.7)
    """Between two commands."""
    records_s: tuple[float, ...] = (0.0, 0.002, 0.03)
    """Until an intent is durable."""
    grace_s: tuple[float, ...] = (0.3, 2.0, 5.0)
    """How much longer than it takes a command may take."""
    refused_s: float = 0.0
    """Behind a command that the mailbox does not take now."""
    settle_s: float = 0.5
    """Between two looks at what is not known yet."""


UNHURRIED = Tempo()


@dataclass
class Entry:
    """One intent in the journal."""

    intent: int
    prepared: Prepared
    checks: set[int]
    outcome: Outcome | None = None


@dataclass
class Record:
    """What survives a crash of the daemon of one mailbox: its intents and the newest sequence."""

    newest: int
    entries: list[Entry] = field(default_factory=list)
    stops: int = 0
    """STOPs that were written."""
    _maybe_open: list[Entry] = field(default_factory=list)
    _read: int = 0

    def copy(self) -> "Record":
        """Return what a daemon holds that was cut off from this record."""
        return Record(self.newest, [Entry(e.intent, e.prepared, set(e.checks), e.outcome) for e in self.entries])

    def open(self) -> list[Entry]:
        """Return the intents without an outcome, in the order of their planning; a long record is read once."""
        fresh = islice(self.entries, self._read, None)
        self._maybe_open = [entry for entry in chain(self._maybe_open, fresh) if entry.outcome is None]
        self._read = len(self.entries)
        return self._maybe_open


@dataclass
class Journal:
    """What survives a crash of the daemon: a record of each mailbox, and the epochs used."""

    records: dict[str, Record]
    epochs: MemoryEpochs = field(default_factory=MemoryEpochs)

    @classmethod
    def starting_at(cls, newest: int, mailboxes: Sequence[str]) -> "Journal":
        """Return the journal of a daemon whose mailboxes have all come to one sequence."""
        return cls({name: Record(newest) for name in mailboxes})

    def copy(self) -> "Journal":
        """Return what a daemon holds that was cut off from this journal."""
        records = {name: record.copy() for name, record in self.records.items()}
        return Journal(records, MemoryEpochs(self.epochs.newest))

    @property
    def entries(self) -> list[Entry]:
        """Return every intent, mailbox by mailbox."""
        return [entry for record in self.records.values() for entry in record.entries]

    def open(self) -> list[Entry]:
        """Return the intents without an outcome."""
        return [entry for record in self.records.values() for entry in record.open()]


class Daemon:
    """One daemon start. `start` lets it run; `crash` ends it in the middle of anything."""

    def __init__(
        self,
        journal: Journal,
        link: MemoryLink,
        numbers: Callable[[], int],
        rng: random.Random,
        *,
        station: StationMap = MAP,
        tempo: Tempo = UNHURRIED,
    ) -> None:
        self.journal = journal
        self.link = link
        self.numbers = numbers
        self.rng = rng
        self.tempo = tempo
        self.crashed = False
        self.intends = True
        """Cleared: it settles what is open and issues nothing more."""
        self.station = Station(
            station, SHAPE, link, cadence=SteadyCadence(), epochs=journal.epochs, owner=self.draw_owner(rng)
        )
        self.workers = [Worker(self, name, record) for name, record in journal.records.items()]
        self._tasks: set[asyncio.Future[None]] = set()

    @staticmethod
    def draw_owner(rng: random.Random) -> int:
        """Draw the owner of one start."""
        return rng.randint(1, 0xFFFF)

    def start(self) -> None:
        """Begin to poll, settle and work."""
        self.spawn(self._live())

    async def crash(self) -> None:
        """End at once, as SIGKILL does: nothing is tidied up and nothing more is recorded."""
        self.crashed = True
        tasks = [*self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.link.cut()

    def stop(self) -> None:
        """Stop a mechanism, from another task than its worker's."""
        self.spawn(self.rng.choice(self.workers).stop())

    def interfere(self) -> None:
        """Ask for a command while another may run."""
        self.spawn(self.rng.choice(self.workers).one(self.rng.randint(100, 2000)))

    def spawn(self, coroutine: Coroutine[None, None, None]) -> None:
        """Let something run until it ends, or the daemon."""
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _live(self) -> None:
        try:
            high = (await self.station.probe()).epoch_in_force >> 16
        except HalError:
            high = 0
        await self.journal.epochs.start(high)
        for worker in self.workers:
            worker.mailbox.adopt(worker.record.newest)
        self.spawn(self.station.run())
        for worker in self.workers:
            self.spawn(worker.work())


class Worker:
    """Works off commands through one mailbox: its `hal.interfaces.FrameLog` too."""

    def __init__(self, daemon: Daemon, mailbox: str, record: Record) -> None:
        self.record = record
        self.mailbox = Mailbox(daemon.station, mailbox, self, stop_limit_s=3.0)
        self._daemon = daemon
        self._rng = daemon.rng
        self._tempo = daemon.tempo
        self._unrecorded: Prepared | None = None
        self._one_at_a_time = asyncio.Lock()

    async def rewriting(self, prepared: Prepared) -> None:
        """Record another check word, durable before it is written."""
        await asyncio.sleep(0.002)
        for entry in self.record.open():
            if entry.prepared.sequence == prepared.sequence and entry.prepared.content == prepared.content:
                entry.checks.add(prepared.check)
                entry.prepared = prepared

    def stopping(self, prepared: Prepared) -> None:
        """Record a STOP a little later; the journal's one writer keeps the order."""

        async def durable() -> None:
            await asyncio.sleep(STOP_RECORD_S)
            if self._unrecorded is prepared:
                self.record.newest = prepared.sequence

        self.record.stops += 1
        self._unrecorded = prepared
        self._daemon.spawn(durable())

    def overtaken(self, _mechanism: str, sequence: int) -> None:
        """Record from where the counter goes on, with whatever is recorded next."""
        self.record.newest = sequence

    async def work(self) -> None:
        """Settle what is open, then work for ever."""
        async with self._one_at_a_time:
            for entry in self.record.open():
                await self._settle(entry)
        while True:
            if self._daemon.intends:
                await self.one(self._rng.choice(self._tempo.durations_ms))
            await asyncio.sleep(self._rng.choice(self._tempo.pauses_s))

    async def one(self, duration_ms: int) -> None:
        """Plan, issue and follow one command."""
        async with self._one_at_a_time:
            entry = await self._issue(duration_ms)
        if entry is None:
            with suppress(HalError, TimeoutError):
                await self.mailbox.settle(None, (), 0.2)
            await asyncio.sleep(self._tempo.refused_s)
            return
        prepared = entry.prepared
        hint = duration_ms / 1000 if self._rng.random() < 0.5 else None
        deadline_s = duration_ms / 1000 + self._rng.choice(self._tempo.grace_s)
        outcome = await self.mailbox.outcome(prepared, deadline_s, expected_s=hint)
        if outcome.verdict is Verdict.UNKNOWN:
            await self._settle(entry)
        else:
            self._record(entry, outcome)

    async def stop(self) -> None:
        """Stop the mechanism."""
        with suppress(HalError):
            await self.mailbox.stop()

    async def _issue(self, duration_ms: int) -> Entry | None:
        """Plan a command, make it durable and write it; None: the mailbox takes none now."""
        try:
            prepared = self.mailbox.prepare(Opcode.UNLATCH, duration_ms, self._daemon.numbers())
        except HalError:
            return None
        entry = Entry(prepared.content.argument2, prepared, {prepared.check})
        self.record.entries.append(entry)
        self.record.newest = prepared.sequence
        self._unrecorded = None
        await asyncio.sleep(self._rng.choice(self._tempo.records_s))
        with suppress(HalError):
            await self.mailbox.issue(prepared)
        return entry

    async def _settle(self, entry: Entry) -> None:
        """Settle again and again: an outcome that only a link or a foreign master withheld becomes known later."""
        while entry.outcome is None:
            outcome = await self.mailbox.settle(entry.prepared, entry.checks, 5.0)
            if outcome.verdict is not Verdict.UNKNOWN or outcome.text in FINAL_DOUBTS:
                self._record(entry, outcome)
            await asyncio.sleep(self._tempo.settle_s)

    def _record(self, entry: Entry, outcome: Outcome) -> None:
        if not self._daemon.crashed:
            entry.outcome = outcome
