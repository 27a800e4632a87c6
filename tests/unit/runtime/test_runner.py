"""A cancelled activity comes to rest in its own time, whoever stops waiting for it."""

import asyncio
import inspect

import pytest

from controller.runtime.runner import Overdue, Runner
from controller.runtime.signals import ActivityEnded
from sim_plc.rehearsal import loop

STANDSTILL_S = 3.0


async def motion(done: list[str]) -> None:
    try:
        await asyncio.sleep(60.0)
    finally:
        await asyncio.sleep(STANDSTILL_S)
        done.append("stands")


def test_a_waiter_that_is_cancelled_leaves_only_when_all_stands() -> None:
    async def body() -> None:
        done: list[str] = []
        posted: list[ActivityEnded] = []
        runner = Runner("job", posted.append)
        runner.start(motion(done))
        await asyncio.sleep(1.0)
        waiter = asyncio.create_task(runner.dismiss().reached())
        await asyncio.sleep(1.0)
        waiter.cancel()
        began = asyncio.get_running_loop().time()
        with pytest.raises(asyncio.CancelledError):
            await waiter
        assert done == ["stands"]
        assert asyncio.get_running_loop().time() - began == pytest.approx(STANDSTILL_S - 1.0)
        (rest,) = posted
        assert not runner.take(rest), "time to look again, and nothing else"
        assert not runner.busy

    loop.run(body())


def test_who_dismisses_one_waits_for_nothing_and_the_next_begins_behind_its_rest() -> None:
    async def body() -> None:
        done: list[str] = []
        posted: list[ActivityEnded] = []

        async def successor() -> None:
            await asyncio.sleep(0)
            done.append("began")

        runner = Runner("job", posted.append)
        runner.start(motion(done))
        await asyncio.sleep(1.0)
        runner.dismiss()
        assert runner.busy
        runner.start(successor())
        await asyncio.sleep(STANDSTILL_S - 0.1)
        assert done == []
        await asyncio.sleep(1.0)
        assert done == ["stands", "began"]
        assert [runner.take(each) for each in posted] == [False, True]
        assert not runner.busy

    loop.run(body())


@pytest.mark.parametrize(("needs_s", "overdue"), [(1.0, False), (30.0, True)])
def test_what_was_told_to_end_is_cancelled_only_when_it_does_not(needs_s: float, *, overdue: bool) -> None:
    async def body() -> None:
        posted: list[ActivityEnded] = []
        runner = Runner("jog", posted.append)
        runner.start(asyncio.sleep(needs_s, "its outcome"))
        await asyncio.sleep(0.1)
        began = asyncio.get_running_loop().time()
        await runner.outwait(2.0).reached()
        assert asyncio.get_running_loop().time() - began == pytest.approx(2.0 if overdue else 0.9)
        (ended,) = posted
        assert isinstance(ended.error, Overdue) is overdue
        assert ended.result == (None if overdue else "its outcome")
        assert runner.take(ended)

    loop.run(body())


def test_an_end_is_told_once_and_only_of_the_activity_that_runs() -> None:
    async def body() -> None:
        posted: list[ActivityEnded] = []
        runner = Runner("job", posted.append)
        runner.start(asyncio.sleep(1.0, "first"))
        await asyncio.sleep(2.0)
        (ended,) = posted
        assert (ended.result, runner.busy) == ("first", True)
        assert runner.take(ended)
        assert not runner.take(ended)
        runner.start(asyncio.sleep(60.0))
        assert not runner.take(ended)
        await runner.cancel()

    loop.run(body())


def test_parts_run_one_after_another_and_the_last_one_gives_the_result() -> None:
    async def body() -> None:
        posted: list[ActivityEnded] = []
        runner = Runner("room", posted.append)
        runner.start(asyncio.sleep(1.0, "settled"), asyncio.sleep(2.0, "measured"))
        await asyncio.sleep(2.5)
        assert posted == []
        await asyncio.sleep(1.0)
        assert [ended.result for ended in posted] == ["measured"]

    loop.run(body())


@pytest.mark.parametrize("after_s", [None, 0.5], ids=["before the first step", "in the first part"])
def test_what_never_began_is_closed_when_it_is_cancelled(after_s: float | None) -> None:
    async def body() -> None:
        parts = asyncio.sleep(1.0), asyncio.sleep(2.0)
        posted: list[ActivityEnded] = []
        runner = Runner("room", posted.append)
        runner.start(*parts)
        if after_s is not None:
            await asyncio.sleep(after_s)
        await runner.cancel()
        assert [inspect.getcoroutinestate(part) for part in parts] == [inspect.CORO_CLOSED] * 2
        await asyncio.sleep(0)
        assert not any(runner.take(each) for each in posted)

    loop.run(body())
