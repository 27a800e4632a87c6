"""One letter of the fault alphabet played on a tower without a daemon: plant, PLCs, and what they show."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping

from config.load import load_tower
from sim_plc.plant.cars import Car
from sim_plc.plant.contacts import Wire
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.faults.alphabet import Fate
from sim_plc.rehearsal.faults.letter import Letter, Strike
from sim_plc.rehearsal.world import World

ROOM = 101
BAY = 102
CAR = Car("C")

Watch = Callable[[World], Awaitable[None]]


def play(
    letter: Letter, watch: Watch, *, where: int = 0, hold_s: float = 10.0, at: Mapping[int, Car] | None = None
) -> None:
    """Let a letter strike after a second and watch it; come back when it has healed and all has come to rest."""

    async def scenario() -> None:
        world = World(load_tower("small"), 1, cars=dict(at or {BAY: CAR}))
        async with world.running():
            struck = asyncio.create_task(Fate(world, random.Random(1)).play((Strike(1.0, letter, hold_s, where),)))
            await asyncio.sleep(1.05)
            await watch(world)
            await struck
            await asyncio.sleep(1.0)
            world.touch()

    loop.run(scenario())


def shown(world: World, wire: Wire) -> bool | int:
    """Return what an input tells now."""
    world.touch()
    return world.plant.shows(wire)


async def told(world: World, wire: Wire, for_s: float) -> list[bool | int]:
    """Return what an input tells during a while, each change once."""
    seen = [shown(world, wire)]
    until_s = world.now + for_s
    while world.now < until_s:
        await asyncio.sleep(0.05)
        if shown(world, wire) != seen[-1]:
            seen.append(shown(world, wire))
    return seen
