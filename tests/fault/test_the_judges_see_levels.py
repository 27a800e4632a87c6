"""The judge of exchanges is shown one on a level that is out of use."""

import pytest

from controller.domain.events import BlockLevel, Relocate
from controller.domain.jobs import JobState
from controller.runtime import admission, selection
from hal.plcmap.shape import level_of
from tests.support.broken import broken
from tests.support.places import LOW2, TOP1
from tests.support.stage import Stage


@pytest.mark.campaign
def test_an_exchange_on_a_blocked_level(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fetch(it: Stage) -> None:
        await it.ask(BlockLevel(level=level_of(TOP1), why="a beam is bent"))
        number = await it.order(Relocate(car="C", bay=LOW2))
        await it.until(lambda: it.job(number).state is JobState.CLOSING)

    for module in (admission, selection):
        monkeypatch.setattr(module, "level_block", lambda _bench, _place: None)
    assert broken(fetch) == {"I14"}
