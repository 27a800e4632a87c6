"""A control task that answers from a script, behind a real `ApiServer` on a real socket."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Self

from controller.api.instruments import Instruments
from controller.api.server import ApiServer
from controller.api.visitors import Visitors
from controller.domain.events import Query, Request
from controller.domain.refusal import Refusal
from controller.runtime.inbox import Asked, Board, Inbox

Answer = Mapping[str, object] | Exception
Script = Callable[[Request], Answer]


class ScriptedControl:
    """Answers each request by a script and remembers it."""

    def __init__(
        self,
        path: Path,
        script: Script,
        instruments: Instruments | None = None,
        visitors: Visitors | None = None,
    ) -> None:
        self.path = path
        self.script = script
        self.instruments = instruments
        self.visitors = visitors
        self.asked: list[Request] = []
        self.board = Board()
        self.inbox: Inbox[object] = Inbox()

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[Self]:
        """Serve until the block ends."""
        task = asyncio.get_running_loop().create_task(self._run())
        try:
            async with ApiServer(self.path, self.inbox, self.board, self.instruments, self.visitors):
                yield self
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            asked = await self.inbox.get()
            assert isinstance(asked, Asked)
            self.asked.append(asked.request)
            answer = self.script(asked.request)
            if isinstance(answer, Exception):
                asked.answer.set_exception(answer)
            else:
                asked.answer.set_result(answer)


class ControlThread:
    """A scripted control in a thread of its own, for clients that block."""

    def __init__(self, control: ScriptedControl) -> None:
        self.control = control
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._end: asyncio.Event | None = None
        self._leaving = False
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()))

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(5)
        return self

    def __exit__(self, *_exc: object) -> None:
        if not self._leaving:
            self.soon(self._leave)
        self._thread.join(5)
        assert not self._thread.is_alive()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The control's event loop; only `soon` may be called from another thread."""
        assert self._loop is not None
        return self._loop

    def soon(self, do: Callable[[], object]) -> None:
        """Run something in the control's thread."""
        self.loop.call_soon_threadsafe(do)

    def leave_after(self, delay_s: float) -> None:
        """End the daemon by itself; the events told before still arrive."""
        self._leaving = True
        self.soon(lambda: self.loop.call_later(delay_s, self._leave))

    def _leave(self) -> None:
        assert self._end is not None
        self._end.set()

    async def _main(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        async with self.control.serving():
            self._ready.set()
            await self._end.wait()


def by_query(answers: Mapping[str, Answer]) -> Script:
    """Return a script: answers by the name of a query, or of a request's class."""

    def script(request: Request) -> Answer:
        name = request.what if isinstance(request, Query) else type(request).__name__
        return answers.get(name, Refusal("UNSCRIPTED", f"no answer for {name}"))

    return script


@contextlib.contextmanager
def scripted_daemon(path: Path, answers: Mapping[str, Answer]) -> Iterator[ControlThread]:
    """Run a scripted control in a thread."""
    with ControlThread(ScriptedControl(path, by_query(answers))) as thread:
        yield thread
