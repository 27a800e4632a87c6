"""A STOP of a killed daemon that no journal kept, and two starts behind it."""

import asyncio

from hal.plcmap.codes import Opcode, serial_next
from hal.plcmap.frame import Content, Frame
from sim_plc.rehearsal import loop
from tests.support.stage import stage


def test_a_stop_that_no_journal_kept_is_ones_own_at_the_second_start_as_well() -> None:
    """The first start knows it by the epoch that it finds; what the first one fenced hides that from the second."""

    async def body() -> None:
        async with stage() as it:
            await it.world.crash_daemon()
            program = it.world.programs[0]
            sequence = serial_next(program.mechanism("lift").mailbox.memory.accepted)
            epoch, stop = program.gate.memory.epoch, Content(Opcode.STOP)
            frame = Frame.build(epoch=epoch, boot_id=program.boot_id, content=stop, sequence=sequence)
            it.world.do(lambda _: program.write(program.station.mailbox("lift"), frame.to_words()))
            await asyncio.sleep(1.0)
            for _ in range(2):
                daemon = await it.world.start_daemon()
                await it.until(lambda daemon=daemon: daemon.stations["tower"].online, 5.0)  # type: ignore[misc]
                await asyncio.sleep(0.5)
                assert not daemon.stations["tower"].trouble
                await it.world.crash_daemon()
            await it.start()

    loop.run(body())
