"""An event loop whose clock jumps: when nothing is ready, it is the time of the next timer."""

import asyncio
import heapq
import itertools
import selectors
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from contextvars import Context, ContextVar, copy_context
from typing import Any, Final, TypeVar, TypeVarTuple

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")

_KILL_ROUNDS: Final = 10_000
"""A task that still runs after as many cancellations swallows them."""

_COMPACT: Final = 256


class Deadlock(RuntimeError):
    """Nothing is ready and no timer pends: a real loop would wait for ever."""


class Process:
    """What a process of the real world is to its machine: tasks that can be frozen and killed together.

    Everything started inside `run` belongs to it, whoever starts it there, at any depth.
    """

    def __init__(self) -> None:
        self.frozen = False
        self._tasks: list[asyncio.Future[Any]] = []
        self._context = copy_context()
        self._context.run(_PROCESS.set, self)

    def run(self, coroutine: Coroutine[Any, Any, _T], *, name: str) -> "asyncio.Task[_T]":
        """Start the process's first task."""
        return asyncio.create_task(coroutine, name=name, context=self._context)

    def freeze(self) -> None:
        """Let nothing of it run, as SIGSTOP does; once is enough."""
        if not self.frozen:
            self.frozen = True
            _loop().set_aside(self)

    def thaw(self) -> None:
        """Let it go on, as SIGCONT does: every timer that has run out meanwhile fires at once."""
        if self.frozen:
            self.frozen = False
            _loop().bring_back(self)

    async def kill(self) -> None:
        """End it at once, as SIGKILL does: no virtual time passes, no clean-up gets to wait for anything.

        Raises:
            AssertionError: a task swallows its cancellation.

        """
        self.thaw()
        for _ in range(_KILL_ROUNDS):
            alive = [task for task in self._tasks if not task.done()]
            if not alive:
                break
            for task in alive:
                task.cancel()
            await asyncio.sleep(0)
        else:
            raise AssertionError(f"not to be killed: {alive}")
        for task in self._tasks:
            if not task.cancelled():
                task.exception()
        self._tasks.clear()

    def adopt(self, task: "asyncio.Future[Any]") -> None:
        """Count a task as this process's."""
        if len(self._tasks) >= _COMPACT:
            self._tasks = [each for each in self._tasks if not each.done()]
        self._tasks.append(task)


_PROCESS: Final[ContextVar[Process | None]] = ContextVar("process", default=None)


class _Handle(asyncio.Handle):
    """A callback that is ready, without the base class's looks at debugging."""

    __slots__ = ()

    def __init__(
        self,
        callback: Callable[..., object],
        args: tuple[object, ...],
        loop: asyncio.AbstractEventLoop,
        context: Context | None,
    ) -> None:
        self._context = copy_context() if context is None else context
        self._loop, self._callback, self._args = loop, callback, args
        self._cancelled = False
        self._repr = self._source_traceback = None


