"""Faults of the sensors: contacts that chatter, flap, stick, come late or tell what another one should."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from sim_plc.plant.contacts import Wire
from sim_plc.plant.lies import Copy, Late, Lie
from sim_plc.rehearsal.faults.inputs import CARS, WAYS, Liars, Sensor, chosen
from sim_plc.rehearsal.faults.letter import Act, Letter, Scene, Strike

LOOSE: Final = Letter("LOOSE", "a contact chatters for longer than its filter bears", (0.05, 6.0))
FLAP: Final = Letter("FLAP", "a sensor comes and goes, each time for longer than its filter", (2.0, 40.0))
STUCK_OFF: Final = Letter("STUCK_OFF", "a sensor tells off, whatever is so", (1.0, 90.0))
STUCK_ON: Final = Letter("STUCK_ON", "a sensor tells on, whatever is so", (1.0, 90.0))
SLUGGISH: Final = Letter("SLUGGISH", "the filter of a sensor is set far too long", (10.0, 120.0))
CROSS_TALK: Final = Letter("CROSS_TALK", "a sensor tells what another one should", (1.0, 60.0))
FALSE_GONE: Final = Letter("FALSE_GONE", "one signal of a car that stands there says that it has gone", (1.0, 60.0))

LIES: Final = (FLAP, STUCK_OFF, STUCK_ON, SLUGGISH, CROSS_TALK, FALSE_GONE)
"""Letters that let a sensor tell what is not so."""

FLAPS_S: Final = (0.15, 2.5)
"""How long a sensor that flaps tells the one, and then the other."""

LATE_S: Final = (0.5, 8.0)


class SensorFaults:
    """Plays them. Of what tells of one thing one input lies at a time: see `sim_plc.rehearsal.faults.inputs`."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._world = scene.world
        self._rng = scene.rng
        self._liars = Liars(scene)
        self.acts: Mapping[Letter, Act] = {
            LOOSE: self._loose,
            FLAP: self._flap,
            STUCK_OFF: self._stuck_off,
            STUCK_ON: self._stuck_on,
            SLUGGISH: self._late,
            CROSS_TALK: self._cross_talk,
            FALSE_GONE: self._false_gone,
        }

    async def _loose(self, strike: Strike) -> None:
        room, bays = self._scene.room(strike), self._world.tower.shape.bays
        wires: list[tuple[Wire, str]] = [
            (("door", room, "closed_a"), WAYS),
            (("door", room, "opened"), WAYS),
            (("gate", room, "bolted_b"), WAYS),
            (("gate", room, "opened"), WAYS),
            (("room", room, "occupied_a"), CARS),
            (("bay", bays[strike.where % len(bays)], "latch_closed"), WAYS),
            (("carriage", "latch_open"), WAYS),
        ]
        wire, about = wires[strike.where % len(wires)]
        with self._liars.alone(about) as alone:
            if alone:
                self._world.do(lambda plant: plant.shake_contact(wire, strike.hold_s))
                await asyncio.sleep(strike.hold_s)

    async def _flap(self, strike: Strike) -> None:
        sensor = self._liars.any(strike)
        with self._liars.alone(sensor.about) as alone:
            until_s = self._world.now + strike.hold_s
            while alone and self._world.now < until_s:
                self._stick(sensor.wire, value=self._contrary(sensor))
                await asyncio.sleep(self._rng.uniform(*FLAPS_S))
                self._free(sensor.wire)
                await asyncio.sleep(self._rng.uniform(*FLAPS_S))

    async def _stuck_off(self, strike: Strike) -> None:
        await self._stuck(self._liars.that_may_tell(strike, value=False), strike.hold_s, value=False)

    async def _stuck_on(self, strike: Strike) -> None:
        await self._stuck(self._liars.that_may_tell(strike, value=True), strike.hold_s, value=True)

    async def _late(self, strike: Strike) -> None:
        sensor = chosen(strike, self._liars.both_ways(strike))
        await self._lie(sensor, Late(self._rng.uniform(*LATE_S)), strike.hold_s)

    async def _cross_talk(self, strike: Strike) -> None:
        among = self._liars.both_ways(strike)
        sensor = chosen(strike, among)
        others = tuple(each for each in among if each is not sensor and _station(each) == _station(sensor))
        other = chosen(replace(strike, where=strike.where // len(among)), others)
        await self._lie(sensor, Copy(other.wire), strike.hold_s)

    async def _false_gone(self, strike: Strike) -> None:
        """Let one signal of a car say that it has gone: of one in a room if there is any, else of one in a bay."""
        plant, room = self._world.plant, self._scene.room(strike)
        held = sorted(place for place in plant.truth().cars if place in self._world.tower.shape.bays)
        if plant.room(room).car is not None:
            names = ("occupied_a", "occupied_b", "weight", "crossings")
            name = names[strike.where % len(names)]
            if name == "crossings":
                self._world.do(lambda plant: plant.miscount(room))
            else:
                await self._stuck(Sensor(("room", room, name), CARS), strike.hold_s, value=False)
        elif held:
            bay = held[strike.where % len(held)]
            wire: Wire = ("bay", bay, ("occupied_a", "occupied_b")[strike.where // len(held) % 2])
            await self._stuck(Sensor(wire, CARS), strike.hold_s, value=False)

    async def _stuck(self, sensor: Sensor, hold_s: float, *, value: bool) -> None:
        with self._liars.alone(sensor.about) as alone:
            if alone:
                self._stick(sensor.wire, value=value)
                await asyncio.sleep(hold_s)
                self._free(sensor.wire)

    async def _lie(self, sensor: Sensor, lie: Lie, hold_s: float) -> None:
        with self._liars.alone(sensor.about) as alone:
            if alone:
                self._world.do(lambda plant: plant.let_lie(sensor.wire, lie))
                await asyncio.sleep(hold_s)
                self._world.do(lambda plant: plant.let_lie(sensor.wire, None))

    def _contrary(self, sensor: Sensor) -> bool:
        return sensor.only if sensor.only is not None else not self._world.plant.shows(sensor.wire)

    def _stick(self, wire: Wire, *, value: bool) -> None:
        self._world.do(lambda plant: plant.overrides.update({wire: value}))

    def _free(self, wire: Wire) -> None:
        self._world.do(lambda plant: plant.overrides.pop(wire))


def _station(sensor: Sensor) -> str:
    return "bay" if sensor.wire[0] == "bay" else "tower"
