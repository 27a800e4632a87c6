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
        self.acts: Mapping[Letter, Act] = {
            CRASH: self._crash,
            SHUT_DOWN: self._shut_down,
            FREEZE: self._freeze,
        }

    async def _crash(self, strike: Strike) -> None:
        if not self._world.down:
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
        thaw = self._world.freeze_daemon()
        await asyncio.sleep(strike.hold_s)
        thaw()
