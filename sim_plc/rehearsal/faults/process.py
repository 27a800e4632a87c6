"""Faults of the daemon's process: killed, ended, frozen."""

import asyncio
from collections.abc import Mapping
from typing import Final

from sim_plc.rehearsal.faults.letter import Act, Letter, Scene, Strike

CRASH: Final = Letter("CRASH", "the daemon is killed, and started again", (0.2, 20.0))
SHUT_DOWN: Final = Letter("SHUT_DOWN", "the daemon is stopped in good order, and started again", (0.2, 20.0))
FREEZE: Final = Letter("FREEZE", "the daemon's process is frozen, and goes on", (0.1, 8.0))


class ProcessFaults:
    """Plays them."""

    def __init__(self, scene: Scene) -> None:
        self._world = scene.world
        self._did = scene.did
        self.acts: Mapping[Letter, Act] = {
            CRASH: self._crash,
            SHUT_DOWN: self._shut_down,
            FREEZE: self._freeze,
        }

    async def _crash(self, strike: Strike) -> None:
        if not self._world.down:
            daemon = self._world.daemon
            if daemon is None:
                self._did["killed while starting"] += 1
            elif daemon.book.intents:
                self._did["killed with an intent open"] += 1
            await self._world.crash_daemon()
            await self._start_again(strike)

    async def _shut_down(self, strike: Strike) -> None:
        if not self._world.down:
            await self._world.stop_daemon()
            await self._start_again(strike)

    async def _start_again(self, strike: Strike) -> None:
        await asyncio.sleep(strike.hold_s)
        await self._world.computer.start_again()

    async def _freeze(self, strike: Strike) -> None:
        if not self._world.down and strike.hold_s > self._world.tower.machine.plc.silence_s:
            self._did["daemon frozen"] += 1
        thaw = self._world.freeze_daemon()
        await asyncio.sleep(strike.hold_s)
        thaw()
