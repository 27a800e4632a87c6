"""A picture of `tests.bench.dispatch`: for each tower and family the mean wait of each rule beside first come."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sim_plc.view.svg import document, element, label, polygon

WIDTH: Final = 860.0
LEFT: Final = 250.0
RIGHT: Final = 24.0
TOP: Final = 74.0
ROW: Final = 19.0
GAP: Final = 12.0
"""Between two towers."""
FOOT: Final = 40.0
STEP: Final = 0.1

STYLE: Final = """
text { fill: #24313d; font-size: 12px } .faint { fill: #5d6b78 } .head { font-size: 15px; font-weight: 600 }
.ground { fill: #fbfcfd } .grid { stroke: #dde3e8 } .one { stroke: #5d6b78; stroke-width: 1.5 }
.nearest { fill: #b9862f } .shortest { fill: #7a6bb0 } .tower { fill: #17699c }
"""

NAMES: Final = {"nearest": "nearest car first", "shortest": "shortest move first", "tower": "as a tower does"}
"""Rules that are drawn, by their short names."""


@dataclass(frozen=True)
class Row:
    """A family of days at a tower: the mean wait under each rule as a share of that under first come, first served."""

    tower: str
    family: str
    first_s: float
    shares: dict[str, float]


def chart(rows: Sequence[Row], days: int) -> str:
    """Return the picture."""
    low = min(0.9, *(share for row in rows for share in row.shares.values())) // STEP * STEP
    high = max(1.05, *(share for row in rows for share in row.shares.values()))
    places = list(_places(rows))
    height = places[-1] + ROW + FOOT
    title = "Mean wait beside first come, first served"

    def x(share: float) -> float:
        return LEFT + (share - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    parts = [
        element("rect", x=0, y=0, width=WIDTH, height=height, class_="ground"),
        label(20, 28, f"{title}, {days} days each; further left is shorter", class_="head"),
        *_legend(),
    ]
    for number in range(round((high - low) / STEP + 0.4999)):
        share = low + number * STEP
        kind = "one" if abs(share - 1) < STEP / 2 else "grid"
        parts.append(element("line", x1=x(share), y1=TOP - 8, x2=x(share), y2=height - FOOT, class_=kind))
        parts.append(label(x(share), height - FOOT + 18, f"{share:.0%}", text_anchor="middle", class_="faint"))
    for at, (row, y) in enumerate(zip(rows, places, strict=True)):
        if at == 0 or rows[at - 1].tower != row.tower:
            parts.append(label(20, y + 4, row.tower, font_weight="600"))
        parts.append(label(LEFT - 14, y + 4, f"{row.family}, {row.first_s:.0f} s", text_anchor="end", class_="faint"))
        parts += [_mark(rule, x(share), y, f"{NAMES[rule]}: {share:.1%}") for rule, share in row.shares.items()]
    return document(WIDTH, height, title, parts, STYLE)


def _places(rows: Sequence[Row]) -> Iterator[float]:
    y = TOP
    for at, row in enumerate(rows):
        if at:
            y += ROW + (GAP if rows[at - 1].tower != row.tower else 0.0)
        yield y


def _legend() -> Iterator[str]:
    at = 26.0
    for rule, name in NAMES.items():
        yield _mark(rule, at, 50, name)
        yield label(at + 11, 54, name)
        at += 34 + 6.6 * len(name)


def _mark(rule: str, x: float, y: float, said: str) -> str:
    """Return a rule's mark; its shape tells it apart as well as its colour."""
    hint = element("title", said)
    match rule:
        case "nearest":
            return element("rect", hint, x=x - 4, y=y - 4, width=8, height=8, class_=rule)
        case "shortest":
            return polygon(((x, y - 5.5), (x + 5.5, y), (x, y + 5.5), (x - 5.5, y)), class_=rule)
        case _:
            return element("circle", hint, cx=x, cy=y, r=5.5, class_=rule)
