"""An abort amid a Clear: what the last daemon had begun, and the Clear waited for, does not go on beside it."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from controller.domain.events import Relocate, UnitCommand
from controller.domain.unit import UnitEvent, UnitState
from sim_plc.plant.cars import Car
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.stop_law import moving
from tests.support.places import LOW2, TOP1
from tests.support.stage import Stage, stage
from tests.support.tower_under_test import tower_under_test

SLOW_ARMS = tower_under_test(machine__shuttle__speed_mm_s="2000")


async def abort(it: Stage) -> None:
    await it.ask(UnitCommand(event=UnitEvent.ABORT))


async def turn_the_key(it: Stage) -> None:
    it.world.do(lambda plant: plant.set_maintenance_key(on=True))


async def lose_the_bays(it: Stage) -> None:
    bus = next(name for name, bus in it.world.tower.bus.items() if "tower" not in bus.stations)
    it.world.pull_cable(bus, out=True)


async def clear_amid_an_exchange(it: Stage) -> None:
    """End the daemon as arms reach out, start it again, and clear before the tower PLC misses anybody."""
    await it.order(Relocate(car="A1", bay=TOP1))
    await it.until(lambda: it.world.truth().carriage.arms.moving)
    await it.world.crash_daemon()
    daemon = await it.world.start_daemon()
    await it.until(lambda: all(station.online for station in daemon.stations.values()))
    await it.ask(UnitCommand(event=UnitEvent.CLEAR))
    await asyncio.sleep(0.05)
    assert it.unit is UnitState.CLEARING
    assert it.book.intents
    assert moving(it.world.truth().carriage)


@pytest.mark.parametrize("cause", [abort, turn_the_key, lose_the_bays])
def test_nothing_moves_as_the_unit_calls_itself_aborted_amid_a_clear(cause: Callable[[Stage], Awaitable[None]]) -> None:
    """A HOME went on that a Clear had waited for (`small`, seed 91, aimed)."""

    async def body() -> None:
        async with stage(SLOW_ARMS, cars={LOW2: Car("A1")}) as it:
            await clear_amid_an_exchange(it)
            await cause(it)
            await it.until(lambda: it.unit is UnitState.ABORTED)
            assert not moving(it.world.truth().carriage)
            assert not it.world.truth().carriage.arms_centred, "an abort cuts an exchange"

    loop.run(body())
