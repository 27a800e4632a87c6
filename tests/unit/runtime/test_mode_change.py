"""Whoever asks for a mode is answered, whatever becomes of the stations and of the journal."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from controller.activities import modes
from controller.domain.book import Book
from controller.domain.records import ModeSet
from controller.domain.refusal import Refusal
from controller.domain.unit import UnitMode, UnitState
from controller.runtime.inbox import Board, Later
from controller.runtime.ledger import Ledger
from controller.runtime.mode import PATIENCE_S, ModeChange
from controller.runtime.runner import Rest
from controller.runtime.signals import ActivityEnded
from sim_plc.rehearsal import loop

FOLLOWS_S = 3.0
Align = Callable[[object, UnitMode], Awaitable[list[str]]]


class Change:
    """A mode change whose stations are a function, and the control task that takes its end."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, align: Align) -> None:
        monkeypatch.setattr(modes, "align", align)
        self.ledger = Ledger(Book.empty(()), Any)  # type: ignore[arg-type]
        self.change = ModeChange(Any, self.ledger, Board(), self.take, lambda: UnitState.IDLE)  # type: ignore[arg-type]

    def take(self, signal: ActivityEnded) -> None:
        self.change.ended(signal)

    def ask(self, mode: UnitMode) -> Later:
        self.ledger.book.apply(ModeSet(mode.value, "7:kim"))
        return self.change.follow(Rest(None))


def test_the_stations_are_brought_to_the_newest_mode_and_all_are_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body() -> None:
        brought: list[UnitMode] = []

        async def align(_bench: object, mode: UnitMode) -> list[str]:
            await asyncio.sleep(FOLLOWS_S)
            brought.append(mode)
            return ["bays2"]

        it = Change(monkeypatch, align)
        first = it.ask(UnitMode.MAINTENANCE)
        await asyncio.sleep(1.0)
        second = it.ask(UnitMode.MANUAL)
        with pytest.raises(Refusal, match="manual"):
            it.change.require_followed()
        await it.change.followed()
        it.change.require_followed()
        assert brought == [UnitMode.MAINTENANCE, UnitMode.MANUAL]
        assert await first == await second == {"mode": "MANUAL", "state": "IDLE", "behind": ["bays2"]}

    loop.run(body())


def test_whoever_asks_is_answered_in_time_while_a_frozen_station_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body() -> None:
        async def align(_bench: object, _mode: UnitMode) -> list[str]:
            await asyncio.sleep(10 * PATIENCE_S)
            return []

        monkeypatch.setattr(modes, "behind", lambda _bench, _mode: ["bays2"])
        it = Change(monkeypatch, align)
        began = asyncio.get_running_loop().time()
        assert await it.ask(UnitMode.MANUAL) == {"mode": "MANUAL", "state": "IDLE", "behind": ["bays2"]}
        assert asyncio.get_running_loop().time() - began == pytest.approx(PATIENCE_S)
        assert it.change.follows
        await it.change.halt()

    loop.run(body())


def test_a_journal_that_fails_refuses_whoever_waits_and_the_end_answers_nobody_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def body() -> None:
        async def align(_bench: object, _mode: UnitMode) -> list[str]:
            await asyncio.sleep(FOLLOWS_S)
            return []

        it = Change(monkeypatch, align)
        answer = it.ask(UnitMode.MANUAL)
        await asyncio.sleep(1.0)
        it.change.refuse(Refusal("JOURNAL_FAILED", "the disk is full"))
        with pytest.raises(Refusal, match="disk is full"):
            await answer
        await it.change.followed()

    loop.run(body())


def test_what_ends_otherwise_than_known_is_told_and_blocks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body() -> None:
        async def align(_bench: object, _mode: UnitMode) -> list[str]:
            raise OSError("no durable intent")

        it = Change(monkeypatch, align)
        with pytest.raises(Refusal, match="no durable intent"):
            await it.ask(UnitMode.MANUAL)
        assert not it.change.follows

    loop.run(body())
