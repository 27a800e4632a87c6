"""The control task waits for no station: while one is frozen, everybody else is served at once."""

import asyncio
from collections.abc import Callable

from controller.domain.events import Cancel, Query, Relocate, Request, Retrieve, SetMode, Store, UnitCommand
from controller.domain.jobs import JobState
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitEvent, UnitMode, UnitState
from controller.runtime.mode import PATIENCE_S
from hal.plcmap.codes import Mode
from sim_plc.plant.cars import Car
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.memory_link import Fault
from tests.support.places import LOW1, LOW3, ROOM, TOP1, TOP_BUS, TOP_STATION
from tests.support.scenes import idle, refused_now, stock
from tests.support.stage import Stage, stage
from tests.support.tower_under_test import tower_under_test

CARS = stock(LOW1, TOP1)
AT_ONCE_S = 0.05
SHORT_S = 0.3
"""A station that is silent for this long is not stale yet, however its polls fall."""
"""The small bound: a commit and nothing else lies between a request and its answer."""

IDLE_POLL_S = 0.6
"""Within this a station at rest is looked at again."""

STATUS = Query(what="status")


def freeze(it: Stage, bus: str) -> Callable[[], None]:
    """Let every request on a bus go unanswered, the connection standing; return what thaws it."""
    it.world.decide = lambda name, _function, _unit: Fault.LOSE_REQUEST if name == bus else Fault.NONE

    def thaw() -> None:
        it.world.decide = lambda *_: Fault.NONE
        it.world.touched()

    return thaw


async def longest_wait_s(it: Stage, until: Callable[[], bool]) -> float:
    """Ask for the status again and again until something is so; return the longest wait for an answer."""
    longest_s = 0.0
    while not until():
        began = it.world.now
        await it.ask(STATUS)
        longest_s = max(longest_s, it.world.now - began)
        await asyncio.sleep(0.1)
    return longest_s


def asked(it: Stage, request: Request) -> "asyncio.Task[object]":
    async def ask() -> object:
        return await it.ask(request)

    return asyncio.create_task(ask())


def test_a_station_that_is_frozen_while_the_mode_changes_delays_nobody_else() -> None:
    async def scenario() -> None:
        async with stage(cars=CARS, execute=False) as it:
            await idle(it)
            thaw = freeze(it, TOP_BUS)
            change = asked(it, SetMode(mode=UnitMode.MANUAL))
            await asyncio.sleep(0.01)
            began = it.world.now
            shown = (await it.ask(STATUS))["unit"]
            assert it.world.now - began <= AT_ONCE_S
            assert isinstance(shown, dict)
            assert shown["mode"] == "MANUAL", "durable and shown at once"
            assert await longest_wait_s(it, change.done) <= AT_ONCE_S
            answer = await change
            assert isinstance(answer, dict)
            assert answer["mode"] == "MANUAL"
            assert TOP_STATION in answer["behind"]
            assert "tower" not in answer["behind"]
            assert it.world.now - began <= PATIENCE_S + AT_ONCE_S
            thaw()

    loop.run(scenario())


def test_an_emergency_stop_aborts_at_once_while_the_mode_changes() -> None:
    async def scenario() -> None:
        async with stage(cars=CARS, execute=False) as it:
            await idle(it)
            freeze(it, TOP_BUS)
            change = asked(it, SetMode(mode=UnitMode.MAINTENANCE))
            await asyncio.sleep(0.1)
            it.world.do(lambda plant: plant.press_e_stop())
            await it.until(lambda: it.unit is UnitState.ABORTED, IDLE_POLL_S)
            assert not change.done(), "the stations still follow"
            await change

    loop.run(scenario())


def test_of_two_changes_the_second_is_what_the_stations_get_and_both_are_answered() -> None:
    async def scenario() -> None:
        async with stage(cars=CARS, execute=False) as it:
            await idle(it)
            first = asked(it, SetMode(mode=UnitMode.MAINTENANCE))
            await asyncio.sleep(0.005)
            second = asked(it, SetMode(mode=UnitMode.MANUAL))
            answers = [await first, await second]
            assert answers == [{"mode": "MANUAL", "state": "IDLE", "behind": []}] * 2
            assert {program.station_state.mode for program in it.world.programs} == {Mode.MANUAL}

    loop.run(scenario())


def test_a_reset_behind_a_mode_change_waits_for_the_stations_and_then_finds_them_there() -> None:
    async def scenario() -> None:
        async with stage(cars=CARS, execute=False) as it:
            change = asked(it, SetMode(mode=UnitMode.MANUAL))
            await asyncio.sleep(0.005)
            await it.ask(UnitCommand(event=UnitEvent.RESET))
            assert await longest_wait_s(it, lambda: it.unit is UnitState.IDLE) <= AT_ONCE_S
            assert change.done()
            assert it.motions() == 0
            assert {program.station_state.mode for program in it.world.programs} == {Mode.MANUAL}

    loop.run(scenario())


