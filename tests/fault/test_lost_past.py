"""A journal that knows less than the machine has done: nothing is believed that may have changed since."""

import asyncio

from controller.domain.book import CARRIAGE
from controller.domain.events import Adopt, Cancel, Relocate, Retrieve, Store, UnitCommand
from controller.domain.jobs import JobState
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitEvent, UnitState
from hal.plcmap.codes import Opcode
from hal.plcmap.registers import latches_station
from sim_plc.plant.cars import Car
from sim_plc.program.event_log import Event
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.caretaker import Caretaker
from sim_plc.rehearsal.disk import JOURNAL
from sim_plc.rehearsal.stop_law import moving
from sim_plc.rehearsal.world import World
from tests.support.places import LOW2, ROOM, TOP1, TOP2
from tests.support.scenes import one_room
from tests.support.stage import QUICK, Stage, stage
from tests.support.tower_under_test import tower_under_test

CARS = {LOW2: Car("A1"), TOP2: Car("B2")}
SLOW_ARMS = tower_under_test(machine__shuttle__speed_mm_s="2000")


def frozen(it: Stage) -> set[object]:
    """Return the names of the stations that somebody else was seen to rule."""
    events = it.world.events
    return {event["name"] for event in events if event["event"] == "station" and event["state"] == "FROZEN"}


async def boot(it: Stage) -> None:
    """Give the computer its power back, and wait until the stations are known or left alone."""
    it.world.events.clear()
    await it.world.computer.get_power()
    await asyncio.sleep(2.0)


def go_back(world: World) -> None:
    """Put the oldest copy in the journal's place as it is: what a log holds that somebody deletes is gone."""
    journal = world.folder / JOURNAL
    content = (world.folder / "backups" / "0000.sqlite").read_bytes()
    for file in world.folder.glob(f"{JOURNAL}-*"):
        file.unlink()
    journal.write_bytes(content)
    world.computer.disk.look_again()


async def forget(it: Stage) -> None:
    """Let the daemon start on the oldest copy, beside stations that have done more since."""
    await it.world.computer.lose_power()
    go_back(it.world)
    await boot(it)
    assert frozen(it)


def test_what_the_machine_has_done_behind_the_journals_end_leaves_no_place_certain_and_no_job_open() -> None:
    async def body() -> None:
        async with stage(cars=CARS) as it:
            await it.order(Relocate(car="A1", bay=TOP1))
            await it.until(lambda: it.job(1).state is JobState.POSITIONING)
            assert Caretaker(it.world).back_up()
            assert await it.ended(1) is JobState.DONE
            await forget(it)
            assert it.book.open_jobs()
            await it.ask(Adopt())
            assert it.doubts() == {CARRIAGE, *it.world.tower.shape.places}
            assert it.job(1).state is JobState.CLOSED_BY_HAND
            await it.until(lambda: it.unit is UnitState.STOPPED)
            await it.world.computer.lose_power()
            await boot(it)
            assert not frozen(it), "what was adopted once is known at the next start"
            await it.import_all()
            assert it.belief() == it.truth()

    loop.run(body())


def test_a_stop_that_is_known_as_our_own_vouches_for_no_command_of_the_shuttle_before_it() -> None:
    """The STOP was followed without its record, and so was the PICK before it: a car had another's name (seed 9454)."""

    async def body() -> None:
        async with stage(cars=CARS) as it:
            await it.order(Relocate(car="A1", bay=TOP1))
            await it.until(lambda: it.job(1).state is JobState.POSITIONING)
            assert Caretaker(it.world).back_up()
            await it.until(lambda: it.job(1).state is JobState.PICKING)
            await it.until(lambda: not it.world.truth().carriage.arms_centred)
            await it.command(UnitEvent.ABORT, UnitState.ABORTED)
            await forget(it)
            assert it.book.overtaken == {"tower/shuttle"}
            await it.world.computer.lose_power()
            await boot(it)
            await it.ask(Adopt())
            assert it.doubts() == {CARRIAGE, *it.world.tower.shape.places}
            assert it.job(1).state is JobState.CLOSED_BY_HAND

    loop.run(body())


