"""Faults of the steel: leaves that stick, latches that do not follow."""

import asyncio
from collections.abc import Mapping
from typing import Final

from sim_plc.plant.troubles import LeafName
from sim_plc.rehearsal.faults.letter import Act, Letter, Scene, Strike

JAM: Final = Letter("JAM", "a door or gate gets stuck on its way, and comes free when it is tried again")
HALF_CLOSED: Final = Letter("HALF_CLOSED", "a leaf closes over a stone in its rail, or a gate on a bag", (10.0, 90.0))
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
        """Put a stone into the rail of a leaf that is not closed; before two gates of three that close a bag."""
        which, room = _leaf(strike), self._scene.room(strike)
        is_bag = which == "gate" and strike.where // 2 % 3 > 0

        def put(*, on: bool) -> None:
            if is_bag:
                self._world.do(lambda plant: plant.troubles.leave_bag(room, on=on))
            else:
                self._world.do(lambda plant: plant.troubles.put_stone(which, room, on=on))

        if is_bag:
            await self._scene.when(lambda: self._world.plant.room(room).gate_opened, WAITS_S)
            await self._scene.when(lambda: not self._world.plant.room(room).gate_opened, WAITS_S)
        else:
            await self._scene.when(lambda: not self._is_closed(which, room), WAITS_S)
        put(on=True)
        await asyncio.sleep(strike.hold_s)
        put(on=False)

    def _is_closed(self, which: LeafName, room: int) -> bool:
        truth = self._world.plant.truth()
        return (truth.doors if which == "door" else truth.gates)[room].closed

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
