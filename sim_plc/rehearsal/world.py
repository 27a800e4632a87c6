"""One tower, its PLCs, the daemon and its people in one process and one virtual time: a run is its seed's.

The daemon is the product's own composition root (`controller.app.serve`); only its ports are swapped: links reach
the programs directly, polls are paced by `cadence`, blocking work runs in place, wall time is virtual time.
"""

import asyncio
import hashlib
import json
import random
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from config.schema import Tower
from controller.app import Daemon, Ports
from controller.domain.events import Request
from controller.domain.refusal import Refusal
from controller.domain.roles import Role
from hal.link import Link
from hal.plcmap.frame import Content
from sim_plc.plant.cars import Car
from sim_plc.plant.plant import Plant
from sim_plc.plant.truth import Truth
from sim_plc.program.bay_interlocks import BAY_INTERLOCKS, BayScene
from sim_plc.program.event_log import LogEntry
from sim_plc.program.interlocks import InterlockSet
from sim_plc.program.tower_interlocks import TOWER_INTERLOCKS
from sim_plc.program.tower_scene import TowerScene
from sim_plc.rehearsal.cabinets import Cabinets
from sim_plc.rehearsal.computer import Computer
from sim_plc.rehearsal.disk import JOURNAL, Disk
from sim_plc.rehearsal.durability import LifeWitness
from sim_plc.rehearsal.hearing import Hearing
from sim_plc.rehearsal.life import Life
from sim_plc.rehearsal.memory_link import Fault
from sim_plc.rehearsal.storm import Storm
from sim_plc.rehearsal.wired import Wired
from sim_plc.rehearsal.wiring import LATE_S, Wiring, no_fault
from sim_plc.rehearsal.witness import Witness
from sim_plc.stepper import Stepper
from sim_plc.unit import Unit

EPOCH_S: Final = 1_800_000_000.0
"""Wall time at the start of a run."""

_TRACE: Final = json.JSONEncoder(sort_keys=True, default=str)
"""Writes the lines of the trace."""

ANSWER_S: Final = 30.0
"""How long a person waits for an answer: a command may wait for a standstill."""


class NobodyThere(ConnectionError):
    """No daemon answers: it is down, frozen, or was killed before its answer."""


