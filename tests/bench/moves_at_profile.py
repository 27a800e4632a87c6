"""Moves of the reference tower in real time, each beside its physical bound, at any profile of its machine.

Runs retrieves, stores and relocates, five of each unless told otherwise, on the software tower: real processes,
Modbus TCP, Modbus RTU on a paced pty. Five of each at ``medium`` take about twenty minutes. The bound is the closed
form of `controller.domain.travel` over the tower's file and the interlocks; it uses no measured time.

    python -m tests.bench.moves_at_profile [profile ...] [--each N]
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

DAY = Path(__file__).with_name("five-of-each.toml")

RATIO, OVERHEAD_MS = (0.99, 1.02), 120


def first_of_each(count: int) -> str:
    """Return the day with only the first ``count`` orders of each kind."""
    head, *orders = DAY.read_text("utf-8").split("[[order]]")
    seen: Counter[str] = Counter()
    kept = []
    for order in orders:
        kind = next(line for line in order.splitlines() if line.startswith("kind"))
        seen[kind] += 1
        if seen[kind] <= count:
            kept.append(order)
    return "[[order]]".join([head, *kept])


def moves_at(profile: str, count: int) -> list[dict[str, Any]]:
    """Run the day at a profile; return its moves."""
    with tempfile.TemporaryDirectory() as folder:
        day = Path(folder) / "day.toml"
        day.write_text(first_of_each(count), "utf-8")
        command = [sys.executable, "-P", "-m", "sim_plc", "demo", "--exit", "--json", "--profile", profile]
        done = subprocess.run([*command, "--scenario", str(day)], stdout=subprocess.PIPE, check=True, text=True)
    moves: list[dict[str, Any]] = json.loads(done.stdout)["moves"]
    return moves


def show(profile: str, moves: list[dict[str, Any]]) -> None:
    """Print ratio and overhead by kind, and over all."""
    for kind in sorted({move["kind"] for move in moves}):
        of_kind = [move for move in moves if move["kind"] == kind]
        ratios = [move["ratio"] for move in of_kind]
        overheads = [move["overhead_ms_per_step"] for move in of_kind]
        print(
            f"{profile:7} {kind:10} {len(of_kind)} moves: measured / bound median {statistics.median(ratios):.4f} "
            f"(worst {max(ratios):.4f}), overhead a serial primitive mean {statistics.mean(overheads):.1f} ms"
        )
    every = statistics.mean(move["overhead_ms_per_step"] for move in moves)
    print(f"{profile:7} all: overhead a serial primitive mean {every:.1f} ms (wanted <= {OVERHEAD_MS});"
          f" at medium the median ratio is wanted in {RATIO[0]} to {RATIO[1]}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("profiles", nargs="*", default=["medium"])
    parser.add_argument("--each", type=int, default=5, help="moves of each kind, at most five")
    asked = parser.parse_args()
    for profile in asked.profiles:
        show(profile, moves_at(profile, asked.each))


if __name__ == "__main__":
    main()
