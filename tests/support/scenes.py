"""What scenarios of refusals, cancellations and the order of jobs share, on top of the stage."""

import asyncio
import copy
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from controller.domain.book import CARRIAGE
from controller.domain.events import Request, RoomOut
from controller.domain.places import PlaceStatus
from controller.domain.refusal import Refusal
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitEvent, UnitState
from sim_plc.plant.cars import Car
from sim_plc.plant.truth import Truth
from sim_plc.rehearsal.people import Manners, Public
from tests.support.places import ROOM
from tests.support.stage import Stage

QUIET_S = 3.0
"""Longer than anything that a request could set in motion takes to begin."""


def stock(*bays: int) -> dict[int, Car]:
    """Return a car in each of some bays, named for it: C102 in bay 102."""
    return {bay: Car(f"C{bay}") for bay in bays}


async def one_room(it: Stage, *rooms: int) -> None:
    """Take every room but these, or but `ROOM`, out of service, so that a scene is the same at every tower."""
    for room in set(it.world.tower.shape.rooms) - set(rooms or (ROOM,)):
        await it.ask(RoomOut(room=room, why="there is one room in this scene"))
        await it.until(lambda room=room: it.room(room) is RoomState.OUT_OF_SERVICE)  # type: ignore[misc]


@dataclass(frozen=True)
class Everything:
    """What a refused request must leave as it is: beliefs, what is really so, what the PLCs were asked."""

    book: Mapping[str, object]
    truth: Truth
    commands: int
    unit: UnitState


def everything(it: Stage) -> Everything:
    """Return how all stands at this instant."""
    it.world.touch()
    truth = replace(it.world.plant.truth(), t=0.0)
    # Alarms come and go with their delays, whatever is asked.
    book = {key: value for key, value in it.book.to_body().items() if key not in ("alarms", "last_burst")}
    return Everything(copy.deepcopy(book), truth, len(it.world.log), it.unit)


async def still(it: Stage) -> None:
    """Wait until nothing moves and nothing is asked of a PLC any more."""
    before = None
    while before != (before := everything(it)):  # noqa: ASYNC110 - what must not happen cannot be waited for
        await asyncio.sleep(QUIET_S)


async def refused_now(it: Stage, request: Request) -> Refusal:
    """Ask for something; return its refusal, which has changed nothing, now and in the next seconds.

    Raises:
        AssertionError: it is granted, or something changes.

    """
    before = everything(it)
    with pytest.raises(Refusal) as caught:
        await it.world.ask(request)
    await asyncio.sleep(QUIET_S)
    assert everything(it) == before
    return caught.value


async def idle(it: Stage) -> None:
    """Import the stock and bring the unit to Idle: orders are taken, and wait."""
    await it.import_all()
    await it.command(UnitEvent.RESET, UnitState.IDLE)
    await still(it)


def all_is_told(it: Stage) -> None:
    """Hold the book against the truth: every car where it is, every empty bay free.

    Raises:
        AssertionError: they differ, or a place is in doubt.

    """
    assert it.belief() == it.truth()
    assert it.doubts() - set(it.world.tower.shape.rooms) == set()
    empty = set(it.world.tower.shape.bays) - set(it.truth().values())
    assert all(it.book.places[bay].status is PlaceStatus.FREE for bay in empty)


def all_is_shut(it: Stage) -> None:
    """See that every latch and inner door is closed and the carriage free.

    Raises:
        AssertionError: one is not.

    """
    truth = it.world.plant.truth()
    assert truth.latches == {}
    assert all(door.locked for door in truth.doors.values())
    assert truth.carriage.car is None
    assert truth.carriage.arms_centred
    assert it.book.places[CARRIAGE].status is PlaceStatus.FREE


async def eventually(it: Stage, predicate: Callable[[], bool], limit_s: float = 600.0) -> None:
    """Wait as `Stage.until` does, with an eye for minutes instead of scans.

    Raises:
        AssertionError: it is not so within ``limit_s``.

    """
    deadline_s = it.world.now + limit_s
    while not predicate():
        assert it.world.now < deadline_s, it.picture()
        await asyncio.sleep(0.5)


@asynccontextmanager
async def attended(it: Stage) -> AsyncIterator[None]:
    """Let drivers and customers come to every room that invites them, soon and as they should."""
    public = Public(it.world, random.Random(1), Manners(no_show=0.0, odd_car=0.0))
    public.generous = True
    task = asyncio.create_task(public.come_and_go())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
