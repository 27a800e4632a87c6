"""Lines over an axis, as SVG: coloured by the page's own style sheet, told apart by their dashes too."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10
from typing import Final

from sim_plc.view.svg import Point, document, element, label, points

WIDTH: Final = 760.0
HEIGHT: Final = 320.0
LEFT: Final = 56.0
RIGHT: Final = 20.0
TOP: Final = 48.0
BOTTOM: Final = 46.0
LETTER: Final = 6.6
"""Width of a letter of the legend."""
ROW: Final = 20.0
"""Height of a row of the legend."""
SAMPLE: Final = 40.0
"""Length of a line in the legend: that of the longest dashes, more than once."""

DASHES: Final = (None, "7 3", "2 3", "10 3 2 3", "14 4", "8 3 2 3 2 3")
"""Of so many lines no two are alike."""

STYLE: Final = """
.chart text { fill: var(--ink); font-size: 12px }
.chart .faint { fill: var(--faint) }
.chart .grid { stroke: var(--grid); stroke-width: 1 }
.chart .mark { stroke: var(--mark); stroke-width: 1.5; stroke-dasharray: 3 3 }
.chart .bar { fill: var(--bar) }
""" + "".join(f".chart .line{i} {{ stroke: var(--line{i}) }}\n" for i in range(len(DASHES)))
"""Goes into the style sheet of the page, which says what the colours are."""


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis shows: from ``low`` to ``high``, with a mark at each of ``ticks``, in ``unit``."""

    title: str
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]

    def share(self, value: float) -> float:
        """Return where a value lies, 0 to 1; what lies beside the axis is at its end."""
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class Line:
    """One line, by its name."""

    name: str
    corners: tuple[Point, ...]


def axis_to(title: str, most: float, unit: str = "") -> Axis:
    """Return an axis from 0 to a round number at or above ``most``, with four to nine marks; to 1 where nothing is."""
    most = most if most > 0 else 1.0
    step = _step(most)
    count = max(ceil(most / step - 1e-9), 1)
    return Axis(title, 0.0, count * step, tuple((i * step, f"{i * step:g}{unit}") for i in range(count + 1)))


def line_chart(title: str, x: Axis, y: Axis, lines: Sequence[Line], mark: tuple[float, str] | None = None) -> str:
    """Return a chart of lines; ``mark``: a value of the horizontal axis that is drawn through, with its name.

    Raises:
        ValueError: more lines than can be told apart.

    """
    if len(lines) > len(DASHES):
        raise ValueError(f"{len(lines)} lines, of which {len(DASHES)} can be told apart")
    places = list(_legend_places([line.name for line in lines]))
    parts = [*_grid(x, y), *_legend(lines, places)]
    if mark is not None:
        at = _x(x, mark[0])
        parts.append(element("line", x1=at, y1=TOP, x2=at, y2=HEIGHT - BOTTOM, class_="mark"))
        parts.append(label(at + 5, HEIGHT - BOTTOM - 8, mark[1], class_="faint"))
    for number, line in enumerate(lines):
        corners = points((_x(x, one), _y(y, other)) for one, other in line.corners)
        hint = element("title", escape(line.name, quote=False))
        parts.append(
            element(
                "polyline",
                hint,
                points=corners,
                fill="none",
                stroke_width=2.2,
                stroke_linejoin="round",
                stroke_dasharray=DASHES[number],
                class_=f"line{number}",
            )
        )
    return _chart(title, parts, max((row for _, row in places), default=0.0) + ROW / 2)


def bar_chart(title: str, x: Axis, y: Axis, bars: Sequence[float]) -> str:
    """Return a chart of bars side by side over the whole horizontal axis."""
    parts, width = list(_grid(x, y)), (WIDTH - LEFT - RIGHT) / max(len(bars), 1)
    for number, value in enumerate(bars):
        top, hint = _y(y, value), element("title", f"{value:.1f}")
        at = LEFT + number * width
        parts.append(
            element("rect", hint, x=at + 3, y=top, width=width - 6, height=HEIGHT - BOTTOM - top, rx=2, class_="bar")
        )
    return _chart(title, parts)


def _chart(title: str, parts: Sequence[str], height: float = HEIGHT) -> str:
    heading = label(LEFT, 18, title, font_weight="600", style="font-size: 14px")
    return document(WIDTH, max(height, HEIGHT), title, [heading, *parts]).replace("<svg ", '<svg class="chart" ', 1)


def _grid(x: Axis, y: Axis) -> Iterator[str]:
    for value, text in y.ticks:
        at = _y(y, value)
        yield element("line", x1=LEFT, y1=at, x2=WIDTH - RIGHT, y2=at, class_="grid")
        yield label(LEFT - 8, at + 4, text, text_anchor="end", class_="faint")
    for value, text in x.ticks:
        yield label(_x(x, value), HEIGHT - BOTTOM + 18, text, text_anchor="middle", class_="faint")
    yield label((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, x.title, text_anchor="middle", class_="faint")
    yield label(WIDTH - RIGHT, 18, y.title, text_anchor="end", class_="faint")


def _legend(lines: Sequence[Line], places: Sequence[Point]) -> Iterator[str]:
    for number, (line, (at, row)) in enumerate(zip(lines, places, strict=True)):
        dash, colour, y = DASHES[number], f"line{number}", row - 4
        yield element("line", x1=at, y1=y, x2=at + SAMPLE, y2=y, stroke_width=2.2, stroke_dasharray=dash, class_=colour)
        yield label(at + SAMPLE + 6, row, line.name)


def _legend_places(names: Sequence[str]) -> Iterator[Point]:
    """Yield where each name of the legend begins: below the chart, in as many rows as they need."""
    at, row = LEFT, HEIGHT + ROW / 2
    for name in names:
        width = SAMPLE + 6 + LETTER * len(name)
        if at > LEFT and at + width > WIDTH - RIGHT:
            at, row = LEFT, row + ROW
        yield at, row
        at += width + 22


def _x(x: Axis, value: float) -> float:
    return LEFT + x.share(value) * (WIDTH - LEFT - RIGHT)


def _y(y: Axis, value: float) -> float:
    return HEIGHT - BOTTOM - y.share(value) * (HEIGHT - TOP - BOTTOM)


def _step(most: float) -> float:
    """Return the round step, 1, 2 or 5 with noughts, that gives four to eight or so of it."""
    power = 10.0 ** floor(log10(most / 4))
    return next(step * power for step in (1, 2, 5, 10) if most / (step * power) <= 8)
