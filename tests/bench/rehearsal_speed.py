"""How much quicker than real time a rehearsal runs, beside a plain virtual loop that only keeps the same timers.

    python -m tests.bench.rehearsal_speed [--minutes 60] [--each 3]

The six-station tower of 42 bays works at about 20 jobs an hour, without faults. Tower-hours a CPU-second, median of
each; the plain loop (asyncio's own, with a clock that jumps) lets as many timers run out, and does nothing else.
"""

import argparse
import asyncio
import selectors
import statistics
import time
from collections.abc import Callable
from functools import partial

from config.load import load_tower
from controller import logs
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.run import Options, Report, rehearse
from sim_plc.rehearsal.world import EPOCH_S

HOUR_S = 3600.0
ORDERS_S = (60.0, 120.0)
"""Between two orders: some 20 jobs an hour come of that."""

WANTED = {"coalesced": 2000, "faithful": 100}


class _Jumping(selectors.SelectSelector):
    """A selector that lets the clock jump instead of waiting."""

    now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Let the time pass that would be waited for."""
        self.now_s += max(timeout or 0.0, 0.0)
        return []


def plain_loop_s(timers: int, virtual_s: float) -> float:
    """Return the CPU time that a plain virtual loop takes to let ``timers`` run out in ``virtual_s``."""
    selector = _Jumping()
    plain = asyncio.SelectorEventLoop(selector)
    plain.time = lambda: selector.now_s  # type: ignore[method-assign]

    async def tick(count: int) -> None:
        for _ in range(count):
            await asyncio.sleep(virtual_s / count)

    began_s = time.process_time()
    plain.run_until_complete(tick(timers))
    spent_s = time.process_time() - began_s
    plain.close()
    return spent_s


def timers_of(run: Callable[[], Report]) -> tuple[Report, int]:
    """Run once and count the timers that were set."""
    count, set_timer = 0, loop.VirtualLoop.call_at

    def counted(self: loop.VirtualLoop, *args: object, **more: object) -> asyncio.TimerHandle:
        nonlocal count
        count += 1
        return set_timer(self, *args, **more)  # type: ignore[arg-type]

    loop.VirtualLoop.call_at = counted  # type: ignore[method-assign]
    try:
        return run(), count
    finally:
        loop.VirtualLoop.call_at = set_timer  # type: ignore[method-assign]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--each", type=int, default=3)
    asked = parser.parse_args()
    logs.set_up(now=lambda: EPOCH_S, level="critical")
    tower = load_tower("guangzhou")
    for name, wanted in WANTED.items():
        minutes = asked.minutes if name == "coalesced" else asked.minutes / 6
        options = Options(faults=False, pause_s=ORDERS_S, coalesced=name == "coalesced")
        report, timers = timers_of(partial(rehearse, tower, 0, minutes, options))
        paces, ratios = [], []
        for seed in range(asked.each):
            began_s = time.process_time()
            report = rehearse(tower, seed, minutes, options)
            spent_s = time.process_time() - began_s
            paces.append(report.virtual_s / spent_s)
            ratios.append(spent_s / plain_loop_s(timers, report.virtual_s))
        jobs = sum(report.jobs.values()) / report.virtual_s * HOUR_S
        print(
            f"{name:9}: {statistics.median(paces):6.0f} x real time a core (wanted {wanted}), "
            f"{statistics.median(paces) / HOUR_S:.3f} tower-hours a CPU-second, {jobs:.0f} jobs an hour, "
            f"{timers / report.virtual_s:.1f} timers a second; "
            f"{statistics.median(ratios):.1f} x the CPU of a plain loop"
        )


if __name__ == "__main__":
    main()
