"""Faults of the wires between daemon and PLCs."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from sim_plc.rehearsal.faults.letter import Act, Letter, Scene, Strike
from sim_plc.rehearsal.memory_link import Fault
from sim_plc.rehearsal.world import no_fault

CUT: Final = Letter("CUT", "a cable is out, and in again", (0.1, 20.0))
NOISE: Final = Letter("NOISE", "requests and answers get lost, late or doubled", (1.0, 60.0))


class WireFaults:
    """Plays them. Noises may overlap: of several the youngest that strikes has its way."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._world = scene.world
        self._rng = scene.rng
        self._noises: list[Callable[[str], Fault]] = []
        self.acts: Mapping[Letter, Act] = {CUT: self._cut, NOISE: self._noise}

    async def _cut(self, strike: Strike) -> None:
        bus = self._scene.bus(strike)
        self._world.pull_cable(bus, out=True)
        await asyncio.sleep(strike.hold_s)
        self._world.pull_cable(bus, out=False)

    async def _noise(self, strike: Strike) -> None:
        bus = self._scene.bus(strike)
        share = self._rng.uniform(0.01, 0.3)
        faults = [fault for fault in Fault if fault is not Fault.NONE]

        def decide(name: str) -> Fault:
            noisy = name == bus and self._rng.random() < share
            return self._rng.choice(faults) if noisy else Fault.NONE

        self._noises.append(decide)
        self._world.decide = self._decide
        await asyncio.sleep(strike.hold_s)
        self._noises.remove(decide)
        if not self._noises:
            self._world.decide = no_fault

    def _decide(self, bus: str, _function: int, _unit: int) -> Fault:
        """Return the fault of a request."""
        fates = (decide(bus) for decide in reversed(self._noises))
        return next((fault for fault in fates if fault is not Fault.NONE), Fault.NONE)
