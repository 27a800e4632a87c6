"""The words for what the daemon tells as it happens."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from controller.cli.due import times_text
from controller.cli.texts import place_text, when_text, who_looked


def event_text(event: Mapping[str, Any], rooms: Sequence[int] = ()) -> str:
    """Return an event as one plain line; ``rooms`` are the places of the rooms, if known."""
    if (text := _ROOM_EVENTS.get(str(event.get("event")))) is not None:
        room = place_text(event["room"], rooms) if rooms else f"room {event['room']}"
        return f"{room} {text(event)}"
    make = _EVENTS.get(str(event.get("event")))
    if make is not None:
        return make(event)
    rest = " ".join(f"{key}={value}" for key, value in event.items() if key not in ("event", "id"))
    return f"{event.get('event')} {rest}"


def _because(text: str) -> str:
    return f": {text}" if text else ""


def _unit(event: Mapping[str, Any]) -> str:
    return f"unit {event['was']} -> {event['state']}{_because(event.get('cause', ''))}"


def _mode(event: Mapping[str, Any]) -> str:
    return f"mode {event['was'].lower()} -> {event['mode'].lower()}, by {event['by'] or '?'}"


def _jog(event: Mapping[str, Any]) -> str:
    how = f"{event['direction']}, by {event['by'] or '?'}" if event["what"] == "began" else str(event["verdict"])
    why = " ".join(part for part in (event.get("reason", ""), event.get("text", ""), event.get("cut", "")) if part)
    return f"jog of {event['mechanism']} {event['what']}: {how}{_because(why)}"


def _job(event: Mapping[str, Any]) -> str:
    job = f"job {event['job']} {event['kind']} {event['car']}"
    change = f"{event['was']} -> {event['state']}" if event.get("was") else str(event["state"])
    return f"{job} {change}{_because(event.get('reason', ''))}"


def _appointment(event: Mapping[str, Any]) -> str:
    job = f", job {event['job']}" if event["job"] else ""
    times = times_text(event["due"], event.get("expected") if event["state"] == "BOOKED" else None)
    which = f"appointment {event['appointment']} for {event['car']} {event['state']}"
    return f"{which} ({times}){job}{_because(event['reason'])}"


def _done(event: Mapping[str, Any]) -> str:
    job = f"job {event['job']} {event['kind']} {event['car']}"
    ratio = f", ratio {event['ratio']:.3f}" if event.get("ratio") else ""
    return (
        f"{job} took {event['measured_s']:.2f} s; physical bound {event['bound_s']:.2f} s{ratio}, "
        f"overhead {event['overhead_ms_per_step']:.0f} ms a step"
    )


def _station(event: Mapping[str, Any]) -> str:
    return f"station {event['name']} {event['state']}{_because(event.get('detail', ''))}"


def _restriction(event: Mapping[str, Any]) -> str:
    return f"{event['text']}, by {event['by'] or '?'}"


def _promise(event: Mapping[str, Any]) -> str:
    when = "nobody knows when"
    if event["p50_s"] is not None:
        when = when_text(event, outside=event.get("outside", False))
    return f"job {event['job']} {event['car']}: {when} ({event['because']})"


def _audit(event: Mapping[str, Any]) -> str:
    who = who_looked(event["eye"], event["by"])
    return f"audit: bay {event['place']} seen by {who}: {event['finding']}{_because(event['text'])}"


def _alarm(event: Mapping[str, Any]) -> str:
    over = "" if event.get("active", True) else " is over"
    return f"alarm {event['code']}{over}{_because(event.get('text', ''))}"


def _alarm_state(event: Mapping[str, Any]) -> str:
    who = f", by {event['by']}" if event["by"] else ""
    return f"alarm {event['number']} {event['code']} {event['state']}{_because(event['text'])}{who}"


_ROOM_EVENTS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "room_state": lambda event: f"{event['was']} -> {event['state']}",
    "room_given": lambda event: f"is for {event['car']}",
    "room_taken_back": lambda event: f"is not for {event['car']} any more{_because(event['why'])}",
}

_EVENTS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "unit_state": _unit,
    "unit_mode": _mode,
    "jog": _jog,
    "job_state": _job,
    "job_done": _done,
    "appointment": _appointment,
    "station": _station,
    "audit": _audit,
    "restriction": _restriction,
    "promise": _promise,
    "alarm": _alarm,
    "alarm_state": _alarm_state,
}
