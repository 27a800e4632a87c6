"""The composition root of control: a tower's configuration becomes a running daemon."""

import asyncio
import os
import secrets
import signal
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, TextIO

import structlog

from config.budget import line_loads
from config.schema import RtuBus, Site, TcpBus, Tower
from controller.activities.context import Bench, Dwell, Envelope, Patience, Rounds, Slotting, Standby
from controller.activities.waiting import News
from controller.api.server import ApiServer, SocketInUse
from controller.api.visitors import Visitors
from controller.domain.book import Book, counts_service
from controller.domain.records import from_entry
from controller.gauges import BusErrors, ClockSteps, DiskSpace
from controller.instruments import Bus, Instruments
from controller.links import link_of
from controller.notify import Manager, kept_by
from controller.recording import Recording
from controller.runtime.alarm_sources import Line
from controller.runtime.control import Control
from controller.runtime.inbox import Board, Inbox
from controller.runtime.ledger import Ledger
from controller.runtime.measuring import Gauge, measure
from controller.runtime.rebuilt import PlaceGone, settle_places
from controller.runtime.signals import Signal
from controller.runtime.supervisor import Supervisor
from controller.runtime.views import Title, Views
from controller.settings import access_of, intervals_of, kinematics_of, standby_of, stop_limit_s
from controller.store.errors import JournalDamaged, JournalLocked
from controller.store.journal import Journal
from controller.store.past_service import counted_anew
from controller.store.summing import JournalSumming
from controller.store.writer import Executor, WriterThread
from controller.trace.recorder import Recorder
from controller.tracing import connect, moving, recorder_of
from hal.cadence import Cadence, SteadyCadence
from hal.capture import Capture
from hal.errors import BadCredentials
from hal.interfaces import EpochStore, FrameLog
from hal.link import Link
from hal.modbus_link import ModbusLink
from hal.scan import Station
from hal.spare_thread import SpareThread
from hal.tower import BusPlan, TowerPlan, open_tower

log = structlog.get_logger(__name__)

EXIT_OK: Final = 0
EXIT_IN_USE: Final = 3
"""Another daemon serves this tower."""
EXIT_CONFIGURATION: Final = 5
"""A certificate or key that the configuration names is of no use, or the journal has a car at a place it has not."""
EXIT_JOURNAL: Final = 74
"""The journal cannot be read or written (EX_IOERR of sysexits.h): a supervised restart may help."""

_EVENTS: Final[Mapping[type, str]] = {BadCredentials: "credentials", PlaceGone: "place_gone"}

SNAPSHOT_ENTRIES: Final = 2_000
"""With so many entries behind the newest snapshot the next one is made, running or at a start: what a start folds."""


@dataclass(frozen=True, slots=True)
class Ports:
    """The outside world of one daemon: everything that a run is a function of."""

    links: Callable[[str], Link]
    """By the bus's name in the configuration."""
    cadences: Callable[[str], Cadence]
    executor: Executor
    now: Callable[[], float]
    """Wall time in seconds since the epoch: for stamps, never for waiting."""
    owner: int
    """16 bit, random a daemon start."""
    gauges: Callable[[Mapping[str, Station]], Sequence[Gauge]] = lambda _stations: ()
    """Of the computer and the wires; by the stations that they may ask."""
    trace_writer: Executor | None = None
    """Where traces are written, so that no commit waits for them; None: nothing is recorded."""


@dataclass(frozen=True, slots=True)
class Daemon:
    """A running daemon, for whoever composed it."""

    control: Control
    inbox: Inbox[Signal]
    board: Board
    book: Book
    stations: Mapping[str, Station]
    recorder: Recorder
    journal: Journal


