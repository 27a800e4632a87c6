"""The tower as a grid of characters: levels from top to bottom, positions of the ring unrolled from left to right.

Pure: lines from a status. The carriage shows in the shaft at its height, and under the ruler at its angle.
"""

from bisect import insort
from collections.abc import Mapping, Sequence
from typing import Any, Final

from controller.cli.cells import centred, tail
from controller.cli.output import ODD, ink
from controller.cli.texts import Status, rooms_of

GUTTER: Final = 13
"""Characters left of the first position: level number and shaft."""

CELL: Final = (3, 8)
"""Least and greatest width of a position."""


def tower_lines(status: Status, columns: int, most_levels: int | None = None) -> list[str]:
    """Return the grid for a terminal of so many columns, two lines and one a level.

    Of a tower with more than ``most_levels`` the ground is shown with its rooms, and what is around the carriage.
    """
    tower = status["tower"]
    width = min(max((columns - GUTTER) // tower["positions"], CELL[0]), CELL[1])
    lines = [_numbers(tower["positions"], width), _pointer(status, width)]
    shown = _levels(status, tower["levels"] if most_levels is None else most_levels)
    for level in reversed(shown):
        cells = (_cell(status, level * 100 + position, width) for position in range(1, tower["positions"] + 1))
        # A level whose neighbour below is not shown has a mark in place of the blank.
        gap = " " if level == 1 or level - 1 in shown else "┆"
        lines.append(f"{level:>3}{gap}{_shaft(status, level)} {''.join(cells)}")
    return lines


def _levels(status: Status, most: int) -> list[int]:
    """Return the levels to show, from below: the ground first, then outward from the carriage."""
    height_mm = status["carriage"]["height_mm"]
    middle = 1 if height_mm is None else _nearest(status["tower"]["heights_mm"], height_mm)
    others = range(2, status["tower"]["levels"] + 1)
    shown = [1]
    for level in sorted(others, key=lambda each: abs(each - middle))[: max(0, most - 1)]:
        insort(shown, level)
    return shown


def _numbers(positions: int, width: int) -> str:
    return " " * GUTTER + "".join(f"{position:^{width}}" for position in range(1, positions + 1))


def _pointer(status: Status, width: int) -> str:
    """Return the line with a mark at the angle of the carriage."""
    angle_mdeg: int | None = status["carriage"]["angle_mdeg"]
    if angle_mdeg is None:
        return ""
    positions: int = status["tower"]["positions"]
    # Beyond the last position the ring closes: the mark comes in again at the left.
    column = (round(angle_mdeg / 360_000 * positions * width) + width // 2) % (positions * width)
    return " " * (GUTTER + column) + ink("▼", bold=True)


def _shaft(status: Status, level: int) -> str:
    """Return the shaft at one level: the carriage with its car if this is the level nearest to it."""
    carriage = status["carriage"]
    if carriage["height_mm"] is None or level != _nearest(status["tower"]["heights_mm"], carriage["height_mm"]):
        return "│      │"
    if carriage["load"] == "EMPTY":
        return "│" + ink("[    ]", bold=True) + "│"
    name = str(carriage["car"]) if carriage["car"] else ("????" if carriage["load"] == "DOUBTFUL" else "load")
    return "│" + ink(f"[{centred(tail(name, 4), 4)}]", bold=True, reverse=True) + "│"


def _nearest(heights_mm: Sequence[int], height_mm: int) -> int:
    distances = [abs(height - height_mm) for height in heights_mm]
    return distances.index(min(distances)) + 1


def _cell(status: Status, place: int, width: int) -> str:
    """Return one place, exactly ``width`` characters wide without its style."""
    known: Mapping[str, Any] | None = status["places"].get(str(place))
    if known is None:
        return " " * width
    rooms = rooms_of(status)
    name = known["car"] or (f"R{rooms.index(place) + 1}" if place in rooms else "·")
    text = _framed(name, known, width)
    here = status["carriage"]["place"] == place
    if known["status"] in ("unverified", "blocked") and place not in rooms:
        return ink(text, ODD, reverse=here)
    return ink(text, bold=place in rooms, dim=name == "·" and not here, reverse=here)


def _framed(name: str, known: Mapping[str, Any], width: int) -> str:
    """Return a name in the frame of its place: [reserved], ?unverified?, xblockedx, else blanks."""
    frame = {"unverified": "??", "blocked": "xx"}.get(known["status"], "  ")
    if frame == "  " and known.get("job") is not None:
        frame = "[]"
    inner = width - 2
    if inner >= 4:
        return f"{frame[0]}{centred(tail(name, inner), inner)}{frame[1]}"
    mark = "■" if known["car"] else name[:1]
    return f"{frame[0]}{mark}{frame[1]}".center(width)
