"""The fake tower at once: what a unit test of the controller gets, without any time passing."""

import asyncio
from collections.abc import Callable

import pytest

from hal.errors import NotOnline
from hal.interfaces import Prepared, StationState, Verdict
from hal.plcmap.codes import Reason
from hal.readings import Loaded
from sim_plc.rehearsal.loop import run
from tests.support.fake_plc import SHAPE
from tests.support.fake_tower import FakeTower, fake_tower


async def done(fake: FakeTower, name: str) -> Verdict:
    """Return the verdict of the newest command of a mechanism."""
    mechanism = fake.mechanisms[name]
    return (await mechanism.outcome(mechanism.prepared_log[-1], 1.0)).verdict


def test_a_car_changes_places_and_no_time_passes() -> None:
    async def scenario() -> None:
        fake = fake_tower(SHAPE, cars=[203])
        tower, began = fake.tower, asyncio.get_running_loop().time()
        commands: list[Callable[[], Prepared]] = [
            lambda: tower.lift.move_to(203),
            lambda: tower.turntable.move_to(203),
            lambda: tower.latches[2].unlatch(203),
            lambda: tower.shuttle.pick(203),
            lambda: tower.latches[2].latch(203),
            lambda: tower.lift.move_to(101),
            lambda: tower.turntable.move_to(101),
            tower.rooms[101].inner_door.open,
            lambda: tower.shuttle.place(101),
        ]
        for command in commands:
            prepared = command()
            await tower.mechanism(prepared.mechanism).issue(prepared)
            assert await done(fake, prepared.mechanism) is Verdict.OK
        assert fake.world.cars == {101}
        assert tower.rooms[101].occupied is Loaded.YES
        assert tower.dock.docked_at == 101
        assert asyncio.get_running_loop().time() == began

    run(scenario())


def test_what_a_test_sets_in_the_world_is_what_the_drivers_show() -> None:
    async def scenario() -> None:
        fake = fake_tower(SHAPE)
        room = fake.tower.rooms[101]
        fake.world.persons.add(101)
        assert not room.nobody_inside
        opened = room.inner_door.open()
        await room.inner_door.mechanism.issue(opened)
        outcome = await room.inner_door.mechanism.outcome(opened, 1.0)
        assert (outcome.verdict, outcome.reason) == (Verdict.REFUSED, Reason.PERSON_INSIDE)
        fake.stations["tower"].go(StationState.STALE, "no answer")
        with pytest.raises(NotOnline, match="no answer"):
            room.sensors()

    run(scenario())


def test_a_fake_that_is_not_ready_counts_no_sequences_until_they_are_adopted() -> None:
    async def scenario() -> None:
        fake = fake_tower(SHAPE, ready=False)
        with pytest.raises(NotOnline, match="sequence counter"):
            fake.tower.lift.home()
        fake.mechanisms["tower/lift"].adopt(41)
        home = fake.tower.lift.home()
        assert home.sequence == 42
        outcome_of = fake.tower.lift.mechanism
        await outcome_of.issue(home)
        assert (await outcome_of.outcome(home, 1.0)).reason is Reason.POWER

    run(scenario())
