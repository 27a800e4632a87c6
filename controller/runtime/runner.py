"""Runs the one activity of a machine: start it, hear of its end, cancel it and wait for standstill."""

import asyncio
from collections.abc import Callable, Coroutine

import structlog

from controller.runtime.signals import ActivityEnded

log = structlog.get_logger(__name__)


class Overdue(Exception):
    """An activity did not come by itself to the end that it was told to come to, and was cancelled."""


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
    """One owner, one activity at a time; nobody who dismisses one has to wait, since the next begins behind its rest.

    The end of an activity is posted. So is the rest of a dismissed one, which no `take` takes: time to look again.
    """

    def __init__(self, owner: str, post: Callable[[ActivityEnded], None]) -> None:
        self.owner = owner
        self._post = post
        self._serial = 0
        self._task: asyncio.Task[None] | None = None
        self._leaving: asyncio.Task[None] | None = None
        self._outwaiting: set[asyncio.Task[None]] = set()

    @property
    def busy(self) -> bool:
        """Whether an activity runs, has ended and its end was not taken, or was dismissed and is not at rest yet."""
        return self._task is not None or Rest(self._leaving).pending

    def start(self, *parts: Coroutine[object, object, object]) -> None:
        """Start an activity; none may run, and one that was dismissed is waited for first.

        Its parts run one after another, the last one gives its result.
        """
        assert self._task is None, f"{self.owner} runs an activity already"
        self._serial += 1
        run = self._run(Rest(self._leaving), parts, self._serial)
        self._task = asyncio.create_task(run, name=f"{self.owner}-{self._serial}")
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
        if task is not None and task.cancel():
            self._leaving, serial = task, self._serial
            task.add_done_callback(lambda _: self._post(ActivityEnded(self.owner, serial)))
        return Rest(self._leaving)

    def outwait(self, limit_s: float) -> "Rest":
        """Let what runs come to the end that it was told to come to, and cancel it if it has not within ``limit_s``.

        Either end is posted, the second one as `Overdue`. Await the answer to wait for it.
        """
        if self._task is None:
            return Rest(self._leaving)
        waiting = asyncio.create_task(self._outwait(self._task, self._serial, limit_s))
        self._outwaiting.add(waiting)
        waiting.add_done_callback(self._outwaiting.discard)
        return Rest(waiting)

    async def cancel(self) -> None:
        """Cancel what runs and wait until it has come to rest."""
        await self.dismiss().reached()

    async def _outwait(self, task: "asyncio.Task[None]", serial: int, limit_s: float) -> None:
        await asyncio.wait({task}, timeout=limit_s)
        if task.cancel():
            await asyncio.wait({task})
            self._post(ActivityEnded(self.owner, serial, error=Overdue(f"no end within {limit_s:g} s")))

    async def _run(self, before: Rest, parts: tuple[Coroutine[object, object, object], ...], serial: int) -> None:
        result: object = None
        try:
            await before.reached()
            for part in parts:
                result = await part
        except Exception as error:  # noqa: BLE001 - told to the control task, which decides
            log.info("activity_failed", owner=self.owner, error=str(error), kind=type(error).__name__)
            self._post(ActivityEnded(self.owner, serial, error=error))
        else:
            self._post(ActivityEnded(self.owner, serial, result=result))
