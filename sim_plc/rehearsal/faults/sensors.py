"""Faults of the sensors: contacts that chatter."""

import asyncio
from collections.abc import Mapping
from typing import Final

from sim_plc.plant.contacts import Wire
from sim_plc.rehearsal.faults.letter import Act, Letter, Scene, Strike

LOOSE: Final = Letter("LOOSE", "a contact chatters for longer than its filter bears", (0.05, 6.0))


class SensorFaults:
    """Plays them."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._world = scene.world
        self.acts: Mapping[Letter, Act] = {LOOSE: self._loose}

    async def _loose(self, strike: Strike) -> None:
        room, bays = self._scene.room(strike), self._world.tower.shape.bays
        wires: list[Wire] = [
            ("door", room, "closed_a"),
            ("door", room, "opened"),
            ("gate", room, "bolted_b"),
            ("gate", room, "opened"),
            ("room", room, "occupied_a"),
            ("bay", bays[strike.where % len(bays)], "latch_closed"),
            ("carriage", "latch_open"),
        ]
        wire = wires[strike.where % len(wires)]
        self._world.do(lambda plant: plant.shake_contact(wire, strike.hold_s))
        await asyncio.sleep(strike.hold_s)
