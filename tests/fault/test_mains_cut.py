"""The mains of a whole tower fail for a moment: its computer and its PLCs begin anew, in each step of a move."""

import pytest

from controller.domain.jobs import JobKind, JobState
from sim_plc.rehearsal import loop
from tests.support.moves import KINDS, STEPS, caught, hold_against_truth, move, room_given_back
from tests.support.places import LOW_STATION, TOP_STATION
from tests.support.samples import every_other

STATIONS = ("tower", LOW_STATION, TOP_STATION)

BACK_S = 3.0
"""The computer is there later than the PLCs are."""


@pytest.mark.parametrize(("step", "kind", "begun"), every_other(STEPS, KINDS, (False, True)))
def test_a_move_that_both_ends_of_the_wire_left_in_a_step_ends_well(
    step: JobState, kind: JobKind, *, begun: bool
) -> None:
    """Where the carriage is, nobody can say before the axes are homed: the job goes on with what the sensors prove."""

    async def body() -> None:
        async with move(kind) as (it, number):
            if begun:
                await caught(it, number, step)
            else:
                await it.until(lambda: it.job(number).state is step)
            await it.world.crash_daemon()
            for station in STATIONS:
                it.world.cabinets.restart(station)
            await it.start(late_s=BACK_S)
            await it.execute()
            assert await it.ended(number) is JobState.DONE
            hold_against_truth(it)
            await room_given_back(it)

    loop.run(body())
