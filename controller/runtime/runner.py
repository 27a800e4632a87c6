"""Runs the one activity of a machine: start it, hear of its end, cancel it and wait for standstill."""

import asyncio
from collections.abc import Callable, Coroutine

import structlog

from controller.runtime.signals import ActivityEnded

log = structlog.get_logger(__name__)


class Rest:
    """The way of a cancelled activity to standstill."""

    def __init__(self, task: "asyncio.Task[None] | None") -> None:
        self._task = task

    @property
    def pending(self) -> bool:
        """Whether there is anything to wait for."""
        return self._task is not None and not self._task.done()

    def when_reached(self, call: Callable[[], None]) -> None:
        """Call ``call`` once it is at rest, soon if it is already."""
        if self._task is not None:
            self._task.add_done_callback(lambda _: call())

    async def reached(self) -> None:
        """Wait until it is at rest; who is cancelled meanwhile leaves only then, and never cuts its way short."""
        if self._task is None:
            return
        try:
            await asyncio.wait({self._task})
        except asyncio.CancelledError:
            await asyncio.wait({self._task})
            raise


class Runner:
    """One owner, one activity at a time. The end of an activity is posted; a cancelled one posts nothing."""

    def __init__(self, owner: str, post: Callable[[ActivityEnded], None]) -> None:
        self.owner = owner
        self._post = post
        self._serial = 0
        self._task: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        """Whether an activity runs, or has ended and its end was not taken yet."""
        return self._task is not None

    def start(self, *parts: Coroutine[object, object, object]) -> None:
        """Start an activity; none may run. Its parts run one after another, the last one gives its result."""
        assert self._task is None, f"{self.owner} runs an activity already"
        self._serial += 1
        self._task = asyncio.create_task(self._run(parts, self._serial), name=f"{self.owner}-{self._serial}")
        # A cancellation may come before the first step, and an error before a later part: those never begin.
        self._task.add_done_callback(lambda _: [part.close() for part in parts])

    def take(self, ended: ActivityEnded) -> bool:
        """Return whether ``ended`` tells of the activity that runs; then it does not run any more."""
        if self._task is None or ended.serial != self._serial:
            return False
        self._task = None
        return True

    def dismiss(self) -> "Rest":
        """Cancel what runs; await the answer to wait until it has come to rest."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
        return Rest(task)

    async def cancel(self) -> None:
        """Cancel what runs and wait until it has come to rest."""
        await self.dismiss().reached()

    async def _run(self, parts: tuple[Coroutine[object, object, object], ...], serial: int) -> None:
        result: object = None
        try:
            for part in parts:
                result = await part
        except Exception as error:  # noqa: BLE001 - told to the control task, which decides
            log.info("activity_failed", owner=self.owner, error=str(error), kind=type(error).__name__)
            self._post(ActivityEnded(self.owner, serial, error=error))
        else:
            self._post(ActivityEnded(self.owner, serial, result=result))
