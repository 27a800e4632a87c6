"""A way that somebody forces open: its room is blocked, everything stands, and a reset closes it.

Found by rehearsals with forced doors (seed 107 of the letters of steel and safety): in Execute nobody closed it, no
alarm told of it, and jobs stayed queued for ever.
"""

import asyncio

from controller.domain.events import Adopt, Relocate, Resolve
from controller.domain.jobs import JobState
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitEvent, UnitState
from hal.plcmap.codes import Opcode, serial_next
from hal.plcmap.frame import Content, Frame
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, LOW2, LOW_BUS, LOW_STATION, ROOM
from tests.support.scenes import all_is_shut, all_is_told, stock
from tests.support.stage import Stage, stage


def test_a_forced_door_blocks_its_room_and_is_closed_by_the_next_reset() -> None:
    async def scenario() -> None:
        async with stage(cars=stock(LOW1)) as it:
            it.world.do(lambda plant: plant.troubles.force("door", ROOM, on=True))
            await it.until(lambda: it.room(ROOM) is RoomState.BLOCKED)
            job = await it.order(Relocate(car=f"C{LOW1}", bay=LOW2))
            it.world.do(lambda plant: plant.troubles.force("door", ROOM, on=False))
            await asyncio.sleep(5.0)
            assert it.job(job).state is JobState.QUEUED
            assert not it.world.plant.truth().doors[ROOM].closed
            assert it.world.daemon is not None
            assert "inner door" in it.world.daemon.control.rooms.fault(ROOM)
            await it.command(UnitEvent.STOP, UnitState.STOPPED)
            await it.execute()
            assert await it.ended(job) is JobState.DONE
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
            all_is_told(it)
            all_is_shut(it)

    loop.run(scenario())


def test_a_door_forced_where_the_carriage_stands_with_another_car_is_closed_by_the_next_reset() -> None:
    """A waiting job kept it open that had nothing to do there, and stayed parked (`small`, seed 31, aimed)."""

    async def scenario() -> None:
        async with stage(cars=stock(LOW1)) as it:
            job = await it.order(Relocate(car=f"C{LOW1}", bay=LOW2))
            await it.until(lambda: it.job(job).state is JobState.POSITIONING_TO)
            it.world.cabinets.restart("tower")
            await it.until(lambda: it.unit is UnitState.ABORTED)
            await asyncio.sleep(3.0)
            await it.command(UnitEvent.CLEAR, UnitState.STOPPED)
            await it.command(UnitEvent.RESET, UnitState.IDLE)
            assert it.world.plant.truth().carriage.docked == ROOM, "it was homed there"
            it.world.do(lambda plant: plant.troubles.force("door", ROOM, on=True))
            await it.until(lambda: it.world.plant.truth().doors[ROOM].opened)
            it.world.do(lambda plant: plant.troubles.force("door", ROOM, on=False))
            await it.command(UnitEvent.START, UnitState.EXECUTE)
            await it.until(lambda: it.job(job).state is JobState.PARKED and it.unit is UnitState.HELD)
            await it.command(UnitEvent.STOP, UnitState.STOPPED)
            await it.execute()
            await it.ask(Resolve(job=job, choice="continue"))
            assert await it.ended(job) is JobState.DONE
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
            all_is_told(it)
            all_is_shut(it)

    loop.run(scenario())


def test_a_latch_that_another_master_drew_where_a_job_has_done_its_work_is_let_home_by_the_next_reset() -> None:
    async def scenario() -> None:
        async with stage(cars=stock(LOW1)) as it:
            job = await it.order(Relocate(car=f"C{LOW1}", bay=LOW2))
            await it.until(lambda: it.job(job).state is JobState.CLOSING)
            await it.command(UnitEvent.STOP, UnitState.STOPPED)
            assert it.job(job).left is JobState.POSITIONING_TO
            unlatch(it, LOW1)
            await it.until(lambda: LOW1 in it.world.plant.truth().latches)
            await it.until(lambda: it.unit is UnitState.ABORTED)
            await it.ask(Adopt())
            await asyncio.sleep(3.0)
            await it.execute()
            assert await it.ended(job) is JobState.DONE
            all_is_told(it)
            all_is_shut(it)

    loop.run(scenario())


def unlatch(it: Stage, bay: int) -> None:
    """Let another host draw a latch, in the daemon's name."""
    world = it.world
    program = next(each for each in world.programs if each.name == LOW_STATION)
    sequence, content = (
        serial_next(program.mechanism("latches").mailbox.memory.accepted),
        Content(Opcode.UNLATCH, bay % 100),
    )
    frame = Frame.build(epoch=program.gate.memory.epoch, boot_id=program.boot_id, content=content, sequence=sequence)
    world.foreign.add((LOW_STATION, "latches", sequence, content))
    world.touch()
    world.units(LOW_BUS)[program.unit].write(program.station.mailbox("latches"), frame.to_words())
    world.touched()
