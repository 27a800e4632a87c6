"""Moves of the reference machine in real time, each beside its physical bound.

Runs five retrieves, stores and relocates at the medium profile on the software tower: real processes, Modbus TCP,
Modbus RTU on a paced pty. About twenty minutes. The bound is the closed form of `controller.domain.travel`.

    python tests/bench/moves_at_medium.py [profile]
"""

import json
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    profile = sys.argv[1] if len(sys.argv) > 1 else "medium"
    command = [sys.executable, "-P", "-m", "sim_plc", "demo", "--exit", "--json", "--profile", profile]
    done = subprocess.run(
        [*command, "--scenario", str(HERE / "five-of-each.toml")], stdout=subprocess.PIPE, check=True, text=True
    )
    moves = json.loads(done.stdout)["moves"]
    print(f"profile {profile}, {len(moves)} moves")
    for kind in sorted({move["kind"] for move in moves}):
        of_kind = [move for move in moves if move["kind"] == kind]
        ratios = [move["ratio"] for move in of_kind]
        overheads = [move["overhead_ms_per_step"] for move in of_kind]
        print(
            f"{kind:10} {len(of_kind)} moves: measured / bound median {statistics.median(ratios):.4f} "
            f"(worst {max(ratios):.4f}), overhead a serial primitive mean {statistics.mean(overheads):.1f} ms"
        )


if __name__ == "__main__":
    main()
