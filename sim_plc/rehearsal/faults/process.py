"""Faults of the daemon's process: killed, ended, frozen, too busy, beside another one."""

import asyncio
from collections.abc import Mapping
from typing import Final

from controller.store.errors import JournalLocked
from sim_plc.rehearsal.computer import RESTART_S, WATCHDOG_S
from sim_plc.rehearsal.disk import JOURNAL
from sim_plc.rehearsal.faults.letter import Act, Letter, Scene, Strike

CRASH: Final = Letter("CRASH", "the daemon is killed, and started again", (0.2, 20.0))
SHUT_DOWN: Final = Letter("SHUT_DOWN", "the daemon is stopped in good order, and started again", (0.2, 20.0))
FREEZE: Final = Letter("FREEZE", "the daemon's process is frozen, and goes on", (0.1, 8.0))
LONG_FREEZE: Final = Letter("LONG_FREEZE", "the daemon's process is frozen for long, and goes on", (8.0, 60.0))
HANG: Final = Letter("HANG", "the daemon hangs until its manager kills it", (WATCHDOG_S, WATCHDOG_S))
STALL: Final = Letter("STALL", "the daemon's loop is blocked, again and again, for up to three seconds", (2.0, 20.0))
TWIN: Final = Letter("TWIN", "a second daemon is started on the same journal")
RIVAL: Final = Letter("RIVAL", "a daemon on another computer takes the tower, and ends", (1.0, 30.0))

BLOCKED_S: Final = (0.1, 3.0)
BETWEEN_S: Final = (0.02, 1.0)
"""Of a loop that stalls: how long it is blocked, and how long it gets on in between."""

YOUNG: Final = 4
"""Of so many that are killed one is killed once more while it starts."""

YOUNG_S: Final = (0.0, 0.02)


class ProcessFaults:
    """Plays them."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._world = scene.world
        self._did = scene.did
        self._rivals = 0
        self.acts: Mapping[Letter, Act] = {
            CRASH: self._crash,
            SHUT_DOWN: self._shut_down,
            FREEZE: self._freeze,
            LONG_FREEZE: self._freeze,
            HANG: self._hang,
            STALL: self._stall,
            TWIN: self._twin,
            RIVAL: self._rival,
        }

    async def _crash(self, strike: Strike) -> None:
        if not self._world.down:
            daemon = self._world.daemon
            if daemon is None:
                self._did["killed while starting"] += 1
            elif daemon.book.intents:
                self._did["killed with an intent open"] += 1
            await self._world.crash_daemon()
            if strike.where % YOUNG == 0:
                await self._kill_young(strike.hold_s)
            await self._start_again(strike.hold_s)

    async def _kill_young(self, after_s: float) -> None:
        """Start the daemon and kill it before it serves, if it takes so long."""
        await asyncio.sleep(after_s)
        start = asyncio.create_task(self._world.computer.start_again())
        await asyncio.sleep(self._scene.rng.uniform(*YOUNG_S))
        if self._world.daemon is None and not self._world.down:
            self._did["killed while starting"] += 1
            await self._world.crash_daemon()
        await start

    async def _shut_down(self, strike: Strike) -> None:
        if not self._world.down:
            await self._world.stop_daemon()
            await self._start_again(strike.hold_s)

    async def _start_again(self, after_s: float) -> None:
        await asyncio.sleep(after_s)
        await self._world.computer.start_again()

    async def _freeze(self, strike: Strike) -> None:
        if not self._world.down and strike.hold_s > self._world.tower.machine.plc.silence_s:
            self._did["daemon frozen"] += 1
        thaw = self._world.freeze_daemon()
        await asyncio.sleep(strike.hold_s)
        thaw()

    async def _hang(self, strike: Strike) -> None:
        hanging = self._world.life
        if self._world.daemon is None:
            return
        self._world.freeze_daemon()
        await asyncio.sleep(strike.hold_s)
        # Also one that was asked to end meanwhile: it has not heard that.
        if self._world.life is hanging:
            await self._world.crash_daemon()
            await self._start_again(RESTART_S)

    async def _stall(self, strike: Strike) -> None:
        until_s = self._world.now + strike.hold_s
        while self._world.now < until_s:
            thaw = self._world.freeze_daemon()
            await asyncio.sleep(self._scene.rng.uniform(*BLOCKED_S))
            thaw()
            await asyncio.sleep(self._scene.rng.uniform(*BETWEEN_S))

    async def _twin(self, _strike: Strike) -> None:
        if self._world.daemon is None:
            return
        try:
            await self._world.start_rival(JOURNAL)
        except JournalLocked:
            self._scene.did["a second daemon was kept out"] += 1
        else:
            raise AssertionError("two daemons have one journal")

    async def _rival(self, strike: Strike) -> None:
        self._rivals += 1
        await self._world.start_rival(f"elsewhere-{self._rivals}.sqlite")
        await asyncio.sleep(strike.hold_s)
        await self._world.stop_rivals()