class World:
    """Plant and PLCs for a whole run; daemons come and go.

    Use inside a `sim_plc.rehearsal.loop.VirtualLoop`. The trace is fed with all that happens at the PLCs and all
    that the daemon tells; two runs of one seed have the same `trace_hash`.
    """

    def __init__(
        self,
        tower: Tower,
        seed: int,
        *,
        cars: Mapping[int, Car] | None = None,
        coalesced: bool = True,
        interlocks: InterlockSet[TowerScene] = TOWER_INTERLOCKS,
        bay_interlocks: InterlockSet[BayScene] = BAY_INTERLOCKS,
        configured: Tower | None = None,
        traced: bool = False,
        on_bytes: bool = False,
    ) -> None:
        """Build the tower with ``cars`` by place.

        ``interlocks``, ``bay_interlocks``: what the tower PLC and each bay controller enforce. ``configured``: what the
        daemon takes the tower for. ``traced``: whether it keeps traces of faults, in a folder beside its journal.
        ``on_bytes``: whether its links are the product's own, over wires that carry bytes; slower.
        """
        self.tower = tower
        self.configured = configured or tower
        self.seed = seed
        self.rng = random.Random(seed)
        self.plant = Plant(tower, seed=seed, cars=dict(cars or {}))
        self._wiring = Wiring(self, coalesced=coalesced)
        self.log: list[tuple[str, LogEntry]] = []
        self.events: list[Mapping[str, object]] = []
        self.witnesses: list[Witness] = []
        self.storm = Storm(self._weather_turns)
        self.hearing = Hearing(tower.bus, LATE_S[1])
        self.life_witnesses: list[LifeWitness] = []
        self.when_told: list[Callable[[Mapping[str, object]], None]] = []
        """Called with what the daemon tells, behind the witnesses."""
        self.when_begun: list[Callable[[Daemon], None]] = []
        """Called with each daemon that serves, behind the witnesses of its life."""
        self.foreign: set[tuple[str, str, int, Content]] = set()
        """Station, mechanism, sequence and content of each command that somebody else wrote in the daemon's name."""
        self._decide: Callable[[str, int, int], Fault] = no_fault
        self.on_note: Callable[[str, object], None] = lambda _kind, _body: None
        """Called with each line of the trace."""
        self.cabinets = Cabinets(self, interlocks, bay_interlocks)
        self.programs = self.cabinets.programs
        self.stepper = Stepper(self.plant, self.programs, scan_s=tower.machine.plc.scan_s)
        self.stepper.on_news = self._on_news
        self.stepper.on_scan = self._wiring.on_scan
        # In memory where the system offers it: power cuts are played, so that nothing needs to survive a real one.
        in_memory = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a folder of its own in it
        self.folder = Path(tempfile.mkdtemp(prefix="rehearsal-", dir=in_memory if in_memory.is_dir() else None))
        self.computer = Computer(self, self.folder, random.Random(f"{seed} disk"), lambda: EPOCH_S + self.now)
        self._elsewhere = Disk(self.folder, random.Random(f"{seed} elsewhere"))
        """Of the computers of other daemons."""
        self._traced = traced
        self.on_bytes = on_bytes
        self._trace = hashlib.sha256()
        self._traced_crimes = 0
        self._starts = 0
        self._life: Life | None = None
        self._rivals: list[Life] = []
        self.cut: set[str] = set()
        """The buses whose cables are out."""

    @property
    def decide(self) -> Callable[[str, int, int], Fault]:
        """What names the fault of each request by bus, function code and unit; no poll is left out while it may."""
        return self._decide

    @decide.setter
    def decide(self, decide: Callable[[str, int, int], Fault]) -> None:
        self._decide = decide
        self._weather_turns()

    @property
    def now(self) -> float:
        """Virtual time in seconds."""
        return asyncio.get_running_loop().time()

    @property
    def trace_hash(self) -> str:
        """Hash of everything that has happened so far."""
        return self._trace.hexdigest()

    @property
    def daemon(self) -> Daemon | None:
        """The daemon that runs, None while it is down or still starting."""
        return None if self._life is None else self._life.daemon

    @property
    def life(self) -> Life | None:
        """The life of the daemon that runs, starts or ends; None while it is down."""
        return self._life

    @property
    def links(self) -> Mapping[str, Wired]:
        """The present daemon's links by bus: cut them, hold them, let them lie."""
        return {} if self._life is None else self._life.links

    @property
    def has_rivals(self) -> bool:
        """Whether other daemons run beside it."""
        return bool(self._rivals)

    @property
    def down(self) -> bool:
        """Whether no daemon runs or starts."""
        return self._life is None

    @asynccontextmanager
    async def running(self) -> AsyncIterator["World"]:
        """Let time pass for plant and PLCs while the context is open."""
        task = asyncio.create_task(self.stepper.run())
        try:
            with self.computer.disk.mounted():
                try:
                    yield self
                finally:
                    await self._end_all()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            shutil.rmtree(self.folder, ignore_errors=True)

    async def _end_all(self) -> None:
        await self.computer.close()
        await self.stop_rivals()
        if self._life is not None:
            await self.stop_daemon()

    async def start_daemon(self) -> Daemon:
        """Start the daemon on the tower's journal.

        Raises:
            Exception: what ended it before it served.

        """
        assert self._life is None, "one daemon a tower"
        life = self._life = self._new_life(JOURNAL, self.computer.disk)
        self.computer.begin()
        try:
            daemon = await life.begin()
        except Exception:
            self._life = None if self._life is life else self._life
            raise
        finally:
            self._listen()
        for witness in self.life_witnesses:
            witness.on_begun(daemon)
        for begun in self.when_begun:
            begun(daemon)
        return daemon

    async def start_rival(self, journal: str) -> Daemon:
        """Start another daemon beside it, on a journal of the name ``journal``.

        Raises:
            Exception: what ended it before it served.

        """
        rival = self._new_life(journal, self._elsewhere)
        self._rivals.append(rival)
        self._listen()
        self._wiring.beat_all()
        try:
            return await rival.begin()
        except Exception:
            self._rivals.remove(rival)
            raise

    async def stop_rivals(self) -> None:
        """End every other daemon as SIGTERM does."""
        rivals, self._rivals = self._rivals, []
        for rival in rivals:
            error = await rival.end()
            if error is not None:
                raise error
        self._listen()

    async def stop_daemon(self) -> None:
        """End the daemon as SIGTERM does.

        Raises:
            Exception: what has ended it instead, if nothing excuses that.

        """
        life = self._life
        assert life is not None
        began_s, freezes, frozen = self.now, life.freezes, life.frozen

        def free() -> bool:
            return not (frozen or life.execute.dead) and freezes == life.freezes

        for witness in self.life_witnesses:
            witness.on_ending(free)
        error = await life.end()
        if self._life is not life:
            return  # killed on its way
        self._life = None
        self._listen()
        if free():
            took_s, waited_s = self.now - began_s, self.computer.disk.waited_s(began_s, self.now)
            for witness in self.life_witnesses:
                witness.on_stopped(took_s - waited_s)
        if error is not None:
            if not self.computer.excuses(error):
                raise error
            self.computer.ended(error)

    async def crash_daemon(self) -> None:
        """End the daemon as SIGKILL does, at this instant: not one more write reaches a PLC or the disk."""
        life, self._life = self._life, None
        assert life is not None
        with self.computer.disk.silent():
            await life.crash()
        self.computer.disk.settle()
        self._listen()
        self.note("crash", "daemon")

    def freeze_daemon(self) -> Callable[[], None]:
        """Stop the daemon's process as SIGSTOP does; return what lets it go on."""
        if self._life is None:
            return lambda: None
        self.note("freeze", "daemon")
        let_go = self._life.freeze()
        self._listen()

        def thaw() -> None:
            let_go()
            self._listen()

        return thaw

    def pull_cable(self, bus: str, *, out: bool) -> None:
        """Take the cable of a bus out, or put it in again; for every daemon to come too."""
        self.note("cable", [bus, out])
        (self.cut.add if out else self.cut.discard)(bus)
        for life in (*self._rivals, self._life):
            if life is not None and bus in life.links:
                life.links[bus].reachable = not out
        self._listen()
        self._wiring.beat(bus)

    async def ask(
        self, request: Request, role: Role = Role.ENGINEER, *, on_site: bool = True
    ) -> Mapping[str, object]:
        """Ask the daemon for something, as somebody of a role does who says that they stand at the tower.

        Raises:
            Refusal: a rule forbids it; nothing has changed.
            NobodyThere: no daemon answers within `ANSWER_S`.

        """
        self.note("asked", str(request))
        for witness in self.witnesses:
            witness.on_asked(request)
        if self.daemon is None:
            raise NobodyThere("no daemon runs")
        try:
            async with asyncio.timeout(ANSWER_S):
                answer = await self.daemon.inbox.ask(replace(request, role=role, on_site=on_site))
        except Refusal as refusal:
            for witness in self.witnesses:
                witness.on_refused(request, refusal.rule)
            raise
        except TimeoutError as error:
            raise NobodyThere(f"no answer within {ANSWER_S:g} s") from error
        for life_witness in self.life_witnesses:
            life_witness.on_answered(request, answer)
        return answer

    def touch(self) -> None:
        """Bring the plant up to now, before something is done to it."""
        self.stepper.touch(self.now)

    def truth(self) -> Truth:
        """Return what is really so, now."""
        self.touch()
        return self.plant.truth()

    def touched(self) -> None:
        """Let the stepper look again, after something was done to the plant."""
        self.stepper.kick()
        self._wiring.beat_all()

    def do(self, act: Callable[[Plant], object]) -> None:
        """Do something to the plant now, as a person or the weather would."""
        self.touch()
        act(self.plant)
        self.touched()

    def note(self, kind: str, body: object) -> None:
        """Add something to the trace."""
        self.on_note(kind, body)
        self._trace.update(_TRACE.encode([round(self.now, 6), kind, body]).encode())

    def units(self, bus: str) -> dict[int, Unit]:
        """Return the stations of a bus by unit id, as whoever asks them sees them now."""
        return self._wiring.units(bus)

    def hang_up(self, bus: str) -> None:
        """Let the peer of a bus break its connections."""
        self.note("hang up", bus)
        for life in (*self._rivals, self._life):
            if life is not None and bus in life.links:
                life.links[bus].cut()

    def fall_mute(self, bus: str) -> None:
        """Let the connections of a bus be half open: they stand, and nobody is at the other end any more."""
        self.note("half open", bus)
        for life in (*self._rivals, self._life):
            if life is not None and bus in life.links:
                life.links[bus].fall_mute()
        self._wiring.beat(bus)

    def ports(self, life: Life) -> Ports:
        """Return the outside world of one daemon."""
        rng = random.Random(f"{self.seed} daemon {self._starts}")
        return Ports(
            links=lambda bus: self._link(bus, life),
            cadences=lambda name: self._wiring.cadence(name, life),
            executor=life.execute,
            now=self.computer.clock,
            owner=rng.randrange(1, 0x10000),
            trace_writer=life.execute if self._traced else None,
        )

    def tell(self, event: Mapping[str, object], life: Life | None = None) -> None:
        """Take what a daemon tells: the tower's own, or ``life``; a rival tells its own people."""
        event = {key: self._nameless(value) for key, value in event.items()}
        self.events.append(event)
        self.note("told", event)
        if life in self._rivals:
            return
        for witness in self.witnesses:
            witness.on_told(event)
        for told in self.when_told:
            told(event)

    def died(self, life: Life, error: BaseException | None) -> None:
        """Take the end of a daemon that nobody ended: as it is promised where the disk fails, and else a fault."""
        mine = self._life is life
        self._life = None if mine else self._life
        self._listen()
        if mine and error is not None and self.computer.excuses(error):
            self.computer.ended(error)
            return
        why = str(self._nameless(repr(error)))
        self.note("died", why)
        for witness in self.witnesses:
            witness.on_died(why)

    def _listen(self) -> None:
        """Take down who can be heard from now on."""
        lives = [life for life in (self._life, *self._rivals) if life is not None and not life.frozen]
        self.hearing.look(
            self.now,
            awake=self._life in lives and self.daemon is not None,
            spoken=bool(lives),
            cut=self.cut,
            noisy=self._decide is not no_fault or not self.storm.calm,
        )

    def _nameless(self, value: object) -> object:
        """Return a text without the name of this run's folder, which is another one each time."""
        return value.replace(str(self.folder), "") if isinstance(value, str) else value

    def _new_life(self, journal: str, disk: Disk) -> Life:
        self._starts += 1
        return Life(self, self.folder / journal, disk)

    def _link(self, bus: str, life: Life) -> Link:
        """Return a link of one daemon to a bus."""
        return self._wiring.link(bus, life)

    def _weather_turns(self) -> None:
        self._listen()
        self._wiring.beat_all()

    def happened(self, station: str, entry: LogEntry) -> None:
        """Take what the PLC of a station has logged."""
        self.log.append((station, entry))
        self._wiring.pulses[station].beat()
        self.note("plc", [station, entry.mechanism, entry.sequence, entry.event.name, entry.result, entry.reason])
        for witness in self.witnesses:
            witness.on_plc(station, entry)

    def _on_news(self) -> None:
        crimes = self.plant.crimes
        for crime in crimes[self._traced_crimes :]:
            self.note("crime", [crime.t, crime.code.name, crime.text])
        self._traced_crimes = len(crimes)
        for witness in self.witnesses:
            witness.on_plant()
