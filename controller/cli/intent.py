"""What will move if a request is granted, in words: said before a person confirms it. Pure: lines from a status."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

from controller.cli import outlook
from controller.cli.status_text import carriage_text
from controller.cli.texts import Status, place_text, rooms_of, under_way
from controller.domain.refusal import Refusal

Car = Mapping[str, Any]
Job = Mapping[str, Any]
Appointment = Mapping[str, Any]

QUEUE_NAMED: Final = 4
"""Jobs that are named one by one."""

ON_BOARD: Final = frozenset(
    {"PICKING", "CLOSING", "POSITIONING_TO", "WAITING", "OPENING_TO", "PLACING", "CLOSING_TO", "CONFIRMING"}
)
"""States of a job whose car is, or may be, no longer where it was."""


def retrieval(
    status: Status, cars: Sequence[Car], appointments: Sequence[Appointment], car: str, room: int | None
) -> Iterator[str]:
    """Say how a car comes down.

    Raises:
        Refusal: the tower does not know the car, it is not inside, or it is somebody's by appointment.

    """
    booked = next((each for each in appointments if each["car"] == car), None)
    if booked is not None and booked["state"] != "BOOKED" and room in (None, booked["stands_in"]):
        yield from arrival(status, cars, appointments, car)
        return
    if booked is not None and booked["state"] != "BOOKED":
        place, ended = booked["stands_in"], f"appointment {booked['id']} is {booked['state']}"
        here = "goes back" if place is None else f"stands in {place_text(place, rooms_of(status))} still"
        raise Refusal("CAR_LEFT_OVER", f"{ended}, and car {car} {here}")
    if booked is not None:
        raise Refusal("CAR_BOOKED", f"car {car} is somebody's by appointment {booked['id']}")
    yield from _brought(status, car, _place_of(cars, car), room)


def arrival(status: Status, cars: Sequence[Car], appointments: Sequence[Appointment], car: str) -> Iterator[str]:
    """Say how somebody with an appointment comes by their car; nothing if it is not here: the tower takes note of them.

    Raises:
        Refusal: nobody has an appointment for the car, or it has ended and the car is on its way back.

    """
    booked, rooms = _booked(status, appointments, car), rooms_of(status)
    bringing = next((job for job in under_way(status) if job["id"] == booked["job"]), None)
    if booked["stands_in"] is not None:
        yield f"Car {car} stands in {place_text(booked['stands_in'], rooms)}: the outer gate opens."
    elif bringing is not None and (place := bringing.get("target") or bringing["room"]) in rooms:
        yield f"Car {car} is on its way by job {bringing['id']} to {place_text(place, rooms)}:"
        yield "  the outer gate opens once it stands there"
    elif any(each["id"] == car for each in _inside(cars)):
        yield from _brought(status, car, _place_of(cars, car), booked["room"])


def storing(status: Status, car: str, room: int | None) -> Iterator[str]:
    """Say how a car is taken in."""
    where = "the first room that is vacant in turn" if room is None else place_text(room, rooms_of(status))
    yield f"Car {car} is taken in through {where}:"
    yield "  the outer gate opens for it, and closes when the car stands within its marks and nobody is inside"
    yield "  the inner door opens, the shuttle picks the car up, the carriage takes it to a free bay"
    bars, wait = [*outlook.power_bars(status), *outlook.room_bars(status, room)], outlook.room_wait(status, room)
    if room is not None and wait and not bars:
        bars.append(wait)
    if not status["counts"]["free"]:
        bars.append("no bay is free")
    yield from outlook.begins(status, bars, wait)


def relocation(status: Status, cars: Sequence[Car], car: str, bay: int) -> Iterator[str]:
    """Say how a car is moved to another bay.

    Raises:
        Refusal: the tower does not know the car, or it is not inside.

    """
    source = _place_of(cars, car)
    yield f"Car {car} is moved from {_spot(status, source)} to {_spot(status, bay)}:"
    yield from _fetch(status, source)
    yield f"  the carriage takes it to bay {bay}: latch opens, shuttle puts it down, latch closes"
    at_bays = [text for each in (source, bay) for text in outlook.bay_bars(status, each)]
    bars = dict.fromkeys([*outlook.power_bars(status), *outlook.car_bars(status, car), *at_bays])
    yield from outlook.begins(status, list(bars))


def cancellation(status: Status, job: Job) -> Iterator[str]:
    """Say what becomes of the car of a job; nothing if nothing moves."""
    if job["state"] == "OPENING":
        yield f"Job {job['id']} has opened the way to car {job['car']}: it is closed again."
    elif job["state"] in ON_BOARD:
        yield f"Job {job['id']} is {job['state']} with car {job['car']}; it does not stop where it is:"
        yield "  what the shuttle has begun it finishes, then the carriage takes the car to a free bay or back"
        yield f"  carriage now: {carriage_text(status)}"


def calling_off(status: Status, appointment: Mapping[str, Any], job: Job | None) -> Iterator[str]:
    """Say what becomes of the car of an appointment; ``job``: the one under way for it; nothing if nothing moves."""
    if job is not None:
        yield from cancellation(status, job)
    elif appointment["stands_in"] is not None:
        room = place_text(appointment["stands_in"], rooms_of(status))
        yield f"Car {appointment['car']} stands in {room} for it, and goes back into a bay:"
        yield "  the inner door opens, the shuttle picks the car up, the carriage takes it to a free bay"
        yield from outlook.begins(status)


def resolution(status: Status, job: Job, choice: str, place: int | None) -> Iterator[str]:
    """Say what a decision on a parked job moves; nothing if nothing moves."""
    rooms = rooms_of(status)
    source, target = place_text(job["source"], rooms), place_text(job["target"] or job["room"], rooms)
    match choice:
        case "continue":
            yield f"Job {job['id']} goes on from {job['left'] or 'its step'}: car {job['car']}, {source} to {target}."
        case "put-back":
            yield f"Job {job['id']} is undone: what the shuttle has begun runs backwards, car {job['car']} to {source}."
        case "divert":
            yield f"Job {job['id']} takes car {job['car']} to {place_text(place, rooms)} in place of {target}."
        case _:
            return
    if job["reason"]:
        yield f"  it was parked because: {job['reason']}"
    yield f"  carriage now: {carriage_text(status)}"
    yield from outlook.begins(status)


def unit_command(status: Status, jobs: Sequence[Job], command: str) -> Iterator[str]:
    """Say what a command of the unit moves; nothing if nothing moves."""
    if command == "reset" and status["unit"]["mode"] == "MANUAL":
        yield "The drives of the whole tower are switched on. In manual mode nothing else moves by it."
    elif command == "reset":
        yield "The drives of the whole tower are switched on. Then, as far as it is needed:"
        yield "  the shuttle homes, inner doors and latches that are not proven closed are closed,"
        yield "  and lift and turntable reference: the lift may run its whole height"
        yield f"  carriage now: {carriage_text(status)}"
    elif command in ("start", "unhold", "unsuspend"):
        waiting = [f"job {job['id']} {job['kind']} {job['car']}" for job in jobs if job["state"] != "PARKED"]
        more = f" and {len(waiting) - QUEUE_NAMED} more" if len(waiting) > QUEUE_NAMED else ""
        named = ", ".join(waiting[:QUEUE_NAMED]) + more
        yield "The tower works by itself from now on: carriage, inner doors, outer gates and latches move at any time."
        yield f"  it begins with {named}" if waiting else "  no job waits; rooms may close or open their gates"


def adoption(status: Status) -> Iterator[str]:
    """Say which stations would be taken over; nothing if none is frozen."""
    frozen = [station for station in status["stations"] if station["state"] == "FROZEN"]
    if not frozen:
        return
    yield "Another master was seen on these stations; it loses them, in the middle of whatever it does:"
    for station in frozen:
        yield f"  {station['name']}: {station['detail']}"
    yield "Two daemons on one tower must never fight: make sure that the other one is gone."


def _fetch(status: Status, source: int | None) -> Iterator[str]:
    way = "latch opens, shuttle picks the car up, latch closes"
    yield f"  the carriage ({carriage_text(status)}) goes there: {way}" if source else f"  {way}"


def _brought(status: Status, car: str, source: int | None, room: int | None) -> Iterator[str]:
    """Say how a car comes from where it stands into a room, or into any."""
    rooms = rooms_of(status)
    where = f"room {' or '.join(map(str, range(1, len(rooms) + 1)))}" if room is None else place_text(room, rooms)
    yield f"Car {car} is brought from {_spot(status, source)} to {where}:"
    yield from _fetch(status, source)
    yield "  the carriage takes it to the room: inner door opens, shuttle puts it down, inner door closes,"
    yield "  and the outer gate opens for whoever fetches it"
    own = [*outlook.car_bars(status, car), *outlook.bay_bars(status, source)]
    bars = [*outlook.power_bars(status), *own, *outlook.room_bars(status, room)]
    yield from outlook.begins(status, bars, outlook.room_wait(status, room))


def _spot(status: Status, place: int | None) -> str:
    """Return a bay with where it is."""
    if place is None:
        return "the carriage"
    level, heights = place // 100, status["tower"]["heights_mm"]
    height = f" at {heights[level - 1] / 1000:.1f} m" if 1 <= level <= len(heights) else ""
    return f"{place_text(place, rooms_of(status))} (level {level}{height}, position {place % 100})"


def _booked(status: Status, appointments: Sequence[Appointment], car: str) -> Appointment:
    """Return the appointment that somebody has for a car and has not come for, or behind which it stands in a room."""
    booked = next((each for each in appointments if each["car"] == car), None)
    if booked is not None and booked["state"] == "BOOKED":
        return booked
    job = next((job for job in under_way(status) if job["car"] == car), None)
    if booked is not None and job is not None and job["kind"] == "STORE" and job["state"] in ON_BOARD:
        raise Refusal("CAR_HAS_JOB", f"car {car} is being put back by job {job['id']}: ask again once it has ended")
    if booked is not None and (booked["stands_in"] is not None or job is not None):
        return booked
    standing = [each["car"] for each in appointments if each["state"] == "BOOKED"]
    ended = _meant(car, standing) if booked is None else f": appointment {booked['id']} is {booked['state']}"
    raise Refusal("NO_APPOINTMENT", f"nobody has an appointment for car {car}{ended}")


def _place_of(cars: Sequence[Car], car: str) -> int | None:
    """Return where a car stands that is inside; None: on the carriage."""
    inside = _inside(cars)
    for each in inside:
        if each["id"] == car:
            place: int | None = each["place"]
            return place
    raise Refusal("UNKNOWN_CAR", f"car {car} is not in this tower{_meant(car, [each['id'] for each in inside])}")


def _inside(cars: Sequence[Car]) -> list[Car]:
    return [each for each in cars if each["where"] != "outside"]


def _meant(car: str, known: Sequence[str]) -> str:
    """Return which of the cars in question somebody may have meant."""
    close = sorted(get_close_matches(car, known, n=3))
    return f"; did you mean {' or '.join(close)}?" if close else ""
