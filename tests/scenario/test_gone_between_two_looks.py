"""A station goes between two looks of one pass of the control task, as it can by a real clock alone."""

from collections.abc import Callable
from typing import Any

import pytest

from controller.activities.situation import situation
from controller.domain.events import Retrieve
from controller.domain.jobs import JobState
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitState
from controller.runtime import duties, steps
from hal.errors import NotOnline
from sim_plc.rehearsal import loop
from tests.support.places import LOW1, ROOM
from tests.support.scenes import stock
from tests.support.stage import Stage, stage


def gone_once(
    real: Callable[..., Any], when: Callable[..., bool] = lambda *_: True
) -> tuple[Callable[..., Any], list[int]]:
    """Return what finds a station gone the first time, and then does as it should; and the times that it did."""
    times = list[int]()

    def look(*args: Any, **named: Any) -> Any:
        if not times and when(*args):
            times.append(1)
            raise NotOnline("tower is stale: no heartbeat for 1.5 s")
        return real(*args, **named)

    return look, times


async def fetched(it: Stage, job: int) -> None:
    """Let a move end, by an operator's help if the unit has aborted."""
    await it.until(lambda: it.unit is UnitState.ABORTED or it.job(job).state is JobState.DONE)
    if it.unit is UnitState.ABORTED:
        await it.execute()
    assert await it.ended(job) is JobState.DONE
    assert it.belief() == it.truth() == {f"C{LOW1}": ROOM}


def test_a_look_for_what_bars_the_carriage_ends_no_daemon(monkeypatch: pytest.MonkeyPatch) -> None:
    async def play() -> None:
        async with stage(cars=stock(LOW1)) as it:
            look, times = gone_once(situation)
            monkeypatch.setattr("controller.runtime.barred.situation", look)
            await it.until(lambda: bool(times))
            monkeypatch.undo()
            assert it.unit is UnitState.EXECUTE
            await fetched(it, await it.order(Retrieve(car=f"C{LOW1}", room=ROOM)))

    loop.run(play())


def test_a_room_begins_what_it_has_to_do_with_the_next_look(monkeypatch: pytest.MonkeyPatch) -> None:
    async def play() -> None:
        async with stage(cars=stock(LOW1)) as it:
            look, times = gone_once(duties.activity)
            job = await it.order(Retrieve(car=f"C{LOW1}", room=ROOM))
            await it.until(lambda: it.job(job).state is JobState.CLOSING_TO)
            monkeypatch.setattr(duties, "activity", look)
            await fetched(it, job)
            await it.until(lambda: it.room(ROOM) is RoomState.CUSTOMER_ADMITTED)
            assert times == [1]
            assert it.unit is UnitState.EXECUTE

    loop.run(play())


@pytest.mark.parametrize("step", [JobState.PICKING, JobState.PLACING])
def test_a_step_whose_end_was_taken_by_half_is_asked_for_again(
    step: JobState, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def play() -> None:
        async with stage(cars=stock(LOW1)) as it:
            look, times = gone_once(steps.look, lambda _bench, job, *_: job.state is step)
            monkeypatch.setattr(steps, "look", look)
            job = await it.order(Retrieve(car=f"C{LOW1}", room=ROOM))
            await it.until(lambda: it.unit is UnitState.ABORTED)
            await fetched(it, job)
            assert times == [1]

    loop.run(play())
