"""A portrait of a tower: glass, floors, cars, the carriage on its mast, and the rooms at the street."""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hal.plcmap.shape import TowerShape, level_of, position_of
from sim_plc.view.ring import Ring
from sim_plc.view.svg import Point, document, element, label, polygon, polyline

Status = Mapping[str, Any]

WIDTH: Final = 900.0
OUTER: Final = 330.0
INNER: Final = 132.0
PITCH: Final = 158.0
TILT: Final = 0.25
ROOF_Y: Final = 128.0
"""Where the back of the roof's edge lies on the page."""
GAP: Final = 0.045
"""Part of a position that is left open between two floors."""

SKY: Final = ("#f7fafc", "#dfe8ef")
INK: Final = "#1f2d3a"
FAINT: Final = "#6d7d8b"
STEEL: Final = "#5d6b78"
FLOOR: Final = "#ffffff"
FLOOR_EDGE: Final = "#b8c6d1"
ROOM_FLOOR: Final = "#fbe7bd"
ACCENT: Final = "#d8702a"
DOUBT: Final = "#f2c14e"
GLASS: Final = "#9fc3da"
GATE: Final = "#e3b04b"

CAR_WIDTH: Final = 60.0

PAINT: Final = ("#c8453b", "#2f6f9f", "#e8e4da", "#3b4650", "#7d9a6a", "#d9a441", "#8fa3b3", "#6b4e71", "#b9c4cc")
"""Colours of cars; which one a car has follows from its id."""

STEP: Final = {
    "POSITIONING": "on the way to it",
    "OPENING": "opening the way to it",
    "PICKING": "picking it up",
    "CLOSING": "closing the way",
    "POSITIONING_TO": "on the way with it",
    "WAITING": "waiting with it for a room",
    "OPENING_TO": "opening the way",
    "PLACING": "putting it down",
    "CLOSING_TO": "closing the way",
}

MARK: Final = {"occupied": "", "free": "", "unverified": "?", "blocked": "x"}


@dataclass(frozen=True, slots=True)
class _Thing:
    """Something to draw: the farther back and the lower, the earlier."""

    level: int
    depth: float
    svg: str


def tower_svg(status: Status, shape: TowerShape) -> str:
    """Return a portrait of a tower as its status shows it."""
    roof = PITCH * shape.levels - 20
    ring = Ring(WIDTH / 2, ROOF_Y + OUTER * TILT + roof, tilt=TILT, front=_front(shape))
    height = ring.floor_y + OUTER * TILT * 1.2 + 84
    things = [*_floors(status, shape, ring), *_mast(shape, ring), *_carriage(status, shape, ring)]
    things += _gates(status, shape, ring)
    things.sort(key=lambda thing: (thing.level, thing.depth))
    parts = [
        _sky(WIDTH, height),
        *_title(status),
        _ground(ring),
        *_glass(ring, shape, roof, behind=True),
        *(thing.svg for thing in things),
        *_glass(ring, shape, roof, behind=False),
        *_labels(status, shape, ring),
        *_room_signs(status, height),
    ]
    return document(WIDTH, height, _caption(status), parts)


