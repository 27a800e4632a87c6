"""People and cars as they come: at the limits, beside the marks, staying too long; through every layer.

Plant -> program -> registers -> driver -> the rule that the daemon names, in virtual time.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import pytest

from controller.domain.events import Retrieve, Store
from controller.domain.jobs import JobState
from controller.domain.rooms import RoomState
from hal.plcmap.codes import Signal
from sim_plc.plant.frame import STEP_MM
from sim_plc.plant.plant import Car, Habits
from sim_plc.plant.scale import STEP_KG
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, ROOM
from tests.support.stage import Stage, stage
from tests.support.tower_under_test import tower_under_test

LIMIT = Car("X", length_mm=5300, width_mm=2300, height_mm=2200, weight_kg=2500)
HABITS = Habits(notice_s=1.0, step_s=1.0, drive_s=8.0, leave_s=6.0, dwell_s=10.0)
PATIENCE_S = 20.0


async def drive_in(it: Stage, car: Car, habits: Habits = HABITS) -> int:
    """Order a storing and let its car come; return the job's number."""
    job = await it.order(Store(car=car.id, room=ROOM))
    it.world.do(lambda plant: plant.car_arrives(ROOM, car, habits))
    return job


def shown(it: Stage) -> int:
    return it.world.plant.truth().signals[ROOM]


def alarms(it: Stage, code: str) -> list[object]:
    """Return when the alarm was raised and taken back, as it was told."""
    return [event["active"] for event in it.world.events if event["event"] == "alarm" and event["code"] == code]


def status_alarms(it: Stage) -> set[str]:
    assert it.world.daemon is not None
    listed = it.world.daemon.board.status["alarms"]
    assert isinstance(listed, list)
    return {str(alarm["code"]) for alarm in listed}


BORDER: Mapping[str, Car] = {
    "CAR_TOO_LONG": replace(LIMIT, length_mm=5300 + STEP_MM),
    "CAR_TOO_WIDE": replace(LIMIT, width_mm=2300 + STEP_MM),
    "CAR_TOO_HIGH": replace(LIMIT, height_mm=2200 + STEP_MM),
    "CAR_TOO_HEAVY": replace(LIMIT, weight_kg=2500 + STEP_KG),
}


def test_a_car_a_step_above_a_limit_is_refused_by_name_and_one_at_every_limit_is_taken_in() -> None:
    async def play() -> None:
        async with stage() as it:
            for rule, car in BORDER.items():
                job = await drive_in(it, car)
                assert await it.ended(job) is JobState.CANCELLED
                assert it.job(job).reason.startswith(f"{rule}: ")
                await it.until(lambda: shown(it) == Signal.REFUSED)
                it.world.do(lambda plant: plant.car_leaves(ROOM, HABITS))
                await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
                assert it.truth() == {}
            job = await drive_in(it, LIMIT)
            assert await it.ended(job) is JobState.DONE
            assert it.belief() == it.truth() != {}

    loop.run(play())


@pytest.mark.parametrize("overshoot_mm", [100, -100])
def test_a_driver_who_stops_beside_the_marks_is_told_and_the_storing_goes_on(overshoot_mm: int) -> None:
    async def play() -> None:
        async with stage(tower_under_test()) as it:
            job = await drive_in(it, Car("X"), replace(HABITS, overshoot_mm=overshoot_mm))
            await it.until(lambda: it.room(ROOM) is RoomState.MEASURING)
            assert shown(it) == Signal.DRIVE_IN
            await it.until(lambda: shown(it) == Signal.FORWARD)
            assert not it.world.plant.tower_image.rooms[ROOM].sensors.in_marks
            assert it.world.plant.tower_image.rooms[ROOM].arrow_back is (overshoot_mm > 0)
            assert it.world.plant.truth().off_marks_mm == {ROOM: overshoot_mm}
            assert it.job(job).state is JobState.QUEUED
            await it.until(lambda: shown(it) == Signal.STOP_AND_LEAVE)
            assert it.world.plant.truth().off_marks_mm == {}
            assert await it.ended(job) is JobState.DONE
            assert it.belief() == it.truth()

    loop.run(play())


def test_a_car_left_beside_the_marks_is_refused_after_the_patience_with_customers() -> None:
    async def play() -> None:
        async with stage(tower_under_test(timing__customer_patience_s=str(PATIENCE_S))) as it:
            job = await drive_in(it, Car("X"), replace(HABITS, overshoot_mm=100, heeds=False))
            await it.until(lambda: shown(it) == Signal.FORWARD)
            told_s = it.world.now
            motions = it.motions()
            assert await it.ended(job) is JobState.CANCELLED
            assert it.world.now - told_s == pytest.approx(PATIENCE_S, abs=1.0)
            assert it.job(job).reason.startswith("CAR_NOT_IN_MARKS: ")
            assert it.motions() == motions
            it.world.do(lambda plant: plant.car_leaves(ROOM, HABITS))
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)

    loop.run(play())


def test_an_occupant_who_stays_keeps_everything_still_and_calls_an_operator() -> None:
    async def play() -> None:
        async with stage(tower_under_test(timing__customer_patience_s=str(PATIENCE_S))) as it:
            job = await drive_in(it, Car("X"), replace(HABITS, leave_s=4 * PATIENCE_S))
            await it.until(lambda: it.world.plant.truth().persons[ROOM] == 1)
            inside_s = it.world.now
            await it.until(lambda: shown(it) == Signal.STOP_AND_LEAVE)
            motions = it.motions()
            await it.until(lambda: alarms(it, "PERSON_INSIDE") == [True], 2 * PATIENCE_S)
            assert it.world.now - inside_s == pytest.approx(PATIENCE_S, abs=2.0)
            assert "PERSON_INSIDE" in status_alarms(it)
            await asyncio.sleep(2 * PATIENCE_S)
            assert (it.motions(), it.room(ROOM), shown(it)) == (motions, RoomState.MEASURING, Signal.STOP_AND_LEAVE)
            assert await it.ended(job, 6 * PATIENCE_S) is JobState.DONE
            assert alarms(it, "PERSON_INSIDE") == [True, False]
            assert "PERSON_INSIDE" not in status_alarms(it)

    loop.run(play())


def test_somebody_who_stays_behind_a_collected_car_is_asked_out() -> None:
    async def play() -> None:
        tower = tower_under_test(timing__customer_patience_s=str(PATIENCE_S))
        async with stage(tower, cars={LOW1: Car("A")}) as it:
            job = await it.order(Retrieve(car="A", room=ROOM))
            assert await it.ended(job) is JobState.DONE
            it.world.do(lambda plant: plant.person_enters(ROOM, HABITS))
            it.world.do(lambda plant: plant.customer_collects(ROOM, HABITS, "A"))
            await it.until(lambda: it.room(ROOM) is RoomState.DEPARTING)
            await it.until(lambda: it.world.plant.truth().outside == ("A",))
            assert it.world.plant.truth().persons[ROOM] == 1
            motions = it.motions()
            await it.until(lambda: shown(it) == Signal.STOP_AND_LEAVE, 2 * PATIENCE_S)
            await it.until(lambda: alarms(it, "PERSON_INSIDE") == [True])
            assert it.motions() == motions
            it.world.do(lambda plant: plant.person_leaves(ROOM, HABITS))
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
            await it.until(lambda: shown(it) == Signal.DARK)
            await it.until(lambda: alarms(it, "PERSON_INSIDE") == [True, False])

    loop.run(play())
