"""The thread for work that may hang: its order, its errors, and what nobody waits for any more."""

import asyncio
import threading
import weakref
from collections.abc import Callable
from functools import partial

import pytest

from hal.spare_thread import SpareThread

pytestmark = pytest.mark.realtime


def test_it_works_in_order_and_hands_on_what_goes_wrong() -> None:
    done: list[int] = []

    def fail() -> None:
        raise OSError("no room")

    async def body() -> None:
        thread = SpareThread("test")
        await asyncio.gather(*(thread(partial(done.append, n)) for n in range(20)))
        with pytest.raises(OSError, match="no room"):
            await thread(fail)
        assert await thread(lambda: "goes on") == "goes on"

    asyncio.run(body())
    assert done == [*range(20)]


def test_what_nobody_waits_for_any_more_is_left_out() -> None:
    """A directory that comes back after an hour was asked an hour's questions first."""
    done: list[str] = []
    goes_on = threading.Event()

    async def body() -> None:
        thread = SpareThread("test")
        first = thread(lambda: goes_on.wait(3))
        thread(partial(done.append, "given up")).cancel()
        last = thread(partial(done.append, "wanted"))
        goes_on.set()
        await asyncio.gather(first, last)

    asyncio.run(body())
    assert done == ["wanted"]


def test_what_was_given_up_behind_work_that_hangs_does_not_gather() -> None:
    """Each visitor of a directory that never answers leaves a question behind."""
    over, hangs = threading.Event(), threading.Event()

    def hang() -> None:
        hangs.set()
        over.wait(3)

    async def body() -> None:
        thread = SpareThread("test")
        thread(hang)
        assert hangs.wait(3)
        questions: list[weakref.ref[Callable[[], None]]] = []
        for _ in range(20):

            def ask() -> None: ...

            questions.append(weakref.ref(ask))
            thread(ask).cancel()
            del ask
        assert sum(each() is not None for each in questions) == 1, "the newest alone"
        over.set()

    asyncio.run(body())
