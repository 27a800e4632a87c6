"""Registers: what a station refuses to be read and written."""

from collections.abc import Awaitable

import pytest

from hal.errors import Refused
from hal.plcmap.frame import FRAME_WORDS
from hal.plcmap.registers import StationMap
from tests.support.backends import Backend
from tests.support.bench import Ability, Bench
from tests.support.contract import later

ILLEGAL_ADDRESS = 2


async def refuses(request: Awaitable[object]) -> None:
    """Await a request that must be answered with an exception that names its address."""
    with pytest.raises(Refused) as refusal:
        await request
    assert refusal.value.code == ILLEGAL_ADDRESS


async def mailboxes(bench: Bench, plan: StationMap) -> list[tuple[int, ...]]:
    """Read every register of the mailboxes: what the daemon wrote last."""
    link = bench.links[plan.name]
    first = plan.owned_base + 8
    return [
        await link.read_holding(plan.unit, address, min(100, plan.owned_end - address))
        for address in range(first, plan.owned_end, 100)
    ]


@pytest.mark.tall
@pytest.mark.needs(Ability.MACHINE, Ability.WIRE)
def test_reads_beyond_the_map_are_refused(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        for name, station in bench.tower.stations.items():
            link, plan = bench.links[name], station.map
            end = plan.blocks[-1].address + plan.blocks[-1].count
            await refuses(link.read_input(plan.unit, end - 1, 2))
            await refuses(link.read_input(plan.unit, end, 1))
            await refuses(link.read_input(plan.unit, 0xFFFF, 1))
            await refuses(link.read_input(plan.unit, plan.owned_base, 1))
            await refuses(link.read_holding(plan.unit, end, 1))
            await refuses(link.read_holding(plan.unit, plan.owned_end - 1, 2))
            assert len(await link.read_input(plan.unit, end - 1, 1)) == 1
            assert len(await link.read_holding(plan.unit, plan.owned_end - 1, 1)) == 1

    backend.play(scenario)


@pytest.mark.needs(Ability.MACHINE, Ability.WIRE)
def test_writes_to_what_the_plc_owns_are_refused_and_change_nothing(backend: Backend) -> None:
    async def scenario(bench: Bench) -> None:
        for name, station in bench.tower.stations.items():
            link, plan = bench.links[name], station.map
            before = await mailboxes(bench, plan)
            last = plan.owned_end - 1
            between = plan.mailbox("station") + FRAME_WORDS
            await refuses(link.write(plan.unit, between, [0x5A5A]))
            for address, count in ((0, 1), (plan.fast[0].address, 4), (plan.owned_base - 1, 2), (last, 2), (0xFFFF, 1)):
                await refuses(link.write(plan.unit, address, [0x5A5A] * count))
                await refuses(link.read_write(plan.unit, plan.fast[0].address, 3, address, [0x5A5A] * count))
            # A read that is refused takes its write with it.
            await refuses(link.read_write(plan.unit, 0xFFFF, 1, last, [0x5A5A]))
            assert await mailboxes(bench, plan) == before
            await later(bench, name)
            assert station.online
            assert station.image.epoch_in_force == station.epoch

    backend.play(scenario)
