"""What the recording of traces costs the daemon: two towers side by side, one with traces and one without.

Processor time and memory are what the kernel says of both daemons over the same spans, so that a busy machine spoils
neither the one nor the other.

    python -m tests.bench.trace_cost [--tower guangzhou] [--profile medium] [--seconds 100]
"""

import argparse
import threading
import time
from contextlib import ExitStack

from tests.bench.daemon_footprint import cpu_s
from tests.support.at_work import keep_busy, start, tower_at_work
from tests.support.processes import Child

MORE_LIMIT = 0.3
"""Of a core, in percent."""


def spent(daemons: list[Child], seconds: float) -> list[float]:
    """Return each daemon's share of a core in percent over the seconds to come."""
    began, before = time.monotonic(), [cpu_s(each) for each in daemons]
    time.sleep(seconds)
    passed_s = time.monotonic() - began
    return [(cpu_s(each) - was) / passed_s * 100 for each, was in zip(daemons, before, strict=True)]


def tell(what: str, shares: list[float]) -> None:
    """Print one line."""
    traced, bare = shares
    print(f"{what}: {traced:.2f} % of a core with traces, {bare:.2f} % without (wanted <= {MORE_LIMIT:g} more)")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--tower", default="guangzhou")
    parser.add_argument("--profile", default="medium")
    parser.add_argument("--seconds", type=float, default=100.0)
    asked = parser.parse_args()
    with ExitStack() as stack:
        towers = [
            stack.enter_context(tower_at_work(asked.tower, asked.profile, {"trace.before_s": before_s}))
            for before_s in ("300", "0")
        ]
        daemons = [daemon for _, daemon, _ in towers]
        time.sleep(2)
        tell("idle", spent(daemons, asked.seconds))
        busy = [threading.Thread(target=keep_busy, args=(here, asked.seconds)) for here, _, _ in towers]
        for (here, _, _), thread in zip(towers, busy, strict=True):
            start(here)
            thread.start()
        tell("moving", spent(daemons, asked.seconds))
        for thread in busy:
            thread.join()


if __name__ == "__main__":
    main()
