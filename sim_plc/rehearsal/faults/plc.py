"""Faults of the PLCs: restarts with and without their memory."""

from collections.abc import Mapping
from typing import Final

from sim_plc.rehearsal.faults.letter import Act, Letter, Scene, Strike

PLC_WARM: Final = Letter("PLC_WARM", "the tower PLC restarts with its memory")
PLC_COLD: Final = Letter("PLC_COLD", "the tower PLC restarts without its memory")
BAYS_WARM: Final = Letter("BAYS_WARM", "a bay controller restarts with its memory")
BAYS_COLD: Final = Letter("BAYS_COLD", "a bay controller restarts without its memory")


class PlcFaults:
    """Plays them."""

    def __init__(self, scene: Scene) -> None:
        self._world = scene.world
        self.acts: Mapping[Letter, Act] = dict.fromkeys((PLC_WARM, PLC_COLD, BAYS_WARM, BAYS_COLD), self._restart)

    async def _restart(self, strike: Strike) -> None:
        of_bays = strike.kind in (BAYS_WARM, BAYS_COLD)
        names = [program.name for program in self._world.programs if (program.name != "tower") is of_bays]
        warm = strike.kind in (PLC_WARM, BAYS_WARM)
        self._world.restart_plc(names[strike.where % len(names)], warm=warm)