def test_nothing_is_started_or_jogged_while_the_stations_follow() -> None:
    async def scenario() -> None:
        async with stage(cars=CARS, execute=False) as it:
            await it.import_all()
            await it.ask(SetMode(mode=UnitMode.MAINTENANCE))
            await it.command(UnitEvent.RESET, UnitState.IDLE)
            thaw = freeze(it, TOP_BUS)
            change = asked(it, SetMode(mode=UnitMode.PRODUCTION))
            await asyncio.sleep(0.05)
            assert await it.refused(UnitCommand(event=UnitEvent.START)) == "MODE_CHANGES"
            thaw()
            await change
            await it.command(UnitEvent.START, UnitState.EXECUTE)

    loop.run(scenario())


def test_a_cable_that_goes_while_the_mode_changes_aborts_at_once_and_the_clear_waits_for_the_stations() -> None:
    async def scenario() -> None:
        async with stage(cars=CARS, execute=False) as it:
            await idle(it)
            change = asked(it, SetMode(mode=UnitMode.MAINTENANCE))
            it.world.pull_cable("tower", out=True)
            assert await longest_wait_s(it, change.done) <= AT_ONCE_S
            await it.until(lambda: it.unit is UnitState.ABORTED)
            it.world.pull_cable("tower", out=False)
            await asyncio.sleep(5.0)
            await it.command(UnitEvent.CLEAR, UnitState.STOPPED)
            await it.command(UnitEvent.RESET, UnitState.IDLE)
            assert {program.station_state.mode for program in it.world.programs} == {Mode.MAINTENANCE}

    loop.run(scenario())


async def on_its_way(it: Stage) -> int:
    number = await it.order(Relocate(car=f"C{LOW1}", bay=LOW3))
    assert await it.ended(number) is JobState.DONE
    number = await it.order(Retrieve(car=f"C{TOP1}"))
    await it.until(lambda: it.job(number).state is JobState.POSITIONING and it.world.plant.truth().carriage.lift.moving)
    return number


def test_a_cancellation_waits_for_no_standstill_and_the_next_job_does() -> None:
    async def scenario() -> None:
        async with stage(cars=CARS) as it:
            number = await on_its_way(it)
            thaw = freeze(it, "tower")
            began = it.world.now
            await it.ask(Cancel(job=number))
            assert it.world.now - began <= AT_ONCE_S
            assert it.job(number).state is JobState.CANCELLED
            assert await longest_wait_s(it, lambda: it.world.now > began + SHORT_S) <= AT_ONCE_S
            thaw()
            await it.until(lambda: it.unit is UnitState.EXECUTE, 30.0)
            assert await it.ended(await it.order(Retrieve(car=f"C{TOP1}"))) is JobState.DONE

    loop.run(scenario())


def test_a_gate_that_is_stopped_by_a_frozen_plc_delays_nobody_else() -> None:
    async def scenario() -> None:
        async with stage(tower_under_test(timing__customer_patience_s="5"), cars=CARS) as it:
            number = await it.order(Store(car="N1", room=ROOM))
            await it.until(lambda: it.room(ROOM) is RoomState.RESERVED and bool(it.world.plant.truth().gates[ROOM]))
            await asyncio.sleep(0.3)
            thaw = freeze(it, "tower")
            began = it.world.now
            await it.ask(Cancel(job=number))
            assert await longest_wait_s(it, lambda: it.world.now > began + SHORT_S) <= AT_ONCE_S
            thaw()
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)

    loop.run(scenario())


def test_a_start_beside_a_carriage_that_still_moves_answers_at_once() -> None:
    async def scenario() -> None:
        async with stage(tower_under_test(profile="slow"), cars=CARS) as it:
            number = await it.order(Retrieve(car=f"C{TOP1}"))
            await it.until(
                lambda: it.job(number).state is JobState.POSITIONING and it.world.plant.truth().carriage.lift.moving
            )
            await it.world.crash_daemon()
            await asyncio.sleep(0.3)
            daemon = await it.world.start_daemon()
            assert await longest_wait_s(it, lambda: daemon.control.unit.reconciled) <= AT_ONCE_S
            assert it.unit is UnitState.STOPPED

    loop.run(scenario())


def test_a_mode_that_is_asked_for_during_a_start_is_kept_and_the_start_comes_to_its_end() -> None:
    async def scenario() -> None:
        async with stage(tower_under_test(profile="slow"), cars=CARS) as it:
            it.world.do(lambda plant: plant.car_arrives(ROOM, Car("N")))
            number = await it.order(Retrieve(car=f"C{TOP1}"))
            await it.until(
                lambda: it.job(number).state is JobState.POSITIONING and it.world.plant.truth().carriage.lift.moving
            )
            await it.world.crash_daemon()
            daemon = await it.world.start_daemon()
            await it.until(lambda: all(station.online for station in daemon.stations.values()))
            await asyncio.sleep(0.05)
            assert not daemon.control.unit.reconciled
            await it.ask(SetMode(mode=UnitMode.MAINTENANCE))
            await it.until(lambda: daemon.control.unit.reconciled)
            assert it.unit is UnitState.STOPPED
            assert (await refused_now(it, UnitCommand(event=UnitEvent.START))).rule == "UNIT_STATE"
            await it.command(UnitEvent.RESET, UnitState.IDLE)

    loop.run(scenario())
