"""A cancelled job gives back the room that it had, and no other job's."""

import asyncio

import pytest

from controller.domain.events import Cancel, Resolve, Retrieve, Store
from controller.domain.jobs import JobState
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitEvent, UnitState
from sim_plc.plant.cars import Car
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, ROOM, TOP1
from tests.support.scenes import all_is_told, attended, stock
from tests.support.stage import QUICK, stage


@pytest.mark.parametrize("at", [RoomState.RESERVED, RoomState.CAR_COMING])
def test_a_job_that_waits_for_a_room_and_is_cancelled_leaves_the_room_to_the_job_that_has_it(at: RoomState) -> None:
    async def scenario() -> None:
        async with stage(cars=stock(LOW1, TOP1)) as it:
            first = await it.order(Retrieve(car=f"C{LOW1}", room=ROOM))
            second = await it.order(Retrieve(car=f"C{TOP1}", room=ROOM))
            await it.until(lambda: it.room(ROOM) is at)
            await it.ask(Cancel(job=second))
            assert it.job(second).state is JobState.CANCELLED
            assert it.room(ROOM) is at
            assert await it.ended(first) is JobState.DONE
            await it.until(lambda: it.room(ROOM) is RoomState.CUSTOMER_ADMITTED)
            it.world.do(lambda plant: plant.customer_collects(ROOM, QUICK))
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
            all_is_told(it)

    loop.run(scenario())


def test_a_driver_is_not_sent_away_because_somebody_else_cancels() -> None:
    async def scenario() -> None:
        async with stage(cars=stock(TOP1)) as it:
            storing = await it.order(Store(car="N1", room=ROOM))
            other = await it.order(Retrieve(car=f"C{TOP1}", room=ROOM))
            await it.until(lambda: it.room(ROOM) is RoomState.OPEN_FOR_CAR)
            await it.ask(Cancel(job=other))
            assert it.room(ROOM) is RoomState.OPEN_FOR_CAR
            it.world.do(lambda plant: plant.car_arrives(ROOM, Car("N1"), QUICK))
            assert await it.ended(storing) is JobState.DONE

    loop.run(scenario())


def test_a_blocked_room_stays_blocked_until_somebody_resets_whatever_is_cancelled() -> None:
    async def scenario() -> None:
        async with stage(cars=stock(TOP1)) as it:
            storing = await it.order(Store(car="N1", room=ROOM))
            await it.until(lambda: it.room(ROOM) is RoomState.RESERVED)
            it.world.do(lambda plant: plant.overrides.update({("room", ROOM, "weight"): True}))
            await it.until(lambda: it.room(ROOM) is RoomState.BLOCKED)
            it.world.do(lambda plant: plant.overrides.clear())
            await it.ask(Cancel(job=storing))
            await asyncio.sleep(5.0)
            assert it.room(ROOM) is RoomState.BLOCKED

    loop.run(scenario())


@pytest.mark.parametrize("after_s", [0.3, 0.5])
def test_a_cancel_while_the_gate_opens_for_a_driver_does_not_block_the_room(after_s: float) -> None:
    async def scenario() -> None:
        async with stage(cars=stock(TOP1)) as it:
            storing = await it.order(Store(car="N1", room=ROOM))
            await it.until(lambda: not it.world.plant.truth().gates[ROOM].locked)
            await asyncio.sleep(after_s)
            await it.ask(Cancel(job=storing))
            told = len(it.world.events)
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT and it.world.plant.truth().gates[ROOM].locked)
            assert not [event for event in it.world.events[told:] if event.get("state") == "BLOCKED"]
            async with attended(it):
                assert await it.ended(await it.order(Retrieve(car=f"C{TOP1}", room=ROOM))) is JobState.DONE

    loop.run(scenario())


@pytest.mark.parametrize("after_s", [0.1, 0.3, 0.5])
def test_a_cancel_while_the_inner_door_opens_does_not_block_the_room(after_s: float) -> None:
    async def scenario() -> None:
        async with stage(cars=stock(LOW1, TOP1)) as it:
            fetched = await it.order(Retrieve(car=f"C{LOW1}"))
            await it.until(lambda: not it.world.plant.truth().doors[ROOM].locked)
            await asyncio.sleep(after_s)
            assert it.job(fetched).state is JobState.OPENING_TO
            told = len(it.world.events)
            await it.ask(Cancel(job=fetched))
            assert await it.ended(fetched) is JobState.DIVERTED
            assert it.truth() == it.belief()
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
            assert not [event for event in it.world.events[told:] if event.get("state") == "BLOCKED"]
            async with attended(it):
                assert await it.ended(await it.order(Retrieve(car=f"C{TOP1}"))) is JobState.DONE

    loop.run(scenario())


def test_a_room_whose_door_a_job_that_turned_back_could_not_close_is_not_called_forced() -> None:
    async def scenario() -> None:
        async with stage(cars=stock(LOW1, TOP1)) as it:
            fetched = await it.order(Retrieve(car=f"C{LOW1}"))
            await it.until(lambda: not it.world.plant.truth().doors[ROOM].closed)
            it.world.do(lambda plant: plant.troubles.put_stone("door", ROOM, on=True))
            await it.ask(Cancel(job=fetched))
            await it.until(lambda: it.job(fetched).state is JobState.PARKED)
            await it.command(UnitEvent.STOP, UnitState.STOPPED)
            it.world.do(lambda plant: plant.troubles.put_stone("door", ROOM, on=False))
            await it.execute()
            await it.ask(Resolve(job=fetched, choice="put-back", place=None))
            assert await it.ended(fetched) is JobState.CANCELLED
            assert not [event for event in it.world.events if event.get("state") == "BLOCKED"]
            assert it.truth() == it.belief()

    loop.run(scenario())
