"""A station whose images were old for a while is told as back: nobody else would, since its link never broke."""

import asyncio

from sim_plc.rehearsal import loop
from sim_plc.rehearsal.world import World
from tests.support.stage import Stage
from tests.support.tower_under_test import tower_under_test

FROZEN_S = 3.0


def told_of(it: Stage, station: str) -> list[object]:
    return [event["state"] for event in it.world.events if event["event"] == "station" and event["name"] == station]


def test_each_spell_of_old_images_is_told_and_its_end_too() -> None:
    async def play() -> None:
        it = Stage(World(tower_under_test(), 1))
        async with it.world.running():
            await it.start()
            assert it.world.daemon is not None
            for _ in range(2):
                thaw = it.world.freeze_daemon()
                await asyncio.sleep(FROZEN_S)
                thaw()
                await asyncio.sleep(FROZEN_S)
            for station in it.world.daemon.stations:
                assert told_of(it, station)[-4:] == ["STALE", "ONLINE", "STALE", "ONLINE"], station

    loop.run(play())
