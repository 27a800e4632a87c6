"""A bay is taken out of use, with its car or without, and given back: nothing goes in or out meanwhile."""

import asyncio

import pytest

from controller.domain.events import BlockPlace, FreePlace, Relocate, Resolve, Retrieve, Store, UnitCommand
from controller.domain.jobs import JobState as S
from controller.domain.places import PlaceStatus
from controller.domain.unit import UnitEvent, UnitState
from sim_plc.plant.cars import Car
from sim_plc.plant.terminals import Wire
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, LOW2, LOW3, NOWHERE, ROOM, TOP1, TOP2, TOP3
from tests.support.stage import QUICK, Stage, stage
from tests.support.tower_under_test import tower_under_test

CARS = {LOW1: Car("A"), TOP1: Car("C")}
WHY = "the latch squeaks"


def status(it: Stage, place: int) -> PlaceStatus:
    return it.book.places[place].status


def test_a_blocked_bay_takes_no_car_and_gives_none_until_it_is_given_back() -> None:
    async def play() -> None:
        async with stage(cars=CARS) as it:
            for bay in (TOP1, LOW2):
                assert (await it.ask(BlockPlace(by="eve", place=bay, why=WHY)))["status"] == "blocked"
                assert it.book.places[bay].reason == f"{WHY} (blocked by eve)"
            begun = it.motions()
            assert await it.refused(Retrieve(car="C")) == "PLACE_BLOCKED"
            assert await it.refused(Relocate(car="A", bay=LOW2)) == "BAY_NOT_USABLE"
            await asyncio.sleep(3.0)
            assert it.motions() == begun
            await it.import_all()
            assert (status(it, TOP1), status(it, LOW2)) == (PlaceStatus.BLOCKED, PlaceStatus.BLOCKED)
            assert it.belief() == it.truth()
            await it.ask(FreePlace(place=TOP1))
            assert (await it.ask(FreePlace(place=LOW2)))["status"] == "free"
            assert await it.refused(FreePlace(place=LOW2)) == "NOT_BLOCKED"
            assert await it.ended(await it.order(Relocate(car="C", bay=LOW2))) is S.DONE
            assert it.belief() == it.truth() == {"A": LOW1, "C": LOW2}

    loop.run(play())


def test_a_stored_car_goes_past_every_blocked_bay() -> None:
    async def play() -> None:
        async with stage(cars=CARS) as it:
            spare = [bay for bay in it.world.tower.shape.bays if bay not in (LOW1, TOP1, TOP3)]
            for bay in spare:
                await it.ask(BlockPlace(place=bay, why=WHY))
            number = await it.order(Store(car="D", room=ROOM))
            # The one bay that is left is counted on.
            assert await it.refused(BlockPlace(place=TOP3, why=WHY)) == "BAY_RESERVED"
            it.world.do(lambda plant: plant.car_arrives(ROOM, Car("D"), QUICK))
            assert await it.ended(number) is S.DONE
            assert it.belief()["D"] == it.truth()["D"] == TOP3

    loop.run(play())


def test_only_a_bay_that_nobody_counts_on_can_be_blocked() -> None:
    async def play() -> None:
        async with stage(tower_under_test(machine__lift__speed_mm_s="1000"), cars=CARS) as it:
            number = await it.order(Relocate(car="C", bay=LOW3))
            for place, rule in (
                (TOP1, "BAY_RESERVED"),
                (LOW3, "BAY_RESERVED"),
                (ROOM, "UNKNOWN_BAY"),
                (NOWHERE, "UNKNOWN_BAY"),
            ):
                assert await it.refused(BlockPlace(place=place, why=WHY)) == rule
            assert await it.ended(number) is S.DONE
            assert await it.refused(FreePlace(place=LOW3)) == "NOT_BLOCKED"

    loop.run(play())


def test_a_block_outlives_the_daemon_and_an_emergency_stop() -> None:
    async def play() -> None:
        async with stage(cars=CARS) as it:
            await it.ask(BlockPlace(place=TOP1, why=WHY))
            await it.world.crash_daemon()
            await it.start(late_s=1.0)
            await it.execute()
            assert it.book.places[TOP1].reason == WHY
            assert await it.refused(Retrieve(car="C")) == "PLACE_BLOCKED"

    loop.run(play())


@pytest.mark.parametrize("shown", [True, False], ids=["one contact", "none"])
def test_a_bay_given_back_is_believed_as_far_as_its_sensors_agree(*, shown: bool) -> None:
    async def play() -> None:
        async with stage(cars=CARS) as it:
            await it.ask(BlockPlace(place=TOP1, why=WHY))
            lies: dict[Wire, int] = {("bay", TOP1, "occupied_a"): shown, ("bay", TOP1, "occupied_b"): False}
            it.world.do(lambda plant: plant.overrides.update(lies))
            await asyncio.sleep(3.0)
            answer = await it.ask(FreePlace(place=TOP1))
            assert answer["status"] == "unverified"
            assert ("doubtful" if shown else "empty") in str(answer["reason"])

    loop.run(play())


async def parked(it: Stage, number: int) -> None:
    """Let a latch's contact chatter until a job is parked in front of it."""
    it.world.do(lambda plant: plant.shake_contact(("bay", TOP1, "latch_open"), 8.0))
    await it.until(lambda: it.job(number).state is S.PARKED)
    await asyncio.sleep(10.0)


def test_mark_and_lock_ends_a_parked_job_and_keeps_its_bay_out_of_use() -> None:
    async def play() -> None:
        async with stage(cars=CARS) as it:
            number = await it.order(Relocate(car="C", bay=TOP2))
            await parked(it, number)
            why = it.job(number).reason
            assert "lock" in it.job(number).choices
            for place, rule in (
                (None, "PLACE_MISSING"),
                (0, "UNKNOWN_BAY"),
                (ROOM, "UNKNOWN_BAY"),
                (LOW1, "PLACE_TAKEN"),
            ):
                assert await it.refused(Resolve(job=number, choice="lock", place=place)) == rule
            begun = it.motions()
            await it.ask(Resolve(by="eve", job=number, choice="lock", place=TOP1))
            assert it.job(number).state is S.CLOSED_BY_HAND
            assert it.motions() == begun
            assert (status(it, TOP1), it.book.places[TOP1].car) == (PlaceStatus.BLOCKED, "C")
            assert why in it.book.places[TOP1].reason
            # What the job left open is closed by a reset, and the tower works on without the bay.
            await it.ask(UnitCommand(event=UnitEvent.STOP))
            await it.until(lambda: it.unit is UnitState.STOPPED)
            await it.execute()
            assert await it.refused(Retrieve(car="C")) == "PLACE_BLOCKED"
            assert await it.ended(await it.order(Relocate(car="A", bay=LOW2))) is S.DONE
            await it.ask(FreePlace(place=TOP1))
            assert await it.ended(await it.order(Relocate(car="C", bay=TOP3))) is S.DONE
            assert it.belief() == it.truth()

    loop.run(play())
