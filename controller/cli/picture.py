"""One frame of `cartower watch`: what must be seen always, and what as far as there is room. Pure."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import click

from controller.cli.cells import left, tail, width
from controller.cli.output import BAD, ODD, ink
from controller.cli.status_text import (
    appointments,
    at_hand_text,
    jog_shown,
    jog_text,
    limits,
    queued_text,
    safety_text,
    stations_text,
    unit_text,
)
from controller.cli.texts import Status, bar, rooms_of, seconds_text
from controller.cli.tower_view import tower_lines
from controller.cli.what_next import next_line

STALE_S: Final = 3.0
"""The daemon tells its status about once a second: what is older is not now."""

ALARM_LINES: Final = 4
QUEUE: Final = (1, 6)
"""Least and most lines of the queue."""
BOOKED: Final = (1, 3)
"""Least and most lines of appointments."""
LIMITS_SHOWN: Final = 2
"""Most lines of what keeps the tower from serving as usual."""
STEPS_SHOWN: Final = 3
"""Most things to do; `cartower status` tells them all."""
EVENTS: Final = 2
"""Least lines of events."""
LEVELS: Final = 3
"""Least levels of the tower."""
RULERS: Final = 2
"""Lines of the tower above its levels."""
GAPS: Final = 3
"""Places for air."""

STEP_NAMES: Final[Mapping[str, str]] = {
    "POSITIONING": "go",
    "OPENING": "open",
    "PICKING": "pick",
    "CLOSING": "close",
    "POSITIONING_TO": "go",
    "OPENING_TO": "open",
    "PLACING": "place",
    "CLOSING_TO": "close",
}
"""The steps of a job in their order, in a word each."""


@dataclass(frozen=True, slots=True)
class News:
    """What is drawn: the status, the events told (newest first), and how old the status is."""

    status: Status
    events: Sequence[str] = ()
    age_s: float = 0.0


def picture(news: News, columns: int, rows: int) -> list[str]:
    """Return the lines of one frame, never more than ``rows`` as long as the least of everything fits.

    Alarms, rooms, the job at hand and what a person does next are always there. What room is left goes to the levels
    of the tower, then to the queue, to appointments, to air between the parts, and to the events.
    """
    status = news.status
    head = [*_head(news, columns), *_alarms(status, columns), *_limits(status)]
    work = [*_rooms(status), *_at_hand(status, columns)]
    steps = list(next_line(status))[:STEPS_SHOWN]
    todo = [line for _, text in steps for line in _hanging("next", text, columns)]
    queue, booked = _queue(status), appointments(status)
    room = rows - len(head) - len(work) - len(todo)
    share = _share(room, levels=status["tower"]["levels"], queue=len(queue), booked=len(booked))
    air = [""] * share.air
    tower = tower_lines(status, columns, share.levels)
    waiting = [*_shortened(queue, share.queue), *_booked(booked, share.booked)]
    upper = [*head, *air, *tower, *air, *work, *waiting, *todo, *air]
    return [*upper, *news.events[: share.events]]


@dataclass(frozen=True, slots=True)
class _Share:
    """How many lines each part gets that can do with fewer; ``air``: blank lines between two parts."""

    levels: int
    queue: int
    booked: int
    air: int
    events: int


def _share(rows: int, *, levels: int, queue: int, booked: int) -> _Share:
    """Give out the rows that are left, the least of each part first."""
    shown_levels, shown_queue, shown_booked = min(levels, LEVELS), min(queue, QUEUE[0]), min(booked, BOOKED[0])
    spare = max(0, rows - RULERS - shown_levels - shown_queue - shown_booked - EVENTS)
    more_levels = min(spare, levels - shown_levels)
    spare -= more_levels
    more_queue = min(spare, min(queue, QUEUE[1]) - shown_queue)
    spare -= more_queue
    more_booked = min(spare, min(booked, BOOKED[1]) - shown_booked)
    spare -= more_booked
    air = 1 if spare >= GAPS else 0
    lines = shown_levels + more_levels, shown_queue + more_queue, shown_booked + more_booked
    return _Share(*lines, air, EVENTS + spare - GAPS * air)


def _head(news: News, columns: int) -> list[str]:
    status, tower = news.status, news.status["tower"]
    title = f"{ink(tower['title'] or tower['name'], bold=True)}, profile {tower['profile']}"
    corner = "Ctrl-C leaves"
    if news.age_s > STALE_S:
        corner = ink(f" no news for {seconds_text(news.age_s)}: this is not now ", BAD, bold=True, reverse=True)
    first = left(title, columns - width(corner)) + corner if width(title) + width(corner) < columns else title
    # Over an open chain or a station that is lost the reason is worth a line; the alarms name the stations.
    online = all(station["state"] == "ONLINE" for station in status["stations"])
    closed = f"safety chain {safety_text(status['safety'])}"
    quiet = [closed, stations_text(status["stations"])] if status["safety"]["closed"] and online else []
    second = _broken("   ".join([unit_text(status["unit"]), *quiet]), columns)
    if not status["safety"]["closed"]:
        second.append(closed)
    return [*([corner] if first == title and news.age_s > STALE_S else []), first, *second]


def _broken(text: str, columns: int) -> list[str]:
    """Return a text whose first word alone is styled, broken to the width."""
    if width(text) <= columns:
        return [text]
    styled, plain = text.split(" ", 1)[0], click.unstyle(text)
    first, *more = textwrap.wrap(plain, columns, subsequent_indent="  ")
    return [styled + first[width(styled) :], *more]


def _alarms(status: Status, columns: int) -> list[str]:
    """Return every alarm, broken to the width; what does not fit is counted."""
    lines = [
        ink(line, BAD, bold=True)
        for alarm in status["alarms"]
        for line in textwrap.wrap(f"! {alarm['code']}: {alarm['text']}", columns, subsequent_indent="  ")
    ]
    if len(lines) <= ALARM_LINES:
        return lines
    text = f"! {len(status['alarms'])} alarms in all: `cartower status` lists them"
    return [*lines[: ALARM_LINES - 1], ink(text, BAD, bold=True)]


def _rooms(status: Status) -> list[str]:
    """Return a line a room, in columns."""
    return [_room(room) for room in status["rooms"]]


def _room(room: Mapping[str, Any]) -> str:
    """Return a room in a line of 80 columns; only a fault makes it longer."""
    name = ink(f"room {room['number']}", bold=True)
    car = tail(str(room["car"]), 8) if room["car"] else "-"
    job = f"job {room['job']}" if room["job"] else ""
    ways = f"door {left(_way(room['door']), 7)} gate {left(_way(room['gate']), 7)}"
    person = {True: ink("somebody inside", ODD), False: "nobody inside"}.get(room["person"], "not seen")
    fault = ink(f"  {room['fault']}", BAD) if room.get("fault") else ""
    return f"{name} {left(str(room['state']), 17)} {left(car, 8)} {left(job, 6)} {ways} {person}{fault}"


def _way(state: str | None) -> str:
    return "unknown" if state is None else state.lower()


def _at_hand(status: Status, columns: int) -> list[str]:
    """Return the job that has the carriage, and its way through the steps."""
    lines = _hanging("now", at_hand_text(status, progress=False), columns)
    job, jog = status["job"], jog_shown(status)
    if jog is not None:
        return [*lines, f"{ink('jog', bold=True)}  {jog_text(jog)}"]
    if job is None:
        return lines
    progress = "" if job["step_progress"] is None else f"{bar(job['step_progress'])} {job['step_progress']:.0%}  "
    return [*lines, f"     {progress}{_steps(job['state'])}"]


def _steps(state: str) -> str:
    """Return the steps of a job with the one at hand marked."""
    names = [ink(f"[{name}]", bold=True) if step == state else ink(name, dim=True) for step, name in STEP_NAMES.items()]
    return " ".join(names) if state in STEP_NAMES else state.lower()


def _queue(status: Status) -> list[str]:
    rooms = rooms_of(status)
    booked = status.get("appointments", ())
    return [f"{ink('then', bold=True)} {queued_text(job, rooms, booked)}" for job in status["queue"]]


def _booked(texts: list[str], most: int) -> list[str]:
    """Return as many appointments as there is room for, the next one first: a status tells of a few of them anyway."""
    return [f"{ink('booked', bold=True)} {text}" for text in texts[:most]]


def _limits(status: Status) -> list[str]:
    """Return what keeps the tower from serving as usual; what does not fit is counted."""
    found = limits(status)
    if len(found) > LIMITS_SHOWN:
        found = [*found[: LIMITS_SHOWN - 1], f"{len(found)} in all: `cartower status` lists them"]
    return [f"{ink('limit', bold=True)} {ink(text, ODD)}" for text in found]


def _shortened(lines: list[str], most: int) -> list[str]:
    """Return as many lines as there is room for; of a longer list the last one says how many more there are."""
    if len(lines) <= most:
        return lines
    hidden = len(lines) - most + 1
    return [*lines[: most - 1], ink(f"then {hidden} {'more' if most > 1 else 'jobs'}", dim=True)]


def _hanging(name: str, text: str, columns: int) -> list[str]:
    """Return a text behind its name, broken to the width and indented; a styled one is left to be clipped."""
    label = ink(f"{name:<4}", bold=True)
    if width(text) != len(text) or "\x1b" in text:
        return [f"{label} {text}"]
    first, *more = textwrap.wrap(text, max(columns - 5, 20)) or [""]
    return [f"{label} {first}", *(f"     {line}" for line in more)]
