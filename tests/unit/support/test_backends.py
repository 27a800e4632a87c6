"""A tower in real time lives from one scenario to the next, and no longer than that is soon."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.backends import LastingBackend

pytestmark = pytest.mark.realtime

CLOSED_WITHIN_S = 10.0


class Towers:
    """Opens towers of which only their beginning and their end matter."""

    def __init__(self) -> None:
        self.opened = 0
        self.closed = threading.Event()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Any]:
        self.opened += 1
        self.closed.clear()
        try:
            yield SimpleNamespace(begin=lambda: asyncio.sleep(0), surroundings=SimpleNamespace(judge=lambda: None))
        finally:
            self.closed.set()


async def fine(_bench: Any) -> None:
    """Find nothing wrong."""


async def wrong(_bench: Any) -> None:
    raise AssertionError("something is wrong")


def test_one_tower_serves_scenarios_that_follow_each_other() -> None:
    towers = Towers()
    backend = LastingBackend(towers.open, rest_s=None)
    for _ in range(5):
        backend.play(fine)
    backend.close()
    assert towers.opened == 1
    assert towers.closed.is_set()


def test_a_tower_that_nobody_asks_for_ends_and_the_next_scenario_gets_a_fresh_one() -> None:
    towers = Towers()
    backend = LastingBackend(towers.open, rest_s=0.01)
    backend.play(fine)
    assert towers.closed.wait(CLOSED_WITHIN_S)
    backend.play(fine)
    assert towers.opened == 2
    backend.close()


def test_a_scenario_that_comes_as_the_tower_ends_is_played_all_the_same() -> None:
    towers = Towers()
    backend = LastingBackend(towers.open, rest_s=0.0)
    for _ in range(100):
        backend.play(fine)
    backend.close()
    assert towers.closed.is_set()


def test_behind_a_scenario_that_failed_comes_a_fresh_tower() -> None:
    towers = Towers()
    backend = LastingBackend(towers.open, rest_s=None)
    with pytest.raises(AssertionError, match="something is wrong"):
        backend.play(wrong)
    backend.play(fine)
    assert towers.opened == 2
    backend.close()
