"""The status in words: pairs of a name and a line, the same for `status` and for `watch`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from controller.cli.due import booked_text
from controller.cli.output import BAD, GOOD, ODD, ink
from controller.cli.texts import Status, bar, job_text, place_text, promise_text, rooms_of, seconds_text, under_way
from controller.cli.what_next import next_line

FOR_APPOINTMENT: Final = "appointment "
"""How the name of who asked begins, of a car that is brought before its customer has come; the number follows."""


def status_lines(status: Status) -> Iterator[tuple[str, str]]:
    """Yield the lines of a status."""
    tower = status["tower"]
    yield "tower", f"{tower['title'] or tower['name']} (profile {tower['profile']})"
    yield "unit", unit_text(status["unit"])
    for text in limits(status):
        yield "limit", ink(text, ODD)
    yield "safety", safety_text(status["safety"])
    yield "stations", stations_text(status["stations"])
    yield "carriage", carriage_text(status)
    for room in status["rooms"]:
        yield "room", room_text(room)
    yield "job", at_hand_text(status)
    if (jog := jog_shown(status)) is not None:
        yield "jog", jog_text(jog)
    for job in status["queue"]:
        yield "queued", queued_text(job, rooms_of(status), _booked(status))
    for text in appointments(status):
        yield "booked", text
    counts = status["counts"]
    yield "bays", ", ".join(f"{counts[kind]} {kind}" for kind in ("occupied", "free", "unverified", "blocked"))
    for alarm in status["alarms"]:
        yield "alarm", ink(f"{alarm['code']}: {alarm['text']}", BAD)
    yield from next_line(status)


def limits(status: Status) -> list[str]:
    """Return what keeps the tower from serving as usual, in a line each."""
    return [restriction["text"] for restriction in status["restrictions"]]


def appointments(status: Status) -> list[str]:
    """Return the next appointments, in a line each."""
    return [appointment_text(each, rooms_of(status)) for each in _booked(status)]


def _booked(status: Status) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = status.get("appointments", ())
    return found


def appointment_text(appointment: Mapping[str, Any], rooms: Sequence[int]) -> str:
    """Return an appointment in one line, with the room that the car is wished in until it stands in one."""
    wished = appointment["room"] is not None and appointment["stands_in"] is None
    wish = f", wished in {place_text(appointment['room'], rooms)}" if wished else ""
    return booked_text(appointment, rooms) + wish


def arrived_text(status: Status, job: int, car: str) -> str:
    """Return what somebody is told who has come for a car: the job, and the room as soon as one is known."""
    rooms = rooms_of(status)
    stands = next((each["place"] for each in status["rooms"] if each["car"] == car), None)
    if stands is not None:
        return f"job {job}: {car} stands in {place_text(stands, rooms)}, its gate opens"
    own = next((each for each in under_way(status) if each["id"] == job), None)
    room = None if own is None else own.get("target") or own["room"]
    return f"job {job}: {car} is brought to {place_text(room, rooms)}" if room in rooms else f"job {job}"


def jog_shown(status: Status) -> Mapping[str, Any] | None:
    """Return the newest jog while it runs, and as long as people may ask themselves how it ended; else None."""
    jog: Mapping[str, Any] | None = status.get("jog")
    if jog is None or jog["outcome"] is None:
        return jog
    asked_about = status["unit"]["mode"] == "MANUAL" or jog["outcome"]["verdict"] == "UNKNOWN"
    return jog if asked_about else None


def jog_text(jog: Mapping[str, Any]) -> str:
    """Return a jog in a line: who moves what, or how it ended."""
    where = "" if jog["position"] is None else f", at {jog['position']} {jog['unit']}"
    what = f"{jog['mechanism']} {jog['direction']}, by {jog['by'] or '?'}"
    outcome = jog["outcome"]
    if outcome is None:
        return ink(f"{what}: moves{where}", ODD, bold=True)
    why = " ".join(part for part in (outcome["reason"], outcome["text"], outcome["cut"]) if part)
    return f"{what}: ended {outcome['verdict']}{f' ({why})' if why else ''}{where}"


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
    sign = f", sign {room['sign'].lower().replace('_', ' ')}" if room.get("sign") else ""
    return f"{room['number']} ({room['place']}) {room['state']}{car}{job}, {ways}{sign}, {person}{fault}"


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
    eta = _nobody_knows(job) if job["eta_s"] is None else f", about {seconds_text(job['eta_s'])} to go"
    why = ink(f": {job['reason']}", ODD) if job["state"] == "WAITING" else ""
    whose = _whose(job, _booked(status))
    return f"{job_text(job, rooms_of(status))}{whose}: {ink(job['state'], bold=True)}{done}{eta}{why}"


def _whose(job: Mapping[str, Any], booked: Sequence[Mapping[str, Any]]) -> str:
    """Return which appointment a car is brought for, and that its customer has not come; empty: for none."""
    by = str(job.get("by", ""))
    if not by.startswith(FOR_APPOINTMENT):
        return ""
    comes = any(f"{FOR_APPOINTMENT}{each['id']}" == by and each["state"] == "BOOKED" for each in booked)
    return f", for {by}" + (", ahead" if comes else "")


def queued_text(job: Mapping[str, Any], rooms: Sequence[int], booked: Sequence[Mapping[str, Any]] = ()) -> str:
    """Return one job that waits; ``booked``: the appointments that stand."""
    where = f" for {place_text(job['room'], rooms)}" if job["room"] else ""
    text = f"{job['id']} {job['kind']} {job['car']}{where}{_whose(job, booked)} {job['state']}"
    if job.get("promise"):
        text += f", {promise_text(job)}"
    text += _nobody_knows(job)
    return text + (ink(f": {job['reason']}", ODD) if job.get("reason") else "")


def _nobody_knows(job: Mapping[str, Any]) -> str:
    """Return why nobody knows when a job will be done; empty: somebody does."""
    return ink(f", nobody knows when: {job['held']}", ODD) if job.get("held") else ""
