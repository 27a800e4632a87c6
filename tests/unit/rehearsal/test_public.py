"""The people of a rehearsal do only what people can."""

import asyncio
import random

from controller.domain.events import Cancel, Store
from controller.domain.jobs import Job, JobKind, JobState
from controller.domain.records import JobSet
from controller.domain.rooms import RoomState
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.people import LOOK_S, Manners, Public
from tests.support.places import LOW1, ROOM
from tests.support.scenes import one_room, stock
from tests.support.stage import stage


def test_nobody_drives_in_with_a_car_that_is_in_the_tower() -> None:
    """Seed 248, aimed: the journal had lost that the car was taken in, and its room waited for it again."""

    async def scenario() -> None:
        async with stage(cars=stock(LOW1)) as it:
            public = Public(it.world, random.Random(1), Manners(no_show=0.0))
            people = asyncio.create_task(public.come_and_go())
            car = f"C{LOW1}"
            it.book.apply(JobSet(Job(1, JobKind.STORE, car, ROOM, None, ROOM, JobState.QUEUED)))
            await it.until(lambda: it.room(ROOM) is RoomState.OPEN_FOR_CAR)
            await asyncio.sleep(2 * LOOK_S)
            assert not people.done()
            assert public.did["drove in"] == 0
            assert it.truth() == {car: LOW1}
            people.cancel()
            await asyncio.gather(people, return_exceptions=True)

    loop.run(scenario())


def test_a_driver_whose_order_was_cancelled_does_not_drive_in_for_the_next_one() -> None:
    """Their car was stored under the name of the next one (seeds 997, 1747, 1975)."""

    async def scenario() -> None:
        async with stage() as it:
            await one_room(it)
            public = Public(it.world, random.Random(1), Manners(no_show=0.0, odd_car=0.0, beside_marks=0.0))
            people = asyncio.create_task(public.come_and_go())
            first = await it.order(Store(car="N1"))
            await it.until(lambda: public.waiting_at(ROOM) == "N1")
            await it.ask(Cancel(job=first))
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
            await asyncio.sleep(2 * LOOK_S)
            assert await it.ended(await it.order(Store(car="N2"))) is JobState.DONE
            assert (public.did["drove away"], list(it.truth())) == (1, ["N2"])
            people.cancel()
            await asyncio.gather(people, return_exceptions=True)

    loop.run(scenario())
