"""The tower's computer: its power, its disk, its clock, and the service manager that keeps the daemon running."""

import asyncio
import random
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from controller.app import EXIT_JOURNAL, code_of
from controller.store.errors import JournalDamaged
from sim_plc.rehearsal.disk import Disk
from sim_plc.rehearsal.turns import Crashed
from sim_plc.rehearsal.wall_clock import WallClock

if TYPE_CHECKING:
    from sim_plc.rehearsal.world import World

RESTART_S: Final = 10.0
"""RestartSec= of the packaged unit."""

WATCHDOG_S: Final = 60.0
"""Its WatchdogSec=."""


class Computer:
    """What a daemon runs on. Without a manager (``managed``) a daemon that has ended stays down.

    ``right`` is the right wall time in seconds since 1970.
    """

    def __init__(self, world: "World", folder: Path, rng: random.Random, right: Callable[[], float]) -> None:
        self.disk = Disk(folder, rng)
        self.clock = WallClock(right)
        self.managed = False
        self.on_damaged: Callable[[], None] = _nobody
        """Called, with the daemon down, when its journal was found damaged and somebody has come to see to it."""
        self.exits = 0
        """How often the daemon has ended by itself because of the disk."""
        self.damaged = False
        """Whether the last start was refused since the journal is damaged."""
        self._world = world
        self._dark = 0
        self._refused = 0
        self._restart: asyncio.Task[None] | None = None

    @property
    def powered(self) -> bool:
        """Whether it has power."""
        return not self._dark

    async def lose_power(self) -> None:
        """Lose the power at this instant: the daemon is gone, and what was not synced is gone, torn, or there."""
        self._dark += 1
        world, disk = self._world, self.disk
        with disk.silent():
            if not world.down:
                await world.crash_daemon()
        world.note("power cut", disk.cut())

    async def get_power(self) -> None:
        """Have power again; return when the daemon serves, as far as the disk lets it."""
        self._dark -= 1
        await self.start_again()

    async def start_again(self) -> None:
        """Start the daemon as the manager does: again and again while the disk is what keeps it from serving.

        Nothing happens while there is no power, or if somebody else has started it meanwhile.
        """
        while self._world.down and self.powered:
            try:
                await self._world.start_daemon()
            except Crashed:
                return
            except Exception as error:
                if not self.excuses(error):
                    raise
                self._note_exit(error)
                await asyncio.sleep(RESTART_S)
                if self._found_damaged():
                    self.on_damaged()

    def begin(self) -> None:
        """Take notice of a new life."""
        self._refused, self.damaged = self.disk.refused, False

    def excuses(self, error: BaseException) -> bool:
        """Tell whether a daemon may end so: as promised for a disk that fails, when this one has, and for nothing else.

        A damaged journal ends it too, if something has harmed it.
        """
        failed = self.disk.harmed if isinstance(error, JournalDamaged) else self.disk.refused > self._refused
        return failed and code_of(error) == EXIT_JOURNAL

    def ended(self, error: BaseException) -> None:
        """Start the daemon again a while after it has ended as promised."""
        self._note_exit(error)
        if self.managed:
            self._restart = asyncio.create_task(self._later())

    def spoil(self, how: Callable[[Disk], bool]) -> bool:
        """Let something be done to the journal at rest; tell whether it was."""
        assert self._world.down
        done = how(self.disk)
        if done:
            self._tell_spoilt()
        return done

    def replaced(self) -> None:
        """Take notice that somebody has put another journal in the place of the one that there was."""
        self.disk.look_again()
        self.disk.harmed = self.damaged = False
        self._tell_spoilt()

    def _tell_spoilt(self) -> None:
        for witness in self._world.life_witnesses:
            witness.on_spoilt(whole=not self.disk.harmed)

    async def close(self) -> None:
        """End what is under way."""
        if self._restart is not None:
            self._restart.cancel()
            await asyncio.gather(self._restart, return_exceptions=True)

    async def _later(self) -> None:
        await asyncio.sleep(RESTART_S)
        await self.start_again()

    def _found_damaged(self) -> bool:
        """Tell whether the journal was found damaged, and is still there for somebody to see to."""
        return self.damaged and self._world.down and self.powered

    def _note_exit(self, error: BaseException) -> None:
        self.exits += 1
        self.damaged = isinstance(error, JournalDamaged)
        self._world.note("exit", [EXIT_JOURNAL, type(error).__name__])


def _nobody() -> None:
    """Nobody sees to a damaged journal."""
