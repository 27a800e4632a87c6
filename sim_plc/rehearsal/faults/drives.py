"""Faults of the drives: they trip, seize, slip, miss their target, brake late; and a load that slides."""

import asyncio
from collections.abc import Mapping
from typing import Final

from sim_plc.plant.troubles import AxisName
from sim_plc.plant.truth import AxisTruth
from sim_plc.rehearsal.faults.letter import Act, Letter, Scene, Strike

DRIVE: Final = Letter("DRIVE", "a drive trips, and is reset by a technician", (2.0, 60.0))
SEIZED: Final = Letter("SEIZED", "an axis does not move on command", (5.0, 60.0))
SLIP: Final = Letter("SLIP", "an encoder slips against the marks of its axis")
PAST_PLACE: Final = Letter("PAST_PLACE", "the turntable stops behind its place")
BRAKE_LATE: Final = Letter("BRAKE_LATE", "a brake sets late", (10.0, 90.0))
SHIFTED: Final = Letter("SHIFTED", "the car on the carriage slides, and is put right", (5.0, 60.0))

AXES: Final[tuple[AxisName, ...]] = ("lift", "turntable", "arms", "comb")
BRAKED: Final[tuple[AxisName, ...]] = ("lift", "turntable")

SLIPS: Final = (1.5, 4.5)
"""Of the tolerance of an axis: by how much its encoder slips."""

OVERRUNS: Final = (2.0, 6.0)
BRAKE_S: Final = (2.0, 8.0)

STRAIGHT_S: Final = 15.0
"""How long it takes until somebody has put a car right."""

WAITS_S: Final = 120.0
"""How long a fault that needs a motion or a load waits for one."""


class DriveFaults:
    """Plays them."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._world = scene.world
        self._rng = scene.rng
        self.acts: Mapping[Letter, Act] = {
            DRIVE: self._drive,
            SEIZED: self._seized,
            SLIP: self._slip,
            PAST_PLACE: self._overrun,
            BRAKE_LATE: self._brake_late,
            SHIFTED: self._shifted,
        }

    async def _drive(self, strike: Strike) -> None:
        axis = AXES[strike.where % len(AXES)]
        if strike.where // len(AXES) % 2:
            await self._scene.when(lambda: self._truth(axis).moving, WAITS_S)
        self._world.do(lambda plant: plant.troubles.trip_drive(axis))
        await asyncio.sleep(strike.hold_s)
        self._world.do(lambda plant: plant.troubles.reset_drive(axis))

    async def _seized(self, strike: Strike) -> None:
        axis = AXES[strike.where % len(AXES)]
        self._world.do(lambda plant: plant.troubles.seize(axis, on=True))
        await asyncio.sleep(strike.hold_s)
        self._world.do(lambda plant: plant.troubles.seize(axis, on=False))

    async def _slip(self, strike: Strike) -> None:
        axis = BRAKED[strike.where % len(BRAKED)]
        way = round(self._tolerance(axis) * self._rng.uniform(*SLIPS)) * (1 if strike.where // 2 % 2 else -1)
        self._world.do(lambda plant: plant.troubles.slip(axis, way))

    async def _overrun(self, strike: Strike) -> None:
        way = round(self._tolerance("turntable") * self._rng.uniform(*OVERRUNS)) * (1 if strike.where % 2 else -1)
        self._world.do(lambda plant: plant.troubles.overrun("turntable", way))

    async def _brake_late(self, strike: Strike) -> None:
        axis, by_s = BRAKED[strike.where % len(BRAKED)], self._rng.uniform(*BRAKE_S)
        self._world.do(lambda plant: plant.troubles.delay_brake(axis, by_s))
        await asyncio.sleep(strike.hold_s)
        self._world.do(lambda plant: plant.troubles.delay_brake(axis, 0.0))

    async def _shifted(self, strike: Strike) -> None:
        if not await self._scene.when(self._carries, WAITS_S):
            return
        await asyncio.sleep(min(strike.hold_s, STRAIGHT_S))
        self._world.do(lambda plant: plant.troubles.shift_load())
        await asyncio.sleep(STRAIGHT_S)
        self._world.do(lambda plant: plant.troubles.straighten_load())

    def _carries(self) -> bool:
        carriage = self._world.plant.truth().carriage
        return carriage.car is not None and carriage.arms_centred

    def _truth(self, axis: AxisName) -> AxisTruth:
        carriage = self._world.plant.truth().carriage
        truth: dict[AxisName, AxisTruth] = {
            "lift": carriage.lift,
            "turntable": carriage.turntable,
            "arms": carriage.arms,
            "comb": carriage.comb,
        }
        return truth[axis]

    def _tolerance(self, axis: AxisName) -> int:
        shape = self._world.tower.shape
        return shape.height_tolerance_mm if axis == "lift" else shape.angle_tolerance_mdeg