class _Timer(_Handle, asyncio.TimerHandle):
    """A callback at a time; the queue passes over it once it was cancelled."""

    __slots__ = ()

    def __init__(
        self,
        when: float,
        callback: Callable[..., object],
        args: tuple[object, ...],
        loop: asyncio.AbstractEventLoop,
        context: Context | None,
    ) -> None:
        _Handle.__init__(self, callback, args, loop, context)
        self._when, self._scheduled = when, False

    def cancel(self) -> None:
        self._cancelled, self._args = True, ()


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time: a run is a function of its input, as quick as its work.

    Jobs for a thread run at once in the loop's own: they take no virtual time, and their order is the program's.
    """

    # Names of the base class that typeshed does not declare.
    _ready: deque[Any]
    _selector: selectors.BaseSelector
    _stopping: bool
    _check_closed: Callable[[], None]
    _process_events: Callable[[Any], None]

    def __init__(self, start_s: float = 0.0) -> None:
        """Start the clock at ``start_s``."""
        super().__init__()
        self._now_s = start_s
        self._aside: dict[Process, list[Any]] = {}
        # Tuples are compared by the interpreter; a handle's own comparison costs a tenth of a run. Ties: as set.
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._timer_numbers = itertools.count()
        self.set_task_factory(_make_task)

    def time(self) -> float:
        """Return the virtual time in seconds."""
        return self._now_s

    def call_at(
        self, when: float, callback: Callable[[*_Ts], object], *args: *_Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Call back at a virtual time; of two timers of one instant the older goes first."""
        self._check_closed()
        timer = _Timer(when, callback, args, self, context)
        heapq.heappush(self._timers, (when, next(self._timer_numbers), timer))
        return timer

    def call_later(
        self, delay: float, callback: Callable[[*_Ts], object], *args: *_Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Call back so many virtual seconds from now."""
        return self.call_at(self._now_s + delay, callback, *args, context=context)

    def call_soon(
        self, callback: Callable[[*_Ts], object], *args: *_Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Call back next, behind what is ready, as the base class does without its looks at threads and debugging."""
        handle = _Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def close(self) -> None:
        """Close the loop; timers that pend are forgotten."""
        self._timers.clear()
        super().close()

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

    def set_aside(self, process: Process) -> None:
        """Take every timer of a process out of the queue, and from now on whatever of it gets ready."""
        mine = [timer for timer in self._timers if _owner(timer[-1]) is process]
        self._timers = [timer for timer in self._timers if _owner(timer[-1]) is not process]
        heapq.heapify(self._timers)
        self._aside[process] = list(mine)

    def bring_back(self, process: Process) -> None:
        """Put back what was set aside, in its order."""
        for handle in self._aside.pop(process):
            if isinstance(handle, tuple):
                heapq.heappush(self._timers, handle)
            else:
                self._ready.append(handle)

    def _run_once(self) -> None:
        """Run what is ready; if nothing is, jump to the next timer. Real descriptors are polled before a jump.

        It stands in for the base class's, which does the same with a clock that runs, and a third slower.
        """
        ready = self._ready
        if self._aside:
            self._sort_out()
        timers = self._timers
        # The loop's own pipe is one: without another there is nothing to poll.
        if not ready and not self._stopping and len(self._selector.get_map()) > 1:
            self._process_events(self._selector.select(0))
        while timers and timers[0][-1]._cancelled:  # noqa: SLF001 - a call each costs a fiftieth of a run
            heapq.heappop(timers)
        if not ready and not self._stopping:
            if not timers:
                raise Deadlock("nothing is ready and no timer pends")
            self._now_s = max(self._now_s, timers[0][0])
        while timers and timers[0][0] <= self._now_s:
            timer = heapq.heappop(timers)[-1]
            if not timer._cancelled:  # noqa: SLF001
                ready.append(timer)
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle._cancelled:  # noqa: SLF001
                handle._run()  # noqa: SLF001

    def _sort_out(self) -> None:
        """Take aside what has become ready of frozen processes."""
        for _ in range(len(self._ready)):
            handle = self._ready.popleft()
            self._aside.get(_owner(handle), self._ready).append(handle)


def run(coroutine: Coroutine[Any, Any, _T], *, start_s: float = 0.0) -> _T:
    """Run a coroutine to its end in virtual time.

    Raises:
        Deadlock: everything waits and nothing can come.

    """
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(start_s)) as runner:
        return runner.run(coroutine)


def _make_task(
    loop: asyncio.AbstractEventLoop, coroutine: Any, **named: Any
) -> asyncio.Future[Any]:
    task: asyncio.Task[Any] = asyncio.Task(coroutine, loop=loop, **named)
    context = named.get("context")
    process = _PROCESS.get() if context is None else context.get(_PROCESS)
    if process is not None:
        process.adopt(task)
    return task


def _owner(handle: Any) -> Any:
    return handle._context.get(_PROCESS)  # noqa: SLF001 - whose callback it is stands nowhere else


def _loop() -> VirtualLoop:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return loop
