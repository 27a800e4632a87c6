"""An event loop whose clock jumps: when nothing is ready, it is the time of the next timer."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")


class Deadlock(RuntimeError):
    """Nothing is ready and no timer pends: a real loop would wait for ever."""


class _JumpingSelector(selectors.DefaultSelector):
    """Real descriptors are polled, never waited for; a wait for a timer moves the clock instead."""

    def __init__(self, start_s: float) -> None:
        super().__init__()
        self.now_s = start_s

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise Deadlock("nothing is ready and no timer pends")
        self.now_s += max(timeout, 0.0)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time: a run is a function of its input, as quick as its work.

    Jobs for a thread run at once in the loop's own: they take no virtual time, and their order is the program's.
    """

    def __init__(self, start_s: float = 0.0) -> None:
        """Start the clock at ``start_s``."""
        self._jumping = _JumpingSelector(start_s)
        super().__init__(self._jumping)
        # Timers closer than the clock's resolution fire together: with jumps, only equal ones may.
        self._clock_resolution = 1e-9

    def time(self) -> float:
        """Return the virtual time in seconds."""
        return self._jumping.now_s

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*_Ts], _T], *args: *_Ts
    ) -> asyncio.Future[_T]:
        """Run ``func`` now, whatever the executor."""
        del executor
        future: asyncio.Future[_T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - it belongs to whoever awaits the future
            future.set_exception(error)
        return future


def run(coroutine: Coroutine[Any, Any, _T], *, start_s: float = 0.0) -> _T:
    """Run a coroutine to its end in virtual time.

    Raises:
        Deadlock: everything waits and nothing can come.

    """
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(start_s)) as runner:
        return runner.run(coroutine)
