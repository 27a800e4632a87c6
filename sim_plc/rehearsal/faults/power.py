"""Faults of the mains: the computer, the PLCs, or both lose their power, also in the middle of something."""

import asyncio
from collections.abc import Mapping
from typing import Final

from sim_plc.rehearsal.faults.letter import Act, Letter, Scene, Strike

PC_POWER: Final = Letter("PC_POWER", "the computer loses its power, and boots", (0.5, 30.0))
PC_POWER_MOVING: Final = Letter("PC_POWER_MOVING", "the computer loses its power while the carriage moves", (0.5, 30.0))
PC_POWER_COMMIT: Final = Letter("PC_POWER_COMMIT", "the computer loses its power within a commit", (0.5, 30.0))
PLC_POWER: Final = Letter("PLC_POWER", "all PLCs lose their power, and keep their memory")
ALL_POWER: Final = Letter("ALL_POWER", "computer and PLCs lose their power together", (0.5, 30.0))
ALL_BROWN_OUT: Final = Letter(
    "ALL_BROWN_OUT", "computer and PLCs lose their power three times in ten seconds", (10.0, 10.0)
)

PATIENCE_S: Final = 60.0
"""For so long a strike waits for what it is to strike in the middle of."""

LOOK_S: Final = 0.2

ACTS: Final = 16
"""A commit is some five acts at the disk, and a start some more."""

DIPS: Final = 3


class PowerFaults:
    """Plays them."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._world = scene.world
        self.acts: Mapping[Letter, Act] = {
            PC_POWER: self._lose,
            PC_POWER_MOVING: self._lose_moving,
            PC_POWER_COMMIT: self._lose_in_commit,
            PLC_POWER: self._restart_all,
            ALL_POWER: self._lose_all,
            ALL_BROWN_OUT: self._brown_out,
        }

    async def _lose(self, strike: Strike) -> None:
        await self._world.computer.lose_power()
        await self._boot(strike.hold_s)

    async def _boot(self, after_s: float) -> None:
        await asyncio.sleep(after_s)
        await self._world.computer.get_power()

    async def _lose_moving(self, strike: Strike) -> None:
        world = self._world
        limit_s = world.now + PATIENCE_S
        while not self._carriage_moves():
            if world.now > limit_s:
                return
            await asyncio.sleep(LOOK_S)
        self._scene.did["power lost in a move"] += 1
        await self._lose(strike)

    def _carriage_moves(self) -> bool:
        carriage = self._world.truth().carriage
        return any(axis.moving for axis in (carriage.lift, carriage.turntable, carriage.arms, carriage.comb))

    async def _lose_in_commit(self, strike: Strike) -> None:
        disk, lost = self._world.computer.disk, asyncio.Event()
        disk.on_cut = lost.set
        disk.light_fuse(1 + strike.where % ACTS)
        try:
            async with asyncio.timeout(PATIENCE_S):
                await lost.wait()
        except TimeoutError:
            disk.light_fuse(0)
            return
        self._scene.did["power lost in a commit"] += 1
        await self._lose(strike)

    async def _restart_all(self, _strike: Strike) -> None:
        for program in list(self._world.programs):
            self._world.cabinets.restart(program.name)

    async def _lose_all(self, strike: Strike) -> None:
        await self._world.computer.lose_power()
        await self._restart_all(strike)
        await self._boot(strike.hold_s)

    async def _brown_out(self, strike: Strike) -> None:
        for _ in range(DIPS):
            await self._world.computer.lose_power()
            await self._restart_all(strike)
            booting = asyncio.create_task(self._boot(0.3))
            await asyncio.sleep(strike.hold_s / DIPS)
            await booting
