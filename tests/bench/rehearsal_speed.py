"""How much quicker than real time a rehearsal runs, beside a plain virtual loop that only keeps the same timers.

    python -m tests.bench.rehearsal_speed [--minutes 60] [--each 3] [--repeat 3]

The six-station tower of 42 bays works at about 20 jobs an hour, without faults or bookings, and looks into as many bays
of its own accord as its file says (other rehearsals let it look whenever it is idle for ten seconds): with the polls
that show something new (coalesced), with every poll (faithful), and with every poll through pymodbus, its client and
server and both codecs in this process (`tests/support/pymodbus_link.py`). Tower-hours a CPU-second, median of the
seeds; of a seed that was run several times the least processor time counts, as with `timeit`, since whatever else the
host does adds to it. The slowest run is told, too. The bound of each is measured beside it: asyncio's own loop, with a
clock that jumps, lets as many timers run out at the same instants, and does nothing else.
"""

import argparse
import asyncio
import selectors
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from unittest.mock import patch

from config.load import load_tower
from controller import logs
from sim_plc.rehearsal import bookings, loop
from sim_plc.rehearsal import run as rehearsal
from sim_plc.rehearsal.run import Options, Report, rehearse
from sim_plc.rehearsal.world import EPOCH_S, World
from tests.support.pymodbus_link import PymodbusWorld

HOUR_S = 3600.0
SEED_S = 900.0
ORDERS_S = (105.0, 195.0)
"""Between two orders: some 20 jobs an hour come of that."""

NOBODY_BOOKS = (1e9, 1e9)
"""Between two who book ahead: they would come on top of these orders, and double the jobs."""


@dataclass(frozen=True)
class Mode:
    """One way to rehearse; ``share`` of the minutes suffices, the slower it is."""

    name: str
    wanted: int
    share: float
    coalesced: bool
    world: type[World] = World

    def rehearse(self, seed: int, minutes: float) -> Report:
        """Run a seed."""
        options = Options(faults=False, pause_s=ORDERS_S, coalesced=self.coalesced)
        tower = load_tower("guangzhou")
        with (
            patch.object(rehearsal, "World", self.world),
            patch.object(rehearsal, "AUDIT", tower.audit),
            patch.object(bookings, "PAUSE_S", NOBODY_BOOKS),
        ):
            report = rehearse(tower, seed, minutes * self.share, options)
        assert report.good, str(report)
        return report


MODES = (
    Mode("coalesced", 2000, 1.0, coalesced=True),
    Mode("faithful", 100, 1 / 6, coalesced=False),
    Mode("pymodbus", 40, 1 / 12, coalesced=False, world=PymodbusWorld),
)


class _Jumping(selectors.SelectSelector):
    """A selector that lets the clock jump instead of waiting."""

    now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Let the time pass that would be waited for."""
        self.now_s += max(timeout or 0.0, 0.0)
        return []


def plain_loop_s(instants: Sequence[float]) -> float:
    """Return the CPU time that a plain virtual loop takes to let timers of these instants run out."""
    selector = _Jumping()
    plain = asyncio.SelectorEventLoop(selector)
    plain.time = lambda: selector.now_s  # type: ignore[method-assign]

    async def tick() -> None:
        for instant in instants:
            await asyncio.sleep(instant - selector.now_s)

    began_s = time.process_time()
    plain.run_until_complete(tick())
    spent_s = time.process_time() - began_s
    plain.close()
    return spent_s


def timers_of(run: Callable[[], Report]) -> tuple[Report, list[float]]:
    """Run once; return the instants, ascending, for which timers were set."""
    instants, set_timer = list[float](), loop.VirtualLoop.call_at

    def noted(self: loop.VirtualLoop, when: float, *args: object, **more: object) -> asyncio.TimerHandle:
        instants.append(when)
        return set_timer(self, when, *args, **more)  # type: ignore[arg-type]

    loop.VirtualLoop.call_at = noted  # type: ignore[method-assign]
    try:
        report = run()
    finally:
        loop.VirtualLoop.call_at = set_timer  # type: ignore[method-assign]
    return report, sorted(instant for instant in instants if instant <= report.virtual_s)


def measure(mode: Mode, minutes: float, each: int, repeat: int) -> str:
    """Return what one mode amounts to."""
    paces, ratios, seeds, slowest = [], [], [], inf
    for seed in range(each):
        spent = []
        for _ in range(repeat):
            began_s = time.process_time()
            report = mode.rehearse(seed, minutes)
            spent.append(time.process_time() - began_s)
        spent_s, slowest = min(spent), min(slowest, report.virtual_s / max(spent))
        paces.append(report.virtual_s / spent_s)
        _, instants = timers_of(lambda seed=seed: mode.rehearse(seed, minutes))  # type: ignore[misc]
        ratios.append(spent_s / plain_loop_s(instants))
        seeds.append(report)
    pace, ratio, last_s = statistics.median(paces), statistics.median(ratios), sum(each.virtual_s for each in seeds)
    jobs = sum(sum(report.jobs.values()) for report in seeds) / last_s * HOUR_S
    return (
        f"{mode.name:9}: {pace:6.0f} x real time a core (wanted {mode.wanted}), {pace / HOUR_S:.3f} tower-hours and "
        f"{pace / SEED_S:.2f} quarters of an hour a CPU-second ({slowest:.0f} x in the slowest run), "
        f"{jobs:.0f} jobs an hour; its timers alone: "
        f"{pace * ratio:7.0f} x, {len(instants) / report.virtual_s:.1f} a second, {ratio:.1f} x quicker"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--each", type=int, default=3)
    parser.add_argument("--repeat", type=int, default=3)
    asked = parser.parse_args()
    logs.set_up(now=lambda: EPOCH_S, level="critical")
    for mode in MODES:
        print(measure(mode, asked.minutes, asked.each, asked.repeat), flush=True)


if __name__ == "__main__":
    main()
