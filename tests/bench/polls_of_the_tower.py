"""How a tower is polled: requests an image, jitter of the polls, load of the serial line; at rest and at work.

Real processes, Modbus TCP and a pty paced at the line's baud rate. The daemon's own counters (`cartower bus stats`)
are read; beside each figure stands its bound: ceil(registers / 125) requests, 20 ms, 60 % of the line.

    python -m tests.bench.polls_of_the_tower [tower] [profile]
"""

import json
import math
import sys
import time
from typing import Any

from config.load import load_tower
from hal.plcmap.registers import station_maps
from tests.support.at_work import keep_busy, start, tower_at_work
from tests.support.processes import Site

MEASURE_S = 60.0
MOST_READ = 125
"""Registers in one answer (MODBUS Application Protocol V1.1b3, 6.3)."""

JITTER_LIMIT_MS, LOAD_LIMIT = 20, 0.60


def image_requests(tower: str) -> None:
    """Print how many requests one image of each station takes."""
    for name, station in station_maps(load_tower(tower).shape).items():
        registers = sum(block.count for block in station.fast)
        print(f"{name}: {registers} registers an image, {len(station.fast)} request(s) a poll "
              f"(bound {math.ceil(registers / MOST_READ)})")


def buses(here: Site) -> list[dict[str, Any]]:
    """Return the daemon's counters by bus."""
    found: list[dict[str, Any]] = json.loads(here.cartower("bus", "stats", "--json"))["buses"]
    return found


def show(when: str, found: list[dict[str, Any]], loads: list[float]) -> None:
    """Print jitter and load."""
    for bus in found:
        stations = bus["stations"]
        jitter = max(each["poll_jitter_ms"]["p99"] for each in stations)
        trip = max(each["round_trip_ms"]["p99"] for each in stations)
        unanswered = sum(each["requests"] - each["answers"] for each in stations)
        line = f"{when}, {bus['name']}: poll jitter p99 {jitter:.1f} ms (wanted <= {JITTER_LIMIT_MS}), "
        line += f"round trip p99 {trip:.1f} ms, {unanswered} requests without an answer"
        if bus["kind"] == "rtu":
            line += f", load {max(loads):.0%} at {bus['address']['baud']} (planned {bus['planned_load']:.0%}"
            line += f", wanted <= {LOAD_LIMIT:.0%})"
        print(line)


def line_loads(found: list[dict[str, Any]]) -> list[float]:
    """Return the loads of the serial lines."""
    return [bus["load"] or 0.0 for bus in found if bus["kind"] == "rtu"]


def main() -> None:
    """Measure and print."""
    tower = sys.argv[1] if len(sys.argv) > 1 else "guangzhou"
    profile = sys.argv[2] if len(sys.argv) > 2 else "medium"
    image_requests(tower)
    with tower_at_work(tower, profile) as (here, _daemon, _start_s):
        time.sleep(MEASURE_S)
        found = buses(here)
        show("at rest", found, line_loads(found))
        start(here)
        loads: list[float] = []
        moves = keep_busy(here, MEASURE_S, lambda: loads.extend(line_loads(buses(here))))
        show(f"at work ({moves} relocations)", buses(here), loads)


if __name__ == "__main__":
    main()
