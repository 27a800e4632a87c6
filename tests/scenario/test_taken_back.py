"""A room that breaks down before it has opened for its driver is taken back: the driver has the next one."""

import asyncio

import pytest

from controller.domain.alarms import Tag
from controller.domain.events import Store
from controller.domain.jobs import JobState as S
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitEvent, UnitState
from sim_plc.plant.cars import Car
from sim_plc.rehearsal import loop
from tests.support.scenes import all_is_shut, all_is_told, one_room
from tests.support.stage import QUICK, Stage, stage
from tests.support.tower_under_test import roomy_tower

FIRST, SECOND, THIRD = roomy_tower().shape.rooms[:3]
OFTEN = 99
"""More often than anybody tries."""


def told(it: Stage, *kinds: str) -> list[tuple[object, object, object]]:
    """Return what drivers were told of their rooms, in order."""
    events = (event for event in it.world.events if event["event"] in (kinds or ("room_given", "room_taken_back")))
    return [(event["event"], event["car"], event["room"]) for event in events]


def drives_in(it: Stage, car: str, room: int) -> None:
    it.world.do(lambda plant: plant.car_arrives(room, Car(car), QUICK))


def test_a_driver_whose_gate_jams_has_the_next_room_before_whoever_asked_later() -> None:
    async def play() -> None:
        async with stage(roomy_tower()) as it:
            await one_room(it, FIRST, SECOND)
            it.world.do(lambda plant: plant.jam("gate", FIRST, OFTEN))
            unlucky = await it.order(Store(car="N1"))
            lucky = await it.order(Store(car="N2"))
            later = await it.order(Store(car="N3"))
            await it.until(lambda: it.room(FIRST) is RoomState.BLOCKED)
            await it.until(lambda: it.job(unlucky).waits_outside)
            assert told(it)[:3] == [
                ("room_given", "N1", FIRST),
                ("room_given", "N2", SECOND),
                ("room_taken_back", "N1", FIRST),
            ]
            assert Tag("ROOM_BLOCKED", 1) in it.book.alarms
            drives_in(it, "N2", SECOND)
            assert await it.ended(lucky) is S.DONE
            await it.until(lambda: it.room(SECOND) is RoomState.OPEN_FOR_CAR)
            assert told(it)[3] == ("room_given", "N1", SECOND)
            assert it.job(later).waits_outside
            drives_in(it, "N1", SECOND)
            assert await it.ended(unlucky) is S.DONE
            assert it.job(unlucky).source == SECOND
            assert it.truth() == it.belief()
            all_is_told(it)

    loop.run(play())


@pytest.mark.parametrize("asked_for", [True, False])
def test_who_has_no_other_room_or_asked_for_this_one_keeps_it_and_drives_in_once_it_is_mended(
    *, asked_for: bool
) -> None:
    async def play() -> None:
        async with stage(roomy_tower()) as it:
            await one_room(it, FIRST, *([SECOND] if asked_for else []))
            it.world.do(lambda plant: plant.jam("gate", FIRST, OFTEN))
            job = await it.order(Store(car="N1", room=FIRST if asked_for else None))
            await it.until(lambda: it.room(FIRST) is RoomState.BLOCKED)
            await asyncio.sleep(30.0)
            assert it.job(job).room == FIRST
            assert told(it, "room_taken_back") == []
            assert it.room(SECOND) is (RoomState.VACANT if asked_for else RoomState.OUT_OF_SERVICE)
            it.world.do(lambda plant: plant.jam("gate", FIRST, 0))
            await mended(it)
            await it.until(lambda: it.room(FIRST) is RoomState.OPEN_FOR_CAR)
            drives_in(it, "N1", FIRST)
            assert await it.ended(job) is S.DONE
            assert it.truth() == it.belief()
            all_is_shut(it)

    loop.run(play())


def test_who_may_be_driving_in_is_sent_nowhere_else() -> None:
    async def play() -> None:
        async with stage(roomy_tower()) as it:
            await one_room(it, FIRST, SECOND)
            job = await it.order(Store(car="N1"))
            await it.until(lambda: it.room(FIRST) is RoomState.OPEN_FOR_CAR)
            it.world.do(lambda plant: plant.troubles.force("door", FIRST, on=True))
            await it.until(lambda: it.room(FIRST) is RoomState.BLOCKED)
            await asyncio.sleep(30.0)
            assert it.job(job).room == FIRST
            assert told(it, "room_taken_back") == []
            it.world.do(lambda plant: plant.troubles.force("door", FIRST, on=False))

    loop.run(play())


async def mended(it: Stage) -> None:
    """Let somebody reset the unit, and with it the room."""
    await it.command(UnitEvent.STOP, UnitState.STOPPED)
    await it.execute()
