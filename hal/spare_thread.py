"""A thread that a process never waits for: what hangs in it, on a dead disk or a silent name server, ends with it.

The running loop's own executor is no place for such work: it has few threads, all share them, and a process that ends
waits for each.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")

Job = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Any]", Callable[[], Any]]


class SpareThread:
    """Runs one piece of blocking work after another, strictly in the order of the calls.

    Work that nobody waits for any more when its turn comes is left out. It serves `controller.store.writer.Executor`.
    """

    def __init__(self, name: str) -> None:
        self._jobs: deque[Job] = deque()
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __call__(self, work: Callable[[], T], /) -> "asyncio.Future[T]":
        """Queue ``work`` for the thread, which begins with the first."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        if not self._thread.is_alive():
            self._thread.start()
        with self._changed:
            # Behind work that hangs, what was given up would gather for as long.
            self._jobs = deque(job for job in self._jobs if not job[1].cancelled())
            self._jobs.append((loop, future, work))
            self._changed.notify()
        return future

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._jobs)
                job = self._jobs.popleft()
            _do(*job)
            del job


def _do(loop: asyncio.AbstractEventLoop, future: "asyncio.Future[Any]", work: Callable[[], Any]) -> None:
    if future.cancelled():
        return
    with suppress(RuntimeError):  # the loop has been closed meanwhile: nobody waits any more
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 - it belongs to whoever awaits the future
            loop.call_soon_threadsafe(_settle, future, None, error)
        else:
            loop.call_soon_threadsafe(_settle, future, result, None)


def _settle(future: "asyncio.Future[Any]", result: object, error: Exception | None) -> None:
    if future.done():  # cancelled
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
