"""A parked job in words: what happened, where everything is, and what each way out moves and needs. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from controller.cli import intent
from controller.cli.status_text import carriage_text, room_text, unit_text
from controller.cli.texts import Status, job_text, place_text, rooms_of

Job = Mapping[str, Any]
Register = Mapping[str, Any]

Line = tuple[str, str]
"""What is spoken of, and what there is to say."""


class Asks(StrEnum):
    """The place that a way out needs to be told."""

    NOTHING = "none"
    FREE_BAY = "a free bay"
    WHERE_NOW = "where the car is now"
    BAY_NOW = "the bay in which the car is now"


@dataclass(frozen=True, slots=True)
class WayOut:
    """One choice for a parked job: what it is called, what it moves, and what a person makes sure of before."""

    choice: str
    title: str
    moves: str
    checks: tuple[str, ...]
    asks: Asks = Asks.NOTHING


_CLEAR: Final = "nobody is in the hoistway, in a room or at the carriage"
_STRAIGHT: Final = "the car stands wholly on its bay, its room or the carriage, wheels on the combs"

_CHECKS: Final[Mapping[str, tuple[str, ...]]] = {
    "continue": (_CLEAR, "what stopped the job is put right", _STRAIGHT),
    "put-back": (_CLEAR, _STRAIGHT, "the way back and the place that the car came from are empty"),
    "divert": (_CLEAR, "the car stands wholly on the carriage", "the bay that you name is empty: look into it"),
    "by-hand": (
        "the drives are off, or the maintenance key is on, while anybody works at the car (`cartower sheet`)",
        "the arms are inside the carriage, and the car stands where you are going to say",
    ),
    "lock": (
        "the car stands in the bay that you are going to name, and may stay there",
        "the arms are inside the carriage, and nobody works at the bay without the maintenance key",
    ),
}

_TITLES: Final[Mapping[str, tuple[str, Asks]]] = {
    "continue": ("continue", Asks.NOTHING),
    "put-back": ("put the car back where it came from", Asks.NOTHING),
    "divert": ("put the car into another bay", Asks.FREE_BAY),
    "by-hand": ("deliver by hand, and close the job", Asks.WHERE_NOW),
    "lock": ("mark and lock: close the job, and the bay with its car", Asks.BAY_NOW),
}

_NOTHING_MOVES: Final[Mapping[str, str]] = {
    "by-hand": "Nothing moves. The places that the job touched are locked until somebody has looked and said so.",
    "lock": "Nothing moves. The bay is out of use, with the car in it, until `cartower place free` gives it back.",
}


def ways_out(status: Status, job: Job) -> list[WayOut]:
    """Return what can be decided about a parked job, in the order in which it is offered."""
    return [_way_out(status, job, choice) for choice in job["choices"]]


def _way_out(status: Status, job: Job, choice: str) -> WayOut:
    title, asks = _TITLES.get(choice, (choice, Asks.NOTHING))
    if choice in _NOTHING_MOVES:
        moves = _NOTHING_MOVES[choice]
    elif choice == "divert":
        target = place_text(job["target"] or job["room"], rooms_of(status))
        moves = f"Job {job['id']} takes car {job['car']} to a bay that you name, in place of {target}."
    else:
        moves = next(intent.resolution(status, job, choice, None), "")
    return WayOut(choice, title, moves, _CHECKS.get(choice, (_CLEAR,)), asks)


def happened(status: Status, job: Job) -> Iterator[Line]:
    """Say which job it is, in which step it stopped and why."""
    yield "job", job_text(job, rooms_of(status))
    yield "stopped in", str(job["left"] or "its step")
    yield "because", str(job["reason"] or "no reason was given")
    yield "the tower", unit_text(status["unit"])


def believed(status: Status, job: Job) -> Iterator[Line]:
    """Say where the car and the machine are believed to be."""
    rooms = rooms_of(status)
    yield f"car {job['car']}", _where(status, job["car"])
    yield "carriage", carriage_text(status)
    for place in touched(job):
        known = status["places"][str(place)]
        car = f" with {known['car']}" if known["car"] else ""
        why = f": {known['reason']}" if known["reason"] else ""
        yield place_text(place, rooms), f"{known['status']}{car}{why}"
    for room in status["rooms"]:
        if room["place"] in touched(job):
            yield f"room {room['number']}", room_text(room)


def touched(job: Job) -> list[int]:
    """Return the places that a job is about, its source first."""
    places = (job["source"], job["target"], job["room"])
    return list(dict.fromkeys(place for place in places if place is not None))


def _where(status: Status, car: str) -> str:
    rooms = rooms_of(status)
    if status["carriage"]["car"] == car:
        return "believed on the carriage"
    found = next((each for each in status["places"].values() if each["car"] == car), None)
    return "not known where" if found is None else f"believed in {place_text(found['place'], rooms)}"


def sensed(status: Status, place: int, registers: Sequence[Register]) -> Line:
    """Say what the sensors of a place show, from the registers of its station."""
    rooms = rooms_of(status)
    what = place_text(place, rooms)
    if place in rooms:
        number = rooms.index(place) + 1
        bits = _bits(registers, f"room{number}.sensors")
        return what, "not seen" if bits is None else f"{_two(bits)}, {_person(bits)}"
    bits = _bits(registers, f"bay{place % 100}")
    return what, "not seen" if bits is None else f"{_two(bits)}, {_latch(bits)}"


def _bits(registers: Sequence[Register], name: str) -> Mapping[str, bool] | None:
    """Return the bits of a register by its name without its block; None if nobody has read it."""
    for each in registers:
        if each["name"].endswith(f".{name}") and each["value"] is not None:
            bits: Mapping[str, bool] = each["bits"]
            return bits
    return None


def _two(bits: Mapping[str, bool]) -> str:
    return two_sensors_text(bits["OCCUPIED_A"], bits["OCCUPIED_B"])


def two_sensors_text(a: bool, b: bool) -> str:
    """Return what two sensors of a place show together."""
    match a, b:
        case True, True:
            return "both sensors show a car"
        case False, False:
            return "both sensors show nothing"
        case a, _:
            return f"the sensors disagree: A shows {'a car' if a else 'nothing'}, B {'nothing' if a else 'a car'}"


def _person(bits: Mapping[str, bool]) -> str:
    if not bits["PERSON_SENSOR_OK"]:
        return "the person sensor is out of order"
    return "somebody is inside" if bits["PERSON"] else "nobody is inside"


def _latch(bits: Mapping[str, bool]) -> str:
    match bits["LATCH_OPEN"], bits["LATCH_CLOSED"]:
        case True, False:
            return "latch open"
        case False, True:
            return "latch closed"
        case _:
            return "latch neither open nor closed"