def _front(shape: TowerShape) -> float:
    """Return the angle to look from: the middle room just left of the middle, so that no place hides the opposite."""
    turns = sorted((position_of(room) - 1) / shape.positions for room in shape.rooms)
    return turns[len(turns) // 2] + 0.5 / shape.positions


def _sky(width: float, height: float) -> str:
    stops = element("stop", offset="0", stop_color=SKY[0]) + element("stop", offset="1", stop_color=SKY[1])
    gradient = element("defs", element("linearGradient", stops, id="sky", x1=0, y1=0, x2=0, y2=1))
    return gradient + element("rect", width=width, height=height, rx=14, fill="url(#sky)")


def _title(status: Status) -> Iterator[str]:
    tower, counts, unit = status["tower"], status["counts"], status["unit"]
    yield label(36, 48, tower["title"] or tower["name"], font_size=24, font_weight="600", fill=INK)
    text = f"{counts['occupied']} cars in {counts['bays']} bays, unit {unit['state'].capitalize()}"
    yield label(36, 74, text, font_size=14, fill=FAINT)
    job = status["job"]
    if job is not None:
        step = STEP.get(job["state"], job["state"].replace("_", " ").lower())
        text = f"job {job['id']}: {job['kind'].lower()} {job['car']}, {step}"
        yield label(36, 96, text, font_size=14, fill=ACCENT)


def _caption(status: Status) -> str:
    tower, counts = status["tower"], status["counts"]
    return f"{tower['title'] or tower['name']}: {counts['occupied']} cars in {counts['bays']} bays"


def _ground(ring: Ring) -> str:
    shadow = [ring.at(i / 48, OUTER * 1.16) for i in range(48)]
    plaza = [ring.at(i / 48, OUTER * 1.05) for i in range(48)]
    return polygon(shadow, fill="#c4d0d9", opacity=0.55) + polygon(plaza, fill="#d3dce3")


def _glass(ring: Ring, shape: TowerShape, roof: float, *, behind: bool) -> Iterator[str]:
    """Yield mullions and roof: those at the back before the cars, those in front after them."""
    edge = [ring.at(i / 72, OUTER, roof) for i in range(72)]
    if behind:
        yield polygon(edge, fill="#ffffff", opacity=0.5)
    for i in range(shape.positions):
        turn = (i + 0.5) / shape.positions
        if (ring.depth(turn) < 0) == behind:
            line = [ring.at(turn, OUTER), ring.at(turn, OUTER, roof)]
            yield polyline(line, stroke=GLASS if behind else STEEL, stroke_width=1.4, opacity=0.9 if behind else 0.5)
    if not behind:
        for side in (0.25, 0.75):
            line = [ring.at(ring.front + side, OUTER), ring.at(ring.front + side, OUTER, roof)]
            yield polyline(line, stroke=STEEL, stroke_width=2)
        yield polygon(edge, fill="#ffffff", fill_opacity=0.12, stroke=STEEL, stroke_width=2.4)


def _floors(status: Status, shape: TowerShape, ring: Ring) -> Iterator[_Thing]:
    half = 0.5 / shape.positions * (1 - GAP)
    job = status["job"] or {}
    for place in shape.places:
        known = status["places"].get(str(place), {"status": "free", "car": None})
        level, turn, low = _where(shape, place)
        depth = ring.depth(turn)
        room, wanted = place in shape.rooms, place in (job.get("target"), job.get("source"))
        doubtful = known["status"] in ("unverified", "blocked") and not room
        svg = polygon(
            ring.sector(turn, half, INNER * 1.05, OUTER * 0.985, low),
            fill=ROOM_FLOOR if room else DOUBT if doubtful else FLOOR,
            fill_opacity=0.95 if room else 0.8 if known["car"] else 0.5,
            stroke=ACCENT if wanted else FLOOR_EDGE,
            stroke_width=2.4 if wanted else 1.0,
        )
        yield _Thing(level, depth - 3.0, svg)
        if known["car"]:
            yield _Thing(level, depth, _car(ring, turn, (INNER * 1.2, OUTER * 0.87), low + 2, known["car"]))


def _where(shape: TowerShape, place: int) -> tuple[int, float, float]:
    """Return the level of a place, its angle in turns, and the height of its floor in pixels."""
    return level_of(place), (position_of(place) - 1) / shape.positions, PITCH * (level_of(place) - 1)


def _car(ring: Ring, turn: float, radii: tuple[float, float], low: float, name: str) -> str:
    """Return a car that stands along a radius: its shadow, body and cabin."""
    paint = PAINT[zlib.crc32(name.encode()) % len(PAINT)]
    length = radii[1] - radii[0]
    _, shadow = ring.block(turn, (radii[0] - 3, radii[1] + 3), CAR_WIDTH + 6, low, low)
    cabin = (radii[0] + 0.2 * length, radii[1] - 0.22 * length)
    parts = [polygon(shadow, fill="#1f2d3a", opacity=0.2)]
    parts += _block(ring.block(turn, radii, CAR_WIDTH, low + 5, low + 24, taper=3), paint)
    parts += _block(ring.block(turn, cabin, CAR_WIDTH - 7, low + 24, low + 41, taper=9), "#50606e", roof=paint)
    return "".join(parts)


def _block(
    block: tuple[Sequence[tuple[float, Sequence[Point]]], Sequence[Point]], colour: str, roof: str | None = None
) -> Iterator[str]:
    sides, top = block
    for depth, side in sides:
        yield polygon(side, fill=_shade(colour, 0.74 if depth < sides[-1][0] else 0.88))
    yield polygon(top, fill=_shade(roof or colour, 1.05), stroke=_shade(roof or colour, 0.85), stroke_width=0.7)


def _labels(status: Status, shape: TowerShape, ring: Ring) -> Iterator[str]:
    """Yield the name of each car at the street end of its place, and the number of each empty bay."""
    for place in shape.places:
        known = status["places"].get(str(place), {"status": "free", "car": None})
        _, turn, low = _where(shape, place)
        name = known["car"] or MARK.get(known["status"], "") or ("" if place in shape.rooms else str(place))
        behind = ring.depth(turn) < -0.3
        x, y = ring.at(turn, OUTER * (0.9 if behind else 0.93), low + (34 if behind and known["car"] else 0))
        yield _name(x, y + 4, name, 11.5, INK if known["car"] else FAINT, bold=bool(known["car"]))
    for level in range(1, shape.levels + 1):
        yield label(92, ring.floor_y - PITCH * (level - 1) + 4, str(level), font_size=15, text_anchor="end", fill=FAINT)
    for room in status["rooms"]:
        _, turn, _ = _where(shape, room["place"])
        if ring.depth(turn) < -0.5:
            continue  # behind everything: the line below tells of it
        x, y = ring.at(turn, OUTER * 1.03, PITCH * 0.62 + 8)
        yield _name(x, y, f"room {room['number']}", 13, INK, bold=True)
    carriage = status["carriage"]
    if carriage["car"] and carriage["angle_mdeg"] is not None:
        x, y = ring.at(carriage["angle_mdeg"] / 360_000, 0, _height_px(status, carriage["height_mm"]) + 50)
        yield _name(x, y, carriage["car"], 15, ACCENT, bold=True)


def _name(x: float, y: float, text: str, size: float, colour: str, *, bold: bool) -> str:
    return label(
        x,
        y,
        text,
        font_size=size,
        font_weight="600" if bold else "400",
        text_anchor="middle",
        fill=colour,
        stroke="#ffffff",
        stroke_width=3,
        stroke_opacity=0.85,
        stroke_linejoin="round",
        paint_order="stroke",
    )


def _mast(shape: TowerShape, ring: Ring) -> Iterator[_Thing]:
    """Yield the four rails of the lift, level by level."""
    for level in range(1, shape.levels + 1):
        low = PITCH * (level - 1)
        top = low + (PITCH if level < shape.levels else PITCH - 20)
        for turn, depth in ((0.125, 0.05), (0.375, -2.0), (0.625, -2.0), (0.875, 0.05)):
            rail = [ring.at(ring.front + turn, INNER * 0.9, low), ring.at(ring.front + turn, INNER * 0.9, top)]
            yield _Thing(level, depth, polyline(rail, stroke=STEEL, stroke_width=3.5, opacity=0.65))


def _carriage(status: Status, shape: TowerShape, ring: Ring) -> Iterator[_Thing]:
    """Yield the carriage with its car at its height and angle."""
    carriage = status["carriage"]
    if carriage["height_mm"] is None or carriage["angle_mdeg"] is None:
        return
    low = _height_px(status, carriage["height_mm"])
    turn = carriage["angle_mdeg"] / 360_000
    rim, deck = ([ring.at(i / 48, INNER * 0.97, low - drop) for i in range(48)] for drop in (10, 0))
    arrow = [ring.at(turn - 0.045, INNER * 0.83, low), ring.at(turn, INNER * 0.96, low)]
    arrow.append(ring.at(turn + 0.045, INNER * 0.83, low))
    svg = polygon(rim, fill=_shade(ACCENT, 0.7)) + polygon(deck, fill="#fdf3ea", stroke=ACCENT, stroke_width=2.5)
    svg += polygon(arrow, fill=ACCENT)
    if carriage["car"]:
        svg += _car(ring, turn, (-INNER * 0.72, INNER * 0.72), low + 3, carriage["car"])
    level = min(int(low / PITCH + 0.9), shape.levels - 1) + 1
    yield _Thing(level, -0.2, svg)


def _height_px(status: Status, height_mm: int) -> float:
    heights = status["tower"]["heights_mm"]
    pitch_mm = (heights[-1] - heights[0]) / (len(heights) - 1) if len(heights) > 1 else 1.0
    return float((height_mm - heights[0]) / pitch_mm * PITCH)


def _gates(status: Status, shape: TowerShape, ring: Ring) -> Iterator[_Thing]:
    """Yield each room's gate as it stands: a leaf that rises."""
    half = 0.5 / shape.positions * (1 - GAP)
    for room in status["rooms"]:
        _, turn, _ = _where(shape, room["place"])
        high = PITCH * 0.62
        low = {"OPEN": high - 12, "CLOSED": 0.0}.get(str(room["gate"]), high / 2)
        svg = polygon(ring.wall(turn, half, OUTER, low, high), fill=GATE, fill_opacity=0.5)
        svg += polygon(ring.wall(turn, half, OUTER, 0, high), fill="none", stroke=_shade(GATE, 0.6), stroke_width=1.8)
        yield _Thing(1, 3.0 if ring.depth(turn) > 0 else -4.0, svg)


def _room_signs(status: Status, height: float) -> Iterator[str]:
    """Yield what goes on in each room."""
    x, rooms = 36.0, status["rooms"]
    for room in rooms:
        state = room["state"].replace("_", " ").lower()
        car = f", {room['car']}" if room["car"] else ""
        yield label(x, height - 40, f"room {room['number']}", font_size=13, font_weight="600", fill=INK)
        yield label(x, height - 21, f"{state}{car}; gate {str(room['gate']).lower()}", font_size=13, fill=FAINT)
        x += (WIDTH - 72) / len(rooms)


def _shade(colour: str, factor: float) -> str:
    channels = (min(255, round(int(colour[i : i + 2], 16) * factor)) for i in (1, 3, 5))
    return "#" + "".join(f"{channel:02x}" for channel in channels)
