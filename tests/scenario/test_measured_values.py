"""Measured values at a whole tower, in virtual time: each trouble is one alarm, few enough, and touches no motion."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Final

from controller.app import Ports
from controller.domain.alarm_load import MOST_A_CAUSE, Annunciation, day_loads
from controller.domain.alarms import Tag
from controller.domain.unit import UnitEvent, UnitState
from controller.runtime.measuring import Gauge
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.life import Life
from sim_plc.rehearsal.world import World
from tests.support.stage import Stage
from tests.support.tower_under_test import tower_under_test

LENGTH_S: Final = 150.0
STARTS: Final = {
    Tag("DISK_SPACE_LOW"): 290.0,
    Tag("CLOCK_WRONG"): 1.5,
    Tag("BUS_ERRORS", 0): 1.4,
    Tag("BUS_ERRORS", 1): 1.6,
}
"""All near their limits, so that the worst is seen: all at once."""


class Creeping:
    """A gauge that shows what walks at random within its dead-band, and beyond it when it is told to."""

    def __init__(self, tag: Tag, start: float, rng: Random, beyond: Callable[[], bool]) -> None:
        assert tag.alarm.band is not None
        self._tag, self._band, self._rng, self._beyond = tag, tag.alarm.band, rng, beyond
        self._value = start

    async def read(self) -> Mapping[Tag, float]:
        width = self._band.off - self._band.on
        low, high = sorted((self._band.on, self._band.off))
        self._value = min(max(self._value + self._rng.uniform(-0.3, 0.3) * width, low), high)
        return {self._tag: self._band.on - 0.5 * width if self._beyond() else self._value}


class Measuring(World):
    """A world in which ``beyond`` says whether every value is beyond its limit."""

    beyond = False

    def ports(self, life: Life) -> Ports:
        def gauges(_stations: object) -> Sequence[Gauge]:
            return [Creeping(tag, start, self.rng, lambda: self.beyond) for tag, start in STARTS.items()]

        return replace(super().ports(life), gauges=gauges)


def annunciations(world: World) -> list[Annunciation]:
    return [
        Annunciation(world.now, str(each["number"]), str(each["code"]), int(str(each["burst"])))
        for each in world.events
        if each["event"] == "alarm" and each["active"]
    ]


def test_values_that_creep_within_their_bands_for_long_are_one_alarm_each() -> None:
    async def play() -> None:
        world = Measuring(tower_under_test(), 3)
        it = Stage(world)
        async with world.running():
            await it.start()
            await it.import_all()
            await it.execute()
            await asyncio.sleep(LENGTH_S)
            assert annunciations(world) == [], "within the band nothing comes"
            world.beyond = True
            await asyncio.sleep(200.0)
            world.beyond = False
            await asyncio.sleep(LENGTH_S)
            shown = annunciations(world)
            assert {each.number for each in shown} == {str(tag) for tag in STARTS}
            assert len(shown) == len(STARTS), "and within the band nothing goes"
            (load,) = day_loads(shown, lambda _at: "")
            assert load.worst_cause <= MOST_A_CAUSE
            assert it.unit is UnitState.EXECUTE
            await world.stop_daemon()
            await it.start()
            await asyncio.sleep(100.0)
            assert len(annunciations(world)) == len(STARTS), "nor over a restart"

    loop.run(play())


def test_no_measured_value_explains_why_the_unit_stands() -> None:
    async def play() -> None:
        world = Measuring(tower_under_test(), 3)
        world.beyond = True
        it = Stage(world)
        async with world.running():
            await it.start()
            await asyncio.sleep(100.0)
            assert world.daemon is not None
            await world.daemon.control.unit.abort("a trip")
            await asyncio.sleep(40.0)
            assert "UNIT_ABORTED" in {each.key for each in annunciations(world)}
            await it.command(UnitEvent.CLEAR, UnitState.STOPPED)

    loop.run(play())
