"""What people do at the wrong time: they walk into a room, hold, stop and abort the unit."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from controller.domain.events import Refusal, UnitCommand
from controller.domain.unit import UnitEvent
from hal.errors import HalError
from sim_plc.rehearsal.faults.letter import Act, Letter, Scene, Strike
from sim_plc.rehearsal.world import NobodyThere

PERSON: Final = Letter("PERSON", "somebody walks into a room, and out", (5.0, 60.0))
HOLD: Final = Letter("HOLD", "an operator holds the unit")
STOP: Final = Letter("STOP", "an operator stops the unit")
ABORT: Final = Letter("ABORT", "an operator aborts the unit")
SUSPEND: Final = Letter("SUSPEND", "an operator suspends the unit")


class HumanFaults:
    """Plays them."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._world = scene.world
        self.acts: Mapping[Letter, Act] = {
            PERSON: self._person,
            HOLD: self._command,
            STOP: self._command,
            ABORT: self._command,
            SUSPEND: self._command,
        }

    async def _person(self, strike: Strike) -> None:
        room = self._scene.room(strike)
        if not self._world.plant.truth().gates[room].opened:
            return
        self._world.do(lambda plant: plant.person_enters(room))
        await asyncio.sleep(strike.hold_s)
        self._world.do(lambda plant: plant.person_leaves(room))

    async def _command(self, strike: Strike) -> None:
        with suppress(Refusal, NobodyThere, HalError):
            await self._world.ask(UnitCommand(by="operator", event=UnitEvent[strike.kind.name]))
