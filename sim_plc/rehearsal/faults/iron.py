"""Faults of the steel: leaves that stick, latches that do not follow."""

import asyncio
from collections.abc import Mapping
from typing import Final

from sim_plc.plant.troubles import LeafName
from sim_plc.rehearsal.faults.letter import Act, Letter, Scene, Strike

JAM: Final = Letter("JAM", "a door or gate gets stuck on its way, and comes free when it is tried again")
HALF_CLOSED: Final = Letter("HALF_CLOSED", "a door or gate closes half-way and no farther", (10.0, 90.0))
LATCH_SHUT: Final = Letter("LATCH_SHUT", "a latch stays home when it is drawn", (5.0, 90.0))
LATCH_AJAR: Final = Letter("LATCH_AJAR", "a latch that is not home stays so", (5.0, 60.0))

WAITS_S: Final = 120.0
"""How long a fault waits for a leaf or latch that is open."""


class IronFaults:
    """Plays them."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._world = scene.world
        self.acts: Mapping[Letter, Act] = {
            JAM: self._jam,
            HALF_CLOSED: self._half_closed,
            LATCH_SHUT: self._latch_shut,
            LATCH_AJAR: self._latch_ajar,
        }

    async def _jam(self, strike: Strike) -> None:
        which, room, times = _leaf(strike), self._scene.room(strike), 1 + strike.where % 3 // 2
        self._world.do(lambda plant: plant.jam(which, room, times))

    async def _half_closed(self, strike: Strike) -> None:
        which, room = _leaf(strike), self._scene.room(strike)

        def ajar() -> bool:
            truth = self._world.plant.truth()
            return not (truth.doors if which == "door" else truth.gates)[room].closed

        await self._scene.when(ajar, WAITS_S)
        self._world.do(lambda plant: plant.troubles.put_stone(which, room, on=True))
        await asyncio.sleep(strike.hold_s)
        self._world.do(lambda plant: plant.troubles.put_stone(which, room, on=False))

    async def _latch_shut(self, strike: Strike) -> None:
        await self._stick(self._scene.bay(strike), strike.hold_s)

    async def _latch_ajar(self, strike: Strike) -> None:
        """Let a latch stick that is on its way or open: of a strike that finds none in time nothing comes."""
        if await self._scene.when(lambda: bool(self._world.plant.truth().latches), WAITS_S):
            await self._stick(min(self._world.plant.truth().latches), strike.hold_s)

    async def _stick(self, bay: int, hold_s: float) -> None:
        self._world.do(lambda plant: plant.troubles.stick_latch(bay, on=True))
        await asyncio.sleep(hold_s)
        self._world.do(lambda plant: plant.troubles.stick_latch(bay, on=False))


def _leaf(strike: Strike) -> LeafName:
    return "door" if strike.where % 2 else "gate"
