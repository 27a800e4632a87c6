"""Each letter of the wires, alone: it bites, it heals, and the daemon takes no harm."""

import asyncio
import random
from collections import Counter

import pytest

from hal.interfaces import StationState
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.faults import wire
from sim_plc.rehearsal.faults.alphabet import Fate
from sim_plc.rehearsal.faults.letter import Letter, Strike
from sim_plc.rehearsal.memory_link import Fault
from tests.support.stage import Stage, stage

SIGNS: dict[Letter, tuple[str, ...]] = {
    wire.LOSE: ("NoAnswer",),
    wire.DEAF: ("NoAnswer",),
    wire.LATE: ("NoAnswer",),
    wire.RESET_BEFORE: ("LinkDown",),
    wire.RESET_BEHIND: ("LinkDown",),
    wire.REFUSE: ("LinkDown",),
    wire.SLOTS: ("LinkDown",),
    wire.HALF_OPEN: ("NoAnswer",),
    wire.CUT: ("NoAnswer",),
}
"""Errors that requests end in; the others leave none behind."""

HOLD_S = 20.0
BACK_S = 6.0
TOWER_BUS = 1
"""The number of the tower PLC's bus in the list."""


def failed(it: Stage) -> Counter[str]:
    return sum((link.failed for link in it.world.links.values()), Counter[str]())


def befallen(it: Stage) -> Counter[Fault]:
    return sum((link.befallen for link in it.world.links.values()), Counter[Fault]())


async def struck(it: Stage, letter: Letter, hold_s: float = HOLD_S, where: int = TOWER_BUS) -> Counter[str]:
    """Let one letter strike; return the errors that requests ended in until all was well again."""
    before = failed(it)
    fate = Fate(it.world, random.Random(3))
    await fate.play((Strike(it.world.now, letter, hold_s, where),))
    assert fate.did[letter.name] == 1
    assert it.world.storm.calm
    daemon = it.world.daemon
    assert daemon is not None
    await it.until(lambda: all(one.state is StationState.ONLINE for one in daemon.stations.values()), BACK_S)
    return failed(it) - before


def test_each_letter_of_the_wires_bites_and_heals() -> None:
    async def body() -> None:
        async with stage(execute=False) as it:
            for letter, signs in SIGNS.items():
                errors = await struck(it, letter)
                assert all(errors[sign] for sign in signs), f"{letter}: {errors}"
            for letter, faults in wire.BEFALLS.items():
                before = befallen(it)
                await struck(it, letter, 6.0)
                assert (befallen(it) - before).total() > 0, letter
                assert set(befallen(it) - before) <= set(faults), letter

    loop.run(body())


@pytest.mark.parametrize(("code", "error"), [(1, "Refused"), (6, "Refused")])
def test_a_station_that_refuses_everything_is_bad_news_and_comes_back(code: int, error: str) -> None:
    async def body() -> None:
        async with stage(execute=False) as it:
            errors = await struck(it, wire.EXCEPTION, where=7 * 6 + code - 1)
            assert errors[error] > 0

    loop.run(body())


def test_a_connection_that_is_half_open_is_noticed_within_three_seconds_and_never_used_again() -> None:
    async def body() -> None:
        async with stage(execute=False) as it:
            daemon = it.world.daemon
            assert daemon is not None
            station, link = daemon.stations["tower"], it.world.links["tower"]
            generation = link.generation
            it.world.fall_mute("tower")
            await it.until(lambda: not station.online, 3.0)
            await it.until(lambda: station.online, BACK_S)
            assert link.generation > generation

    loop.run(body())


def test_an_exception_that_leaves_a_write_open_is_no_refusal() -> None:
    async def body() -> None:
        async with stage(execute=False) as it:
            errors = await struck(it, wire.EXCEPTION, where=7 * 6 + 3)
            assert errors["BadAnswer"] > 0

    loop.run(body())


def test_a_half_open_line_stays_dead_when_the_network_is_back() -> None:
    async def body() -> None:
        async with stage(execute=False) as it:
            it.world.fall_mute("tower")
            link = it.world.links["tower"]
            assert link.connected
            assert not link.sound
            await asyncio.sleep(1.0)
            assert link.failed["NoAnswer"]

    loop.run(body())
