"""A thread that a process never waits for: what hangs in it, on a dead disk say, ends with the process."""

import asyncio
import queue
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")

Job = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Any]", Callable[[], Any]]


class SpareThread:
    """Serves `controller.store.writer.Executor`: one piece of work after another, strictly in their order."""

    def __init__(self, name: str) -> None:
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]:
        """Queue ``work`` for the thread, which begins with the first."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        if not self._thread.is_alive():
            self._thread.start()
        self._jobs.put((loop, future, work))
        return future

    def _run(self) -> None:
        while True:
            loop, future, work = self._jobs.get()
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
