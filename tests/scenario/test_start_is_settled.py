"""A start that cannot be settled at once is tried again soon, though no station shows anything new meanwhile."""

import asyncio
from collections.abc import Collection
from itertools import pairwise

import pytest

from controller.activities import recovery
from controller.activities.context import Bench
from controller.domain.book import Book
from hal.errors import NotOnline
from hal.interfaces import Outcome
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.world import World
from tests.support.tower_under_test import tower_under_test

LASTS_S = 960.0
"""For longer than any alarm is delayed: while one is, the tower is looked over each second."""

SOON_S = 3.0
"""Well before the tower is looked over without any news."""


def test_stations_that_could_not_be_asked_are_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    settle, tries = recovery.settle_open, [0.0]

    async def when_it_is_over(bench: Bench, book: Book, mechanisms: Collection[str] | None = None) -> list[Outcome]:
        tries.append(asyncio.get_running_loop().time())
        if tries[-1] < LASTS_S:
            raise NotOnline("tower is stale")
        return await settle(bench, book, mechanisms)

    monkeypatch.setattr(recovery, "settle_open", when_it_is_over)

    async def play() -> None:
        world = World(tower_under_test(), 1)
        async with world.running():
            daemon = await world.start_daemon()
            await asyncio.sleep(LASTS_S + SOON_S)
            assert daemon.control.unit.reconciled

    loop.run(play())
    assert max(later - sooner for sooner, later in pairwise(tries)) < SOON_S
