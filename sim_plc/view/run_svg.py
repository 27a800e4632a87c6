"""A picture of a run: where the carriage was when, for which job, and what went on in the rooms."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from hal.plcmap.shape import TowerShape
from sim_plc.view.sample import RoomSample, Sample, Span, spans
from sim_plc.view.svg import Point, document, element, label, polyline

LEFT: Final = 96.0
RIGHT: Final = 28.0
PX_PER_S: Final = (4.0, 14.0)
WIDTH: Final = (1000.0, 2400.0)

INK: Final = "#22303c"
FAINT: Final = "#8894a0"
GRID: Final = "#e3e8ec"
EMPTY: Final = "#a9b4be"
KIND: Final = {"RETRIEVE": "#d8702a", "STORE": "#2a78b8", "RELOCATE": "#7a5aa8"}
ARROW: Final = {"RETRIEVE": "↓", "STORE": "↑", "RELOCATE": "↔"}
EXCHANGE: Final = frozenset({"PICKING", "PLACING"})
GATE_OPEN: Final = "#f2c14e"
DOOR_OPEN: Final = "#5b8c85"

ROOM_FILL: Final = {
    "VACANT": "#f1f4f6",
    "RESERVED": "#dfe7ee",
    "CAR_COMING": "#cfe0ee",
    "CAR_PRESENT": "#bcd7ea",
    "CUSTOMER_ADMITTED": "#f8e3ad",
    "DEPARTING": "#f4d58d",
    "CLEARING": "#e6e3f3",
    "CAR_LEAVING": "#cfe0ee",
    "OPEN_FOR_CAR": "#f8e3ad",
    "MEASURING": "#d6ecd9",
    "ACCEPTED": "#bfe1c5",
    "REFUSED": "#f3c1b8",
    "BLOCKED": "#e58f80",
    "OUT_OF_SERVICE": "#c9ced3",
    "UNKNOWN": "#eceff1",
}


@dataclass(frozen=True, slots=True)
class Frame:
    """Where seconds and panels lie on the page."""

    width: float
    begin_s: float
    end_s: float

    def x(self, t: float) -> float:
        """Return the column of an instant."""
        share = (t - self.begin_s) / (self.end_s - self.begin_s)
        return LEFT + share * (self.width - LEFT - RIGHT)


def run_svg(samples: Sequence[Sample], shape: TowerShape, title: str, subtitle: str) -> str:
    """Return the picture of a run; ``samples`` in the order of their times.

    Raises:
        ValueError: fewer than two samples: nothing was seen.

    """
    if len(samples) < 2:
        raise ValueError("a picture of a run needs samples")
    begin_s, end_s = samples[0].t, max(samples[-1].t, samples[0].t + 1.0)
    wide = (end_s - begin_s) * PX_PER_S[1]
    frame = Frame(min(max(wide, WIDTH[0]), WIDTH[1]), begin_s, end_s)
    levels_px, angles_px, lane_px = max(150.0, 44.0 * shape.levels), 200.0, 34.0
    top = 96.0
    parts = [
        element("rect", width=frame.width, height="100%", rx=10, fill="#ffffff"),
        label(LEFT, 36, title, font_size=20, font_weight="600", fill=INK),
        label(LEFT, 58, subtitle, font_size=13, fill=FAINT),
        *_legend(frame),
    ]
    parts += _jobs(samples, frame, top)
    first = top + 34.0
    parts += _levels(samples, shape, frame, first, levels_px)
    second = first + levels_px + 40.0
    parts += _angles(samples, shape, frame, second, angles_px)
    third = second + angles_px + 40.0
    parts += _rooms(samples, shape, frame, third, lane_px)
    bottom = third + lane_px * len(shape.rooms) + 8.0
    parts += _seconds(frame, top, bottom)
    return document(frame.width, bottom + 34.0, f"{title}. {subtitle}", parts)


def _legend(frame: Frame) -> Iterator[str]:
    x = frame.width - RIGHT - 560
    for kind, colour in KIND.items():
        yield element("line", x1=x, y1=32, x2=x + 22, y2=32, stroke=colour, stroke_width=3, stroke_linecap="round")
        yield label(x + 28, 36, kind.lower(), font_size=12, fill=INK)
        x += 98
    yield element("line", x1=x, y1=32, x2=x + 22, y2=32, stroke=EMPTY, stroke_width=2)
    yield label(x + 28, 36, "without a car", font_size=12, fill=INK)
    yield element("circle", cx=x + 130, cy=32, r=4.5, fill="#ffffff", stroke=INK, stroke_width=2)
    yield label(x + 140, 36, "pick or place", font_size=12, fill=INK)
    x = frame.width - RIGHT - 560
    for text, colour in (("outer gate open", GATE_OPEN), ("inner door open", DOOR_OPEN)):
        yield element("rect", x=x, y=51, width=22, height=5, rx=2, fill=colour)
        yield label(x + 28, 58, text, font_size=12, fill=INK)
        x += 130


def _jobs(samples: Sequence[Sample], frame: Frame, top: float) -> Iterator[str]:
    """Yield the strip of jobs: who had the carriage."""
    yield label(LEFT - 12, top + 15, "job", font_size=12, text_anchor="end", fill=FAINT)
    keyed = [(s.t, (s.job, s.kind, s.job_car)) for s in samples]
    for span in spans(keyed, frame.end_s):
        job, kind, car = span.key
        if job is None:
            continue
        x, width = frame.x(span.begin_s), frame.x(span.end_s) - frame.x(span.begin_s)
        colour = KIND.get(kind, EMPTY)
        hint = element("title", f"job {job} {kind} {car}: {span.end_s - span.begin_s:.1f} s")
        yield element("rect", hint, x=x, y=top, width=max(width - 1.5, 1.0), height=21, rx=4, fill=colour)
        text = f"{ARROW.get(kind, '')} {car}"
        if width > 7.0 * len(text):
            yield label(x + width / 2, top + 15, text, font_size=11, text_anchor="middle", fill="#ffffff")


def _levels(samples: Sequence[Sample], shape: TowerShape, frame: Frame, top: float, high: float) -> Iterator[str]:
    heights = {place // 100: pose.height_mm for place, pose in sorted(shape.poses.items(), reverse=True)}
    low_mm, high_mm = min(heights.values()), max(*heights.values(), min(heights.values()) + 1)

    def y(sample: Sample) -> float:
        return top + high - (sample.height_mm - low_mm) / (high_mm - low_mm) * high

    for level, height_mm in heights.items():
        at = top + high - (height_mm - low_mm) / (high_mm - low_mm) * high
        yield from _gridline(frame, at, f"level {level}")
    yield from _track(samples, frame, [(frame.x(s.t), y(s)) for s in samples], gap=1e9)


def _angles(samples: Sequence[Sample], shape: TowerShape, frame: Frame, top: float, high: float) -> Iterator[str]:
    rooms = {place % 100: i for i, place in enumerate(shape.rooms, start=1)}
    for position in range(1, shape.positions + 1):
        at = top + (position - 1) / shape.positions * high
        name = f"room {rooms[position]}" if position in rooms else f"position {position}"
        yield from _gridline(frame, at, name if high / shape.positions > 11 or position in rooms else "")
    track = [(frame.x(s.t), top + s.angle_mdeg / 360_000 * high) for s in samples]
    # A jump of half a turn between two looks is the way round the back: the line is broken there.
    yield from _track(samples, frame, track, gap=high / 2)


def _gridline(frame: Frame, y: float, name: str) -> Iterator[str]:
    yield element("line", x1=LEFT, y1=y, x2=frame.width - RIGHT, y2=y, stroke=GRID, stroke_width=1)
    if name:
        yield label(LEFT - 12, y + 4, name, font_size=11, text_anchor="end", fill=FAINT)


def _track(samples: Sequence[Sample], frame: Frame, track: Sequence[Point], gap: float) -> Iterator[str]:
    """Yield the line of the carriage in pieces of one colour, and a mark at each exchange."""
    del frame
    start = 0
    for i in range(1, len(samples) + 1):
        broken = i < len(samples) and abs(track[i][1] - track[i - 1][1]) > gap
        if i == len(samples) or broken or _look(samples[i]) != _look(samples[start]):
            end = i if broken or i == len(samples) else i + 1
            colour, width = _look(samples[start])
            yield polyline(
                track[start:end],
                stroke=colour,
                stroke_width=width,
                stroke_linejoin="round",
                stroke_linecap="round",
            )
            start = i
    yield from _exchanges(samples, track)


def _look(sample: Sample) -> tuple[str, float]:
    """Return colour and width of the line: the job's colour while its car is aboard."""
    if sample.car is not None:
        return KIND.get(sample.kind, INK), 3.0
    return EMPTY, 1.8


