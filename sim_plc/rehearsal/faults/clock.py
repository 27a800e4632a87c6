"""Faults of the computer's wall clock: it is set wrong, it drifts, it starts in 1970. What waits must not notice."""

import asyncio
from collections.abc import Mapping
from typing import Final

from sim_plc.rehearsal.faults.letter import Act, Letter, Scene, Strike

CLOCK_HOUR: Final = Letter("CLOCK_HOUR", "the clock is an hour wrong, and right again", (0.5, 120.0))
CLOCK_DECADE: Final = Letter("CLOCK_DECADE", "the clock is ten years wrong, and right again", (0.5, 120.0))
CLOCK_SLEW: Final = Letter("CLOCK_SLEW", "the clock is slewed, as fast as chrony does it", (5.0, 120.0))
CLOCK_LEAP: Final = Letter("CLOCK_LEAP", "a second is counted twice, or left out")
CLOCK_DEAD: Final = Letter("CLOCK_DEAD", "the computer boots in 1970, until the network tells the time", (0.5, 60.0))

HOUR_S: Final = 3600.0
DECADE_S: Final = 10 * 365.25 * 24 * HOUR_S
SLEW: Final = 0.0833
"""Seconds in a second: chrony's default of maxslewrate, 83,333 ppm."""

STEPS_S: Final[Mapping[Letter, float]] = {CLOCK_HOUR: HOUR_S, CLOCK_DECADE: DECADE_S}


class ClockFaults:
    """Plays them. Whoever sets the clock right ends what another one does to it."""

    def __init__(self, scene: Scene) -> None:
        self._computer = scene.world.computer
        self._clock = scene.world.computer.clock
        self.acts: Mapping[Letter, Act] = {
            **dict.fromkeys(STEPS_S, self._step),
            CLOCK_SLEW: self._slew,
            CLOCK_LEAP: self._leap,
            CLOCK_DEAD: self._forget,
        }

    async def _step(self, strike: Strike) -> None:
        self._clock.step(_sign(strike) * STEPS_S[strike.kind])
        await self._until_right(strike)

    async def _slew(self, strike: Strike) -> None:
        self._clock.drift(_sign(strike) * SLEW)
        await self._until_right(strike)

    async def _leap(self, strike: Strike) -> None:
        self._clock.step(_sign(strike) * 1.0)

    async def _forget(self, strike: Strike) -> None:
        await self._computer.lose_power()
        await asyncio.sleep(strike.hold_s / 2)
        self._clock.forget()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._computer.get_power())
            group.create_task(self._until_right(strike))

    async def _until_right(self, strike: Strike) -> None:
        await asyncio.sleep(strike.hold_s)
        self._clock.correct()


def _sign(strike: Strike) -> int:
    return 1 if strike.where % 2 else -1
