"""How people say when somebody comes, and how they are told."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final

import click

from controller.cli.texts import place_text

_UTC: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d\+00:00")


def due(text: str, now: datetime) -> int:
    """Return the wall time, in whole seconds since the epoch, that a text means; without an offset it is local time.

    A text is a time of day, the next one that is still to come (``14:30``), or a moment in ISO 8601.

    Raises:
        ValueError: it is neither.

    """
    if len(text) <= len("14:30"):
        at = datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - the day and its offset are those of now
        today, tomorrow = (datetime.combine(day, at).astimezone() for day in (now, now.date() + timedelta(days=1)))
        return int((today if today > now else tomorrow).timestamp())
    if len(text) <= len("2027-01-31"):
        raise ValueError(f"{text!r} is a day, and no moment")
    return int(datetime.fromisoformat(text).timestamp())


def due_option(_ctx: click.Context, _param: click.Parameter, value: str | None) -> int | None:
    """Read an option of this kind."""
    if value is None:
        return None
    try:
        return due(value, datetime.now().astimezone())
    except (ValueError, OverflowError):
        expected = "a time of day such as 14:30, or a moment such as 2027-01-31T14:30"
        raise click.BadParameter(f"{value!r} is not understood; it may be {expected}") from None


def day_option(_ctx: click.Context, _param: click.Parameter, value: str | None) -> tuple[int, int] | None:
    """Read an option that is a day: its first second here, and that of the next, 23 to 25 hours later."""
    if value is None:
        return None
    try:
        day = date.fromisoformat(value)
        begins, ends = (datetime.combine(each, time()).astimezone() for each in (day, day + timedelta(days=1)))
        return int(begins.timestamp()), int(ends.timestamp())
    except (ValueError, OverflowError):
        raise click.BadParameter(f"{value!r} is not a day such as 2027-01-31") from None


def local_times(text: str) -> str:
    """Return what a daemon says with its moments, which are in UTC, as people here say them."""
    return _UTC.sub(lambda found: due_text(datetime.fromisoformat(found[0]).timestamp()), text)


def due_text(at: float) -> str:
    """Return a moment as people here say it: ``Mon 2027-02-01 14:30``."""
    return datetime.fromtimestamp(at).astimezone().strftime("%a %Y-%m-%d %H:%M")


def times_text(due: float, expected: float | None) -> str:
    """Return when an appointment is, and when its customer, who is on the way, will be there."""
    if expected is None:
        return f"at {due_text(due)}"
    return f"at {due_text(due)}, on the way, there at {datetime.fromtimestamp(expected).astimezone():%H:%M}"


def booked_text(appointment: Mapping[str, Any], rooms: Sequence[int]) -> str:
    """Return an appointment in one line: number, car, when, and where the car stands if it was brought."""
    state, where = appointment["state"], appointment["stands_in"]
    ended = "" if state == "BOOKED" else f", {state}"
    stands = "" if where is None else f", stands in {place_text(where, rooms)}"
    times = times_text(appointment["due"], appointment.get("expected"))
    return f"{appointment['id']} {appointment['car']} {times}{ended}{stands}"
