"""What a demonstration has to show: measured times beside physical bounds."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Moves = Sequence[Mapping[str, Any]]


def as_json(moves: Moves, picture: Path | None) -> dict[str, Any]:
    """Return the result for a program."""
    return {
        "moves": [
            {
                "id": move["job"],
                "kind": move["kind"],
                "car": move["car"],
                "measured_s": move["measured_s"],
                "bound_s": move["bound_s"],
                "ratio": move["ratio"],
                "overhead_ms_per_step": move["overhead_ms_per_step"],
            }
            for move in moves
        ],
        "worst_ratio": worst_ratio(moves),
        "picture": None if picture is None else str(picture),
    }


def worst_ratio(moves: Moves) -> float | None:
    """Return the greatest ratio of measured time to physical bound."""
    return max((move["ratio"] for move in moves if move["ratio"] is not None), default=None)


def table(moves: Moves) -> list[str]:
    """Return the result for a person, one move a line."""
    lines = [f"{'job':>4}  {'kind':<9} {'car':<8} {'measured':>9} {'bound':>9} {'ratio':>7}  overhead a command"]
    for move in moves:
        ratio = "-" if move["ratio"] is None else f"{move['ratio']:.3f}"
        lines.append(
            f"{move['job']:>4}  {move['kind']:<9} {move['car']:<8} {move['measured_s']:>7.2f} s "
            f"{move['bound_s']:>7.2f} s {ratio:>7}  {move['overhead_ms_per_step']:.0f} ms"
        )
    return lines