def _exchanges(samples: Sequence[Sample], track: Sequence[Point]) -> Iterator[str]:
    keyed = [(float(i), (s.job, s.step) if s.step in EXCHANGE else None) for i, s in enumerate(samples)]
    for span in spans(keyed, float(len(samples) - 1)):
        if span.key is None:
            continue
        middle = int((span.begin_s + span.end_s) / 2)
        x, y = track[middle]
        sample = samples[middle]
        verb = "picks" if sample.step == "PICKING" else "places"
        hint = element("title", f"job {sample.job} {verb} {sample.job_car}")
        yield element(
            "circle", hint, cx=x, cy=y, r=4.5, fill="#ffffff", stroke=KIND.get(sample.kind, INK), stroke_width=2
        )


def _rooms(samples: Sequence[Sample], shape: TowerShape, frame: Frame, top: float, lane: float) -> Iterator[str]:
    for i, place in enumerate(shape.rooms):
        y = top + i * lane
        yield label(LEFT - 12, y + 17, f"room {i + 1}", font_size=12, text_anchor="end", fill=FAINT)
        seen = [(s.t, next(room for room in s.rooms if room.place == place)) for s in samples]
        for span in spans([(t, (room.state, room.car)) for t, room in seen], frame.end_s):
            yield from _room_span(frame, span, y, lane)
        for of, colour, at in ((_gate, GATE_OPEN, y + lane - 10), (_door, DOOR_OPEN, y)):
            for span in spans([(t, of(room)) for t, room in seen], frame.end_s):
                if span.key:
                    x = frame.x(span.begin_s)
                    yield element(
                        "rect", x=x, y=at, width=max(frame.x(span.end_s) - x, 1.0), height=4, rx=2, fill=colour
                    )


