"""The timing diagram of a trace, as a logic analyser draws it: an SVG for light and for dark pages."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final
from xml.etree import ElementTree as ET

from controller.cli.offline.trace_lanes import Bar, Bars, Bit, Curve, Lane, Lanes, Window

LEFT: Final = 284.0
RIGHT: Final = 24.0
TOP: Final = 86.0
WIDTH: Final = 1400.0
LANE: Final = 22.0
CURVE: Final = 78.0
GAP: Final = 5.0
LETTER: Final = 6.3
"""About as wide is a letter at 11 px ..."""
CAPITAL: Final = 7.6
"""... and of a bar, which mostly speaks in capitals."""

FONT: Final = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', sans-serif"

LIGHT: Final[Mapping[str, str]] = {
    "page": "fill:#ffffff",
    "ink": "fill:#22303c",
    "faint": "fill:#66727e",
    "grid": "stroke:#e3e8ec",
    "rest": "stroke:#a9b4be",
    "set": "fill:#2a78b8",
    "curve": "stroke:#2a78b8",
    "cause": "stroke:#c0271d",
    "alarm": "fill:#c0271d",
    "plain": "fill:#d7dfe6",
    "ok": "fill:#bfe1c5",
    "odd": "fill:#f6dc9a",
    "bad": "fill:#f2b1a6",
    "open": "fill:#d3c8ec",
}
"""Colours by what they mean, on a light page ..."""

DARK: Final[Mapping[str, str]] = {
    "page": "fill:#161c22",
    "ink": "fill:#e8edf1",
    "faint": "fill:#9aa7b3",
    "grid": "stroke:#2b353e",
    "rest": "stroke:#5d6a76",
    "set": "fill:#5aa9e6",
    "curve": "stroke:#5aa9e6",
    "cause": "stroke:#ff6b5e",
    "alarm": "fill:#ff8a80",
    "plain": "fill:#3a4651",
    "ok": "fill:#2f5d3a",
    "odd": "fill:#6b5417",
    "bad": "fill:#7c2f26",
    "open": "fill:#4b3f70",
}
"""... and on a dark one."""

STEPS_S: Final = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300)
MOST_LINES: Final = 16


class _Page:
    """Elements one upon another, and the columns of instants."""

    def __init__(self, window: Window, height: float, title: str) -> None:
        self.window = window
        about = {"xmlns": "http://www.w3.org/2000/svg", "role": "img", "font-family": FONT}
        size = {"viewBox": f"0 0 {WIDTH:g} {height:g}", "width": f"{WIDTH:g}", "height": f"{height:g}"}
        self.root = ET.Element("svg", about | size)
        ET.SubElement(self.root, "title").text = title
        ET.SubElement(self.root, "style").text = _style()
        self.put("rect", "page", width=WIDTH, height=height, rx=10)

    def x(self, t: float) -> float:
        """Return the column of an instant."""
        part = (t - self.window.begin_s) / (self.window.end_s - self.window.begin_s)
        return LEFT + part * (WIDTH - LEFT - RIGHT)

    def put(self, kind: str, look: str, /, *, hint: str = "", **at: float | str) -> ET.Element:
        """Add an element; ``hint`` is shown when a pointer rests on it."""
        element = ET.SubElement(self.root, kind, {"class": look})
        for key, value in at.items():
            element.set(key.replace("_", "-"), f"{value:.2f}" if isinstance(value, float) else str(value))
        if hint:
            ET.SubElement(element, "title").text = hint
        return element

    def text(self, x: float, y: float, words: str, look: str, *, size: int = 11, anchor: str = "start") -> None:
        """Add a text."""
        self.put("text", look, x=x, y=y, font_size=size, text_anchor=anchor).text = words


def picture(title: str, subtitle: str, window: Window, found: Lanes) -> str:
    """Return the whole SVG."""
    height = TOP + sum(_height(lane) for lane in found.lanes) + 54.0
    page = _Page(window, height, f"{title}. {subtitle}")
    page.text(24, 34, _cut(title, WIDTH - 48, 9.6), "ink", size=17)
    page.text(24, 56, f"{subtitle}; seconds from the cause", "faint", size=12)
    bottom = height - 44.0
    _grid(page, bottom)
    y = TOP
    for lane in found.lanes:
        page.text(LEFT - 12, y + _height(lane) / 2 + 1.5, _end(lane.name, LEFT - 24), "ink", anchor="end")
        _draw(page, lane, y)
        y += _height(lane)
    _causes(page, found.causes, bottom)
    if found.left_out:
        more = f"changed, too, farther from the cause: {', '.join(found.left_out)}"
        page.text(24, height - 10, _cut(more, WIDTH - 48, LETTER), "faint")
    ET.indent(page.root, "")
    return ET.tostring(page.root, encoding="unicode") + "\n"


def _style() -> str:
    def rules(colours: Mapping[str, str]) -> str:
        return " ".join(f".{name}{{{rule}}}" for name, rule in colours.items())

    shapes = ".curve,.rest,.grid,.cause{fill:none}"
    return f"{rules(LIGHT)} {shapes} @media (prefers-color-scheme: dark){{{rules(DARK)}}}"


def _height(lane: Lane) -> float:
    return CURVE if isinstance(lane, Curve) else LANE


def _draw(page: _Page, lane: Lane, y: float) -> None:
    match lane:
        case Bars(_, bars):
            for bar in bars:
                _bar(page, bar, y)
        case Bit(name, spans):
            _bit(page, name, spans, y)
        case Curve():
            _curve(page, lane, y)


def _bar(page: _Page, bar: Bar, y: float) -> None:
    x, width = page.x(bar.begin_s), max(page.x(bar.end_s) - page.x(bar.begin_s), 2.0)
    hint = f"{bar.text}: {bar.begin_s:+.3f} to {bar.end_s:+.3f} s"
    page.put("rect", bar.look, hint=hint, x=x, y=y + 3, width=max(width - 1, 1.0), height=LANE - 6, rx=3)
    if width > 3 * CAPITAL:
        page.text(x + 5, y + 15, _cut(bar.text, width - 8, CAPITAL), "ink")


def _bit(page: _Page, name: str, spans: Sequence[tuple[float, float]], y: float) -> None:
    page.put("line", "rest", x1=LEFT, y1=y + LANE - 5, x2=WIDTH - RIGHT, y2=y + LANE - 5)
    for begin_s, end_s in spans:
        x, hint = page.x(begin_s), f"{name}: {begin_s:+.3f} to {end_s:+.3f} s"
        page.put("rect", "set", hint=hint, x=x, y=y + GAP, width=max(page.x(end_s) - x, 1.5), height=LANE - 2 * GAP)


def _curve(page: _Page, curve: Curve, y: float) -> None:
    values = [value for _, value in curve.points]
    low, high = min(values), max(values)
    top, room = y + 9, CURVE - 20

    def height(value: float) -> float:
        return top + room - (value - low) / ((high - low) or 1) * room

    for value in (high, low):
        page.put("line", "grid", x1=LEFT, y1=height(value), x2=WIDTH - RIGHT, y2=height(value))
    page.text(LEFT - 12, top + 4, f"{high:g} {curve.unit}", "faint", size=10, anchor="end")
    page.text(LEFT - 12, top + room + 4, f"{low:g} {curve.unit}", "faint", size=10, anchor="end")
    points = " ".join(f"{page.x(t):.1f},{height(value):.1f}" for t, value in curve.points)
    page.put("polyline", "curve", points=points, stroke_width=1.8, stroke_linejoin="round")


def _grid(page: _Page, bottom: float) -> None:
    length_s = page.window.end_s - page.window.begin_s
    step_s = next((step for step in STEPS_S if length_s / step <= MOST_LINES), 600)
    t = -(-page.window.begin_s // step_s) * step_s
    while t <= page.window.end_s:
        page.put("line", "grid", x1=page.x(t), y1=TOP - 4, x2=page.x(t), y2=bottom, stroke_dasharray="2 4")
        page.text(page.x(t), bottom + 14, f"{t:+g} s" if t else "0", "faint", anchor="middle")
        t = round(t + step_s, 6)


def _causes(page: _Page, causes: Sequence[tuple[float, str]], bottom: float) -> None:
    """Draw the cause as a line through everything, and what else would have been one as a mark above."""
    for t, text in causes[1:]:
        page.put("circle", "alarm", hint=f"{t:+.3f} s: {text}", cx=page.x(t), cy=TOP - 9, r=3)
    if page.window.begin_s <= 0 <= page.window.end_s:
        page.put("line", "cause", x1=page.x(0), y1=TOP - 12, x2=page.x(0), y2=bottom, stroke_width=1.6)
        words = causes[0][1] if causes else "cause"
        room = WIDTH - RIGHT - page.x(0)
        if len(words) * LETTER <= room:
            page.text(page.x(0) + 6, TOP - 14, words, "alarm")
        else:
            page.text(page.x(0) - 6, TOP - 14, _cut(words, page.x(0) - 24, LETTER), "alarm", anchor="end")


def _cut(words: str, room: float, letter: float) -> str:
    return _fitted(words, room, letter, lambda most: f"{words[: most - 1]}…")


def _end(words: str, room: float) -> str:
    """Return as much of the end of a name as fits: it tells the most."""
    return _fitted(words, room, LETTER, lambda most: f"…{words[1 - most :]}")


def _fitted(words: str, room: float, letter: float, shorter: Callable[[int], str]) -> str:
    most = max(int(room / letter), 2)
    return words if len(words) <= most else shorter(most)
