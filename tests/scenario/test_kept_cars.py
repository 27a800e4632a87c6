"""A car that is kept for a customer who is not there is let out to nobody, whatever comes of its way back."""

import asyncio

import pytest

from controller.domain.events import Arrive, Cancel, Retrieve, RoomOut
from controller.domain.jobs import JobState
from controller.domain.rooms import RoomState
from hal.plcmap.codes import Signal
from sim_plc.rehearsal import loop
from tests.support.scenes import stock
from tests.support.stage import Stage, stage
from tests.support.two_rooms import (
    ANOTHER,
    CAR,
    FAR,
    NEAR,
    SHAPE,
    SLOW,
    driven_off,
    gate_is_shut,
    going_back,
    staged,
    two_rooms,
)

PAST_DELAY_S = two_rooms().timing.gate_delay_s + 5.0
"""Longer than people are given to leave before a gate is opened for them."""


def override(it: Stage, room: int, sensor: str, value: int) -> None:
    """Let a sensor of a room tell something else than what is so."""
    it.world.do(lambda plant: plant.overrides.update({("room", room, sensor): value}))


def believe_sensors(it: Stage) -> None:
    it.world.do(lambda plant: plant.overrides.clear())


@pytest.mark.parametrize("why", ["it does not fit", pytest.param("cancelled", marks=pytest.mark.campaign)])
def test_a_way_back_that_is_given_up_while_its_car_is_measured_again_leaves_it_behind_its_gate(why: str) -> None:
    """The room called it a driver's car that was turned away, and opened the gate to whoever stood there."""

    async def scenario() -> None:
        async with stage(SLOW, cars=stock(FAR, NEAR)) as it:
            room, back = await going_back(it)
            if why == "it does not fit":
                override(it, room, "height_mm", 3000)
            override(it, room, "person_sensor_ok", value=False)
            await it.until(lambda: it.room(room) is RoomState.MEASURING)
            if why == "cancelled":
                await it.ask(Cancel(job=back))
            it.world.do(lambda plant: plant.overrides.pop(("room", room, "person_sensor_ok")))
            await it.until(lambda: it.job(back).state is JobState.CANCELLED)
            await asyncio.sleep(PAST_DELAY_S)
            assert (it.room(room), gate_is_shut(it, room)) == (RoomState.CAR_PRESENT, True)

    loop.run(scenario())


def test_no_gate_is_opened_before_a_kept_car_since_a_sensor_of_people_is_out_of_order() -> None:
    async def scenario() -> None:
        async with stage(two_rooms(), cars=stock(FAR)) as it:
            room = await staged(it, CAR)
            [number] = it.book.appointments
            override(it, room, "person_sensor_ok", value=False)
            await asyncio.sleep(1.0)
            await it.ask(Cancel(job=number))
            await asyncio.sleep(PAST_DELAY_S)
            assert (it.room(room), gate_is_shut(it, room)) == (RoomState.CAR_PRESENT, True)
            believe_sensors(it)
            await it.until(lambda: not it.book.appointments)
            await it.until(lambda: not it.book.open_jobs())
            assert it.truth()[CAR] in it.world.tower.shape.bays

    loop.run(scenario())


def test_who_is_seen_beside_a_kept_car_that_is_measured_is_let_out_and_the_car_is_not_replaced() -> None:
    """If it leaves with them its room is no driver's, as one that a car has left while it was measured is."""

    async def scenario() -> None:
        async with stage(SLOW, cars=stock(FAR, NEAR)) as it:
            room, _ = await going_back(it)
            override(it, room, "person", value=True)
            await it.until(lambda: it.world.plant.truth().gates[room].opened, PAST_DELAY_S + 10.0)
            assert it.room(room) is RoomState.MEASURING
            override(it, room, "occupied_a", value=False)
            await asyncio.sleep(1.0)
            it.world.do(lambda plant: plant.miscount(room))
            await it.until(lambda: it.room(room) is RoomState.BLOCKED)
            assert it.world.daemon is not None
            assert it.world.daemon.control.rooms.fault(room) == "a car that was kept for its customer has left"
            believe_sensors(it)

    loop.run(scenario())


@pytest.mark.parametrize("down", [False, True], ids=["seen", "while nobody looked"])
def test_a_way_back_whose_car_has_been_driven_off_invites_no_driver_and_gives_nobody_its_name(down: bool) -> None:
    """Its room was opened for the next driver, and their car put into a bay under the name of the one that had gone."""

    async def scenario() -> None:
        async with stage(two_rooms(), cars=stock(FAR)) as it:
            room = await staged(it, CAR)
            [number] = it.book.appointments
            await it.ask(Cancel(job=number))
            await it.until(lambda: bool(it.book.open_jobs()))
            [back] = it.book.open_jobs()
            assert back.state is JobState.QUEUED
            if down:
                await it.world.crash_daemon()
            await driven_off(it, room)
            if down:
                await it.start()
            await it.execute()
            await it.until(lambda: it.room(room) is RoomState.VACANT)
            await asyncio.sleep(PAST_DELAY_S)
            assert (it.room(room), gate_is_shut(it, room)) == (RoomState.VACANT, True)
            assert it.job(back.id).state is JobState.CANCELLED
            assert it.job(back.id).reason == f"CAR_GONE: car {CAR} does not stand in room {room} any more"
            assert it.belief() == it.truth() == {}
            assert it.book.appointments == {}

    loop.run(scenario())


def test_who_comes_for_a_kept_car_that_cannot_be_measured_finds_the_gate_opening() -> None:
    """Its measuring went on behind the shut gate, for a way back that had been given up for them."""

    async def scenario() -> None:
        async with stage(two_rooms(), cars=stock(FAR, NEAR)) as it:
            room = await staged(it, CAR)
            [other] = set(SHAPE.rooms) - {room}
            await it.ask(RoomOut(room=other, why="the gate rattles"))
            override(it, room, "measured", value=False)
            await it.order(Retrieve(car=ANOTHER))
            await it.until(lambda: any(job.puts_back for job in it.book.open_jobs()))
            await asyncio.sleep(PAST_DELAY_S)
            assert await it.order(Arrive(car=CAR))
            await it.until(lambda: it.room(room) is RoomState.CUSTOMER_ADMITTED)
            assert it.world.plant.truth().signals[room] == Signal.TAKE_CAR
            believe_sensors(it)

    loop.run(scenario())


def test_who_comes_for_a_kept_car_while_it_is_measured_again_is_not_turned_away() -> None:
    """It is theirs from the commit in which its way back is given up: its room may not call it a driver's by that."""

    async def scenario() -> None:
        async with stage(two_rooms(), cars=stock(FAR, NEAR)) as it:
            room, _ = await going_back(it)
            override(it, room, "person_sensor_ok", value=False)
            await it.until(lambda: it.room(room) is RoomState.MEASURING)
            believe_sensors(it)
            seen = len(it.world.events)
            await it.order(Arrive(car=CAR))
            await it.until(lambda: it.room(room) is RoomState.CUSTOMER_ADMITTED)
            states = [each["state"] for each in list(it.world.events)[seen:] if each["event"] == "room_state"]
            assert states == ["CAR_PRESENT", "CUSTOMER_ADMITTED"]
            assert it.world.plant.truth().signals[room] == Signal.TAKE_CAR

    loop.run(scenario())
