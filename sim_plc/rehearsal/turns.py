"""The journal's thread in virtual time: one piece of work after another, each as long as the disk takes to sync it."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from sim_plc.rehearsal.disk import Disk

T = TypeVar("T")

_Work = tuple[Callable[[], Any], "asyncio.Future[Any]"]


class Crashed(ConnectionError):
    """The daemon's process is gone: nothing that it still does reaches anything."""


class Turns:
    """A `controller.store.writer.Executor`. Work is done at the beginning of its turn, whose end may take time."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._queue: deque[_Work] = deque()
        self._busy = False
        self._dead = False

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]:
        """Take up work, behind what is under way."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        if self._dead:
            future.set_exception(Crashed("the process is gone"))
        elif self._busy:
            self._queue.append((work, future))
        else:
            self._begin(work, future)
        return future

    @property
    def dead(self) -> bool:
        """Whether nothing is taken up any more."""
        return self._dead

    def die(self) -> None:
        """Take up nothing more, and tell nobody what comes of the work under way."""
        self._dead = True
        self._queue.clear()

    def _begin(self, work: Callable[[], Any], future: "asyncio.Future[Any]") -> None:
        self._disk.begin()
        try:
            settle = _success(future, work())
        except Exception as error:  # noqa: BLE001 - it belongs to whoever awaits the future
            settle = _failure(future, error)
        takes_s = self._disk.takes_s()
        if self._disk.burnt:
            # The power went while it was done: there is nobody any more whom its outcome could be told.
            self._dead = True
        elif takes_s:
            self._busy = True
            loop = asyncio.get_running_loop()
            self._disk.kept_waiting(loop.time(), loop.time() + takes_s)
            loop.call_later(takes_s, self._end, settle)
        else:
            settle()

    def _end(self, settle: Callable[[], None]) -> None:
        if self._dead:
            return
        self._busy = False
        self._disk.settle()
        settle()
        while self._queue and not self._busy:
            self._begin(*self._queue.popleft())


def _success(future: "asyncio.Future[T]", result: T) -> Callable[[], None]:
    return lambda: None if future.done() else future.set_result(result)


def _failure(future: "asyncio.Future[Any]", error: Exception) -> Callable[[], None]:
    return lambda: None if future.done() else future.set_exception(error)
