"""Polls left out in a lull: nobody notices while it lasts, and its end is as sudden as that of real polls."""

import asyncio
from collections.abc import Callable

import pytest

from hal.errors import NotOnline
from hal.polling import RETRY_S
from hal.scan import Station
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.lull import LULL_S
from sim_plc.rehearsal.world import World
from tests.support.places import TOWER
from tests.support.stage import Stage, stage

SILENCE_S = TOWER.machine.plc.silence_s
POLL_S = TOWER.timing.idle_poll_s
STALE_S = max(1.0, 3 * POLL_S)
STATION = "tower"


def silent(world: World) -> bool:
    return world.programs[0].gate.silent(world.now)


def station(it: Stage) -> Station:
    assert it.world.daemon is not None
    return it.world.daemon.stations[STATION]


async def rest() -> None:
    """Let a tower that has nothing to do come to rest."""
    await asyncio.sleep(3 * LULL_S)


async def until(predicate: Callable[[], bool]) -> float:
    """Return how long it takes until something is so."""
    running = asyncio.get_running_loop()
    began = running.time()
    while not predicate():
        assert running.time() < began + 10.0
        await asyncio.sleep(0.01)
    return running.time() - began


def test_at_rest_few_polls_are_made_and_neither_end_misses_the_others() -> None:
    async def body() -> None:
        async with stage() as it:
            await rest()
            polls: list[object] = []
            station(it).on_image(polls.append)
            lasting_s, looks = 60.0, 600
            for _ in range(looks):
                await asyncio.sleep(lasting_s / looks)
                assert station(it).image
                assert not silent(it.world)
            assert lasting_s / LULL_S - 1 <= len(polls) <= lasting_s / LULL_S + 2

    loop.run(body())


@pytest.mark.parametrize("after_s", [0.0, 0.3, 1.7])
@pytest.mark.parametrize("end", ["crash", "cable", "freeze", "stop"])
def test_a_daemon_that_is_heard_no_more_is_missed_as_soon_as_with_every_poll(end: str, after_s: float) -> None:
    async def body() -> None:
        async with stage() as it:
            await rest()
            await asyncio.sleep(after_s)
            thaw: Callable[[], object] = int
            match end:
                case "crash":
                    await it.world.crash_daemon()
                case "cable":
                    it.world.pull_cable("tower", out=True)
                case "freeze":
                    thaw = it.world.freeze_daemon()
                case _:
                    await it.world.stop_daemon()
            silent_s = await until(lambda: silent(it.world))
            assert SILENCE_S - POLL_S - 0.02 <= silent_s <= SILENCE_S + 0.02
            thaw()

    loop.run(body())


def test_a_plc_that_cannot_be_heard_is_stale_as_soon_as_with_every_poll() -> None:
    async def body() -> None:
        async with stage() as it:
            await rest()
            it.world.pull_cable("tower", out=True)

            def blind() -> bool:
                try:
                    return not station(it).image
                except NotOnline:
                    return True

            assert STALE_S - POLL_S - 0.02 <= await until(blind) <= STALE_S + POLL_S

    loop.run(body())


def test_a_daemon_that_slept_knows_that_its_pictures_are_old_when_it_wakes() -> None:
    async def body() -> None:
        async with stage() as it:
            await rest()
            here = station(it)
            thaw = it.world.freeze_daemon()
            await asyncio.sleep(STALE_S + POLL_S)
            with pytest.raises(NotOnline):
                assert here.image
            thaw()

    loop.run(body())


def test_what_happens_at_the_tower_is_seen_as_soon_as_with_every_poll() -> None:
    async def body() -> None:
        async with stage() as it:
            await rest()
            it.world.do(lambda plant: plant.press_e_stop())
            seen_s = await until(lambda: not station(it).image.safety & 1)
            assert seen_s <= POLL_S + 0.05

    loop.run(body())


def test_a_station_that_is_gone_is_tried_again_as_soon_as_with_every_poll() -> None:
    async def body() -> None:
        async with stage() as it:
            await rest()
            assert it.world.daemon is not None
            here = it.world.daemon.stations["bays1"]
            it.world.cabinets.restart(here.name)
            await until(lambda: not here.online)
            assert await until(lambda: here.online) <= RETRY_S + 0.1

    loop.run(body())
