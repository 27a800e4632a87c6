"""The idle tower moves popular cars nearer by itself, seldom, in nobody's way, and only where nothing is in doubt."""

import asyncio

import pytest

from config.schema import Tower
from controller.activities.context import Slotting
from controller.domain.dispatch.cycles import Cycles
from controller.domain.dispatch.slotting import trips_s
from controller.domain.events import BlockLevel, Relocate, Retrieve, SensorOut, SetMode, Store, UnitCommand
from controller.domain.jobs import THE_TOWER, Job
from controller.domain.jobs import JobState as S
from controller.domain.places import Car as Known
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitEvent, UnitMode, UnitState
from controller.settings import kinematics_of
from hal.plcmap.shape import level_of
from sim_plc.plant.cars import Car
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.world import EPOCH_S
from tests.support.places import LOW1, LOW2, ROOM, SHAPE, TOP2, across_in
from tests.support.scenes import eventually
from tests.support.stage import QUICK, Stage, stage
from tests.support.tower_under_test import tower_under_test

IDLE_S = 5.0
CARS = {LOW2: Car("seldom"), TOP2: Car("often")}
"""Both across from the room, so that each would stand better elsewhere."""
LEISURE_S = 4 * IDLE_S + 12.0
"""In which a move begins, if one is to: the tower is looked over each ten seconds."""


def moving_tower(*, slow: bool = False, **overrides: str) -> Tower:
    """Return the tower under test that may move a car an hour to a better bay, at any hour."""
    keys = {"moves_per_hour": "1", "saves_s": "0.01", "idle_s": str(IDLE_S), "meets": "1"} | overrides
    speeds = {"machine__lift__speed_mm_s": across_in(12.0), "machine__turntable__speed_mdeg_s": "25000"}
    slotting = {f"slotting__{key}": value for key, value in keys.items()}
    return tower_under_test(audit__visits_per_day="0", **slotting, **(speeds if slow else {}))


def popular(it: Stage) -> None:
    """Let the book know that one car is fetched a hundred times as often as the other."""
    it.book.habits.cars.update({"often": 20.0, "seldom": 0.2})
    it.book.habits.days = 10.0


def own(it: Stage) -> list[Job]:
    """Return the moves that the tower has ordered by itself."""
    return [job for job in it.book.jobs.values() if job.requested_by == THE_TOWER]


async def moves_nothing(it: Stage, why: str) -> None:
    """See that the tower orders no move by itself.

    Raises:
        AssertionError: it does.

    """
    before = len(own(it))
    await asyncio.sleep(LEISURE_S)
    assert len(own(it)) == before, why


async def under_way(it: Stage, state: S) -> Job:
    """Wait until the tower's own move is at a step."""
    await it.until(lambda: [job.state for job in own(it)] == [state])
    return own(it)[0]


@pytest.mark.campaign
def test_the_popular_car_goes_to_the_best_free_bay_and_one_an_hour_is_one_an_hour() -> None:
    async def play() -> None:
        async with stage(tower := moving_tower(), cars=CARS) as it:
            popular(it)
            trips = trips_s(Cycles(kinematics_of(tower), tower.shape), tower.shape.bays, tower.shape.rooms)
            best = min((bay for bay in tower.shape.bays if bay not in CARS), key=lambda bay: (trips[bay], bay))
            await eventually(it, lambda: [job.state for job in own(it)] == [S.DONE])
            (job,) = own(it)
            assert (job.car, job.source, job.target) == ("often", TOP2, best)
            assert it.truth() == it.belief() == {"often": best, "seldom": LOW2}
            # The other one would be better off too: in an hour.
            await moves_nothing(it, "one an hour")
            await eventually(it, lambda: len(own(it)) == 2, 3700.0)
            assert own(it)[1].created_at - job.created_at >= 3600.0

    loop.run(play())


def test_who_comes_before_the_pick_has_the_carriage_at_once_and_behind_it_waits_for_one_move() -> None:
    async def play() -> None:
        async with stage(moving_tower(slow=True), cars=CARS) as it:
            popular(it)
            await under_way(it, S.POSITIONING)
            number = await it.order(Retrieve(car="seldom", room=ROOM))
            await it.until(lambda: own(it)[0].state is S.CANCELLED, 0.5)
            assert own(it)[0].reason == "gives way to somebody who has come"
            assert await it.ended(number) is S.DONE
            await moves_nothing(it, "a car waits in the room")
            it.world.do(lambda plant: plant.customer_collects(ROOM, QUICK))
            await eventually(it, lambda: it.room(ROOM) is RoomState.VACANT)
            assert it.truth() == it.belief() == {"often": TOP2}

    loop.run(play())


