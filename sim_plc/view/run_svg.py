"""A picture of a run: where the carriage was when, for which job, and what went on in the rooms."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from hal.plcmap.shape import TowerShape
from sim_plc.view.sample import RoomSample, Sample, Span, spans
from sim_plc.view.svg import Point, document, element, label, polyline

LEFT: Final = 96.0
RIGHT: Final = 28.0
TOP: Final = 106.0
LANE: Final = 34.0
PX_PER_S: Final = 14.0
WIDTH: Final = (1000.0, 2400.0)

INK: Final = "#22303c"
FAINT: Final = "#8894a0"
GRID: Final = "#e3e8ec"
EMPTY: Final = "#a9b4be"
KIND: Final = {"RETRIEVE": "#d8702a", "STORE": "#2a78b8", "RELOCATE": "#7a5aa8"}
ARROW: Final = {"RETRIEVE": "↓", "STORE": "↑", "RELOCATE": "↔"}
STALE_S: Final = 0.3
"""Two looks at the carriage are not farther apart than this while it moves."""

EXCHANGE: Final = frozenset({"PICKING", "PLACING"})
GATE_OPEN: Final = "#f2c14e"
DOOR_OPEN: Final = "#5b8c85"

LANES: Final = {
    "reserved": "#dfe6ec",
    "carriage at the door": "#b9d3e8",
    "customer or driver": "#f8e3ad",
    "measured": "#bfe1c5",
    "proving it clear": "#e2dcf1",
    "out of use": "#eeb5a9",
}
"""What a room is used for, as people see it."""

USE: Final = {
    "RESERVED": "reserved",
    "CAR_COMING": "carriage at the door",
    "CAR_PRESENT": "carriage at the door",
    "CUSTOMER_ADMITTED": "customer or driver",
    "DEPARTING": "customer or driver",
    "OPEN_FOR_CAR": "customer or driver",
    "MEASURING": "customer or driver",
    "CLEARING": "proving it clear",
    "CAR_LEAVING": "carriage at the door",
    "ACCEPTED": "measured",
    "REFUSED": "out of use",
    "BLOCKED": "out of use",
    "OUT_OF_SERVICE": "out of use",
    "UNKNOWN": "out of use",
}
"""Which of them each state of a room is."""


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
    wide = (end_s - begin_s) * PX_PER_S
    frame = Frame(min(max(wide, WIDTH[0]), WIDTH[1]), begin_s, end_s)
    levels_px, angles_px = max(150.0, 44.0 * shape.levels), 200.0
    first = TOP + 46.0
    second = first + levels_px + 44.0
    third = second + angles_px + 40.0
    bottom = third + LANE * len(shape.rooms) + 4.0
    parts = [
        element("rect", width=frame.width, height="100%", rx=10, fill="#ffffff"),
        label(LEFT, 36, title, font_size=20, font_weight="600", fill=INK),
        label(LEFT, 57, subtitle, font_size=13, fill=FAINT),
        *_legend(LEFT, 80.0),
        *_seconds(frame, TOP, bottom),
        *_jobs(samples, frame, TOP),
        *_levels(samples, shape, frame, first, levels_px),
        *_angles(samples, shape, frame, second, angles_px),
        *_rooms(samples, shape, frame, third),
        *_room_legend(LEFT, bottom + 44.0),
    ]
    return document(frame.width, bottom + 64.0, f"{title}. {subtitle}", parts)


def _legend(x: float, y: float) -> Iterator[str]:
    for kind, colour in KIND.items():
        yield element("line", x1=x, y1=y, x2=x + 20, y2=y, stroke=colour, stroke_width=3, stroke_linecap="round")
        yield label(x + 26, y + 4, f"{ARROW[kind]} {kind.lower()}", font_size=12, fill=INK)
        x += 106
    yield element("line", x1=x, y1=y, x2=x + 20, y2=y, stroke=EMPTY, stroke_width=1.8)
    yield label(x + 26, y + 4, "without a car", font_size=12, fill=INK)
    yield element("circle", cx=x + 138, cy=y, r=4.5, fill="#ffffff", stroke=INK, stroke_width=2)
    yield label(x + 149, y + 4, "picks or places", font_size=12, fill=INK)


def _room_legend(x: float, y: float) -> Iterator[str]:
    for text, colour in LANES.items():
        yield element("rect", x=x, y=y - 6, width=18, height=11, rx=2, fill=colour)
        yield label(x + 24, y + 4, text, font_size=11, fill=FAINT)
        x += 40 + 6.4 * len(text)
    for text, colour in (("inner door open", DOOR_OPEN), ("outer gate open", GATE_OPEN)):
        yield element("rect", x=x, y=y - 2, width=18, height=4, rx=2, fill=colour)
        yield label(x + 24, y + 4, text, font_size=11, fill=FAINT)
        x += 40 + 6.4 * len(text)


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
    yield from _track(samples, [(frame.x(s.t), y(s)) for s in samples], None)


def _angles(samples: Sequence[Sample], shape: TowerShape, frame: Frame, top: float, high: float) -> Iterator[str]:
    rooms = {place % 100: i for i, place in enumerate(shape.rooms, start=1)}
    for turn in range(shape.positions + 1):
        position = turn % shape.positions + 1
        name = f"room {rooms[position]}" if position in rooms else f"position {position}"
        shown = high / shape.positions > 11 or position in rooms
        yield from _gridline(frame, top + turn / shape.positions * high, name if shown else "")
    track = [(frame.x(s.t), top + s.angle_mdeg / 360_000 * high) for s in samples]
    yield from _track(samples, track, (top, top + high))


def _gridline(frame: Frame, y: float, name: str) -> Iterator[str]:
    yield element("line", x1=LEFT, y1=y, x2=frame.width - RIGHT, y2=y, stroke=GRID, stroke_width=1)
    if name:
        yield label(LEFT - 12, y + 4, name, font_size=11, text_anchor="end", fill=FAINT)


def _track(samples: Sequence[Sample], track: Sequence[Point], ring: tuple[float, float] | None) -> Iterator[str]:
    """Yield the line of the carriage in pieces of one look, and a mark at each exchange.

    ``ring`` are the two edges that are the same angle: a line that leaves at one comes in again at the other.
    """
    piece: list[Point] = []
    for i, point in enumerate(track):
        if i and ring is not None and abs(point[1] - track[i - 1][1]) > (ring[1] - ring[0]) / 2:
            out, back = _way_round(track[i - 1], point, ring)
            yield _piece([*piece, out], samples[i - 1])
            piece = [back]
        elif i and _look(samples[i]) != _look(samples[i - 1]):
            yield _piece([*piece, point], samples[i - 1])
            piece = []
        if not _stale(samples, i):
            piece.append(point)
    yield _piece(piece, samples[-1])
    yield from _exchanges(samples, track)


def _way_round(last: Point, point: Point, ring: tuple[float, float]) -> tuple[Point, Point]:
    """Return where a line leaves at one edge and comes in at the other."""
    leaving, coming = (ring[1], ring[0]) if last[1] > point[1] else ring
    before, after = abs(leaving - last[1]), abs(point[1] - coming)
    x = last[0] + (point[0] - last[0]) * (before / (before + after) if before + after else 0.5)
    return (x, leaving), (x, coming)


def _stale(samples: Sequence[Sample], i: int) -> bool:
    """Whether a sample shows a place already left: told between two looks at a carriage that moves."""
    if not 0 < i < len(samples) - 1 or samples[i + 1].t - samples[i - 1].t > STALE_S:
        return False
    here, before, after = ((s.height_mm, s.angle_mdeg) for s in (samples[i], samples[i - 1], samples[i + 1]))
    return here == before != after


def _piece(corners: Sequence[Point], sample: Sample) -> str:
    colour, width = _look(sample)
    return polyline(corners, stroke=colour, stroke_width=width, stroke_linejoin="round", stroke_linecap="round")


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


def _rooms(samples: Sequence[Sample], shape: TowerShape, frame: Frame, top: float) -> Iterator[str]:
    for i, place in enumerate(shape.rooms):
        y = top + i * LANE
        yield label(LEFT - 12, y + 17, f"room {i + 1}", font_size=12, text_anchor="end", fill=FAINT)
        seen = [(s.t, next(room for room in s.rooms if room.place == place)) for s in samples]
        for span in spans([(t, room.state) for t, room in seen], frame.end_s):
            hint = element("title", f"{span.key}: {span.end_s - span.begin_s:.1f} s")
            yield _bar(frame, span, y + 3, LANE - 12, LANES.get(USE.get(span.key, ""), "#f1f4f6"), hint)
        for span in spans([(t, room.car) for t, room in seen], frame.end_s):
            if span.key:
                middle = frame.x((span.begin_s + span.end_s) / 2)
                yield label(middle, y + 18, span.key, font_size=11, text_anchor="middle", fill=INK)
        for is_open, colour, at in ((_gate, GATE_OPEN, y + LANE - 10), (_door, DOOR_OPEN, y)):
            for span in spans([(t, is_open(room)) for t, room in seen], frame.end_s):
                if span.key:
                    yield _bar(frame, span, at, 4, colour)


def _bar(frame: Frame, span: Span, y: float, height: float, colour: str, hint: str = "") -> str:
    x = frame.x(span.begin_s)
    width = max(frame.x(span.end_s) - x, 0.8)
    return element(
        "rect", hint, x=x, y=y, width=width, height=height, fill=colour, shape_rendering="crispEdges"
    )


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
