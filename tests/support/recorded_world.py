"""A rehearsed world whose daemon's run is taken down, register by register."""

import asyncio
import io
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from config.schema import Tower
from controller.app import Daemon, Ports
from controller.recording import Recording
from sim_plc.plant.cars import Car
from sim_plc.rehearsal.life import Life
from sim_plc.rehearsal.recorded.folder import Recording as Kept
from sim_plc.rehearsal.recorded.folder import lines_of
from sim_plc.rehearsal.world import World

T = TypeVar("T")


class _Kept(io.StringIO):
    """A text that outlives its closing."""

    kept = ""

    def close(self) -> None:
        self.kept = self.getvalue()
        super().close()


class RecordedWorld(World):
    """A world with every poll made, and one daemon from the beginning to the end."""

    def __init__(self, tower: Tower, seed: int, cars: Mapping[int, Car], *, commit_s: float = 0.0) -> None:
        """Build the tower; ``commit_s``: how long its computer's disk takes."""
        super().__init__(tower, seed, cars=cars, coalesced=False)
        self._commit_s = commit_s
        self._text = _Kept()
        self._recording: Recording | None = None

    def ports(self, life: Life) -> Ports:
        """Return the daemon's ports, with a tap at each link."""
        assert self._recording is None, "one daemon a recording"
        ports = super().ports(life)
        recording = self._recording = Recording(self._text, ports.owner, ports.now())

        def execute(work: Callable[[], T], /) -> Awaitable[T]:
            async def held_up() -> T:
                await asyncio.sleep(self._commit_s)
                return await ports.executor(work)

            return asyncio.ensure_future(held_up()) if self._commit_s else ports.executor(work)

        return replace(ports, links=lambda bus: recording.tap(bus, ports.links(bus)), executor=recording.timed(execute))

    async def start_daemon(self) -> Daemon:
        """Start it, and take down what is asked and told."""
        daemon = await super().start_daemon()
        assert self._recording is not None
        self._recording.follow(daemon.inbox, daemon.board)
        return daemon

    def kept(self) -> Kept:
        """End the recording; return it as it would be read from its folder."""
        assert self._recording is not None
        assert self.daemon is not None
        self._recording.end(self.daemon.book)
        head, *lines = lines_of(self._text.kept.encode(), "in memory")
        return Kept(self.configured, None, head["owner"], head["wall_s"], head["program"], tuple(lines))
