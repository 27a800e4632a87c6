"""Faults that the safety chain answers: emergency stop, key, people where nobody may be, and what trips by itself."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from sim_plc.plant.plant import Plant
from sim_plc.rehearsal.faults.letter import Act, Letter, Scene, Strike

E_STOP: Final = Letter("E_STOP", "somebody presses the emergency stop, and releases it", (1.0, 30.0))
KEY: Final = Letter("KEY", "the maintenance key is turned on, and off", (1.0, 30.0))
CURTAIN: Final = Letter("CURTAIN", "somebody steps into the plane of a gate, and back", (0.2, 20.0))
IN_SHAFT: Final = Letter("IN_SHAFT", "somebody climbs into the shaft, and out", (5.0, 60.0))
ESCAPE: Final = Letter("ESCAPE", "somebody pulls the release inside a room, and puts it back", (5.0, 60.0))
FORCED: Final = Letter("FORCED", "somebody forces a door or gate open against its bolt", (5.0, 60.0))
GOVERNOR: Final = Letter("GOVERNOR", "the overspeed governor trips, and is put right", (5.0, 60.0))
SLACK_ROPE: Final = Letter("SLACK_ROPE", "a rope goes slack, and is tightened", (5.0, 60.0))
PHASE_LOSS: Final = Letter("PHASE_LOSS", "the machine loses its mains; the PLCs keep theirs", (0.3, 30.0))
FIRE: Final = Letter("FIRE", "the fire alarm comes, and goes", (5.0, 60.0))

Turn = Callable[[Plant, bool], object]
"""Lets something begin (True) and end (False)."""


class SafetyFaults:
    """Plays them."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._world = scene.world
        self.acts: Mapping[Letter, Act] = {
            E_STOP: self._for_a_while(lambda plant, on: plant.press_e_stop() if on else plant.release_e_stop()),
            KEY: self._for_a_while(lambda plant, on: plant.set_maintenance_key(on=on)),
            CURTAIN: self._curtain,
            IN_SHAFT: self._for_a_while(lambda plant, on: plant.person_in_shaft(on=on)),
            ESCAPE: self._escape,
            FORCED: self._forced,
            GOVERNOR: self._for_a_while(lambda plant, on: plant.troubles.trip_governor(on=on)),
            SLACK_ROPE: self._for_a_while(lambda plant, on: plant.set_slack_rope(on=on)),
            PHASE_LOSS: self._for_a_while(lambda plant, on: plant.power_cut() if on else plant.power_on()),
            FIRE: self._for_a_while(lambda plant, on: plant.set_fire(on=on)),
        }

    def _for_a_while(self, turn: Turn) -> Act:
        """Return what lets something last for as long as a strike holds; of several at a time the first to end ends."""

        async def act(strike: Strike) -> None:
            self._world.do(lambda plant: turn(plant, True))
            await asyncio.sleep(strike.hold_s)
            self._world.do(lambda plant: turn(plant, False))

        return act

    async def _curtain(self, strike: Strike) -> None:
        room = self._scene.room(strike)
        self._world.do(lambda plant: plant.somebody_in_gate(room, strike.hold_s))
        await asyncio.sleep(strike.hold_s)

    async def _escape(self, strike: Strike) -> None:
        room = self._scene.room(strike)
        self._world.do(lambda plant: plant.use_escape(room))
        await asyncio.sleep(strike.hold_s)
        self._world.do(lambda plant: plant.restore_escape(room))

    async def _forced(self, strike: Strike) -> None:
        room = self._scene.room(strike)
        self._world.do(lambda plant: plant.troubles.force("door" if strike.where % 2 else "gate", room, on=True))
        await asyncio.sleep(strike.hold_s)
        self._world.do(lambda plant: plant.troubles.force("door" if strike.where % 2 else "gate", room, on=False))
