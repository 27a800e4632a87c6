"""Where durable commits run: off the control loop, one after another."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

T = TypeVar("T")


class Executor(Protocol):
    """Runs pieces of blocking work one after another, strictly in the order of the calls."""

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]:
        """Take up ``work`` at once; the awaitable brings its result or what it raised."""
        ...


class WriterThread:
    """The executor of production: one thread of its own, asked through the running loop."""

    def __init__(self, name: str = "journal") -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]:
        """Queue ``work`` for the thread."""
        return asyncio.get_running_loop().run_in_executor(self._pool, work)

    def close(self) -> None:
        """Finish what is queued and end the thread."""
        self._pool.shutdown(wait=True)
