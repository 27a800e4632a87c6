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
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from config.schema import Tower
from controller.app import Daemon, Ports, serve
from hal.link import Link
from hal.plcmap.registers import station_maps
from sim_plc.plant.cars import Car
from sim_plc.plant.plant import Plant
from sim_plc.program.bays import BayProgram
from sim_plc.program.station_program import LogEntry, StationProgram
from sim_plc.program.tower import TowerProgram
from sim_plc.rehearsal.cadence import Pulse, PulsedCadence
from sim_plc.rehearsal.memory_link import MemoryLink
from sim_plc.stepper import Stepper

T = TypeVar("T")

LATENCY_S: Final = 0.004
"""A request and its answer on a quiet network, with a PLC that answers between two scans."""

EPOCH_S: Final = 1_800_000_000.0
"""Wall time at the start of a run."""


class Crashed(ConnectionError):
    """The daemon's process is gone: nothing that it still does reaches anything."""


class World:
    """Plant and PLCs for a whole run; daemons come and go.

    Use inside a `sim_plc.rehearsal.loop.VirtualLoop`. ``trace`` is fed with all that happens at the PLCs and all
    that the daemon tells; two runs of one seed have the same `trace_hash`.
    """

    def __init__(
        self,
        tower: Tower,
        seed: int,
        *,
        cars: Mapping[int, Car] | None = None,
        coalesced: bool = True,
    ) -> None:
        self.tower = tower
        self.seed = seed
        self.rng = random.Random(seed)
        self.plant = Plant(tower, seed=seed, cars=dict(cars or {}))
        self.pulse = Pulse()
        self.log: list[tuple[str, LogEntry]] = []
        self.events: list[Mapping[str, object]] = []
        self.programs: list[StationProgram[Any]] = [self._power_up(name, None) for name in station_maps(tower.shape)]
        self.stepper = Stepper(self.plant, self.programs, scan_s=tower.machine.plc.scan_s)
        self.stepper.on_news = self._on_news
        self.links: dict[str, MemoryLink] = {}
        """The present daemon's links by bus: cut them, hold them, let them lie."""
        self.folder = Path(tempfile.mkdtemp(prefix="rehearsal-"))
        self._coalesced = coalesced
        self._trace = hashlib.sha256()
        self._traced_crimes = 0
        self._starts = 0
        self._life: _Life | None = None

    @property
    def now(self) -> float:
        """Virtual time in seconds."""
        return asyncio.get_running_loop().time()

    @property
    def trace_hash(self) -> str:
        """Hash of everything that has happened so far."""
        return self._trace.hexdigest()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["World"]:
        """Let time pass for plant and PLCs while the context is open."""
        task = asyncio.create_task(self.stepper.run())
        try:
            yield self
        finally:
            if self._life is not None:
                await self.stop_daemon()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            shutil.rmtree(self.folder, ignore_errors=True)

    async def start_daemon(self) -> Daemon:
        """Start the daemon on the tower's journal."""
        assert self._life is None, "one daemon a tower"
        self._starts += 1
        life = _Life(self)
        self._life = life
        return await life.begin()

    async def stop_daemon(self) -> None:
        """End the daemon as SIGTERM does."""
        life, self._life = self._life, None
        assert life is not None
        await life.end()

    async def crash_daemon(self) -> None:
        """End the daemon as SIGKILL does: not one more write reaches a PLC or the disk."""
        life, self._life = self._life, None
        assert life is not None
        await life.crash()

    def restart_plc(self, name: str, *, warm: bool = True) -> None:
        """Cut and restore the power of one station's PLC; ``warm``: its retained memory survives."""
        self.touch()
        number = next(i for i, program in enumerate(self.programs) if program.name == name)
        fresh = self._power_up(name, self.programs[number].retained_bytes() if warm else b"")
        self.programs[number] = self.stepper.programs[number] = fresh
        self.touched()

    def touch(self) -> None:
        """Bring the plant up to now, before something is done to it."""
        self.stepper.advance(self.now)

    def touched(self) -> None:
        """Let the stepper look again, after something was done to the plant."""
        self.stepper.kick()
        self.pulse.beat()

    def do(self, act: Callable[[Plant], object]) -> None:
        """Do something to the plant now, as a person or the weather would."""
        self.touch()
        act(self.plant)
        self.touched()

    def note(self, kind: str, body: object) -> None:
        """Add something to the trace."""
        self._trace.update(json.dumps([round(self.now, 6), kind, body], sort_keys=True, default=str).encode())

    def ports(self, life: "_Life") -> Ports:
        """Return the outside world of one daemon."""
        rng = random.Random(f"{self.seed} daemon {self._starts}")
        return Ports(
            links=lambda name: life.guard(self._link(name)),
            cadences=lambda _: PulsedCadence(self.pulse if self._coalesced else None),
            executor=life.execute,
            now=lambda: EPOCH_S + self.now,
            owner=rng.randrange(1, 0x10000),
        )

    def _link(self, name: str) -> MemoryLink:
        units = self.stepper.units(asyncio.get_running_loop().time)
        wanted = [program.unit for program in self.programs if program.name in self.tower.bus[name].stations]
        link = MemoryLink({unit: units[unit] for unit in wanted}, latency_s=LATENCY_S)
        self.links[name] = link
        return link

    def _power_up(self, name: str, retained: bytes | None) -> StationProgram[Any]:
        def on_event(entry: LogEntry) -> None:
            self.log.append((name, entry))
            self.pulse.beat()
            self.note("plc", [name, entry.mechanism, entry.sequence, entry.event.name, entry.result, entry.reason])

        rng = random.Random(f"{self.seed} {name}")
        if name == "tower":
            return TowerProgram(
                self.tower, self.plant.tower_image, retained=retained, rng=rng, on_event=on_event
            )
        level = int(name.removeprefix("bays"))
        image = self.plant.bay_images[level]
        return BayProgram(self.tower, image, level=level, retained=retained, rng=rng, on_event=on_event)

    def _on_news(self) -> None:
        self.pulse.beat()
        crimes = self.plant.crimes
        for crime in crimes[self._traced_crimes :]:
            self.note("crime", [crime.t, crime.code.name, crime.text])
        self._traced_crimes = len(crimes)


