"""A command that no PLC has accepted yet, while the journal that holds it is lost: written in order all the same."""

import asyncio
from collections.abc import Callable

from sim_plc.program.event_log import Event
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.disk import Disk
from sim_plc.rehearsal.intent_law import unaccepted
from tests.support.struck import Struck, in_a_move

LATE_S = 0.1
"""How late the scans come: a daemon starts meanwhile."""


def nothing_else(_it: Struck, _box: str) -> None:
    """Leave it at that."""


def broken_by_a_lost_log(beside: Callable[[Struck, str], None] = nothing_else) -> list[str]:
    """Lose the log while a command waits for its acceptance; return what is said to be broken when that has come."""

    async def body() -> list[str]:
        async with in_a_move() as it:
            for name in it.world.tower.maps:
                it.world.cabinets.delay_scans(name, lambda: LATE_S)
            await asyncio.sleep(LATE_S)
            await it.it.until(lambda: not unaccepted(it.world))
            await it.it.until(lambda: bool(unaccepted(it.world)))
            (left,) = unaccepted(it.world)
            station, mechanism, *_ = left
            beside(it, f"{station}/{mechanism}")
            await it.world.computer.lose_power()
            assert it.world.computer.spoil(Disk.lose_log)
            await it.world.computer.get_power()

            def is_accepted() -> bool:
                accepted = (line for at, line in it.world.log if at == station and line.event is Event.ACCEPTED)
                return left in ((station, line.mechanism, line.sequence, line.content) for line in accepted)

            assert not is_accepted()
            await it.it.until(is_accepted, 3 * LATE_S)
            return [violation.invariant for violation in it.it.inspector.violations]

    return loop.run(body())


def test_a_command_that_is_accepted_behind_the_loss_of_its_journal_was_planned_by_the_daemon_before() -> None:
    assert broken_by_a_lost_log() == []


def test_a_command_that_the_daemon_before_had_not_planned_either_is_seen() -> None:
    def unplan(it: Struck, box: str) -> None:
        it.it.book.sequences[box] -= 1

    assert broken_by_a_lost_log(unplan) == ["I6"]