def _room_span(frame: Frame, span: Span, y: float, lane: float) -> Iterator[str]:
    state, car = span.key
    x, width = frame.x(span.begin_s), frame.x(span.end_s) - frame.x(span.begin_s)
    hint = element("title", f"{state}{f' {car}' if car else ''}: {span.end_s - span.begin_s:.1f} s")
    fill = ROOM_FILL.get(state, "#eceff1")
    yield element("rect", hint, x=x, y=y + 3, width=max(width, 0.8), height=lane - 12, fill=fill)
    if car and width > 7.0 * len(car):
        yield label(x + width / 2, y + 17, car, font_size=11, text_anchor="middle", fill=INK)


def _gate(room: RoomSample) -> bool:
    return room.gate not in ("CLOSED", "None")


def _door(room: RoomSample) -> bool:
    return room.door not in ("CLOSED", "None")


def _seconds(frame: Frame, top: float, bottom: float) -> Iterator[str]:
    length_s = frame.end_s - frame.begin_s
    step = next((s for s in (1, 2, 5, 10, 20, 30, 60, 120, 300, 600) if length_s / s <= 24), 1200)
    t = 0.0
    while t <= length_s:
        x = frame.x(frame.begin_s + t)
        yield element("line", x1=x, y1=top - 6, x2=x, y2=bottom, stroke=GRID, stroke_width=1, stroke_dasharray="2 4")
        yield label(x, bottom + 18, f"{t:g} s", font_size=11, text_anchor="middle", fill=FAINT)
        t += step
