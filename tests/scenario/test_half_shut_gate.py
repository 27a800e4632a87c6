"""A gate that another host begins to shut in front of somebody who is on the way to a car."""

import asyncio

from controller.domain.events import Adopt, Retrieve
from controller.domain.jobs import JobState
from controller.domain.rooms import RoomState
from hal.interfaces import StationState
from hal.plcmap.codes import Opcode, serial_next
from hal.plcmap.frame import Content, Frame
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, ROOM
from tests.support.scenes import stock
from tests.support.stage import QUICK, Stage, stage

GATE = "room1.outer_gate"


def intrude(it: Stage, mechanism: str, content: Content) -> None:
    """Write a good frame in the daemon's name."""
    program = it.world.programs[0]
    sequence = serial_next(program.mechanism(mechanism).mailbox.memory.accepted)
    epoch = program.gate.memory.epoch
    frame = Frame.build(epoch=epoch, boot_id=program.boot_id, content=content, sequence=sequence)
    it.world.foreign.add((program.name, mechanism, sequence, content))
    it.world.do(lambda _: program.write(program.station.mailbox(mechanism), frame.to_words()))


def test_a_gate_that_stands_half_shut_before_an_admitted_customer_is_opened_again() -> None:
    async def body() -> None:
        async with stage(cars=stock(LOW1)) as it:
            assert await it.ended(await it.order(Retrieve(car=f"C{LOW1}", room=ROOM))) is JobState.DONE
            await it.until(lambda: it.room(ROOM) is RoomState.CUSTOMER_ADMITTED)
            assert it.world.plant.truth().gates[ROOM].opened
            intrude(it, GATE, Content(Opcode.CLOSE))
            await it.until(lambda: not it.world.plant.truth().gates[ROOM].opened)
            it.world.cabinets.restart("tower")
            daemon = it.world.daemon
            assert daemon is not None
            await asyncio.sleep(3.0)
            if daemon.stations["tower"].state is StationState.FROZEN:
                await it.ask(Adopt())
            await it.until(lambda: daemon.stations["tower"].online)
            assert not it.world.plant.truth().gates[ROOM].closed
            await it.execute()
            await it.until(lambda: it.world.plant.truth().gates[ROOM].opened)
            it.world.do(lambda plant: plant.customer_collects(ROOM, QUICK))
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)

    loop.run(body())
