"""When what somebody asks for begins, and what speaks against it, as a status tells it. Pure: lines.

A status is of the past, and not all of it: what it knows is said, and whether something is granted the daemon judges.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from controller.cli.texts import Status, place_text, rooms_of, under_way
from controller.cli.what_next import state_step

LOCKED: Final = frozenset({"unverified", "blocked"})
"""States of a bay that no car is taken out of."""


def begins(status: Status, bars: Sequence[str] = (), wait: str = "") -> Iterator[str]:
    """Yield when it begins: ``bars`` speak against its being granted, ``wait`` is what it waits for besides."""
    state, ahead = status["unit"]["state"], len(status["queue"]) + (status["job"] is not None)
    if bars:
        yield f"It may be refused: {'; '.join(bars)}."
    elif state != "EXECUTE":
        step = f" ({state_step(status)})" if state_step(status) else ""
        yield f"It waits: the tower is {state}{step}."
    else:
        if ahead:
            yield f"It begins after {ahead} other {'job' if ahead == 1 else 'jobs'}, or between them."
        if wait:
            yield f"It waits for {wait}."
        if not ahead and not wait:
            yield "It begins at once."


def power_bars(status: Status) -> Iterator[str]:
    """Yield that the tower has little power, if so: which jobs it still takes on is in its file."""
    yield from (each["text"] for each in status["restrictions"] if each["kind"] == "generator")


def bay_bars(status: Status, bay: int | None) -> Iterator[str]:
    """Yield what keeps a car from being put into a bay and taken out of it; of a room nothing."""
    if bay is None or bay in rooms_of(status):
        return
    levels = (each for each in status["restrictions"] if each["kind"] == "level")
    yield from (each["text"] for each in levels if each["number"] == bay // 100)
    place = status["places"].get(str(bay))
    if place is not None and place["status"] in LOCKED:
        yield f"bay {bay} is {place['status']}" + (f": {place['reason']}" if place["reason"] else "")


def car_bars(status: Status, car: str) -> Iterator[str]:
    """Yield that a job moves a car already, if one does."""
    yield from (f"job {job['id']} moves car {car} already" for job in under_way(status) if job["car"] == car)


def room_bars(status: Status, room: int | None) -> list[str]:
    """Return what keeps a room from being asked for; nothing of whichever it is."""
    out = [each["text"] for each in status["restrictions"] if (each["kind"], each["number"]) == ("room", room)]
    gone = any(each["place"] == room and each["state"] == "OUT_OF_SERVICE" for each in status["rooms"])
    return out or ([f"{place_text(room, rooms_of(status))} is out of service"] if gone else [])


def room_wait(status: Status, room: int | None) -> str:
    """Return what whoever wants a room, or any, waits for; empty: one is vacant."""
    out = {each["number"]: each["text"] for each in status["restrictions"] if each["kind"] == "room"}
    wanted = [each for each in status["rooms"] if room in (None, each["place"])]
    if any(each["state"] == "VACANT" and each["place"] not in out for each in wanted):
        return ""
    if room is None:
        return "a room: none is vacant" + (f" ({'; '.join(out.values())})" if out else "")
    state = "".join(f", now {each['state']}" for each in wanted)
    return f"{place_text(room, rooms_of(status))}{state}"