class _Life:
    """One daemon from its start to its end."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._dead = False
        self._links: list[MemoryLink] = []
        self._task: asyncio.Task[None] | None = None
        self._leave = asyncio.Event()
        self._daemon: asyncio.Future[Daemon] = asyncio.get_running_loop().create_future()

    async def begin(self) -> Daemon:
        self._task = asyncio.create_task(self._live(), name="daemon")
        waited: set[asyncio.Future[Any]] = {self._task, self._daemon}
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        if self._task.done():
            self._task.result()
        return self._daemon.result()

    async def end(self) -> None:
        assert self._task is not None
        self._leave.set()
        await self._task

    async def crash(self) -> None:
        assert self._task is not None
        self._dead = True
        for link in self._links:
            link.units.clear()
            link.cut()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def guard(self, link: MemoryLink) -> Link:
        """Return a link that dies with this daemon."""
        self._links.append(link)
        return link

    def execute(self, work: Callable[[], T], /) -> Awaitable[T]:
        """Run blocking work in place; nothing of a dead daemon reaches the disk."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        try:
            if self._dead:
                raise Crashed("the process is gone")
            future.set_result(work())
        except Exception as error:  # noqa: BLE001 - it belongs to whoever awaits the future
            future.set_exception(error)
        return future

    async def _live(self) -> None:
        world = self._world
        async with serve(world.tower, world.folder / "journal.sqlite", world.ports(self)) as daemon:
            follow = asyncio.create_task(self._follow(daemon))
            self._daemon.set_result(daemon)
            try:
                await self._leave.wait()
            finally:
                follow.cancel()

    async def _follow(self, daemon: Daemon) -> None:
        async for _, fresh in daemon.board.follow():
            for event in fresh:
                self._world.events.append(event)
                self._world.note("told", dict(event))