@pytest.mark.campaign
def test_a_way_that_opens_is_shut_again_and_a_car_that_is_picked_is_put_down_first() -> None:
    async def play() -> None:
        for step, end in ((S.OPENING, S.CANCELLED), (S.PICKING, S.DONE)):
            async with stage(moving_tower(), cars=CARS) as it:
                popular(it)
                job = await under_way(it, step)
                number = await it.order(Retrieve(car="seldom", room=ROOM))
                assert await it.ended(number) is S.DONE
                assert own(it)[0].state is end
                where = job.source if end is S.CANCELLED else job.target
                assert it.truth() == it.belief() == {"often": where, "seldom": ROOM}

    loop.run(play())


@pytest.mark.campaign
def test_by_default_no_car_is_moved() -> None:
    assert Slotting().moves_per_hour == tower_under_test().slotting.moves_per_hour == 0

    async def play() -> None:
        async with stage(moving_tower(moves_per_hour="0"), cars=CARS) as it:
            popular(it)
            await moves_nothing(it, "none an hour")

    loop.run(play())


@pytest.mark.campaign
def test_at_hours_at_which_people_may_come_and_before_an_appointment_nothing_is_moved() -> None:
    async def play() -> None:
        async with stage(moving_tower(meets="0.01"), cars=CARS) as it:
            popular(it)
            it.book.habits.days = 0.0
            await moves_nothing(it, "nobody knows when people come")
            popular(it)
            it.book.habits.hours = [500.0] * 24
            await moves_nothing(it, "people come all day")
            it.book.habits.hours = [0.0] * 24
            due = int(EPOCH_S + it.world.now + 1700.0)
            number = (await it.ask(Retrieve(car="seldom", due=due)))["appointment"]
            assert isinstance(number, int)
            await moves_nothing(it, "somebody comes in half an hour")
            await eventually(it, lambda: len(own(it)) == 1 or not it.book.appointments, 4000.0)
            await eventually(it, lambda: bool(own(it)), 60.0)

    loop.run(play())


@pytest.mark.campaign
def test_beside_a_parked_job_maintenance_a_held_unit_or_any_doubt_nothing_is_moved() -> None:
    async def play() -> None:
        async with stage(moving_tower(), cars=CARS) as it:
            popular(it)
            await it.ask(SensorOut(name=f"bay{LOW1}.occupied_a", why="dirty"))
            await moves_nothing(it, "a sensor is out of service")
        async with stage(moving_tower(saves_s="600"), cars=CARS) as it:
            popular(it)
            await moves_nothing(it, "no move saves ten minutes")
        async with stage(moving_tower(), cars=CARS) as it:
            popular(it)
            for level in (level_of(LOW2), level_of(TOP2)):
                await it.ask(BlockLevel(level=level, why="a squeak"))
            await moves_nothing(it, "no car is taken from a level that is out of use")
        async with stage(moving_tower(), cars=CARS) as it:
            await it.command(UnitEvent.HOLD, UnitState.HELD)
            popular(it)
            await moves_nothing(it, "the unit is held")
            await it.command(UnitEvent.UNHOLD, UnitState.EXECUTE)
            number = await it.order(Relocate(car="seldom", bay=LOW1))
            it.world.do(lambda plant: plant.shake_contact(("bay", LOW2, "latch_open"), 1.0))
            await eventually(it, lambda: it.job(number).state is S.PARKED and it.unit is UnitState.HELD)
            await it.command(UnitEvent.UNHOLD, UnitState.EXECUTE)
            await moves_nothing(it, "a job is parked")
        async with stage(moving_tower(), cars=CARS, execute=False) as it:
            await it.import_all()
            popular(it)
            await it.ask(SetMode(mode=UnitMode.MAINTENANCE))
            await it.ask(UnitCommand(event=UnitEvent.RESET))
            await moves_nothing(it, "people work at the tower")

    loop.run(play())


@pytest.mark.campaign
def test_a_car_that_nobody_fetches_is_stored_where_it_keeps_no_near_bay_if_that_is_wanted() -> None:
    """All bays but a near one and the farthest hold popular cars."""
    trips = trips_s(Cycles(kinematics_of(tower_under_test()), SHAPE), SHAPE.bays, SHAPE.rooms)
    near, *between, far = sorted(SHAPE.bays, key=lambda bay: (trips[bay], bay))
    cars = {bay: Car(f"hot{bay}") for bay in between}

    async def stored(by_demand: str) -> int | None:
        async with stage(moving_tower(moves_per_hour="0", by_demand=by_demand), cars=cars) as it:
            hot = {car: Known(car, "hot") for car in it.truth()}
            it.book.cars.update(hot | {"never": Known("never", "cold")})
            it.book.habits.models["hot"] = 40.0
            number = await it.order(Store(car="never", room=ROOM))
            await it.until(lambda: it.room(ROOM) is RoomState.OPEN_FOR_CAR)
            it.world.do(lambda plant: plant.car_arrives(ROOM, Car("never"), QUICK))
            assert await it.ended(number) is S.DONE
            return it.job(number).target

    async def play() -> None:
        assert await stored("false") == near
        assert await stored("true") == far

    loop.run(play())
