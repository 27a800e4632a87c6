"""A picture of a rehearsed run: faults, unit, jobs, rooms and stations on one time axis, and what broke."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from sim_plc.rehearsal.chronicle import Chronicle
from sim_plc.rehearsal.run import Report
from sim_plc.view.run_svg import FAINT, GRID, INK, KIND, LANES, USE
from sim_plc.view.svg import document, element, label

T = TypeVar("T")

WIDTH: Final = 1400.0
LEFT: Final = 110.0
RIGHT: Final = 24.0
TOP: Final = 84.0
LANE: Final = 26.0
BAR: Final = 18.0
LETTER: Final = 6.4
"""Width of a letter on a bar."""
GAP: Final = 4.0
"""Between a bar and the text beside it."""
GAP_S: Final = 10.0
"""Between two bars of one lane of faults."""

RED: Final = "#c0392b"
STRIKE: Final = "#e59a8d"
AWAY: Final = "#f0c0b6"
UNIT: Final = {
    "EXECUTE": "#bfe1c5", "ABORTED": "#eeb5a9", "ABORTING": "#eeb5a9", "STOPPED": "#dfe6ec", "HELD": "#f8e3ad",
}  # fmt: skip
OTHER: Final = "#cfd8df"
ENDED: Final = frozenset({"DONE", "CANCELLED", "DIVERTED", "CLOSED_BY_HAND"})
WAITS: Final = frozenset({"QUEUED", *ENDED})
STEPS_S: Final = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)
MARKS: Final = 16
"""At most about as many marks on the axis."""


@dataclass(frozen=True, slots=True)
class Bar:
    """Something that lasted, on one lane; seconds."""

    begin_s: float
    end_s: float
    text: str
    colour: str
    beside: bool = False
    """Its text stands beside it where it is too short for it."""


def timeline_svg(report: Report, chronicle: Chronicle) -> str:
    """Return the picture of a run."""
    end_s = max(report.virtual_s, 1.0)
    lanes = list(_lanes(chronicle, end_s))
    bottom = TOP + LANE * len(lanes)
    title = f"{report.tower}, seed {report.seed}"
    broken = f"{len(report.violations)} broken: {report.violations[0]}" if report.violations else "nothing broken"
    parts = [
        element("rect", width=WIDTH, height="100%", rx=10, fill="#ffffff"),
        label(LEFT, 34, title, font_size=19, font_weight="600", fill=INK),
        label(LEFT, 56, broken, font_size=13, fill=RED if report.violations else FAINT),
        *_axis(end_s, bottom),
    ]
    for number, (name, bars) in enumerate(lanes):
        parts.extend(_lane(TOP + LANE * number, name, bars, end_s))
    for violation in report.violations:
        x = _x(violation.t, end_s)
        hint = element("title", str(violation))
        parts.append(element("line", hint, x1=x, y1=TOP - 10, x2=x, y2=bottom, stroke=RED, stroke_width=2))
    return document(WIDTH, bottom + 34, f"{title}: {broken}", parts)


def _lanes(chronicle: Chronicle, end_s: float) -> Iterator[tuple[str, list[Bar]]]:
    yield from _strikes(chronicle, end_s)
    told = [(line.t, line.body) for line in chronicle.lines if line.kind == "told"]
    units = [(t, str(body["state"])) for t, body in told if body["event"] == "unit_state"]
    yield "unit", list(_runs(units, end_s, UNIT))
    jobs = [(t, body) for t, body in told if body["event"] == "job_state"]
    yield "jobs", [
        Bar(t, until_s, f"{body['job']} {body['car']} {body['state']}", KIND[str(body["kind"])])
        for job in sorted({body["job"] for _, body in jobs})
        for t, until_s, body in _until_next([each for each in jobs if each[1]["job"] == job], end_s)
        if body["state"] not in WAITS
    ]
    rooms = sorted({body["room"] for _, body in told if body["event"] == "room_state"})
    colours = {state: LANES[use] for state, use in USE.items()}
    for room in rooms:
        states = [(t, str(body["state"])) for t, body in told if body["event"] == "room_state" and body["room"] == room]
        yield f"room {room}", [bar for bar in _runs(states, end_s, colours) if bar.text != "VACANT"]
    stations = sorted({body["name"] for _, body in told if body["event"] == "station"})
    for name in stations:
        seen = [(t, str(body["state"])) for t, body in told if body["event"] == "station" and body["name"] == name]
        away = [bar for bar in _runs(seen, end_s, {}) if bar.text != "ONLINE"]
        if away:
            yield name, [Bar(bar.begin_s, bar.end_s, bar.text, AWAY) for bar in away]


def _strikes(chronicle: Chronicle, end_s: float) -> Iterator[tuple[str, list[Bar]]]:
    """Yield as many lanes of faults as they need not to lie upon each other, each where it really struck."""
    lanes: list[list[Bar]] = []
    for line in chronicle.lines:
        if line.kind != "strike":
            continue
        name, hold_s, _ = line.body
        bar = Bar(line.t, line.t + max(hold_s, 1.0), name, STRIKE, beside=True)
        room = next((lane for lane in lanes if _named_until_s(lane[-1], end_s) < bar.begin_s), None)
        if room is None:
            lanes.append([bar])
        else:
            room.append(bar)
    for number, lane in enumerate(lanes or [[]]):
        yield "" if number else "faults", lane


def _named_until_s(bar: Bar, end_s: float) -> float:
    """Return the time up to which a bar and its name, beside it or in it, take up a lane."""
    return bar.end_s + GAP_S + (_width(bar.text) + GAP) / (WIDTH - LEFT - RIGHT) * end_s


def _width(text: str) -> float:
    return LETTER * len(text)


def _runs(states: Iterable[tuple[float, str]], end_s: float, colours: Mapping[str, str]) -> Iterator[Bar]:
    """Yield each state for as long as it lasted."""
    for t, until_s, state in _until_next(list(states), end_s):
        yield Bar(t, until_s, state, colours.get(state, OTHER))


def _until_next(stamped: list[tuple[float, T]], end_s: float) -> Iterator[tuple[float, float, T]]:
    for number, (t, body) in enumerate(stamped):
        yield t, stamped[number + 1][0] if number + 1 < len(stamped) else end_s, body


def _lane(y: float, name: str, bars: Iterable[Bar], end_s: float) -> Iterator[str]:
    yield label(LEFT - 10, y + 14, name, font_size=12, text_anchor="end", fill=FAINT)
    for bar in bars:
        x, width = _x(bar.begin_s, end_s), _x(bar.end_s, end_s) - _x(bar.begin_s, end_s)
        hint = element("title", f"{bar.text}: {bar.begin_s:.2f} to {bar.end_s:.2f} s")
        yield element("rect", hint, x=x, y=y, width=max(width, 1.5), height=BAR, rx=2, fill=bar.colour)
        if width > _width(bar.text):
            yield label(x + 4, y + 13, bar.text, font_size=10, fill=INK)
        elif bar.beside and x + width + GAP + _width(bar.text) < WIDTH:
            yield label(x + width + GAP, y + 13, bar.text, font_size=10, fill=INK)
        elif bar.beside:
            yield label(x - GAP, y + 13, bar.text, font_size=10, text_anchor="end", fill=INK)


def _axis(end_s: float, bottom: float) -> Iterator[str]:
    step_s = next((step for step in STEPS_S if end_s / step <= MARKS), STEPS_S[-1])
    for number in range(int(end_s // step_s) + 1):
        x = _x(number * step_s, end_s)
        yield element("line", x1=x, y1=TOP - 6, x2=x, y2=bottom, stroke=GRID, stroke_width=1)
        yield label(x, bottom + 18, f"{number * step_s} s", font_size=11, text_anchor="middle", fill=FAINT)


def _x(t: float, end_s: float) -> float:
    return LEFT + t / end_s * (WIDTH - LEFT - RIGHT)
