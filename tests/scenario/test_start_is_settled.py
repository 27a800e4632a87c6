"""What is settled at a start and by who clears: tried again soon, and no mailbox is left out."""

import asyncio
from collections.abc import Collection
from itertools import pairwise
from typing import Any

import pytest

from controller.activities import recovery
from controller.activities.context import Bench
from controller.activities.primitive import StepFailed
from controller.activities.rest import END_S
from controller.domain.alarms import STANDING, Tag
from controller.domain.book import Book
from controller.domain.unit import UnitEvent, UnitState
from controller.runtime import unit
from controller.runtime.unit import SETTLES_WITHIN_S
from hal.errors import NotOnline
from hal.handshake import Mailbox
from hal.interfaces import Outcome, Prepared
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.world import World
from tests.support.stage import stage
from tests.support.tower_under_test import tower_under_test

LASTS_S = 960.0
"""For longer than any alarm is delayed: while one is, the tower is looked over each second."""

UNIT_ABORTED = Tag("UNIT_ABORTED")

ALARMED_S = SETTLES_WITHIN_S + UNIT_ABORTED.alarm.on_delay_s

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


def test_a_start_that_cannot_be_settled_says_why_and_calls_somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    why = "tower/lift: a command goes on that nobody here has given"

    async def goes_on(bench: Bench) -> None:
        await asyncio.sleep(END_S)
        raise StepFailed("BUSY", why)

    monkeypatch.setattr(unit, "come_to_rest", goes_on)

    async def play() -> None:
        world = World(tower_under_test(), 1)
        async with world.running():
            world.pull_cable("tower", out=True)
            daemon = await world.start_daemon()
            await asyncio.sleep(5.0)
            assert "not reconciled yet" in daemon.control.unit.cause
            world.pull_cable("tower", out=False)
            await asyncio.sleep(ALARMED_S - 10.0)
            assert UNIT_ABORTED not in daemon.book.alarms
            assert why in daemon.control.unit.cause
            await asyncio.sleep(20.0)
            assert daemon.book.alarms[UNIT_ABORTED].state in STANDING
            assert why in daemon.book.alarms[UNIT_ABORTED].text
            monkeypatch.undo()
            await asyncio.sleep(END_S + SOON_S)
            assert daemon.control.unit.state is UnitState.STOPPED
            assert daemon.book.alarms[UNIT_ABORTED].state not in STANDING

    loop.run(play())


def test_who_clears_has_every_mailbox_asked_for_a_stop_that_may_still_be_delivered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No intent stands for one, so that nobody else would ask (`small`, seed 532)."""
    settle, asked = Mailbox.settle, list[str]()

    async def noted(self: Mailbox, prepared: Prepared | None, *more: Any) -> Outcome | None:
        if prepared is None:
            asked.append(self.name)
        return await settle(self, prepared, *more)

    async def play() -> None:
        async with stage() as it:
            await it.command(UnitEvent.ABORT, UnitState.ABORTED)
            monkeypatch.setattr(Mailbox, "settle", noted)
            await it.command(UnitEvent.CLEAR, UnitState.STOPPED)
            assert it.world.daemon is not None
            stations = it.world.daemon.stations.items()
            assert set(asked) == {f"{name}/{key}" for name, each in stations for key in each.image.mechanisms}

    loop.run(play())
