"""Who a station is, and whose epoch rules."""

import asyncio

import pytest

from hal.errors import ForeignMaster
from hal.interfaces import StationState
from hal.plcmap.codec import ControllerBlock
from hal.plcmap.codes import Signal
from hal.tower import TOWER
from tests.support.backends import Backend
from tests.support.bench import LIMIT_S, Ability, Bench
from tests.support.contract import later

REPEATS = 4
REPEAT_S = 0.013


@pytest.mark.tall
def test_every_station_is_who_it_should_be_and_online_under_our_epoch(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        for name, station in bench.tower.stations.items():
            image = station.image
            assert station.state is StationState.ONLINE, name
            assert image.epoch_in_force == station.epoch > 0
            assert image.owner_in_force == station.owner
            assert {each.name for each in station.map.mechanisms} == image.mechanisms.keys()

    backend.play(scenario)


@pytest.mark.needs(Ability.MACHINE, Ability.WIRE)
def test_a_lower_epoch_and_another_owner_of_ours_are_not_taken(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        for name, station in bench.tower.stations.items():
            link, at = bench.links[name], station.map.controller_block
            for block in (
                ControllerBlock(station.epoch - 1, station.owner, station.image.heartbeat),
                ControllerBlock(station.epoch, station.owner ^ 1, station.image.heartbeat),
            ):
                # Again and again: a single one may be overwritten by a poll before the program looks.
                for _ in range(REPEATS):
                    await link.write(station.map.unit, at, block.to_words())
                    await asyncio.sleep(REPEAT_S)
                await later(bench, name)
                assert station.image.epoch_in_force == station.epoch
                assert station.image.owner_in_force == station.owner

    backend.play(scenario)


@pytest.mark.needs(Ability.MACHINE, Ability.WIRE)
def test_a_higher_epoch_of_another_master_freezes_the_station_until_a_person_adopts_it(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        station = bench.tower.stations[TOWER]
        foreign = station.epoch + (1 << 16)
        block = ControllerBlock(foreign, station.owner ^ 1, 0)
        async with asyncio.timeout(LIMIT_S):
            while station.state is not StationState.FROZEN:
                await bench.links[TOWER].write(station.map.unit, station.map.controller_block, block.to_words())
                await asyncio.sleep(REPEAT_S)
        with pytest.raises(ForeignMaster):
            bench.tower.lift.home()
        while station.last_image is None or station.last_image.epoch_in_force != foreign:
            assert await station.news(asyncio.get_running_loop().time() + LIMIT_S)
        await station.adopt_epoch()
        await bench.online()
        assert station.image.epoch_in_force == station.epoch > foreign
        await bench.ok(bench.tower.rooms[bench.room].signal.show(Signal.WAIT))

    backend.play(scenario)
