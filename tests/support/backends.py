"""How the contract suite plays a scenario on a back end: a fresh tower in virtual time, or one that lasts."""

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from sim_plc.rehearsal.loop import run
from tests.support.bench import Bench, Scenario

PATIENCE_S = 60.0
"""Longest scenario on a machine of software in real time."""

VIRTUAL_PATIENCE_S = 600.0
"""Longest scenario in virtual time."""

REST_S = 2.0
"""So long a tower of software waits for its next scenario before it ends: it works all the time that others need."""

Opener: TypeAlias = Callable[[], AbstractAsyncContextManager[Bench]]

NamedOpener: TypeAlias = Callable[[str], AbstractAsyncContextManager[Bench]]
"""Opens a tower by its packaged name."""


class Backend(Protocol):
    """One way to have a tower."""

    def play(self, scenario: Scenario) -> None:
        """Bring the tower to where each test starts, then run a scenario on it; raises what it raises."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


@dataclass(frozen=True)
class VirtualBackend:
    """A fresh tower in virtual time for each scenario."""

    opener: Opener

    def play(self, scenario: Scenario) -> None:
        run(_play_one(self.opener, scenario))

    def close(self) -> None:
        """Nothing is kept."""


class LastingBackend:
    """One tower in real time for all scenarios, in a thread so that it lives on between two tests.

    A scenario that failed leaves a tower in no known state: the next one gets a fresh one. So does one that comes
    later than ``rest_s`` behind the one before; None: however late it comes.
    """

    def __init__(self, opener: Opener, patience_s: float = PATIENCE_S, rest_s: float | None = REST_S) -> None:
        self._opener = opener
        self._patience_s = patience_s
        self._rest_s = rest_s
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._taking = threading.Lock()
        """Held by whoever puts a job, or decides that none will come."""
        self._open = False

    def play(self, scenario: Scenario) -> None:
        job = _Job(scenario)
        with self._taking:
            open_still = self._open and self._thread is not None and self._thread.is_alive()
            if open_still:
                self._jobs.put(job)
        if not open_still:
            self._begin(job)
        try:
            job.done.result()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._thread is not None:
            self._jobs.put(None)
            self._thread.join()
            self._thread = None

    def _begin(self, job: "_Job") -> None:
        """Open a tower for a job, once the one before is closed."""
        self.close()
        self._jobs = queue.SimpleQueue()
        self._jobs.put(job)
        self._open = True
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live(self._jobs)), daemon=True)
        self._thread.start()

    def _next(self, jobs: "queue.SimpleQueue[_Job | None]") -> "_Job | None":
        """Return the next job; None if the tower is to end."""
        try:
            return jobs.get(timeout=self._rest_s)
        except queue.Empty:
            with self._taking:
                self._open = not jobs.empty()
                return jobs.get() if self._open else None

    async def _live(self, jobs: "queue.SimpleQueue[_Job | None]") -> None:
        """Open a bench for the first job and keep it until there is none, or one failed."""
        job = await asyncio.to_thread(self._next, jobs)
        failure: BaseException | None = None
        try:
            async with self._opener() as bench:
                while job is not None:
                    failure = await _attempt(bench, job.scenario, self._patience_s)
                    if failure is not None:
                        break
                    job.done.set_result(None)
                    job = await asyncio.to_thread(self._next, jobs)
        except BaseException as error:  # noqa: BLE001 - whoever waits for the job gets it
            failure = failure or error
        if job is not None:
            job.done.set_exception(failure or RuntimeError("the tower was closed"))


@dataclass(frozen=True)
class _Job:
    scenario: Scenario
    done: "Future[None]" = field(default_factory=Future)


async def _play_one(opener: Opener, scenario: Scenario) -> None:
    async with opener() as bench:
        failure = await _attempt(bench, scenario, VIRTUAL_PATIENCE_S)
    if failure is not None:
        raise failure


async def _attempt(bench: Bench, scenario: Scenario, patience_s: float) -> BaseException | None:
    """Run a scenario; return what it raised, so that it leaves the tower's task group unwrapped."""
    try:
        async with asyncio.timeout(patience_s):
            await bench.begin()
            await scenario(bench)
        bench.surroundings.judge()
    except asyncio.CancelledError:
        raise
    except BaseException as error:  # noqa: BLE001 - it is raised again behind the tower's clean end
        return error
    return None
