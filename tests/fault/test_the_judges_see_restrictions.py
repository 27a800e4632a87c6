"""The judges are shown an exchange on a level that is out of use, and two axes that move together on the generator."""

import asyncio

import pytest

from controller.activities.context import Bench
from controller.domain.events import BlockLevel, Relocate, Retrieve, SetGenerator
from controller.domain.jobs import JobState
from controller.runtime import admission, askers, free_bays, scenes, selection
from hal.plcmap.shape import level_of
from tests.support.broken import broken
from tests.support.places import LOW2, TOP1
from tests.support.stage import Stage


@pytest.mark.campaign
@pytest.mark.parametrize("generator", [False, True], ids=["mains", "generator"])
def test_an_exchange_on_a_blocked_level(monkeypatch: pytest.MonkeyPatch, *, generator: bool) -> None:
    async def fetch(it: Stage) -> None:
        if generator:
            await it.ask(SetGenerator(on=True, why="the mains failed"))
        await it.ask(BlockLevel(level=level_of(TOP1), why="a beam is bent"))
        number = await it.order(Retrieve(car="C") if generator else Relocate(car="C", bay=LOW2))
        await it.until(lambda: it.job(number).state is JobState.CLOSING)

    for module in (admission, askers, free_bays, scenes, selection):
        monkeypatch.setattr(module, "level_block", lambda _bench, _place: None)
    assert broken(fetch) == {"I14"}


@pytest.mark.campaign
def test_two_axes_at_a_time_on_the_generator(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fetch(it: Stage) -> None:
        await it.ask(SetGenerator(on=True, why="the mains failed"))
        await asyncio.sleep(5.0)
        await it.ended(await it.order(Retrieve(car="C")))

    assert broken(fetch) == set()
    monkeypatch.setattr(Bench, "axes", None)
    assert broken(fetch) == {"I6"}
