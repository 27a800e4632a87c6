"""Faults of the data: a PLC that is well, and registers that show something else."""

import asyncio
from collections.abc import Mapping
from typing import Final

from sim_plc.rehearsal.bent_unit import Bend
from sim_plc.rehearsal.faults.bends import BeyondRange, Frozen, Stuck, Swapped, Torn
from sim_plc.rehearsal.faults.letter import Act, Letter, Scene, Strike

TORN: Final = Letter("TORN", "a station's blocks are read from two scans", (1.0, 60.0))
STALE: Final = Letter("STALE", "a station shows an old picture over and over, and takes what is written", (0.3, 20.0))
STUCK: Final = Letter("STUCK", "one bit of a sensor that has a second one beside it reads always alike", (0.5, 40.0))
SWAPPED: Final = Letter("SWAPPED", "the words of long values come in the other order", (0.3, 20.0))
RANGE: Final = Letter("RANGE", "a value is out of its range", (0.3, 20.0))


class DataFaults:
    """Plays them."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._world = scene.world
        self.acts: Mapping[Letter, Act] = dict.fromkeys((TORN, STALE, STUCK, SWAPPED, RANGE), self._bend)

    async def _bend(self, strike: Strike) -> None:
        name = self._scene.station(strike)
        bend = self._drawn(strike.kind, name)
        end = self._world.storm.bend(name, bend)
        await asyncio.sleep(strike.hold_s)
        end()
        if isinstance(bend, Torn):
            self._scene.did["torn read"] += bend.torn

    def _drawn(self, kind: Letter, name: str) -> Bend:
        """Return what bends a station in one strike."""
        station, rng = self._world.tower.maps[name], self._scene.dice()
        if kind == TORN:
            return Torn(rng)
        if kind == STALE:
            return Frozen()
        if kind == SWAPPED:
            return Swapped(station)
        bend = Stuck(station, rng) if kind == STUCK else BeyondRange(station, rng)
        self._world.note("bent", [name, bend.name])
        return bend
