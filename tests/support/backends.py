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

    A scenario that failed leaves a tower in no known state: the next one gets a fresh one.
    """

    def __init__(self, opener: Opener, patience_s: float = PATIENCE_S) -> None:
        self._opener = opener
        self._patience_s = patience_s
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def play(self, scenario: Scenario) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._jobs = queue.SimpleQueue()
            self._thread = threading.Thread(target=lambda: asyncio.run(self._live(self._jobs)), daemon=True)
            self._thread.start()
        job = _Job(scenario)
        self._jobs.put(job)
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

    async def _live(self, jobs: "queue.SimpleQueue[_Job | None]") -> None:
        """Open a bench for the first job and keep it until there is none, or one failed."""
        job = await asyncio.to_thread(jobs.get)
        failure: BaseException | None = None
        try:
            async with self._opener() as bench:
                while job is not None:
                    failure = await _attempt(bench, job.scenario, self._patience_s)
                    if failure is not None:
                        break
                    job.done.set_result(None)
                    job = await asyncio.to_thread(jobs.get)
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