@dataclass(frozen=True, slots=True)
class Wires:
    """The real links and paces of a tower, kept so that they can be looked at."""

    tower: Tower
    site: Site
    capture: Capture | None = None
    links: dict[str, ModbusLink] = field(default_factory=dict)
    """By bus."""
    cadences: dict[str, SteadyCadence] = field(default_factory=dict)
    """By station."""

    def link(self, bus: str) -> ModbusLink:
        """Make the link of a bus."""
        tap = None if self.capture is None else self.capture.tap(bus)
        self.links[bus] = link_of(self.tower, self.site.run_dir, bus, tap)
        return self.links[bus]

    def cadence(self, station: str) -> SteadyCadence:
        """Make the pace of a station."""
        self.cadences[station] = SteadyCadence()
        return self.cadences[station]

    def gauges(self, stations: Mapping[str, Station]) -> list[Gauge]:
        """Return what measures how each bus fares; the links must have been made."""
        return [
            BusErrors(number, self.links[name].statistics, [stations[each] for each in bus.stations])
            for number, (name, bus) in enumerate(self.tower.bus.items())
        ]

    def instruments(self, stations: Mapping[str, Station]) -> Instruments:
        """Return the looks at all of it; the links must have been made."""
        planned = {line.bus: line.load for line in line_loads(self.tower)}
        buses = [
            Bus(name, bus.kind, _address(bus), bus.stations, self.links[name], planned.get(name))
            for name, bus in self.tower.bus.items()
        ]
        return Instruments(stations, buses, self.cadences)


async def run(tower: Tower, site: Site, capture: TextIO | None = None, record: Path | None = None) -> int:
    """Serve a tower until SIGTERM or SIGINT; return the process's exit code.

    ``capture`` takes down every byte on the wires, ``record`` the whole run, in a new folder. The service manager that
    the environment names is kept told.
    """
    manager = Manager.named_in(os.environ, os.getpid())
    writer, wires = WriterThread(), Wires(tower, site, None if capture is None else _capture(capture))
    owner = secrets.randbelow(0xFFFF) + 1
    try:
        site.run_dir.mkdir(parents=True, exist_ok=True)
        recording = None if record is None else Recording.begin(record, tower, site.journal, owner, time.time())
    except (JournalDamaged, OSError) as error:
        writer.close()
        return _exit_code(error)
    ports = Ports(
        links=wires.link if recording is None else lambda bus: recording.tap(bus, wires.link(bus)),
        cadences=wires.cadence,
        executor=writer if recording is None else recording.timed(writer),
        now=time.time,
        owner=owner,
        gauges=lambda stations: [DiskSpace(site.run_dir, writer), ClockSteps(time.time), *wires.gauges(stations)],
        trace_writer=SpareThread("traces"),
    )
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        async with serve(tower, site.journal, ports) as daemon:
            if recording is not None:
                recording.follow(daemon.inbox, daemon.board)
            instruments = wires.instruments(daemon.stations)
            visitors = Visitors(access_of(tower))
            api = ApiServer(site.socket, daemon.inbox, daemon.board, instruments, visitors)
            async with api, kept_by(manager, daemon.inbox):
                log.info("serving", tower=tower.name, socket=str(site.socket))
                await stop.wait()
                if recording is not None:
                    recording.end(daemon.book)
    except (JournalLocked, SocketInUse, JournalDamaged, BadCredentials, PlaceGone, OSError, ExceptionGroup) as error:
        return _exit_code(error)
    finally:
        writer.close()
        if recording is not None:
            recording.close()
    log.info("stopped", tower=tower.name)
    return EXIT_OK


@asynccontextmanager
async def serve(tower: Tower, journal_path: Path | Literal[":memory:"], ports: Ports) -> AsyncIterator[Daemon]:
    """Run control on its ports while the context is open; leaving it brings everything to rest.

    Raises:
        JournalLocked, JournalDamaged: the journal may not be used.
        PlaceGone: it needs a place that the tower has not.
        OSError: the journal failed while running; everything was brought to rest.

    """
    async with AsyncExitStack() as stack:
        journal = Journal.open(journal_path, now=ports.now, executor=ports.executor)
        stack.callback(journal.close)
        book = await _restore(journal, tower)
        ledger = Ledger(book, journal, JournalSumming(journal, SNAPSHOT_ENTRIES))
        inbox, board = Inbox[Signal](), Board()
        recorder = recorder_of(tower, journal_path, ports.trace_writer, ports.now)
        # The last to be closed but the journal: it hears everything come to rest.
        stack.push_async_callback(recorder.close)
        hardware = open_tower(
            _plan(tower, ports.owner),
            links=lambda bus: ports.links(bus.name),
            cadences=ports.cadences,
            epochs=_as_epochs(ledger),
            frames=_as_frames(ledger),
        )
        drivers = await stack.enter_async_context(hardware)
        connect(recorder, drivers.stations, ledger, board)
        for name, mechanism in drivers.mechanisms.items():
            mechanism.adopt(book.sequences.get(name, 0))
        bench = Bench(
            tower=drivers,
            shape=tower.shape,
            built=kinematics_of(tower),
            keeper=ledger,
            patience=Patience(
                tower.timing.customer_patience_s, tower.timing.gate_delay_s, tower.timing.appointment_grace_s
            ),
            envelope=Envelope(
                tower.limits.length_mm, tower.limits.width_mm, tower.limits.height_mm, tower.limits.weight_kg
            ),
            rounds=Rounds(tower.audit.visits_per_day, tower.audit.idle_s),
            news=News(drivers),
            sensors_out=book.sensors_out,
            restrictions=book.restrictions,
            standby=Standby(*standby_of(tower)),
            slotting=Slotting(
                tower.slotting.by_demand,
                tower.slotting.moves_per_hour,
                tower.slotting.saves_s,
                tower.slotting.idle_s,
                tower.slotting.meets,
            ),
            dwell=Dwell(tower.dwell.goes, tower.dwell.idle_s, tower.dwell.saves_s),
        )
        views = Views(bench, book, Title(tower.name, tower.title, tower.profile), ports.now)
        intervals = intervals_of(tower)
        control = Control(bench, ledger, inbox, board, views, ports.now, recorder, _lines(tower), intervals)
        supervisor = Supervisor(bench, inbox, control.publish)
        supervisor.watch()
        control.publish()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(control.run(), name="control"), group.create_task(supervisor.pulse())]
            tasks += [group.create_task(measure(gauge, inbox)) for gauge in ports.gauges(drivers.stations)]
            try:
                yield Daemon(control, inbox, board, book, drivers.stations, recorder, journal)
            finally:
                recorder.ending(moving(drivers.stations))
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                await ledger.drain()


