"""The pace of polls on a real loop's rules, in virtual time."""

import asyncio

from hal.cadence import SteadyCadence
from sim_plc.rehearsal.loop import run


def times(script: "list[tuple[float, float, float | None]]") -> tuple[list[float], int]:
    """Return when each `next` came back: (period, work after it, kick after a delay)."""

    async def play() -> tuple[list[float], int]:
        loop, cadence = asyncio.get_running_loop(), SteadyCadence()
        back = []
        for period_s, work_s, kick_s in script:
            if kick_s is not None:
                loop.call_later(kick_s, cadence.kick)
            await cadence.next(period_s)
            back.append(round(loop.time(), 3))
            await asyncio.sleep(work_s)
        return back, cadence.overruns

    return run(play())


def test_the_grid_does_not_drift_with_the_work() -> None:
    assert times([(0.1, 0.03, None)] * 4) == ([0.0, 0.1, 0.2, 0.3], 0)


def test_missed_cycles_are_dropped_and_counted() -> None:
    back, overruns = times([(0.1, 0.35, None), (0.1, 0.0, None), (0.1, 0.0, None)])
    assert back == [0.0, 0.35, 0.45]
    assert overruns == 1


def test_a_kick_returns_at_once_and_leaves_the_grid() -> None:
    assert times([(0.5, 0.0, None), (0.5, 0.0, 0.2), (0.5, 0.0, None)]) == ([0.0, 0.2, 0.5], 0)


def test_a_shorter_period_begins_anew_and_counts_no_overrun() -> None:
    script: list[tuple[float, float, float | None]] = [(0.5, 0.0, None), (0.5, 0.0, 0.4), (0.1, 0.0, None)]
    assert times(script) == ([0.0, 0.4, 0.5], 0)
