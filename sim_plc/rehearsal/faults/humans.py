"""What people do at the wrong time: they walk into a room, linger in a gate, hold, stop and abort the unit."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from controller.domain.events import UnitCommand
from controller.domain.refusal import Refusal
from controller.domain.unit import UnitEvent
from hal.errors import HalError
from hal.plcmap.codes import Signal
from sim_plc.rehearsal.faults.letter import Act, Letter, Scene, Strike
from sim_plc.rehearsal.world import NobodyThere

PERSON: Final = Letter("PERSON", "somebody walks into a room, and out", (5.0, 60.0))
BACK_IN: Final = Letter("BACK_IN", "somebody walks in again behind a car that has left", (5.0, 60.0))
WRONG_CUSTOMER: Final = Letter("WRONG_CUSTOMER", "somebody comes for another car than the one there", (5.0, 60.0))
DAWDLE: Final = Letter("DAWDLE", "somebody stands about in the plane of an open gate", (20.0, 120.0))
HOLD: Final = Letter("HOLD", "an operator holds the unit")
STOP: Final = Letter("STOP", "an operator stops the unit")
ABORT: Final = Letter("ABORT", "an operator aborts the unit")
SUSPEND: Final = Letter("SUSPEND", "an operator suspends the unit")

WAITS_S: Final = 120.0
"""How long somebody waits for a gate to open."""


class HumanFaults:
    """Plays them."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._world = scene.world
        self.acts: Mapping[Letter, Act] = {
            PERSON: self._person,
            BACK_IN: self._back_in,
            WRONG_CUSTOMER: self._wrong_customer,
            DAWDLE: self._dawdle,
            HOLD: self._command,
            STOP: self._command,
            ABORT: self._command,
            SUSPEND: self._command,
        }

    async def _person(self, strike: Strike) -> None:
        room = self._scene.room(strike)
        if self._world.plant.room(room).gate_opened:
            await self._visit(room, strike.hold_s)

    async def _back_in(self, strike: Strike) -> None:
        room = self._scene.room(strike)

        def left_behind() -> bool:
            seen = self._world.plant.room(room)
            return seen.gate_opened and seen.car is None and seen.crossing is None and seen.signal != Signal.DRIVE_IN

        await self._visit_when(left_behind, room, strike.hold_s)

    async def _wrong_customer(self, strike: Strike) -> None:
        room = self._scene.room(strike)

        def somebody_elses() -> bool:
            seen = self._world.plant.room(room)
            return seen.gate_opened and seen.car is not None

        await self._visit_when(somebody_elses, room, strike.hold_s)

    async def _visit_when(self, ready: Callable[[], bool], room: int, for_s: float) -> None:
        if await self._scene.when(ready, WAITS_S):
            await self._visit(room, for_s)

    async def _visit(self, room: int, for_s: float) -> None:
        self._world.do(lambda plant: plant.person_enters(room))
        await asyncio.sleep(for_s)
        self._world.do(lambda plant: plant.person_leaves(room))

    async def _dawdle(self, strike: Strike) -> None:
        room = self._scene.room(strike)
        if await self._scene.when(lambda: self._world.plant.room(room).gate_opened, WAITS_S):
            self._world.do(lambda plant: plant.somebody_in_gate(room, strike.hold_s))
            await asyncio.sleep(strike.hold_s)

    async def _command(self, strike: Strike) -> None:
        with suppress(Refusal, NobodyThere, HalError):
            await self._world.ask(UnitCommand(by="operator", event=UnitEvent[strike.kind.name]))