async def _restore(journal: Journal, tower: Tower) -> Book:
    """Fold the journal into a book of this tower's places; make a snapshot if the tail has grown long."""
    snapshot, tail = journal.load()
    book = Book.empty(tower.shape.places) if snapshot is None else Book.from_body(snapshot.body)
    for entry in tail:
        book.apply(from_entry(entry.kind, entry.body), entry.at)
    uncounted = snapshot is not None and not counts_service(snapshot.body)
    if uncounted:
        book.service = counted_anew(journal.read(0))
    mechanisms = {f"{station.name}/{each.name}" for station in tower.maps.values() for each in station.mechanisms}
    settle_places(book, tower.shape.places, mechanisms)
    if uncounted or journal.behind >= SNAPSHOT_ENTRIES:
        await journal.save_snapshot(book.to_body())
    return book


def _plan(tower: Tower, owner: int) -> TowerPlan:
    buses = tuple(BusPlan(name, bus.stations, bus.fc23) for name, bus in tower.bus.items())
    return TowerPlan(
        tower.shape,
        buses,
        owner,
        poll_s=tower.timing.poll_s,
        idle_poll_s=tower.timing.idle_poll_s,
        stop_limit_s=stop_limit_s(tower),
    )


def _lines(tower: Tower) -> tuple[Line, ...]:
    return tuple(Line(name, tuple(bus.stations)) for name, bus in tower.bus.items())


def _address(bus: TcpBus | RtuBus) -> Mapping[str, str | int]:
    if isinstance(bus, TcpBus):
        return {"host": bus.host, "port": bus.port}
    return {"device": bus.device, "baud": bus.baud}


def _capture(stream: TextIO) -> Capture:
    return Capture(stream, on_failed=lambda error: log.warning("capture_failed", error=str(error)))


def _as_epochs(ledger: Ledger) -> EpochStore:
    return ledger


def _as_frames(ledger: Ledger) -> FrameLog:
    return ledger


def _exit_code(error: Exception) -> int:
    """Tell of an error that ends the daemon; return the exit code.

    Raises:
        Exception: ``error`` itself, if it is none that has a code.

    """
    code, first = code_of(error), _first_of(error)
    match code:
        case None:
            raise error
        case _ if code == EXIT_IN_USE:
            log.error("in_use", error=str(first))
        case _:
            log.critical(_EVENTS.get(type(first), "journal"), error=str(first))
    return code


def code_of(error: BaseException) -> int | None:
    """Return the exit code for an error that ends the daemon; None: it is none that has a code, but a fault of ours."""
    match _first_of(error):
        case JournalLocked() | SocketInUse():
            return EXIT_IN_USE
        case BadCredentials() | PlaceGone():
            return EXIT_CONFIGURATION
        case JournalDamaged() | OSError():
            return EXIT_JOURNAL
        case _:
            return None


def _first_of(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
