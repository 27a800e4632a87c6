"""A PLC shows a code that is in no table: another maker's, a newer contract's, or a flipped bit."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from controller.activities.situation import situation
from controller.domain.events import Query, Retrieve
from controller.domain.interlocks import CutAt
from controller.domain.jobs import JobState
from hal.plcmap.codec import Image, StationCodec
from hal.plcmap.codes import Flag
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, ROOM
from tests.support.scenes import stock
from tests.support.stage import stage


def bent(monkeypatch: pytest.MonkeyPatch, mechanism: str, **codes: Any) -> None:
    """Let a mechanism show codes of another table from now on, ``flags`` beside its own."""
    real = StationCodec.decode_fast

    def decode_fast(self: StationCodec, blocks: Any) -> Image:
        image = real(self, blocks)
        if mechanism not in image.mechanisms:
            return image
        shown = image.mechanisms[mechanism]
        changed = replace(shown, **codes | {"flags": shown.flags | codes.get("flags", 0)})
        return replace(image, mechanisms={**image.mechanisms, mechanism: changed})

    monkeypatch.setattr(StationCodec, "decode_fast", decode_fast)


def test_a_door_and_a_gate_of_an_unknown_state_are_shown_as_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    async def play() -> None:
        async with stage(cars=stock(LOW1), coalesced=False) as it:
            status: Any = await it.ask(Query(by="test", what="status"))
            assert status["rooms"][0]["gate"] == "CLOSED"
            bent(monkeypatch, "room1.outer_gate", state=15)
            await asyncio.sleep(3.0)
            status = await it.ask(Query(by="test", what="status"))
            assert (status["rooms"][0]["door"], status["rooms"][0]["gate"]) == ("CLOSED", None)
            monkeypatch.undo()
            job = await it.order(Retrieve(car=f"C{LOW1}", room=ROOM))
            assert await it.ended(job) is JobState.DONE

    loop.run(play())


def test_an_exchange_cut_at_an_unknown_step_allows_least(monkeypatch: pytest.MonkeyPatch) -> None:
    async def play() -> None:
        async with stage(cars=stock(LOW1), coalesced=False) as it:
            for substep, cut_at in ((9, CutAt.TRANSFERRING), (0, CutAt.NOWHERE), (3, CutAt.RETRACTING)):
                bent(monkeypatch, "shuttle", substep=substep, flags=Flag.RESUMABLE)
                await asyncio.sleep(3.0)
                assert it.world.daemon is not None
                assert situation(it.world.daemon.control._bench).substep is cut_at
                monkeypatch.undo()

    loop.run(play())