def test_a_car_in_a_room_whose_gate_has_done_more_than_is_known_is_not_stored_by_the_name_of_a_driver_before() -> None:
    """The driver who was known to have the room had left it again; the next one's car got that name (seed 14487)."""

    async def body() -> None:
        async with stage(cars=CARS) as it:
            await one_room(it)
            gone = await it.order(Store(car="N1"))
            waits = await it.order(Store(car="N3", room=None))
            assert Caretaker(it.world).back_up()
            await it.until(lambda: it.room(ROOM) is RoomState.OPEN_FOR_CAR)
            for each in (gone, waits):
                await it.ask(Cancel(job=each))
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
            await it.order(Store(car="N2"))
            await it.until(lambda: it.room(ROOM) is RoomState.OPEN_FOR_CAR)
            it.world.do(lambda plant: plant.car_arrives(ROOM, Car("N2"), QUICK))
            await it.until(lambda: it.room(ROOM) is RoomState.MEASURING)
            await forget(it)
            assert it.job(gone).room == ROOM
            await it.ask(Adopt())
            assert it.job(gone).state is JobState.CLOSED_BY_HAND
            assert it.job(waits).state is JobState.QUEUED, "nobody let them in"
            assert it.doubts() == {ROOM}, "the shuttle has moved no car"

    loop.run(body())


def test_the_name_of_a_car_on_the_carriage_is_not_believed_again_because_there_is_one() -> None:
    async def body() -> None:
        async with stage(cars=CARS) as it:
            await it.order(Retrieve(car="B2", room=ROOM))
            await it.until(lambda: it.job(1).state is JobState.POSITIONING_TO)
            caretaker = Caretaker(it.world)
            assert caretaker.back_up()
            await it.world.computer.lose_power()
            caretaker.restore()
            await boot(it)
            await it.until(lambda: it.unit is UnitState.STOPPED)
            assert it.book.places[CARRIAGE].car == "B2"
            assert CARRIAGE in it.doubts()
            await it.command(UnitEvent.RESET, UnitState.IDLE)
            assert CARRIAGE in it.doubts()

    loop.run(body())


def test_a_stop_whose_record_was_lost_is_known_at_the_second_start_too() -> None:
    async def body() -> None:
        async with stage(cars=CARS) as it:
            await it.order(Relocate(car="A1", bay=TOP1))
            await it.until(lambda: it.world.truth().carriage.lift.moving)
            it.world.computer.disk.sync_s = (2.0, 2.0)
            stopping = asyncio.create_task(it.ask(UnitCommand(event=UnitEvent.ABORT)))
            await it.until(lambda: stopped(it))
            await it.world.computer.lose_power()
            stopping.cancel()
            it.world.computer.disk.sync_s = None
            for _ in range(2):
                await boot(it)
                assert it.unit is UnitState.STOPPED
                assert not frozen(it)
                await it.world.computer.lose_power()
            await boot(it)

    loop.run(body())


async def adopted_amid_an_exchange(it: Stage) -> None:
    """Lose a journal's end as arms reach out, and adopt the tower before its PLC misses anybody."""
    assert Caretaker(it.world).back_up()
    await it.order(Relocate(car="A1", bay=TOP1))
    await it.until(lambda: it.world.truth().carriage.arms.moving)
    await it.world.computer.lose_power()
    go_back(it.world)
    it.world.events.clear()
    await it.world.computer.get_power()
    await it.until(lambda: frozen(it) >= {"tower", latches_station(LOW2)})
    await it.ask(Adopt())
    assert not it.book.intents
    assert moving(it.world.truth().carriage)


def test_a_unit_is_not_stopped_while_a_command_runs_of_which_no_record_is_kept() -> None:
    """Seeds 4 and 59, aimed: a HOME that the journal had lost still ran as the next reset began to move others."""

    async def body() -> None:
        async with stage(cars=CARS) as it:
            await adopted_amid_an_exchange(it)
            await it.until(lambda: it.unit is UnitState.STOPPED)
            assert not moving(it.world.truth().carriage)
            assert it.world.truth().carriage.car == "A1", "an exchange comes to its end"

    loop.run(body())


def test_a_command_of_which_no_record_is_kept_is_stopped_for_whoever_does_not_wait_for_its_end() -> None:
    async def body() -> None:
        async with stage(SLOW_ARMS, cars=CARS) as it:
            await adopted_amid_an_exchange(it)
            daemon = it.world.daemon
            assert daemon is not None
            await it.until(lambda: all(station.online for station in daemon.stations.values()))
            await asyncio.sleep(0.1)
            assert moving(it.world.truth().carriage)
            await it.command(UnitEvent.CLEAR, UnitState.STOPPED)
            assert not moving(it.world.truth().carriage)
            assert not it.world.truth().carriage.arms_centred

    loop.run(body())


def stopped(it: Stage) -> bool:
    """Tell whether the lift has accepted a STOP."""
    return any(
        line.mechanism == "lift"
        and line.event is Event.ACCEPTED
        and line.content is not None
        and line.content.opcode == Opcode.STOP
        for _, line in it.world.log
    )
