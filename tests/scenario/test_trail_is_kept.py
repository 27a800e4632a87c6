"""Who asked for what is in the journal soon, or with what came of it: a daemon that dies forgets nobody."""

import asyncio
from contextlib import suppress

import pytest

from controller.domain.events import (
    AlarmAct,
    AlarmCommand,
    Arrive,
    Cancel,
    OnTheWay,
    Request,
    Retrieve,
    RoomOut,
    SetMode,
    UnitCommand,
)
from controller.domain.unit import UnitEvent, UnitMode, UnitState
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.world import EPOCH_S
from tests.fault.test_crash_at_each_commit import Mortal
from tests.support import stage as stages
from tests.support.places import LOW1, SHAPE
from tests.support.scenes import stock
from tests.support.stage import Stage, stage

BY = "7:eve"
SOON_S = 2.0
HOUR_S = 3600.0
CAR = f"C{LOW1}"


def kept(it: Stage, request: Request) -> list[str]:
    """Return by which rules eve's requests of a kind were refused, as the journal has it; empty: it was granted."""
    assert it.world.daemon is not None
    asked = [entry.body for entry in it.world.daemon.journal.read(0) if entry.kind == "Asked"]
    name = type(request).__name__
    return [str(body["rule"]) for body in asked if body["by"] == BY and str(body["request"]).startswith(name)]


def test_who_stopped_a_tower_that_stands_since_is_known_behind_a_crash() -> None:
    stop = UnitCommand(BY, event=UnitEvent.STOP)

    async def play() -> None:
        async with stage(cars=stock(LOW1)) as it:
            await it.ask(stop)
            await it.until(lambda: it.unit is UnitState.STOPPED)
            await asyncio.sleep(SOON_S)
            await it.world.crash_daemon()
            await it.start()
            assert len(kept(it, stop)) == 1

    loop.run(play())


@pytest.mark.parametrize(
    ("request_", "rule"),
    [
        (Arrive(BY, car=CAR), "NO_APPOINTMENT"),
        (Cancel(BY, job=7), "UNKNOWN_JOB"),
        (Retrieve(BY, car=CAR, due=int(EPOCH_S + HOUR_S)), "SLOT_FULL"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_is_refused_is_noted_once_and_not_as_granted_before(request_: Request, rule: str) -> None:
    async def play() -> None:
        async with stage(cars=stock(LOW1), execute=False) as it:
            await it.import_all()
            for room in SHAPE.rooms:
                await it.ask(RoomOut(room=room, why="they are painted"))
            assert await it.refused(request_) == rule
            await asyncio.sleep(SOON_S)
            assert kept(it, request_) == [rule]

    loop.run(play())


@pytest.mark.parametrize(
    "request_",
    [
        SetMode(BY, mode=UnitMode.MAINTENANCE),
        AlarmCommand(BY, act=AlarmAct.SHELVE, number="602", seconds=60, why="known"),
        OnTheWay(BY, car=CAR, in_s=60),
    ],
    ids=lambda request: type(request).__name__,
)
def test_what_is_durable_was_asked_for_by_somebody(request_: Request, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages, "World", Mortal)

    async def play() -> None:
        async with stage(cars=stock(LOW1), execute=False) as it:
            assert isinstance(it.world, Mortal)
            await it.import_all()
            await it.ask(Retrieve(car=CAR, due=int(EPOCH_S + it.world.now + HOUR_S)))
            await asyncio.sleep(SOON_S)
            it.world.doom(1, durable=True)
            asked = asyncio.create_task(it.ask(request_))
            await it.world.dead.wait()
            await it.world.crash_daemon()
            asked.cancel()
            with suppress(asyncio.CancelledError, ConnectionError):
                await asked
            await it.start()
            assert len(kept(it, request_)) == 1

    loop.run(play())
