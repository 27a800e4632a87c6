"""One daemon of a rehearsal from its start to its end: begun, frozen, ended in order, or killed."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from config.schema import Tower
from controller.app import Daemon, Ports, serve
from sim_plc.rehearsal.cadence import PulsedCadence
from sim_plc.rehearsal.disk import Disk
from sim_plc.rehearsal.loop import Process
from sim_plc.rehearsal.turns import Crashed, Turns
from sim_plc.rehearsal.wired import Wired


class Host(Protocol):
    """What a daemon lives in: `sim_plc.rehearsal.world.World` is one."""

    tower: Tower
    configured: Tower

    def ports(self, life: "Life") -> Ports:
        """Return the outside world of one daemon."""
        ...

    def tell(self, event: Mapping[str, object], life: "Life") -> None:
        """Take what a daemon tells."""
        ...

    def died(self, life: "Life", error: BaseException | None) -> None:
        """Take the end of a daemon that nobody ended."""
        ...


class Life:
    """One daemon from its start to its end."""

    def __init__(self, host: Host, journal: Path, disk: Disk) -> None:
        self.links: dict[str, Wired] = {}
        self.cadences: list[PulsedCadence] = []
        self.daemon: Daemon | None = None
        self._host = host
        self._journal = journal
        self._process = Process()
        self.execute = Turns(disk)
        """Where blocking work runs; nothing of a dead daemon reaches the disk."""
        self.freezes = 0
        """How often it was frozen."""
        self._leave = asyncio.Event()
        self._serving = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def frozen(self) -> bool:
        """Whether its process is stopped for the moment."""
        return self._process.frozen

    async def begin(self) -> Daemon:
        """Start it; return when it serves.

        Raises:
            Crashed: it was killed while it started.
            Exception: what ended it before it served.

        """
        self._task = self._process.run(self._live(), name="daemon")
        serving = asyncio.create_task(self._serving.wait())
        await asyncio.wait([self._task, serving], return_when=asyncio.FIRST_COMPLETED)
        serving.cancel()
        if self.daemon is None:
            # Of a task that was killed `result` would say that whoever waits here is cancelled.
            if not self._task.cancelled():
                self._task.result()
            raise Crashed("killed while it started")
        self._task.add_done_callback(self._ended)
        return self.daemon

    async def end(self) -> BaseException | None:
        """End it as SIGTERM does; return what ended it instead, if anything."""
        assert self._task is not None
        self._leave.set()
        self.daemon = None
        await asyncio.wait([self._task])
        return None if self._task.cancelled() else self._task.exception()

    async def crash(self) -> None:
        """End it as SIGKILL does: not one more write reaches a PLC or the disk."""
        self.execute.die()
        for link in self.links.values():
            link.reachable = False
            link.cut()
        self._leave.set()
        await self._process.kill()
        self.daemon = None

    def sound(self, station: str) -> Callable[[], bool]:
        """Return what tells whether the wire to a station carries."""
        bus = next(name for name, bus in self._host.tower.bus.items() if station in bus.stations)
        return lambda: bus not in self.links or self.links[bus].sound

    def freeze(self) -> Callable[[], None]:
        """Stop it as SIGSTOP does; return what lets it go on."""
        for cadence in self.cadences:
            cadence.interrupt()
        self.freezes += 1
        self._process.freeze()
        return self._process.thaw

    async def _live(self) -> None:
        host = self._host
        async with serve(host.configured, self._journal, host.ports(self)) as daemon:
            follow = asyncio.create_task(self._follow(daemon))
            self.daemon = daemon
            self._serving.set()
            try:
                await self._leave.wait()
            finally:
                follow.cancel()

    async def _follow(self, daemon: Daemon) -> None:
        async for fresh in daemon.board.tidings():
            for event in fresh:
                self._host.tell(event, self)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self.daemon = None
        if not self._leave.is_set():
            self._host.died(self, None if task.cancelled() else task.exception())
