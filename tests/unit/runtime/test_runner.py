"""A cancelled activity comes to rest in its own time, whoever stops waiting for it."""

import asyncio
import inspect

import pytest

from controller.runtime.runner import Runner
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
        assert posted == []
        assert not runner.busy

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
        runner = Runner("room", lambda ended: pytest.fail(str(ended)))
        runner.start(*parts)
        if after_s is not None:
            await asyncio.sleep(after_s)
        await runner.cancel()
        assert [inspect.getcoroutinestate(part) for part in parts] == [inspect.CORO_CLOSED] * 2

    loop.run(body())
