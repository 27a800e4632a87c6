"""Faults that the safety chain answers: emergency stop, maintenance key, somebody where nobody may be."""

import asyncio
from collections.abc import Mapping
from typing import Final

from sim_plc.rehearsal.faults.letter import Act, Letter, Scene, Strike

E_STOP: Final = Letter("E_STOP", "somebody presses the emergency stop, and releases it", (1.0, 30.0))
KEY: Final = Letter("KEY", "the maintenance key is turned on, and off", (1.0, 30.0))
CURTAIN: Final = Letter("CURTAIN", "somebody steps into the plane of a gate, and back", (0.2, 20.0))


class SafetyFaults:
    """Plays them."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._world = scene.world
        self.acts: Mapping[Letter, Act] = {E_STOP: self._e_stop, KEY: self._key, CURTAIN: self._curtain}

    async def _e_stop(self, strike: Strike) -> None:
        self._world.do(lambda plant: plant.press_e_stop())
        await asyncio.sleep(strike.hold_s)
        self._world.do(lambda plant: plant.release_e_stop())

    async def _key(self, strike: Strike) -> None:
        self._world.do(lambda plant: plant.set_maintenance_key(on=True))
        await asyncio.sleep(strike.hold_s)
        self._world.do(lambda plant: plant.set_maintenance_key(on=False))

    async def _curtain(self, strike: Strike) -> None:
        room = self._scene.room(strike)
        self._world.do(lambda plant: plant.somebody_in_gate(room, strike.hold_s))
        await asyncio.sleep(strike.hold_s)
