"""The idle tower looks into its bays: the right ones, in the right order, at the right pace, and in nobody's way."""

import asyncio
import itertools

import pytest

from controller.domain.book import CARRIAGE
from controller.domain.events import (
    BlockPlace,
    ConfirmPlace,
    ImportInventory,
    Query,
    Relocate,
    Retrieve,
    SetMode,
    StockedCar,
    Store,
    UnitCommand,
)
from controller.domain.jobs import JobState as S
from controller.domain.places import PlaceStatus
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitEvent, UnitMode, UnitState
from controller.settings import stop_limit_s
from sim_plc.plant.cars import Car
from sim_plc.plant.terminals import Wire
from sim_plc.rehearsal import loop
from tests.support.audits import (
    FEW,
    IDLE_S,
    INTERVAL_S,
    at_rest,
    auditing_tower,
    on_the_way,
    only_a_few,
    seen,
    slow_tower,
    told,
    travels,
    visit_begins,
    visiting,
)
from tests.support.places import LOW1, LOW2, LOW3, ROOM, TOP1, TOP2
from tests.support.scenes import eventually
from tests.support.stage import QUICK, Stage, stage
from tests.support.tower_under_test import tower_under_test

CARS = {LOW1: Car("A"), TOP1: Car("C")}
VISIT_S = 5.0
"""Longer than a visit of the brisk machine takes."""


def test_every_bay_has_its_turn_and_none_before_its_time() -> None:
    async def play() -> None:
        async with stage(auditing_tower(), cars=CARS) as it:
            await only_a_few(it)
            await it.ask(BlockPlace(place=LOW3, why="the latch squeaks"))
            bays = [bay for bay in FEW if bay != LOW3]
            times: list[float] = []
            begun_s = it.world.now
            for count in range(1, len(bays) + 2):
                await eventually(it, lambda count=count: len(seen(it)) == count)  # type: ignore[misc]
                times.append(it.world.now)
            assert IDLE_S <= times[0] - begun_s <= IDLE_S + VISIT_S
            gaps = [after - before for before, after in itertools.pairwise(times)]
            assert all(INTERVAL_S - 1.0 <= gap <= INTERVAL_S + VISIT_S for gap in gaps), gaps
            assert sorted(seen(it)[:-1]) == bays, "each once; the blocked one is left out"
            assert seen(it)[-1] == seen(it)[0], "and round again"
            assert {event["finding"] for event in told(it)} == {"agreed"}
            assert it.doubts() - {LOW3} == set()
            assert it.truth() == it.belief()
            assert it.book.places[CARRIAGE].status is PlaceStatus.FREE
            assert {name for name, _ in it.book.intents} == set(), "every command is settled"

    loop.run(play())


