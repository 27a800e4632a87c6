"""Seeds in processes of their own: one that dies or hangs takes nothing with it but its seed."""

import multiprocessing as mp
import time
from collections.abc import Generator, Iterable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Final

from config.schema import Tower
from sim_plc.rehearsal.campaign.plan import Plan
from sim_plc.rehearsal.campaign.verdict import SeedResult, Verdict, result_of
from sim_plc.rehearsal.run import Options, rehearse
from sim_plc.rehearsal.silence import silence_daemons

HANG_S: Final = 600.0
"""A seed that computes for longer than this hangs: a quarter of an hour of a tower takes seconds."""

LOOK_S: Final = 1.0


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    wire: Connection
    seed: int | None = None
    since_s: float = 0.0


def run_seeds(
    plan: Plan, seeds: Iterable[int], jobs: int, *, hang_s: float = HANG_S
) -> Generator[SeedResult, None, None]:
    """Run seeds in ``jobs`` processes at a time; yield each result as it comes.

    Closing the iterator ends every process; seeds under way are lost.
    """
    waiting = iter(seeds)
    workers = [_hire(plan) for _ in range(jobs)]
    try:
        for worker in workers:
            _give(worker, next(waiting, None))
        while any(worker.seed is not None for worker in workers):
            busy = [worker for worker in workers if worker.seed is not None]
            ready = wait([worker.wire for worker in busy], timeout=LOOK_S)
            for number, worker in enumerate(workers):
                result = _take(worker, hang_s, ready=worker.wire in ready)
                if result is None:
                    continue
                yield result
                if not worker.process.is_alive() or result.verdict is Verdict.CRASH:
                    _dismiss(worker)
                    workers[number] = _hire(plan)
                _give(workers[number], next(waiting, None))
    finally:
        for worker in workers:
            _dismiss(worker)


def run_one(tower: Tower, seed: int, minutes: float, options: Options) -> SeedResult:
    """Run one seed here.

    Whatever the rig itself raises is a result, too: a campaign goes on behind it.
    """
    began_s = time.process_time()
    try:
        report = rehearse(tower, seed, minutes, options)
    except Exception as error:  # noqa: BLE001 - what breaks a run off is what a campaign is to find
        why = f"the run broke off: {type(error).__name__}: {error}"
        return SeedResult(seed, Verdict.CRASH, violations=(why,), cpu_s=time.process_time() - began_s)
    return result_of(report, time.process_time() - began_s)


def _hire(plan: Plan) -> _Worker:
    # Spawned, not forked: the seeds of a worker see nothing of the campaign's own state.
    context = mp.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_work, args=(there, plan), daemon=True)
    process.start()
    there.close()
    return _Worker(process, here)


def _work(wire: Connection, plan: Plan) -> None:
    silence_daemons()
    # A campaign that was killed leaves nobody to tell: then the seed under way is lost, as all that had not ended.
    with suppress(EOFError, BrokenPipeError, KeyboardInterrupt):
        while True:
            seed = wire.recv()
            wire.send(run_one(plan.tower, seed, plan.minutes, plan.options).line())


def _give(worker: _Worker, seed: int | None) -> None:
    worker.seed, worker.since_s = seed, time.monotonic()
    if seed is not None:
        worker.wire.send(seed)


def _take(worker: _Worker, hang_s: float, *, ready: bool) -> SeedResult | None:
    """Return what has become of a worker's seed, None while it runs."""
    seed = worker.seed
    if seed is None:
        return None
    if ready:
        try:
            return SeedResult.from_line(worker.wire.recv())
        except (EOFError, ConnectionResetError):
            worker.process.join()
            why = f"its process ended with {worker.process.exitcode}"
            return SeedResult(seed, Verdict.CRASH, violations=(why,))
    if time.monotonic() - worker.since_s > hang_s:
        worker.process.kill()
        worker.process.join()
        return SeedResult(seed, Verdict.LIVENESS, violations=(f"it computed for more than {hang_s:g} s",))
    return None


def _dismiss(worker: _Worker) -> None:
    worker.wire.close()
    worker.process.kill()
    worker.process.join()
