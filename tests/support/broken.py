"""What a scenario breaks: the rig is shown to see, each time without one of its safeguards."""

import asyncio
from collections.abc import Awaitable, Callable

from controller.domain.events import Relocate
from sim_plc.plant.cars import Car
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.world import World
from tests.support.places import LOW1, LOW2, TOP1
from tests.support.stage import Stage
from tests.support.tower_under_test import tower_under_test

CARS = {LOW1: Car("A"), TOP1: Car("C")}

Scenario = Callable[[Stage], Awaitable[object]]


def broken(scenario: Scenario, world: Callable[[], World] | None = None) -> set[str]:
    """Play a scenario; return the invariants that were broken."""

    async def play() -> set[str]:
        it = Stage(world() if world else World(tower_under_test(), 1, cars=CARS))
        async with it.world.running():
            await it.start()
            await it.import_all()
            await it.execute()
            await scenario(it)
            it.inspector.judge_end()
            return {violation.invariant for violation in it.inspector.violations}

    return loop.run(play())


async def relocate(it: Stage) -> None:
    """Move a car from one bay to another."""
    number = await it.order(Relocate(car="C", bay=LOW2))
    await it.ended(number)


async def as_far_as_it_goes(it: Stage) -> None:
    """Begin to move a car, and leave it at that."""
    await it.order(Relocate(car="C", bay=LOW2))
    await asyncio.sleep(30.0)
