"""Faults of the steel: leaves that stick."""

from collections.abc import Mapping
from typing import Final, Literal

from sim_plc.rehearsal.faults.letter import Act, Letter, Scene, Strike

JAM: Final = Letter("JAM", "a door or gate gets stuck on its way, and comes free when it is tried again")


class IronFaults:
    """Plays them."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._world = scene.world
        self.acts: Mapping[Letter, Act] = {JAM: self._jam}

    async def _jam(self, strike: Strike) -> None:
        which: Literal["door", "gate"] = "door" if strike.where % 2 else "gate"
        room, times = self._scene.room(strike), 1 + strike.where % 3 // 2
        self._world.do(lambda plant: plant.jam(which, room, times))