def test_of_bays_that_nobody_has_seen_the_nearest_is_the_first() -> None:
    async def play() -> None:
        async with stage(slow_tower(), cars=CARS) as it:
            number = await it.order(Relocate(car="A", bay=LOW2))
            await it.ended(number)
            looks = {bay: (look.by, look.finding.value) for bay, look in it.book.looks.items()}
            assert looks == dict.fromkeys((LOW1, LOW2), (f"job {number}", "agreed")), "an exchange is a look"
            level = [bay for bay in it.world.tower.shape.bays if bay // 100 == LOW2 // 100 and bay not in looks]
            assert await visit_begins(it) in level, "no other level before this one is done"

    loop.run(play())


def test_none_a_day_are_none_and_half_a_minute_of_rest_is_half_a_minute() -> None:
    async def play() -> None:
        async with stage(auditing_tower(visits_per_day=0), cars=CARS) as it:
            begun = travels(it)
            await asyncio.sleep(2 * INTERVAL_S)
            assert travels(it) == begun
        async with stage(auditing_tower(idle_s=30.0), cars=CARS) as it:
            begun = travels(it)
            await asyncio.sleep(27.0)
            assert travels(it) == begun
            assert await visit_begins(it, 5.0)

    loop.run(play())


LIES: dict[str, dict[Wire, int]] = {
    "both contacts": {("bay", LOW2, "occupied_a"): False, ("bay", LOW2, "occupied_b"): False},
    "its own sensor": {("carriage", "place_occupied_b"): False},
}


SHOWN = {
    "both contacts": "contacts of the bay: A nothing, B nothing; sensors of the carriage: A a car, B a car",
    "its own sensor": "contacts of the bay: A a car, B a car; sensors of the carriage: A a car, B nothing",
}


@pytest.mark.parametrize("lie", ["both contacts", pytest.param("its own sensor", marks=pytest.mark.campaign)])
def test_what_both_contacts_hide_is_found_and_no_car_is_sent_there(lie: str) -> None:
    """A bay is called empty by its book and its contacts, and holds a car; or the carriage's own sensor is torn."""

    async def play() -> None:
        cars = CARS if lie == "its own sensor" else {**CARS, LOW2: Car("X")}
        async with stage(auditing_tower(), cars=cars, execute=False) as it:
            if lie == "both contacts":
                it.world.do(lambda plant: plant.overrides.update(LIES[lie]))
                await asyncio.sleep(3.0)
            stock = (StockedCar(id="A", place=LOW1), StockedCar(id="C", place=TOP1))
            assert (await it.ask(ImportInventory(cars=stock)))["disagreements"] == []
            await only_a_few(it)
            await it.execute()
            if lie == "its own sensor":
                it.world.do(lambda plant: plant.overrides.update(LIES[lie]))
            wrong = LOW2 if lie == "both contacts" else TOP1
            await eventually(it, lambda: wrong in it.doubts())
            why = it.book.places[wrong].reason
            assert ("believed free" if wrong == LOW2 else "believed occupied with C") in why
            assert why.endswith(SHOWN[lie])
            assert told(it)[-1]["finding"] == "doubtful"
            refused = Relocate(car="A", bay=LOW2) if wrong == LOW2 else Retrieve(car="C")
            assert await it.refused(refused) == ("BAY_NOT_USABLE" if wrong == LOW2 else "PLACE_UNVERIFIED")
            if wrong == LOW2:
                # Nor is somebody believed who says what the contacts say, with the carriage in front of it.
                assert await it.refused(ConfirmPlace(place=LOW2)) == "SENSORS_DISAGREE"
            # Sensors alone never bring it back.
            it.world.do(lambda plant: plant.overrides.clear())
            await eventually(it, lambda: seen(it).count(wrong) == 2)
            assert wrong in it.doubts()
            # What the import was made to believe is what this is about.
            assert {each.invariant for each in it.inspector.violations} <= ({"I13"} if wrong == LOW2 else set())
            it.inspector.violations.clear()

    loop.run(play())


def test_an_order_comes_first_and_waits_only_until_the_carriage_stands() -> None:
    async def play() -> None:
        async with stage(tower := slow_tower(), cars=CARS) as it:
            await only_a_few(it)
            bay = await on_the_way(it)
            asked_s = it.world.now
            number = await it.order(Relocate(car="C", bay=TOP2))
            assert it.world.now - asked_s < 0.1, "the answer waits for nothing"
            assert visiting(it) is None
            await it.until(lambda: it.job(number).state is S.POSITIONING, stop_limit_s(tower))
            assert it.world.now - asked_s < 1.0, "this machine's ramps take a tenth of a second"
            assert at_rest(it), "no step begins before"
            assert await it.ended(number) is S.DONE
            assert bay not in seen(it)
            await eventually(it, lambda: bay in seen(it))
            assert it.truth() == it.belief() == {"A": LOW1, "C": TOP2}

    loop.run(play())


@pytest.mark.campaign
def test_whoever_uses_a_room_cuts_it_so_that_nothing_that_is_fetched_ahead_waits_for_it() -> None:
    async def play() -> None:
        async with stage(slow_tower(), cars=CARS) as it:
            await only_a_few(it)
            await on_the_way(it)
            await it.order(Store(car="N1", room=ROOM))
            assert visiting(it) is None
            await it.until(lambda: it.room(ROOM) is not RoomState.VACANT)
            begun = travels(it)
            await asyncio.sleep(3 * INTERVAL_S)
            assert travels(it) == begun

    loop.run(play())


def test_a_hold_a_suspension_and_a_stop_cut_it_at_once() -> None:
    async def play() -> None:
        async with stage(slow_tower(), cars=CARS) as it:
            await only_a_few(it)
            for begin, there, end in (
                (UnitEvent.HOLD, UnitState.HELD, UnitEvent.UNHOLD),
                (UnitEvent.SUSPEND, UnitState.SUSPENDED, UnitEvent.UNSUSPEND),
                (UnitEvent.STOP, UnitState.STOPPED, None),
            ):
                await on_the_way(it)
                await it.ask(UnitCommand(event=begin))
                assert visiting(it) is None
                await it.until(lambda there=there: it.unit is there, 3.0)  # type: ignore[misc]
                before = travels(it), len(seen(it))
                await asyncio.sleep(3 * IDLE_S)
                assert (travels(it), len(seen(it))) == before, "a visit that was cut is no look"
                if end is None:
                    await it.execute()
                else:
                    await it.command(end, UnitState.EXECUTE)
            count = len(seen(it))
            await eventually(it, lambda: len(seen(it)) == count + 1)

    loop.run(play())


@pytest.mark.parametrize("mode", [pytest.param(UnitMode.MAINTENANCE, marks=pytest.mark.campaign), UnitMode.MANUAL])
def test_beside_production_nothing_is_visited(mode: UnitMode) -> None:
    async def play() -> None:
        async with stage(auditing_tower(), cars=CARS, execute=False) as it:
            await it.import_all()
            await it.ask(SetMode(mode=mode))
            await it.command(UnitEvent.RESET, UnitState.IDLE)
            begun = travels(it)
            await asyncio.sleep(3 * IDLE_S)
            assert travels(it) == begun

    loop.run(play())


async def quiet(it: Stage, why: str) -> None:
    """See that no visit begins, although one is due.

    Raises:
        AssertionError: one does.

    """
    begun = travels(it)
    await asyncio.sleep(3 * IDLE_S)
    assert (travels(it), visiting(it)) == (begun, None), why


def test_with_people_or_cars_in_a_room_with_an_open_way_or_a_parked_job_nothing_is_visited() -> None:
    async def play() -> None:
        async with stage(auditing_tower(), cars=CARS) as it:
            for lie in OPEN_OR_LOADED:
                await shown(it, lie)
                await quiet(it, str(lie))
                it.world.do(lambda plant: plant.overrides.clear())
            number = await it.order(Retrieve(car="C", room=ROOM))
            assert await it.ended(number) is S.DONE
            await quiet(it, "a car waits in the room")
            it.world.do(lambda plant: plant.customer_collects(ROOM, QUICK))
            await eventually(it, lambda: it.room(ROOM) is RoomState.VACANT)
            await shown(it, {("room", ROOM, "person"): True})
            await quiet(it, "somebody is in the room")
            it.world.do(lambda plant: plant.overrides.clear())
            await quiet(it, "nobody has looked why")
            await it.command(UnitEvent.STOP, UnitState.STOPPED)
            await it.execute()
            number = await it.order(Relocate(car="A", bay=LOW2))
            it.world.do(lambda plant: plant.shake_contact(("bay", LOW1, "latch_open"), 1.0))
            await eventually(it, lambda: it.job(number).state is S.PARKED and it.unit is UnitState.HELD)
            await it.command(UnitEvent.UNHOLD, UnitState.EXECUTE)
            await quiet(it, "a job is parked")
            assert told(it) == []

    loop.run(play())


OPEN_OR_LOADED: tuple[dict[Wire, int], ...] = (
    {("carriage", "all_latches_locked"): False},
    {("carriage", "loaded_a"): True},
)


async def shown(it: Stage, lie: dict[Wire, int]) -> None:
    """Let wires be stuck, and let the daemon see it."""
    it.world.do(lambda plant: plant.overrides.update(lie))
    await asyncio.sleep(1.0)


def test_the_status_and_the_list_tell_of_it() -> None:
    async def play() -> None:
        async with stage(slow_tower(), cars=CARS) as it:
            bays = it.world.tower.shape.bays
            first = await visit_begins(it)
            assert (await it.ask(Query(what="status")))["audit"] == {"visiting": first, "due": len(bays)}
            await eventually(it, lambda: seen(it) == [first])
            answer = await it.ask(Query(what="audit"))
            rows = answer["bays"]
            assert isinstance(rows, list)
            assert (answer["due"], answer["visiting"], len(rows)) == (len(bays) - 1, None, len(bays))
            assert rows[-1]["place"] == first, "the one that was seen last comes last"
            assert rows[-1]["look"]["eye"] == "carriage"
            assert rows[-1]["carriage"] == rows[-1]["contacts"]
            assert {row["due"] for row in rows[:-1]} == {True}

    loop.run(play())


def test_by_default_the_first_visit_comes_after_ten_minutes() -> None:
    tower = tower_under_test()
    assert (tower.audit.visits_per_day, tower.audit.idle_s) == (4, 600.0)
