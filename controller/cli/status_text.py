"""The status in words: pairs of a name and a line, the same for `status` and for `watch`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from controller.cli.output import BAD, GOOD, ODD, ink
from controller.cli.texts import Status, bar, job_text, place_text, rooms_of, seconds_text

NEXT: Final[Mapping[str, str]] = {
    "ABORTED": "put the cause right, device reset at the tower, then `cartower unit clear`",
    "STOPPED": "`cartower unit reset` switches the drives on and references the machine",
    "IDLE": "`cartower unit start` lets the tower work",
    "HELD": "look at the reason, then `cartower unit unhold`",
    "SUSPENDED": "`cartower unit unsuspend`",
    "COMPLETE": "`cartower unit reset`",
}
"""What a person does next in each state that waits for one."""

NEXT_BESIDE_PRODUCTION: Final[Mapping[tuple[str, str], str]] = {
    ("MANUAL", "STOPPED"): "`cartower unit reset` switches the drives on; nothing moves",
    ("MANUAL", "IDLE"): "`cartower jog` moves by hand; `cartower unit mode production` ends it",
    ("MAINTENANCE", "IDLE"): "`cartower unit mode production`, then `cartower unit start`",
}
"""The same by mode and state, where it differs from production."""


def status_lines(status: Status) -> Iterator[tuple[str, str]]:
    """Yield the lines of a status."""
    tower = status["tower"]
    yield "tower", f"{tower['title'] or tower['name']} (profile {tower['profile']})"
    yield "unit", unit_text(status["unit"])
    yield "safety", safety_text(status["safety"])
    yield "stations", stations_text(status["stations"])
    yield "carriage", carriage_text(status)
    for room in status["rooms"]:
        yield "room", room_text(room)
    yield "job", at_hand_text(status)
    for job in status["queue"]:
        yield "queued", queued_text(job, rooms_of(status))
    counts = status["counts"]
    yield "bays", ", ".join(f"{counts[kind]} {kind}" for kind in ("occupied", "free", "unverified", "blocked"))
    for alarm in status["alarms"]:
        yield "alarm", ink(f"{alarm['code']}: {alarm['text']}", BAD)
    yield from next_line(status)


def next_line(status: Status) -> Iterator[tuple[str, str]]:
    """Yield what a person does next, if anybody is waited for."""
    counts, state = status["counts"], status["unit"]["state"]
    yield from most_urgent(status)
    if counts["unverified"] and state in ("ABORTED", "STOPPED", "IDLE"):
        yield "next", f"unverified bays ({counts['unverified']}): `cartower inventory import FILE` says what is there"
    step = NEXT_BESIDE_PRODUCTION.get((status["unit"]["mode"], state), NEXT.get(state))
    if step is not None:
        yield "next", step


def most_urgent(status: Status) -> Iterator[tuple[str, str]]:
    """Yield what to do about the most urgent alarm, the list's first."""
    for alarm in status["alarms"][:1]:
        if alarm.get("guidance"):
            yield "next", f"alarm {alarm['number']}: {alarm['guidance']}"


def unit_text(unit: Mapping[str, Any]) -> str:
    """Return the unit's state, for how long, and why."""
    colour = {"EXECUTE": GOOD, "ABORTED": BAD, "ABORTING": BAD}.get(unit["state"], ODD)
    reason = f": {unit['reason']}" if unit["reason"] else ""
    return f"{ink(unit['state'], colour, bold=True)} ({unit['mode'].lower()}, {seconds_text(unit['since'])}){reason}"


def safety_text(safety: Mapping[str, Any]) -> str:
    """Return the verdict of the safety chain and its causes."""
    if safety["closed"] is None:
        return ink("not known", ODD)
    return "closed" if safety["closed"] else ink(f"OPEN: {', '.join(safety['causes']) or 'no cause shown'}", BAD)


def stations_text(stations: Sequence[Mapping[str, Any]]) -> str:
    """Return how many stations are online, and each that is not with its trouble."""
    offline = [station for station in stations if station["state"] != "ONLINE"]
    text = f"{len(stations) - len(offline)} of {len(stations)} online"
    for station in offline:
        detail = f" ({station['detail']})" if station["detail"] else ""
        text += "; " + ink(f"{station['name']} {station['state']}{detail}", BAD)
    return text


def carriage_text(status: Status) -> str:
    """Return where the carriage is and what it carries."""
    carriage = status["carriage"]
    if carriage["height_mm"] is None or carriage["angle_mdeg"] is None:
        return ink("not known", ODD)
    where = f"{carriage['height_mm'] / 1000:.2f} m, {carriage['angle_mdeg'] / 1000:.1f} deg"
    if carriage["place"] is not None:
        where += f", docked at {place_text(carriage['place'], rooms_of(status))}"
    load = str(carriage["load"]).lower()
    return f"{where}, {load}" + (f" with {carriage['car']}" if carriage["car"] else "")


def room_text(room: Mapping[str, Any]) -> str:
    """Return one room: its use, its car, its two ways and who is inside."""
    car = f", car {room['car']}" if room["car"] else ""
    job = f", job {room['job']}" if room["job"] else ""
    person = {True: ink("somebody inside", ODD), False: "nobody inside"}.get(room["person"], "not seen")
    ways = f"door {_way(room['door'])}, gate {_way(room['gate'])}"
    fault = ink(f", {room['fault']}", BAD) if room.get("fault") else ""
    return f"{room['number']} ({room['place']}) {room['state']}{car}{job}, {ways}, {person}{fault}"


def _way(state: str | None) -> str:
    return "not seen" if state is None else state.lower()


def at_hand_text(status: Status, *, progress: bool = True) -> str:
    """Return the job that has the carriage, its step (with a bar of its ``progress``), and when it will be done."""
    job = status["job"]
    if job is None:
        visiting = status["audit"]["visiting"]
        return "none at hand" if visiting is None else f"none at hand; the carriage looks into bay {visiting}"
    part = job["step_progress"] if progress else None
    done = "" if part is None else f" {bar(part)} {part:.0%}"
    eta = "" if job["eta_s"] is None else f", about {seconds_text(job['eta_s'])} to go"
    return f"{job_text(job, rooms_of(status))}: {ink(job['state'], bold=True)}{done}{eta}"


def queued_text(job: Mapping[str, Any], rooms: Sequence[int]) -> str:
    """Return one job that waits."""
    where = f" for {place_text(job['room'], rooms)}" if job["room"] else ""
    text = f"{job['id']} {job['kind']} {job['car']}{where} {job['state']}"
    return text + (ink(f": {job['reason']}", ODD) if job.get("reason") else "")
