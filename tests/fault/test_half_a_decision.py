"""The daemon dies right behind the first commit of a person's decision: all of it was in that one."""

import pytest

from controller.domain.events import Arrive, Cancel, Relocate, Resolve
from controller.domain.jobs import JobState
from controller.domain.places import PlaceStatus
from controller.domain.rooms import RoomState
from sim_plc.rehearsal import loop
from tests.fault.test_crash_at_each_commit import Mortal
from tests.fault.test_import_then_crash import dies_behind
from tests.scenario.test_cancel_beside_trouble import parked
from tests.support import stage as stages
from tests.support.places import LOW1, LOW2, LOW3
from tests.support.scenes import eventually, stock
from tests.support.stage import QUICK, stage
from tests.support.two_rooms import CAR, FAR, SLOW, SOON_S, booked, staged, two_rooms


@pytest.mark.parametrize("choice", ["by-hand", "lock"])
def test_a_job_that_was_closed_by_hand_has_ended_where_its_car_is_believed(
    choice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its car was believed where it was stated, and the job was still open to be continued from where it had stood."""
    monkeypatch.setattr(stages, "World", Mortal)

    async def scenario() -> None:
        async with stage(cars=stock(LOW1, LOW2)) as it:
            job = await parked(it, Relocate(car=f"C{LOW1}", bay=LOW3), JobState.POSITIONING)
            await dies_behind(it, Resolve(job=job, choice=choice, place=LOW1))
            assert it.job(job).state is JobState.CLOSED_BY_HAND
            assert it.book.places[LOW1].car == f"C{LOW1}"
            locked = it.book.places[LOW1].status is PlaceStatus.BLOCKED
            assert locked is (choice == "lock")

    loop.run(scenario())


def test_a_kept_car_whose_way_back_is_given_up_for_who_wants_it_is_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its way back had ended, and its gate stayed shut before them: they had to come again."""
    monkeypatch.setattr(stages, "World", Mortal)

    async def scenario() -> None:
        async with stage(two_rooms(), cars=stock(FAR)) as it:
            room = await staged(it, CAR)
            [number] = it.book.appointments
            await it.ask(Cancel(job=number))
            await it.until(lambda: bool(it.book.open_jobs()))
            await dies_behind(it, Arrive(car=CAR))
            assert (it.book.open_jobs(), it.book.appointments) == ([], {})
            await it.execute()
            await it.until(lambda: it.room(room) is RoomState.CUSTOMER_ADMITTED)
            it.world.do(lambda plant: plant.customer_collects(room, QUICK))
            await it.until(lambda: it.room(room) is RoomState.VACANT)
            assert it.belief() == it.truth() == {}

    loop.run(scenario())


def test_an_appointment_that_is_called_off_ends_with_the_move_that_brings_its_car(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It stood on, and its car was not brought for it any more."""
    monkeypatch.setattr(stages, "World", Mortal)

    async def scenario() -> None:
        async with stage(SLOW, cars=stock(FAR)) as it:
            number = await booked(it, CAR, SOON_S)
            await eventually(it, lambda: any(job.state is JobState.POSITIONING for job in it.book.open_jobs()), SOON_S)
            await dies_behind(it, Cancel(job=number))
            assert (it.book.open_jobs(), it.book.appointments) == ([], {})

    loop.run(scenario())
