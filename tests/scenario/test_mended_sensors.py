"""The operator of a rehearsal takes a bay's contact that lies out of service, and back when it tells what is so."""

import asyncio
import random

import pytest

from controller.domain.events import Retrieve
from controller.domain.jobs import JobState
from controller.domain.places import PlaceStatus
from sim_plc.plant.contacts import Wire
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.operator import Operator
from tests.support.places import LOW1, ROOM
from tests.support.scenes import stock
from tests.support.stage import stage


@pytest.mark.campaign
def test_a_contact_that_lies_is_taken_out_for_as_long_as_it_lies_and_its_car_is_fetched_meanwhile() -> None:
    async def scenario() -> None:
        async with stage(cars=stock(LOW1)) as it:
            wire: Wire = ("bay", LOW1, "occupied_b")
            it.world.do(lambda plant: plant.overrides.update({wire: False}))
            await asyncio.sleep(3.0)
            await it.import_all()
            assert it.book.places[LOW1].status is PlaceStatus.UNVERIFIED
            attending = asyncio.create_task(Operator(it.world, random.Random(1)).attend())
            await it.until(lambda: it.book.places[LOW1].status is PlaceStatus.OCCUPIED, 120.0)
            assert list(it.book.sensors_out) == [f"bay{LOW1}.occupied_b"]
            assert await it.ended(await it.order(Retrieve(car=f"C{LOW1}", room=ROOM))) is JobState.DONE
            it.world.do(lambda plant: plant.overrides.pop(wire))
            await it.until(lambda: not it.book.sensors_out, 60.0)
            attending.cancel()

    loop.run(scenario())
